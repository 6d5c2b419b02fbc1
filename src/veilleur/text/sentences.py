"""Where sentences end, in normalised text.

A sentence ends with its punctuation and a blank, or with its line. Points after a
title, an abbreviation, an initial or the number of a list end nothing.
"""

from __future__ import annotations

import re

from veilleur.vocabulary import Span

_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)|\n")
_ABBREVIATED = re.compile(
    r"(?:^|[\s('\"])(?:dr|drs|pr|m|mr|mrs|ms|mme|mlle|me|st|ste|prof|ex|cf|env|min|max|tel|art|no|num|vs|approx|appt"
    r"|resp|inf|sup|e\.g|i\.e|p\.ex|[a-z])\.$|(?:^|\n)\d{1,2}\.$"
)
_LONGEST_ABBREVIATION = 8


def sentences(text: str) -> list[Span]:
    r"""The sentences of a normalised text, in order, without the blanks around them.

    Together they hold every character that is not blank; spans count in `text` itself.

    >>> text = "j'ai vu le dr. martin. rien a dire !\nmerci"
    >>> [sentence.of(text) for sentence in sentences(text)]
    ["j'ai vu le dr. martin.", 'rien a dire !', 'merci']
    """
    found: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match[0] == "." and _is_abbreviated(text, match.end()):
            continue
        _add(found, text, start, match.end())
        start = match.end()
    _add(found, text, start, len(text))
    return found


def _is_abbreviated(text: str, end: int) -> bool:
    return _ABBREVIATED.search(text, max(0, end - _LONGEST_ABBREVIATION), end) is not None


def _add(found: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    if bare := piece.strip():
        found.append(Span(start, start + len(bare)))
