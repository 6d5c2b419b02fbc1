"""One row of a table, and what kinds of table there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class Format(StrEnum):
    """How the table is written in its file."""

    DELIMITED = "csv"
    XLSX = "xlsx"
    ODS = "ods"
    JSON = "json"
    JSON_LINES = "jsonl"


class Row(NamedTuple):
    """One row as read. Cells hold neither NUL nor lone surrogates: no database keeps these."""

    line: int
    """1-based: physical line where the row starts, row of the sheet, or number of the record."""
    cells: tuple[str, ...]
    """As many as there are headers, except when `fault` says otherwise."""
    fault: str = ""
    """Code of the reason why the row itself cannot be read; see `reasons.toml`."""


def storable(text: str) -> str:
    r"""`text` without what no database keeps: NUL is removed, a lone surrogate becomes U+FFFD.

    >>> storable("a\x00b\ud800")
    'ab�'
    """
    kept = text.replace("\0", "")
    try:
        kept.encode("utf-8")
    except UnicodeEncodeError:
        return kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return kept


def labelled(headers: Sequence[str], row: Row) -> dict[str, str]:
    """The row as header → cell; cells beyond the headers are « +1 », « +2 »…

    >>> labelled(("a", "b"), Row(2, ("x", "y", "z")))
    {'a': 'x', 'b': 'y', '+1': 'z'}
    """
    names = [*headers, *(f"+{extra}" for extra in range(1, len(row.cells) - len(headers) + 1))]
    return dict(zip(names, row.cells, strict=False))


def unlabelled(headers: Sequence[str], cells: Mapping[str, str]) -> tuple[str, ...]:
    """The cells in the order of the headers: undoes `labelled`, whatever the order of the keys.

    >>> unlabelled(("a", "b"), {"+1": "z", "b": "y", "a": "x"})
    ('x', 'y', 'z')
    """
    extra = len(cells.keys() - set(headers))
    return tuple(cells.get(name, "") for name in [*headers, *(f"+{n}" for n in range(1, extra + 1))])
