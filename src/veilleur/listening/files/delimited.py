"""CSV and its relatives: the dialect is found by trying each and seeing which gives a table."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from veilleur.listening.files.row import Row
from veilleur.listening.files.synonyms import known_header

_DELIMITERS = (";", ",", "\t", "|")
_NEVER = "\x1f"
"""Stands for "no delimiter": ASCII's own unit separator, which nobody types."""
_SAMPLE_LINES = 300
_CONSISTENT = 0.75
"""Share of the rows that must have as many cells as the header for a delimiter to be believed."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are kept apart. `delimiter` is empty when the file has one column."""

    delimiter: str = ","
    quote: str = '"'
    """Empty when quotation marks mean nothing."""
    escape: str = ""
    skip_space: bool = False
    """Whether a space after the delimiter is typography, as in `"a", "b"`."""


def records(lines: Iterable[str], dialect: Dialect, *, first_line: int = 1) -> Iterator[Row]:
    """Every record with the line it starts on, blank ones included, as many cells as written.

    `first_line` is the number of the first of `lines` in its file.
    A misplaced or unclosed quotation mark costs its own line only: reading starts again
    at the next one, so that one stray mark never swallows the rest of the file.
    """
    feed = _Feed(lines)
    line = first_line
    while True:
        try:
            for cells in _reader(feed.lines(), dialect):
                yield Row(line, tuple(cells))
                line += len(feed.taken)
                feed.taken.clear()
        except csv.Error:
            yield Row(line, (feed.taken[0].rstrip("\r\n"),), "quoting")
            line += 1
            feed.give_back()
        else:
            return


def find_dialect(sample: Iterable[str], *, complete: bool) -> Dialect:
    """The dialect under which the first lines look most like a table.

    `complete` says that the sample is the whole file: otherwise its last record may be cut.
    """
    lines = list(sample)
    scored = [(_score(lines, dialect, complete=complete), dialect) for dialect in _candidates(lines)]
    best = max(scored, key=lambda pair: pair[0], default=((0.0, 0), Dialect("")))
    return best[1] if best[0][0] >= _CONSISTENT else Dialect("")


def sample_of(lines: Iterable[str]) -> tuple[list[str], bool]:
    """The first lines, and whether they are all of them."""
    taken = list(islice(lines, _SAMPLE_LINES + 1))
    return taken[:_SAMPLE_LINES], len(taken) <= _SAMPLE_LINES


class _Feed:
    """Physical lines for the csv reader, remembering those of the record under way."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def lines(self) -> Iterator[str]:
        """The lines that were given back, then the others."""
        while self._again:
            self.taken.append(self._again.popleft())
            yield self.taken[-1]
        for line in self._lines:
            clean = line.replace("\0", "")
            self.taken.append(clean)
            yield clean

    def give_back(self) -> None:
        """All lines of the record but the first will be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()


def _reader(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=dialect.delimiter or _NEVER,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
        skipinitialspace=dialect.skip_space,
        strict=True,
    )


def _candidates(lines: list[str]) -> Iterator[Dialect]:
    """The plainest first: among equals, the first one wins."""
    head = next((line for line in lines if line.strip()), "")
    text = "".join(lines)
    for delimiter in (mark for mark in _DELIMITERS if mark in text):
        if head.startswith("'") and f"'{delimiter}'" in head:
            yield Dialect(delimiter, quote="'")
        yield Dialect(delimiter)
        if f'{delimiter} "' in text:
            yield Dialect(delimiter, skip_space=True)
        if '\\"' in text:
            yield Dialect(delimiter, escape="\\")
        if delimiter == "\t":
            yield Dialect(delimiter, quote="")


def _score(lines: list[str], dialect: Dialect, *, complete: bool) -> tuple[float, int]:
    """(share of the rows that have the usual number of cells, that number); (0, 0) for no table.

    Column names that we know say more than any count: they make a table of the untidiest rows.
    """
    rows = [row for row in records(lines, dialect) if row.fault or any(row.cells)]
    if not complete:
        rows = rows[:-1]
    widths = Counter(len(row.cells) for row in rows if not row.fault)
    named = _named_width(rows)
    width = named or max(widths, key=lambda cells: (widths[cells], cells), default=0)
    table = _after_preamble(rows, width)
    if width < 2 or not table:
        return 0.0, 0
    return round(widths[width] / len(table), 2) + bool(named), width


def _named_width(rows: list[Row]) -> int:
    """Number of cells of the first row, when two of them at least are names of fields."""
    first = rows[0].cells if rows else ()
    return len(first) if sum(map(known_header, first)) >= 2 else 0


def _after_preamble(rows: list[Row], width: int) -> list[Row]:
    """The rows from the header on; none when the file does not start like a table.

    Up to five lines of title may stand before a header of three cells or more: two could
    be a sentence with one comma.
    """
    start = next((index for index, row in enumerate(rows) if len(row.cells) == width), len(rows))
    allowed = 5 if width >= 3 else 0
    return rows[start:] if start <= allowed else []
