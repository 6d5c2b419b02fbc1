"""Where the header stands, whether there is one, and names for columns that have none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from veilleur.listening.files.reasons import refused
from veilleur.listening.files.synonyms import known_header

MAX_COLUMNS = 500
_LOOKED_AT = 10
"""Rows in which a header is looked for; titles and blank rows may stand above it."""
_LONG = 90
_DATA = re.compile(
    r"""
    [-+]?\d+([.,]\d+)?\s*([%€]|/\s*\d+)?$         # a number, a rating
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b           # a date
    | https?://                                   # an address
    | [★⭐☆]
    | (?:\S+\s+){3,}\S+[.!…]$                     # a sentence that is no question
    | \S+\s+\S+[,!]\s+\S+                        # « Super accueil, merci »
    """,
    re.VERBOSE,
)


def header_index(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the header among the first rows; `None` when the table starts with data.

    >>> header_index([["Export"], [], ["date", "texte"], ["2026-03-03", "Bien"]])
    2
    >>> header_index([["2026-03-03", "Bien"], ["2026-03-04", "Mal"]]) is None
    True
    """
    start = first_full_row(rows)
    if start >= len(rows):
        return None
    return start if _looks_like_header(rows[start]) else None


def first_full_row(rows: Sequence[Sequence[str]]) -> int:
    """Index of the first row that is about as wide as the table."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    usual = max(Counter(filter(None, filled)).most_common(1), default=(1, 0))[0]
    enough = min(usual, max(2, round(usual * 0.6)))
    found = (index for index, count in enumerate(filled[:_LOOKED_AT]) if count >= enough)
    return next(found, len(rows))


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names that are neither empty nor double.

    >>> column_names(["Note", "", " Note "])
    ('Note', 'Colonne 2', 'Note (2)')
    """
    if len(cells) > MAX_COLUMNS:
        raise refused("too_many_columns", count=str(len(cells)), limit=str(MAX_COLUMNS))
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        name = _free(" ".join(cell.split()) or f"Colonne {number}", taken)
        names.append(name)
        taken.add(name)
    return tuple(names)


def trimmed(cells: Sequence[str]) -> Sequence[str]:
    """The cells without the empty ones at the end."""
    width = next((index for index in range(len(cells), 0, -1) if cells[index - 1].strip()), 0)
    return cells[:width]


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _looks_like_header(cells: Sequence[str]) -> bool:
    """Column names are short, are no data, or are words we know."""
    values = [cell.strip() for cell in cells if cell.strip()]
    if any(known_header(value) for value in values):
        return True
    return not any(len(value) > _LONG or _DATA.match(value) for value in values)
