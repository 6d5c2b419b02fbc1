"""The file of the rows to mend: opens in any spreadsheet, and can be imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from veilleur.listening.files.row import Row

_TITLES = {
    "fr": ("Ligne d’origine", "Pourquoi la ligne est refusée"),
    "en": ("Original line", "Why the row is refused"),
}
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet run a cell instead of showing it; East Asian forms included."""


def write_rejects(
    rejected: Iterable[tuple[Row, str]], path: Path, headers: Sequence[str], language: str = "fr"
) -> int:
    """Writes each row with its line and the sentence that says why; returns how many.

    UTF-8 with its mark and semicolons, which is what a French spreadsheet opens by itself.
    The original columns keep their names and order, so that the mapping of the original
    file still holds. A cell that a spreadsheet would run gets an apostrophe in front.
    Raises `OSError` when the file cannot be written.
    """
    titles = _TITLES["fr" if language.startswith("fr") else "en"]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(map(harmless, (*headers, *titles)))
        number = 0
        for number, (row, sentence) in enumerate(rejected, start=1):  # noqa: B007 - the count is returned
            writer.writerow([*map(harmless, _cells(row, len(headers))), str(row.line), harmless(sentence)])
    return number


def harmless(cell: str) -> str:
    """The cell as text in any spreadsheet.

    >>> harmless("=1+1"), harmless("-4"), harmless("Bien")
    ("'=1+1", "'-4", 'Bien')
    """
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def original(cell: str) -> str:
    """Undoes `harmless`.

    >>> original("'-4"), original("'tis")
    ('-4', "'tis")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def original_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """The headers without the two that `write_rejects` adds, in whichever language."""
    known = {title for titles in _TITLES.values() for title in titles}
    return tuple(header for header in headers if header not in known)


def _cells(row: Row, width: int) -> list[str]:
    """Exactly `width` cells: what stands beyond is added to the last one, nothing is lost."""
    if len(row.cells) <= width:
        return [*row.cells, *("",) * (width - len(row.cells))]
    return [*row.cells[: width - 1], " ".join(row.cells[width - 1 :])]
