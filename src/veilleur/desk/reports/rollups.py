"""Counts each day once: figures by day are kept, and counted again only when a mark says so.

A slice (one network, one place, or any) is counted whole the first time somebody looks at it;
after that, only the days that changed are. Counting happens under one lock per organisation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.ordering import ID_BITS, first_position_of
from veilleur.desk.reports.models import DailyFigures, KnownName, Slice, StaleMark
from veilleur.reputation import Counted, Period, Tally, delay_in_hours, tally

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


def days_of(organisation: Organisation, choice: Choice, period: Period) -> dict[date, Tally]:
    """What was counted on each day of the period, up to this instant; days without messages are left out."""
    kept = _up_to_date(organisation, choice)
    rows = DailyFigures.objects.filter(slice=kept, day__range=(period.first, period.last))
    return {day: _tally(figures) for day, figures in rows.values_list("day", "figures")}


def _up_to_date(organisation: Organisation, choice: Choice) -> Slice:
    """The slice of this choice, all its days counted."""
    stale = StaleMark.objects.filter(organisation_id=organisation.pk).exists()
    kept = None if stale else _slices(organisation).get(choice)
    return kept or _refresh(organisation, choice)


def names_met(organisation: Organisation) -> dict[str, list[str]]:
    """The networks and the places (`"network"`, `"place"`) that were met so far, in alphabetical order."""
    _up_to_date(organisation, WHOLE)
    names: dict[str, list[str]] = {"network": [], "place": []}
    met = KnownName.objects.filter(organisation=organisation).values_list("field", "name")
    for field, name in sorted(met, key=lambda one: one[1].casefold()):
        names[field].append(name)
    return names


@transaction.atomic
def _refresh(organisation: Organisation, choice: Choice) -> Slice:
    # Without the lock, a slow count could be written after the mark that made it stale was taken.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    Slice.objects.filter(organisation=organisation).exclude(time_zone=organisation.time_zone).delete()
    changed = _take_marks(organisation)
    slices = _slices(organisation)
    if changed and slices:
        _count_again(organisation, slices, changed)
    for wanted in (WHOLE, choice):
        if wanted not in slices:
            slices[wanted] = _count_whole(organisation, wanted)
    return slices[choice]


def _slices(organisation: Organisation) -> dict[Choice, Slice]:
    kept = Slice.objects.filter(organisation=organisation, time_zone=organisation.time_zone)
    return {Choice(one.network, one.place): one for one in kept}


def _take_marks(organisation: Organisation) -> set[date]:
    """The days to count again; the marks are gone when the transaction is committed."""
    with connection.cursor() as cursor:
        # In one statement: a mark that appears meanwhile must stay for the next time.
        cursor.execute(
            "DELETE FROM reports_stalemark WHERE organisation_id = %s RETURNING second", [organisation.pk]
        )
        seconds = {second for (second,) in cursor.fetchall()}
    day_of = day_finder(organisation.time_zone)
    return {day_of(second) for second in seconds}


def _count_again(organisation: Organisation, slices: Mapping[Choice, Slice], days: set[date]) -> None:
    DailyFigures.objects.filter(slice__in=slices.values(), day__in=days).delete()
    counted = _counted(organisation, slices, _within(days, ZoneInfo(organisation.time_zone)))
    _keep({key: messages for key, messages in counted.items() if key[1] in days})


def _count_whole(organisation: Organisation, choice: Choice) -> Slice:
    kept = Slice.objects.create(
        organisation=organisation,
        network=choice.network,
        place=choice.place,
        time_zone=organisation.time_zone,
    )
    equal = {"network": choice.network, "place": choice.place}
    narrowed = Q(**{name: value for name, value in equal.items() if value})
    _keep(_counted(organisation, {choice: kept}, narrowed))
    return kept


def _counted(
    organisation: Organisation, slices: Mapping[Choice, Slice], where: Q
) -> dict[Key, list[Counted]]:
    """What counts of each message, under every slice it belongs to and its day."""
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
    _remember(organisation, belongs)
    return counted


def _slices_with(slices: Mapping[Choice, Slice], network: str, place: str) -> list[int]:
    """Primary keys of the slices that a message of this network and place belongs to."""
    choices = {Choice(a, b) for a in (network, ANY) for b in (place, ANY)}
    return [slices[choice].pk for choice in choices if choice in slices]


def _delays(tickets: QuerySet[TicketRow]) -> dict[int, int]:
    """Position → hours, of the tickets that were answered: few, so that the great walk needs no dates."""
    answered = tickets.filter(answered_at__isnull=False)
    moments = answered.values_list("position", "opened_at", "answered_at").iterator()
    return {
        position: delay_in_hours(opened_at, answered_at)
        for position, opened_at, answered_at in moments
        if answered_at
    }


def _remember(organisation: Organisation, met: Iterable[tuple[str, str]]) -> None:
    """Keeps the names of networks and places for the filters of the page."""
    pairs = list(met)
    named = {("network", network) for network, _ in pairs} | {("place", place) for _, place in pairs}
    KnownName.objects.bulk_create(
        [KnownName(organisation=organisation, field=field, name=name) for field, name in named if name],
        ignore_conflicts=True,
    )


def _keep(counted: Mapping[Key, Iterable[Counted]]) -> None:
    DailyFigures.objects.bulk_create(
        [
            DailyFigures(slice_id=pk, day=day, figures=_record(tally(messages)))
            for (pk, day), messages in counted.items()
        ],
        batch_size=500,
    )


def _record(counted: Tally) -> dict[str, Any]:
    return {
        "messages": counted.messages,
        "rated": counted.rated,
        "share_sum": counted.share_sum,
        "sentiments": counted.sentiments,
        "queues": counted.queues,
        # Pairs, not an object: JSON knows no keys but strings.
        "delays": sorted(counted.delays.items()),
    }


def _tally(record: Mapping[str, Any]) -> Tally:
    return Tally(**{**record, "delays": dict(record["delays"])})


def day_finder(time_zone: str) -> Callable[[int], date]:
    """A function from a second of Unix time to the date it has in a zone; quick when asked often."""
    zone = ZoneInfo(time_zone)

    @cache
    def day_of_quarter(quarter: int) -> date:
        return datetime.fromtimestamp(quarter * _QUARTER, zone).date()

    return lambda second: day_of_quarter(second // _QUARTER)


def _within(days: Iterable[date], zone: ZoneInfo) -> Q:
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
