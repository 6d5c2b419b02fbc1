"""Reads the tickets and says, message by message, what counts under which slice on which day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.ordering import ID_BITS, first_position_of
from veilleur.reputation import Counted, Period, delay_in_hours

ANY = ""
MOST_STRETCHES = 50
"""Beyond so many separate stretches of days, one longer walk is quicker than many short ones."""

_QUARTER = 900
"""Seconds; every time zone changes its date at a whole quarter of an hour (since 1972)."""
_DAY = timedelta(days=1)

Key = tuple[int, date]
"""Primary key of a slice, day."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a summary is narrowed to; empty means any."""

    network: str = ANY
    place: str = ANY


WHOLE = Choice()
"""Every network, every place."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk through the tickets found."""

    messages: Mapping[Key, list[Counted]]
    networks_and_places: frozenset[tuple[str, str]]


def read_tickets(organisation: Organisation, slices: Mapping[Choice, int], where: Q) -> Walk:
    """What counts of each message, under every slice (choice → primary key) it belongs to and its day."""
    tickets = TicketRow.objects.filter(where, organisation=organisation)
    delays = _delays(tickets)
    day_of = day_finder(organisation.time_zone)
    belongs: dict[tuple[str, str], list[int]] = {}
    counted: dict[Key, list[Counted]] = defaultdict(list)
    columns = tickets.values_list("position", "network", "place", "sentiment", "queue", "rating_share")
    for position, network, place, sentiment, queue, share in columns.iterator():
        message = Counted(sentiment, queue, share, delays.get(position))
        day = day_of(position >> ID_BITS)
        if (network, place) not in belongs:
            belongs[network, place] = _slices_with(slices, network, place)
        for pk in belongs[network, place]:
            counted[pk, day].append(message)
    return Walk(counted, frozenset(belongs))


def _slices_with(slices: Mapping[Choice, int], network: str, place: str) -> list[int]:
    """Primary keys of the slices that a message of this network and place belongs to."""
    choices = {Choice(a, b) for a in (network, ANY) for b in (place, ANY)}
    return [slices[choice] for choice in choices if choice in slices]


def _delays(tickets: QuerySet[TicketRow]) -> dict[int, int]:
    """Position → hours, of the tickets that were answered: few, so that the great walk needs no dates."""
    answered = tickets.filter(answered_at__isnull=False)
    moments = answered.values_list("position", "opened_at", "answered_at").iterator()
    return {
        position: delay_in_hours(opened_at, answered_at)
        for position, opened_at, answered_at in moments
        if answered_at
    }


def day_finder(time_zone: str) -> Callable[[int], date]:
    """A function from a second of Unix time to the date it has in a zone; quick when asked often."""
    zone = ZoneInfo(time_zone)

    @cache
    def day_of_quarter(quarter: int) -> date:
        return datetime.fromtimestamp(quarter * _QUARTER, zone).date()

    return lambda second: day_of_quarter(second // _QUARTER)


def within(days: Iterable[date], zone: ZoneInfo) -> Q:
    """The tickets of these days, and perhaps of days between them."""
    stretches = _stretches(days)
    if len(stretches) > MOST_STRETCHES:
        stretches = [Period(stretches[0].first, stretches[-1].last)]
    where = Q()
    for stretch in stretches:
        where |= Q(
            position__gte=first_position_of(_midnight(stretch.first, zone)),
            position__lt=first_position_of(_midnight(stretch.last + _DAY, zone)),
        )
    return where


def _stretches(days: Iterable[date]) -> list[Period]:
    """Days → the runs of days that follow one another."""
    stretches: list[Period] = []
    for day in sorted(days):
        if stretches and stretches[-1].last + _DAY == day:
            stretches[-1] = Period(stretches[-1].first, day)
        else:
            stretches.append(Period(day, day))
    return stretches


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
