"""Dates as people and programs write them, read to an aware UTC moment.

Local times that happen twice (the end of summer time) are read as the first of the two;
those that never happen (its start) are read as if the clock had not been put forward yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from veilleur.listening.files.reasons import CellRefused
from veilleur.listening.files.synonyms import fold
from veilleur.vocabulary import Precision


class DateOrder(StrEnum):
    """What 03/04/2026 means."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was published, as `vocabulary.Mention` wants it."""

    at: datetime
    """Aware, UTC; noon when only the day is known."""
    precision: Precision


_Clock = tuple[int, int, int]
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev feb february",
            "mars mar march",
            "avril avr apr april",
            "mai may",
            "juin jun june",
            "juillet juil jul july",
            "aout aug august",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = (
    r"(?:lun(?:di)?|mar(?:di)?|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|sam(?:edi)?|dim(?:anche)?"
    r"|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
_LEAD = re.compile(
    r"^(?:(?:publie|poste|ecrit|depose|posted|published|written|le|on)\s+)*"
    r"(?!mar\.? \d{1,2}(?:rd|th|st|nd)?,? \d{4})"  # "Mar 3, 2026" is March, « mar. 3 mars » a Tuesday
    rf"(?:{_WEEKDAYS}\b[.,]?\s+)?(?:le\s+|the\s+)?"
)
_USUAL = re.compile(r"(\d\d)[/.-](\d\d)[/.-](\d{4})(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?")
_NUMERIC = re.compile(r"(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)(.*)", re.DOTALL)
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:er|st|nd|rd|th)?[\s.\-/]+(?:of\s+)?([a-z]{3,})[.,\s\-/]*(\d{4}|\d{2})(?!\d)(.*)", re.DOTALL
)
_MONTH_DAY = re.compile(r"([a-z]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)(.*)", re.DOTALL)
_UNIX = re.compile(r"([a-z]{3}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?: ([+-]\d{4}|[a-z]{3,4}))? (\d{4})")
_TIME = re.compile(
    r"""
    (?:[\s,t]|\ba\b|\bat\b|@|-(?=\s))*                                  # « à », "at", T, a comma
    (\d{1,2}) (?P<mark>\s*(?:h(?:eures?)?|:|\.)\s*)?
    (?: (?<=[h:.s\s]) (\d{2}) )?
    (?: \s*(?::|\.|mi?n?)\s* (?:(\d{2}) (?:[.,]\d+)?)? )?
    \s* s? \s* (?P<half>[ap]\.?m\b\.?)? \s* (?P<zone>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_BRACKETS = re.compile(r"\(.*\)$", re.DOTALL)
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+−-])(\d{1,2}):?(\d{2})?")
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "cet": 1, "cest": 2}
_RELATIVE = re.compile(
    r"\b(il y a|hier|avant-hier|aujourd|a l'instant|ago|yesterday|today|just now"
    r"|(?:la semaine|le mois|l'an(?:nee)?) (?:derniere?|passee?)|last (?:week|month|year|night))\b"
)
_VAGUE = re.compile(
    rf"(?:(?:{'|'.join(_MONTHS)})\.?\s+)?\d{{4}}|\d{{1,2}}/\d{{4}}|\d{{4}}-\d{{2}}|t[1-4]\s+\d{{4}}"
)
_PLAIN_NUMBER = re.compile(r"\d{1,17}(?:[.,]\d{1,17})?")
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
_EXCEL_DAYS = range(20_000, 80_000)
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


class DateReader:
    """Reads the dates of one column: their order, zone and grain are properties of the column."""

    def __init__(self, order: DateOrder, zone: str, now: datetime, *, dates_only: bool = False) -> None:
        """`now` (aware) is when the file was received; `dates_only` says that times are mere padding.

        Raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone.
        """
        self._order = order
        self._zone = ZoneInfo(zone)
        self._dates_only = dates_only
        self._latest = now + timedelta(days=1)
        self._century = (now.year + 1) % 100
        self.read = lru_cache(maxsize=1 << 14)(self._read)
        """`read(text) -> Moment`; raises `CellRefused` with the reason."""

    def _read(self, text: str) -> Moment:
        stamp, precision = self._stamp(text.strip())
        try:
            moment = self._moment(stamp, precision)
        except (OverflowError, ValueError) as error:
            raise CellRefused("date_impossible", value=text, order=self._order_shown) from error
        if moment.at > self._latest:
            raise CellRefused("date_future", value=text)
        if moment.at < _OLDEST:
            raise CellRefused("date_too_old", value=text)
        return moment

    def _moment(self, stamp: datetime, precision: Precision) -> Moment:
        if precision is Precision.DAY or self._dates_only:
            noon = datetime(stamp.year, stamp.month, stamp.day, 12, tzinfo=UTC)
            return Moment(noon, Precision.DAY)
        aware = stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=self._zone)
        return Moment(aware.astimezone(UTC), Precision.SECOND)

    def _stamp(self, text: str) -> tuple[datetime, Precision]:
        """What is written: naive when it names no zone."""
        if text[4:5] == "-" or "T" in text[8:11]:
            iso = _iso(text)
            if iso is not None:
                return iso, Precision.DAY if len(text) <= 10 else Precision.SECOND
        if found := _USUAL.fullmatch(text):
            return self._usual(text, found)
        if _PLAIN_NUMBER.fullmatch(text):
            return self._number(text)
        return self._written(text)

    def _usual(self, text: str, found: re.Match[str]) -> tuple[datetime, Precision]:
        """31/03/2026 14:05: what most files hold, read without the detours of `_written`."""
        first, second, year, hour, minute, last = found.groups()
        day, month = (first, second) if self._order is DateOrder.DAY_FIRST else (second, first)
        clock = (int(hour or 0), int(minute or 0), int(last or 0))
        grain = Precision.SECOND if hour else Precision.DAY
        return self._date(text, int(year), int(month), int(day), clock), grain

    def _number(self, text: str) -> tuple[datetime, Precision]:
        """20260303, a spreadsheet's day count, or seconds (milli-, micro-) since 1970."""
        if text.isdigit() and len(text) in {8, 14} and text[:2] in {"19", "20"}:
            return self._compact(text)
        value = float(text.replace(",", "."))
        if int(value) in _EXCEL_DAYS:
            stamp = _EXCEL_ZERO + timedelta(seconds=round(value * 86_400))
            return stamp, Precision.DAY if value.is_integer() else Precision.SECOND
        for unit in (1, 1_000, 1_000_000):
            if 10**8 <= value / unit < 10**11 // 10:
                return datetime.fromtimestamp(int(value // unit), UTC), Precision.SECOND
        raise CellRefused("date_incomplete" if len(text) == 4 else "date_unreadable", value=text)

    def _compact(self, text: str) -> tuple[datetime, Precision]:
        grain = Precision.DAY if len(text) == 8 else Precision.SECOND
        clock = (int(text[8:10] or 0), int(text[10:12] or 0), int(text[12:14] or 0))
        return self._date(text, int(text[:4]), int(text[4:6]), int(text[6:8]), clock), grain

    def _written(self, text: str) -> tuple[datetime, Precision]:
        """Separators or month names, then perhaps a time."""
        plain = _LEAD.sub("", " ".join(fold(text).split()))
        year, month, day, rest = self._parts(text, plain)
        if not rest.strip(" ."):
            return self._date(text, year, month, day, (0, 0, 0)), Precision.DAY
        clock, zone = _clock(text, rest)
        return self._date(text, year, month, day, clock).replace(tzinfo=zone), Precision.SECOND

    def _parts(self, text: str, plain: str) -> tuple[int, int, int, str]:
        if found := _NUMERIC.match(plain):
            first, _mark, second, third, rest = found.groups()
            return *self._ordered(text, first, second, third), rest
        if found := _UNIX.fullmatch(plain):
            name, number, clock, zone, year = found.groups()
            return int(year), _month(text, name), int(number), f" {clock} {zone or ''}"
        if found := _DAY_MONTH.match(plain):
            number, name, year, rest = found.groups()
            return self._full_year(year), _month(text, name), int(number), rest
        if found := _MONTH_DAY.match(plain):
            name, number, year, rest = found.groups()
            return int(year), _month(text, name), int(number), rest
        raise CellRefused(_why_unreadable(plain), value=text)

    def _ordered(self, text: str, first: str, second: str, third: str) -> tuple[int, int, int]:
        if len(first) == 4:
            return int(first), int(second), int(third)
        if len(third) not in {2, 4} or len(first) > 2:
            raise CellRefused("date_unreadable", value=text)
        day, month = (first, second) if self._order is DateOrder.DAY_FIRST else (second, first)
        return self._full_year(third), int(month), int(day)

    def _full_year(self, year: str) -> int:
        if len(year) == 4:
            return int(year)
        return int(year) + (2000 if int(year) <= self._century else 1900)

    def _date(self, text: str, year: int, month: int, day: int, clock: _Clock) -> datetime:
        hour, minute, second = clock
        try:
            return datetime.combine(date(year, month, day), time(hour, minute, second))
        except ValueError as error:
            raise CellRefused("date_impossible", value=text, order=self._order_shown) from error

    @property
    def _order_shown(self) -> str:
        return "JJ/MM/AAAA" if self._order is DateOrder.DAY_FIRST else "MM/DD/YYYY"


def order_evidence(values: Iterable[str]) -> tuple[int, int]:
    """How many values can only be day first, and how many only month first.

    >>> order_evidence(["31/03/2026", "03/31/2026", "03/04/2026", "25.12.25 10:00"])
    (2, 1)
    """
    day_first = month_first = 0
    for value in values:
        found = _NUMERIC.match(value.strip())
        if found and len(found[1]) <= 2:
            day_first += int(found[1]) > 12
            month_first += int(found[3]) > 12
    return day_first, month_first


def names_order(value: str) -> bool:
    """Whether this date needs the order of day and month to be understood."""
    found = _NUMERIC.match(value.strip())
    return bool(found and len(found[1]) <= 2)


def known_zone(zone: str) -> bool:
    """Whether the zone is in the IANA database.

    >>> known_zone("Europe/Paris"), known_zone("Europe/Lutèce")
    (True, False)
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str, name: str) -> int:
    try:
        return _MONTHS[name]
    except KeyError as error:
        raise CellRefused("date_unreadable", value=text) from error


def _why_unreadable(plain: str) -> str:
    if _RELATIVE.search(plain.replace("’", "'")):
        return "date_relative"
    return "date_incomplete" if _VAGUE.fullmatch(plain) else "date_unreadable"


def _clock(text: str, rest: str) -> tuple[_Clock, tzinfo | None]:
    """Hour, minute, second and the zone that follows, if one is named."""
    found = _TIME.fullmatch(rest)
    if not found or not (found["mark"] or found["half"]):
        raise CellRefused("date_unreadable", value=text)
    hour, minute, second = int(found[1]), int(found[3] or 0), int(found[4] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise CellRefused("date_unreadable", value=text)
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    return (hour, minute, second), _zone(text, found["zone"])


def _zone(text: str, words: str) -> tzinfo | None:
    name = _IN_BRACKETS.sub("", words).strip(" .")
    if not name:
        return None
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    if (found := _OFFSET.fullmatch(name)) and int(found[2]) < 24 and int(found[3] or 0) < 60:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(offset if found[1] == "+" else -offset)
    raise CellRefused("date_zone", value=text, zone=name)
