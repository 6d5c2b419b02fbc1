"""Where sentences end, in normalised text.

A sentence ends with its punctuation and a blank, or with its line. Points after a
title, an abbreviation, an initial or the number of a list end nothing.
"""

from __future__ import annotations

import re

from veilleur.vocabulary import Span

_END = re.compile(r"[.!?\n](?:(?<=\n)|[.!?]*[\"')\]]*(?=\s|$))")
"""Begins with one set of characters, which is searched for several times faster than two ways to begin."""
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
    return [Span(start, end) for start, end in bounds(text)]


def bounds(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a normalised text start and end."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if match[0] != "." or not _is_abbreviated(text, end):
            _add(found, text, start, end)
            start = end
    _add(found, text, start, len(text))
    return found


def _is_abbreviated(text: str, end: int) -> bool:
    first = end - _LONGEST_ABBREVIATION
    if first >= 0 and text[first : end - 1].isalpha():
        return False  # the word is too long
    return _ABBREVIATED.search(text, max(0, first), end) is not None


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Adds what stands between the blanks at both ends of a piece, if anything."""
    if piece := text[start:end].lstrip():
        start = end - len(piece)
        found.append((start, start + len(piece.rstrip())))
