"""Working hours: which moments of which days count, and sums of working time.

A moment counts when the clock on the wall of the house stands within the hours of its weekday, and
the day is neither a public holiday nor one on which the house is closed. Sums are of time that really
passes: an hour that a change of clocks repeats counts twice, one that it leaves out not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from veilleur.errors import InvalidInput

DAY = timedelta(days=1)
NO_TIME = timedelta(0)
MINUTES_A_DAY = 24 * 60
LONGEST_CLOSING = 400
"""Days that a house may close in a row."""
HORIZON = 366 * 20
"""Days after which an opening is looked for no more."""

_STRETCH = re.compile(
    r"(\d{1,2})(?:\s*[:h]\s*(\d{2})?)?\s*[-–—]\s*(\d{1,2})(?:\s*[:h]\s*(\d{2})?)?", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s*[,;+/]?\s*")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Hours of a day without a break, in minutes since midnight; 1440 is the midnight that ends it."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= MINUTES_A_DAY:
            raise InvalidInput(
                f"{self} is not a stretch of hours: it must end after it begins, within a day."
            )

    def __str__(self) -> str:
        return f"{_told(self.start)}–{_told(self.end)}"


Hours = tuple[Stretch, ...]
"""Those of one weekday, in order; none when the house is closed."""


def _told(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def hours_of(text: str) -> Hours:
    """The hours that a person wrote. Raises `InvalidInput`.

    >>> [str(one) for one in hours_of("9h-12h30, 14:00 - 18")]
    ['09:00–12:30', '14:00–18:00']
    >>> hours_of("  ")
    ()
    """
    text, at, found = text.strip(), 0, list[Stretch]()
    while at < len(text):
        match = _STRETCH.match(text, at)
        if match is None:
            raise InvalidInput(
                f"“{text[at:]}” is not read as hours: write them as in “9:00-12:30, 14:00-18:00”."
            )
        first_hour, first_minute, last_hour, last_minute = (int(part or 0) for part in match.groups())
        if first_minute > 59 or last_minute > 59:
            raise InvalidInput(f"“{match[0]}”: an hour has sixty minutes.")
        found.append(Stretch(first_hour * 60 + first_minute, last_hour * 60 + last_minute))
        separator = _BETWEEN.match(text, match.end())
        at = separator.end() if separator else match.end()
    return _apart(tuple(sorted(found)))


def _apart(hours: Hours) -> Hours:
    for before, after in pairwise(hours):
        if after.start < before.end:
            raise InvalidInput(f"{before} and {after} overlap.")
    return hours


def written(hours: Sequence[Stretch]) -> str:
    """Hours as a person writes them: what `hours_of` reads."""
    return ", ".join(map(str, hours))


@dataclass(frozen=True, slots=True, order=True)
class Closing:
    """Days on which the house is closed, both included, and what for."""

    first: date
    last: date
    name: str = ""

    def __post_init__(self) -> None:
        if not NO_TIME <= self.last - self.first <= LONGEST_CLOSING * DAY:
            raise InvalidInput(
                f"{self.first} – {self.last}: it must end after it begins, within {LONGEST_CLOSING} days."
            )


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day on which nobody works though its weekday has hours, and why."""

    day: date
    name: str


