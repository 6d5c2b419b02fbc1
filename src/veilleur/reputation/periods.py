"""Stretches of time in whole days, and how finely they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from veilleur.reputation.tally import Tally, merge

_DAY = timedelta(days=1)


class Bucket(StrEnum):
    """What one point of a series stands for."""

    DAY = "day"
    WEEK = "week"
    """Monday to Sunday."""
    MONTH = "month"
    YEAR = "year"


_LONGEST = ((Bucket.DAY, 45), (Bucket.WEEK, 190), (Bucket.MONTH, 3660))
"""Up to so many days, this bucket: never more than 120 points, seldom fewer than seven."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included, in the days of one time zone."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period cannot end ({self.last}) before it begins ({self.first})")

    @classmethod
    def ending(cls, last: date, days: int) -> Period:
        """The `days` days up to `last`; at least one."""
        return cls(last - timedelta(days=days - 1), last)

    @property
    def days(self) -> int:
        """How many days it counts."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period | None:
        """As many days just before it; `None` when the calendar does not reach back so far.

        >>> Period(date(2026, 3, 1), date(2026, 3, 31)).before
        Period(first=datetime.date(2026, 1, 29), last=datetime.date(2026, 2, 28))
        """
        if (self.first - date.min).days < self.days:
            return None
        return Period(self.first - timedelta(days=self.days), self.first - _DAY)

    @property
    def whole_months(self) -> Period | None:
        """The calendar months that lie wholly inside; `None` when there is none.

        >>> Period(date(2026, 1, 15), date(2026, 3, 31)).whole_months
        Period(first=datetime.date(2026, 2, 1), last=datetime.date(2026, 3, 31))
        """
        first, last = _start(self.first, Bucket.MONTH), _end(self.last, Bucket.MONTH)
        if first < self.first:
            end = _end(first, Bucket.MONTH)
            if end >= self.last:
                return None
            first = end + _DAY
        if last > self.last:
            start = _start(self.last, Bucket.MONTH)
            if start <= first:
                return None
            last = start - _DAY
        return Period(first, last)

    @property
    def in_whole_months(self) -> Period:
        """The period, lengthened to the whole months it touches."""
        return Period(_start(self.first, Bucket.MONTH), _end(self.last, Bucket.MONTH))

    def without(self, middle: Period) -> list[Period]:
        """What is left at the two ends when a part is taken out.

        >>> Period(date(2026, 1, 31), date(2026, 3, 1)).without(Period(date(2026, 2, 1), date(2026, 3, 1)))
        [Period(first=datetime.date(2026, 1, 31), last=datetime.date(2026, 1, 31))]
        """
        ends = []
        if self.first < middle.first:
            ends.append(Period(self.first, middle.first - _DAY))
        if middle.last < self.last:
            ends.append(Period(middle.last + _DAY, self.last))
        return ends

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a series: its days (cut at the ends of the period) and what was counted."""

    days: Period
    tally: Tally


def bucket_for(period: Period) -> Bucket:
    """How finely a period is drawn: days for a month, weeks for half a year, months for ten years.

    >>> bucket_for(Period.ending(date(2026, 3, 31), 365))
    <Bucket.MONTH: 'month'>
    """
    return next((bucket for bucket, longest in _LONGEST if period.days <= longest), Bucket.YEAR)


def series(tallies: Mapping[date, Tally], period: Period) -> list[Point]:
    """One point per bucket of the period, in order; empty ones are there too, with nothing counted."""
    bucket = bucket_for(period)
    within: dict[date, list[Tally]] = {}
    for day, counted in tallies.items():
        if day in period:
            within.setdefault(_start(day, bucket), []).append(counted)
    return [Point(days, merge(within.get(start, ()))) for start, days in _steps(period, bucket)]


def _start(day: date, bucket: Bucket) -> date:
    """The first day of the bucket a day lies in."""
    if bucket is Bucket.WEEK:
        return date.fromordinal(max(1, day.toordinal() - day.weekday()))
    if bucket is Bucket.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if bucket is Bucket.YEAR else day


def _steps(period: Period, bucket: Bucket) -> Iterator[tuple[date, Period]]:
    first = period.first
    while True:
        last = min(_end(first, bucket), period.last)
        yield _start(first, bucket), Period(first, last)
        if last == period.last:
            return
        first = last + _DAY


def _end(day: date, bucket: Bucket) -> date:
    """The last day of the bucket a day lies in."""
    if bucket is Bucket.DAY:
        return day
    if bucket is Bucket.WEEK:
        return date.fromordinal(min(date.max.toordinal(), day.toordinal() + 6 - day.weekday()))
    if bucket is Bucket.YEAR:
        return day.replace(month=12, day=31)
    # The 28th plus four days always lies in the next month.
    if (day.year, day.month) == (date.max.year, date.max.month):
        return date.max
    later = day.replace(day=28) + timedelta(days=4)
    return later - timedelta(days=later.day)
