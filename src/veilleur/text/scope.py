"""What a stretch of text stands under: negated, supposed, asked, told of others, past, quoted.

Cues are data (`data/scope.tsv`: scope, reach, words). A cue reaches to the end of its clause
(`after`) or back to its start (`before`); a question reaches over its whole sentence, and
quotation marks over what stands between them. French and English cues are looked for together, by
one scan of a small automaton.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import NamedTuple

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from veilleur.text.sentences import bounds


class Scope(StrEnum):
    """What is said of a stretch beyond its words."""

    NEGATED = "negated"
    SUPPOSED = "supposed"
    """Feared, hoped, possible, warned of."""
    ASKED = "asked"
    OTHER = "other"
    """Told of people in general, or at second hand."""
    PAST = "past"
    """Before something else; long ago."""
    QUOTED = "quoted"


class Scoped(NamedTuple):
    """`[start, end)` of the normalised text stands under `scope`, because of the words at `cue`."""

    scope: Scope
    start: int
    end: int
    cue: int
    """Where the cue starts."""


_CLAUSE_END = re.compile(
    r"[.!?;:()\n,…]|\b(?:mais|car|parce que|puis|donc|alors|sauf|par contre|pourtant|sinon"
    r"|but|because|then|except|however|so)\b"
)
_QUOTE = re.compile(r'"[^"\n]{2,400}"')
_FURTHEST = 60
"""Characters a cue reaches at most: people forget commas."""


def scopes(text: str, parts: Sequence[tuple[int, int]] | None = None) -> tuple[Scoped, ...]:
    """Every scope in a normalised text, in the order of their starts.

    `parts` are its sentences (`bounds`), for those who already have them.

    >>> [(scoped.scope.value, text[scoped.start:scoped.end]) for text in ["j'ai pas de vertige, super"]
    ...     for scoped in scopes(text)]
    [('negated', ' vertige')]
    """
    return tuple(sorted((*_cued(text), *_quoted(text), *_asked(text, parts)), key=_place))


def _place(scoped: Scoped) -> tuple[int, int, str]:
    return scoped.start, scoped.end, scoped.scope


def _cued(text: str) -> Iterator[Scoped]:
    finder, meanings = _cues()
    padded = f" {text} "
    for start, end, index in finder.find(padded):
        if padded[end].isalnum():
            continue
        scope, after = meanings[index]
        first, last = start, end - 1
        yield _after(text, scope, first, last) if after else _before(text, scope, first)


def _after(text: str, scope: Scope, cue: int, end: int) -> Scoped:
    stop = _CLAUSE_END.search(text, end, min(len(text), end + _FURTHEST))
    return Scoped(scope, end, stop.start() if stop else min(len(text), end + _FURTHEST), cue)


def _before(text: str, scope: Scope, cue: int) -> Scoped:
    floor = max(0, cue - _FURTHEST)
    ends = [match.end() for match in _CLAUSE_END.finditer(text, floor, cue)]
    return Scoped(scope, ends[-1] if ends else floor, cue, cue)


def _quoted(text: str) -> Iterator[Scoped]:
    for match in _QUOTE.finditer(text) if '"' in text else ():
        yield Scoped(Scope.QUOTED, match.start(), match.end(), match.start())


def _asked(text: str, parts: Sequence[tuple[int, int]] | None) -> Iterator[Scoped]:
    if "?" not in text:
        return
    for start, end in bounds(text) if parts is None else parts:
        if text[start:end].rstrip("\"')] !").endswith("?"):
            yield Scoped(Scope.ASKED, start, end, end - 1)


@cache
def _cues() -> tuple[CharwiseDoubleArrayAhoCorasick, list[tuple[Scope, bool]]]:
    """The automaton of all cues, each behind a blank, and what each of them means."""
    lines = (resources.files("veilleur.text") / "data/scope.tsv").read_text(encoding="utf-8").splitlines()
    meanings: dict[str, tuple[Scope, bool]] = {}
    for line in lines:
        scope, reach, words = line.split("\t")
        for cue in words.split("|"):
            meanings.setdefault(f" {cue}", (Scope(scope), reach == "after"))
    return CharwiseDoubleArrayAhoCorasick(list(meanings), MATCH_KIND_LEFTMOST_LONGEST), list(
        meanings.values()
    )
