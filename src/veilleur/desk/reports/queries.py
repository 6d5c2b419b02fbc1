"""The figures of one period: what was asked, what was counted, and what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.ordering import ID_BITS
from veilleur.desk.reports.counting import WHOLE, Choice, day_finder
from veilleur.desk.reports.rollups import counted_in, up_to_date
from veilleur.reputation import Period, Point, Summary, Tally, merge, series, summarise

USUAL = {"30": 30, "90": 90, "365": 365}
"""Name of a usual period → its days, up to today."""
EVERYTHING = "all"
CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked of the summary."""

    period: str = ""
    """A key of `USUAL`, `EVERYTHING`, `CUSTOM`, or empty: the desk chooses."""
    since: date | None = None
    until: date | None = None
    choice: Choice = WHOLE


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page and the download are made of."""

    asked: Asked
    """As asked, the period filled in."""
    period: Period
    widened: bool
    """Nothing recent was there, so that everything is shown instead."""
    now: Tally
    summary: Summary
    points: Sequence[Point]

    @property
    def empty(self) -> bool:
        """Whether nothing was counted in the period."""
        return self.now.messages == 0


def span_of(organisation: Organisation) -> Period | None:
    """From the day of the oldest message to that of the newest; `None` when there are none."""
    tickets = TicketRow.objects.filter(organisation=organisation)
    # Two look-ups at the ends of an index; asked together, SQLite would read all of it.
    oldest = tickets.aggregate(end=Min("position"))["end"]
    newest = tickets.aggregate(end=Max("position"))["end"]
    if oldest is None or newest is None:
        return None
    day_of = day_finder(organisation.time_zone)
    return Period(day_of(oldest >> ID_BITS), day_of(newest >> ID_BITS))


def figures(place: Workplace, asked: Asked) -> Figures | None:
    """The figures that were asked for; `None` when the organisation has no messages at all."""
    span = span_of(place.organisation)
    if span is None:
        return None
    today = timezone.localdate()
    chosen, widened = _chosen(asked, span, today)
    period = _period(chosen, span, today)
    kept = up_to_date(place.organisation, chosen.choice)
    points = series(counted_in(kept, period), period)
    now = merge(point.tally for point in points)
    earlier = None if chosen.period == EVERYTHING else period.before
    before = merge(counted_in(kept, earlier).values()) if earlier else None
    return Figures(chosen, period, widened, now, summarise(now, before), points)


def _chosen(asked: Asked, span: Period, today: date) -> tuple[Asked, bool]:
    """The desk opens on the last 90 days, or on everything when they are empty."""
    if asked.period:
        return asked, False
    recent = Period.ending(today, USUAL["90"])
    widened = span.last < recent.first or span.first > recent.last
    return Asked(EVERYTHING if widened else "90", choice=asked.choice), widened


def _period(asked: Asked, span: Period, today: date) -> Period:
    if asked.period in USUAL:
        return Period.ending(today, USUAL[asked.period])
    first, last = asked.since or span.first, asked.until or max(span.last, today)
    if asked.period == EVERYTHING:
        return span
    return Period(min(first, last), max(first, last))
