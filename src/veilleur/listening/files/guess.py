"""Proposes a mapping: column names first, then what the columns look like inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from veilleur.listening.files.dates import DateOrder, DateReader, order_evidence
from veilleur.listening.files.mapping import Mapping
from veilleur.listening.files.ratings import Scale, guess_scale, looks_like_rating
from veilleur.listening.files.reasons import CellRefused
from veilleur.listening.files.synonyms import Field, forbidden, likeness
from veilleur.listening.files.table import Table

_SAMPLE = 300
"""Rows looked at to tell what a column holds."""
_BELIEVED = 0.25
_DISTINCT = 2000
"""Different ratings remembered; a column with more is no column of ratings."""
_URL = re.compile(r"(?:https?://|www\.)\S+$")
_LANGUAGE = re.compile(
    r"[a-zA-Z]{2,3}(?:[-_]\w{2,8})?$|fran[cç]ais$|anglais$|french$|english$", re.IGNORECASE
)
_MIDNIGHT = re.compile(r".*\d[T ]00:00(?::00(?:\.0+)?)?\s*(?:Z|[+-]00:?00)?$")
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_SHORT_FIELDS = (Field.AUTHOR, Field.NETWORK, Field.PLACE, Field.QUESTION, Field.THREAD, Field.TITLE)


def guess_mapping(table: Table, zone: str = "Europe/Paris") -> Mapping:
    """The most likely mapping, `zone` being where dates without a zone were written.

    Reads the whole file once: the order of day and month and the ends of a scale may show
    in its last row only.
    """
    columns = _columns(table)
    chosen = _assign(table, columns)
    full = _Evidence(table, chosen)
    if Field.RATING in chosen and full.scale is None:
        del chosen[Field.RATING]
    return Mapping(
        **{field.value: header for field, header in chosen.items()},
        scale=full.scale,
        date_order=full.order,
        dates_only=full.dates_only,
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """What the sample of one column looks like; every share is of its non-empty cells."""

    header: str
    filled: int
    dates: float
    urls: float
    ratings: float
    """Share of values that can only be ratings."""
    languages: float
    distinct: float
    length: float
    """Mean number of characters."""
    rateable: bool
    numeric: float


def _columns(table: Table) -> list[_Column]:
    rows = [row.cells for row in islice(table.rows(), _SAMPLE) if not row.fault]
    return [
        _column(header, [cells[index].strip() for cells in rows])
        for index, header in enumerate(table.headers)
    ]


def _column(header: str, cells: Sequence[str]) -> _Column:
    values = [cell for cell in cells if cell]
    readers = [DateReader(order, "UTC", _FAR) for order in DateOrder]
    size = max(1, len(values))
    return _Column(
        header=header,
        filled=len(values),
        dates=sum(any(_is_date(reader, value) for reader in readers) for value in values) / size,
        urls=sum(bool(_URL.match(value)) for value in values) / size,
        ratings=sum(map(looks_like_rating, values)) / size,
        languages=sum(bool(_LANGUAGE.fullmatch(value)) for value in values) / size,
        distinct=len(set(values)) / size,
        length=sum(map(len, values)) / size,
        rateable=guess_scale(header, set(values)) is not None,
        numeric=sum(value.replace(",", ".").replace(".", "", 1).isdigit() for value in values) / size,
    )


def _is_date(reader: DateReader, value: str) -> bool:
    if len(value) > 60:
        return False
    try:
        reader.read(value)
    except CellRefused as refusal:
        return refusal.code == "date_relative"
    return True


def _assign(table: Table, columns: list[_Column]) -> dict[Field, str]:
    """Each field its best column, each column its best field, the surest pairs first."""
    scores = sorted(
        (
            (_score(field, column, named=table.has_header), field, column.header)
            for column in columns
            for field in Field
        ),
        key=lambda entry: -entry[0],
    )
    chosen: dict[Field, str] = {}
    for score, field, header in scores:
        if score > _BELIEVED and field not in chosen and header not in chosen.values():
            chosen[field] = header
    return chosen


def _score(field: Field, column: _Column, *, named: bool) -> float:
    if not _plausible(field, column):
        return 0.0
    if field is Field.TEXT and column.filled and _asks(column.header):
        return 0.5 + min(column.length, 200) / 1000
    if named and forbidden(column.header):
        return 0.0
    by_name = likeness(column.header, field) if named else 0.0
    return max(by_name, _by_content(field, column, named=named))


def _asks(header: str) -> bool:
    """Whether the header is itself the question that the texts answer."""
    return header.rstrip().endswith("?")


def _plausible(field: Field, column: _Column) -> bool:
    """Whether what the column holds does not contradict the field."""
    if not column.filled:
        return field is not Field.RATING
    if field in _SHORT_FIELDS:
        return column.length <= 300 and column.urls < 0.5
    return _FITS[field](column)


_FITS: dict[Field, Callable[[_Column], bool]] = {
    Field.TEXT: lambda column: column.dates < 0.5 and column.urls < 0.5 and column.numeric < 0.9,
    Field.PUBLISHED_AT: lambda column: column.dates >= 0.5,
    Field.RATING: lambda column: column.rateable and column.dates < 0.5,
    Field.URL: lambda column: column.urls >= 0.5,
    Field.EXTERNAL_ID: lambda column: (
        column.distinct >= 0.5 and column.length <= 200 and column.ratings < 0.5
    ),
    Field.LANGUAGE_HINT: lambda column: column.languages >= 0.8,
}


def _by_content(field: Field, column: _Column, *, named: bool) -> float:
    """How much the cells alone speak for the field: less than any name that is right."""
    if field is Field.TEXT and column.length > (20 if named else 5):
        return 0.3 + min(column.length, 200) / 1000
    if field is Field.PUBLISHED_AT and column.dates > 0.9 and column.numeric < 0.5:
        return 0.35
    if field is Field.URL and column.urls > 0.9:
        return 0.35
    if field is Field.RATING and (column.ratings > 0.9 or (not named and column.numeric > 0.9)):
        return 0.3
    return 0.0


class _Evidence:
    """What only the whole column of dates and the whole column of ratings can tell."""

    def __init__(self, table: Table, chosen: dict[Field, str]) -> None:
        dates = _index(table, chosen.get(Field.PUBLISHED_AT))
        ratings = _index(table, chosen.get(Field.RATING))
        self._day_first = self._month_first = 0
        self._seen = self._midnights = 0
        values: set[str] = set()
        for row in table.rows() if (dates, ratings) != (None, None) else ():
            if row.fault:
                continue
            if dates is not None:
                self._see_date(row.cells[dates])
            if ratings is not None and len(values) < _DISTINCT:
                values.add(row.cells[ratings])
        self.scale: Scale | None = guess_scale(chosen[Field.RATING], values) if ratings is not None else None

    @property
    def order(self) -> DateOrder:
        return DateOrder.MONTH_FIRST if self._month_first > self._day_first else DateOrder.DAY_FIRST

    @property
    def dates_only(self) -> bool:
        return 0 < self._seen == self._midnights

    def _see_date(self, value: str) -> None:
        if not value:
            return
        self._seen += 1
        self._midnights += "00:00" in value and bool(_MIDNIGHT.match(value))
        if value[4:5] != "-":
            day_first, month_first = order_evidence((value,))
            self._day_first += day_first
            self._month_first += month_first


def _index(table: Table, header: str | None) -> int | None:
    return None if header is None else table.headers.index(header)
