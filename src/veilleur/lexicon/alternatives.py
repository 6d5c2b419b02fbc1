"""One line of a word list for many expressions: alternatives in brackets."""

from __future__ import annotations

from collections.abc import Iterator


def spelled_out(words: str) -> list[str]:
    """The expressions that `words` stands for: `(a|b)` for either, which may be empty or hold brackets.

    Bars outside all brackets part expressions too; runs of blanks become one. Raises `ValueError` for a
    bracket that has no partner.

    >>> spelled_out("(perds|perd) mes cheveux|chauve")
    ['perds mes cheveux', 'perd mes cheveux', 'chauve']
    """
    choices, rest = _group(f"{words})")
    if rest:
        raise ValueError(f"a bracket is closed that was not opened: {words!r}")
    return [" ".join(text.split()) for choice in choices for text in _products(choice)]


def _products(words: str) -> Iterator[str]:
    before, opened, rest = words.partition("(")
    if not opened:
        yield before
        return
    choices, after = _group(rest)
    tails = list(_products(after))
    for choice in choices:
        for inside in _products(choice):
            yield from (before + inside + tail for tail in tails)


def _group(rest: str) -> tuple[list[str], str]:
    """The choices of a group whose opening bracket stands before `rest`, and what follows it."""
    depth, start, choices = 0, 0, []
    for place, char in enumerate(rest):
        if char in "|)" and not depth:
            choices.append(rest[start:place])
            start = place + 1
            if char == ")":
                return choices, rest[start:]
        depth += {"(": 1, ")": -1}.get(char, 0)
    raise ValueError(f"a bracket is not closed: {rest!r}")
