"""One line of a word list for many expressions: alternatives in braces."""

from __future__ import annotations

import re

_CHOICE = re.compile(r"\{([^{}]*)\}")
_BAR = re.compile(r"\|(?![^{]*\})")


def spelled_out(words: str) -> list[str]:
    """The expressions that `words` stands for.

    >>> spelled_out("{perds|perd} mes cheveux|chauve")
    ['perds mes cheveux', 'perd mes cheveux', 'chauve']
    """
    done: list[str] = []
    waiting = _BAR.split(words)[::-1]
    while waiting:
        one = waiting.pop()
        choice = _CHOICE.search(one)
        if choice is None:
            done.append(" ".join(one.split()))
        else:
            waiting += (
                one[: choice.start()] + part + one[choice.end() :] for part in choice[1].split("|")[::-1]
            )
    return done