_OFFICE = (Stretch(9 * 60, 12 * 60 + 30), Stretch(13 * 60 + 30, 18 * 60))
OFFICE_WEEK: tuple[Hours, ...] = (*[_OFFICE] * 5, (), ())
"""What holds until somebody says otherwise: Monday to Friday, with a break at noon."""
FRANCE = "FR"
"""The region of public holidays that hold in all of France; others are its subdivisions in `holidays`."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a house works."""

    zone: str = "Europe/Paris"
    week: tuple[Hours, ...] = OFFICE_WEEK
    """Monday first."""
    region: str = FRANCE
    """Whose public holidays are kept; empty: none."""
    closings: frozenset[Closing] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7 or not any(self.week):
            raise InvalidInput("A week has seven days, and hours on one of them at least.")
        for hours in self.week:
            _apart(hours)

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at this moment."""
        return any(start <= at < end for start, end in _openings(self, at.astimezone(UTC).date()))

    def next_opening(self, at: datetime) -> datetime:
        """The moment itself when the house is open, else the next one at which it opens."""
        return max(next(self._ahead(at))[0], at.astimezone(UTC))

    def add_working(self, start: datetime, duration: timedelta) -> datetime:
        """The moment, in UTC, at which so much working time has passed since `start`.

        What fills a stretch to its end is over at its end, not when the next one begins.
        """
        if duration < NO_TIME:
            raise InvalidInput("Working time never runs backwards.")
        return _added(self, start.astimezone(UTC), duration)

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments; none when the second comes first."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        total = NO_TIME
        for number in range((end.date() - start.date()).days + 1):
            for opens, closes in _openings(self, start.date() + number * DAY):
                total += max(min(closes, end) - max(opens, start), NO_TIME)
        return total

    def closed_between(self, start: datetime, end: datetime, language: str = "fr") -> list[ClosedDay]:
        """The days between two moments on which it would be open, were they not holidays or closings."""
        zone = ZoneInfo(self.zone)
        first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        days = (first + number * DAY for number in range((last - first).days + 1))
        return [
            ClosedDay(day, name)
            for day in days
            if self.week[day.weekday()] and (name := self.closed_for(day, language)) is not None
        ]

    def closed_for(self, day: date, language: str = "fr") -> str | None:
        """Why nobody works that day; None when it is like any other of its week."""
        for closing in sorted(self.closings):
            if closing.first <= day <= closing.last:
                return closing.name
        return _holidays(self.region, day.year, language).get(day) if self.region else None

    def hours_on(self, day: date) -> Hours:
        """The hours of one day."""
        return () if self.closed_for(day) is not None else self.week[day.weekday()]

    def _ahead(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The openings that end after a moment, in order."""
        first = at.astimezone(UTC).date()
        for number in range(HORIZON):
            for opens, closes in _openings(self, first + number * DAY):
                if closes > at:
                    yield opens, closes
        raise InvalidInput("This house does not open for twenty years.")


@lru_cache(maxsize=4_096)
def _added(calendar: Calendar, start: datetime, duration: timedelta) -> datetime:
    """Kept: the messages of an import are all counted from one moment."""
    at = start
    if duration == NO_TIME:
        return at
    for opens, closes in calendar._ahead(at):  # noqa: SLF001 - the other half of `add_working`
        begins = max(opens, at)
        if closes - begins >= duration:
            return begins + duration
        duration -= closes - begins
    raise AssertionError("unreachable: `_ahead` ends with an error")


@lru_cache(maxsize=8_192)
def _openings(calendar: Calendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """From when to when the house is open during one day of UTC, in order.

    Clocks are read from UTC to the wall and never back: an hour of the wall may be there twice, or not.
    """
    found: list[tuple[datetime, datetime]] = []
    for begins, ends, offset in _offsets(calendar.zone, day):
        first, last = (begins + offset).date(), (ends + offset - timedelta.resolution).date()
        for local in (first, last)[: 1 + (last > first)]:
            midnight = datetime.combine(local, time.min, UTC) - offset
            for stretch in calendar.hours_on(local):
                opens = max(midnight + timedelta(minutes=stretch.start), begins)
                closes = min(midnight + timedelta(minutes=stretch.end), ends)
                if opens < closes:
                    found.append((opens, closes))
    return tuple(found)


def _offsets(zone: str, day: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The parts of one day of UTC during which the clocks of a zone do not change: two at most."""
    begins = datetime.combine(day, time.min, UTC)
    ends = begins + DAY
    before, after = _offset(zone, begins), _offset(zone, ends - timedelta.resolution)
    if before == after:
        yield begins, ends, before
        return
    low, high = 0, 24 * 60 * 60
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, begins + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    change = begins + timedelta(seconds=high)
    yield begins, change, before
    yield change, ends, after


def _offset(zone: str, moment: datetime) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or NO_TIME


@lru_cache(maxsize=512)
def _holidays(region: str, year: int, language: str) -> dict[date, str]:
    """Public holidays of a year with their names, in French or English."""
    import holidays  # noqa: PLC0415 - most processes never ask, and it takes a while to load

    spoken = "fr" if language.startswith("fr") else "en_US"
    subdivision = None if region == FRANCE else region
    found = holidays.country_holidays(FRANCE, subdiv=subdivision, years=year, language=spoken)
    return {day: name.replace("'", "’") for day, name in found.items()}
