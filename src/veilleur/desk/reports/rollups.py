"""Counts each day once: figures by day and by month are kept, and counted again when a mark says so.

A slice (one network, one place, or any) is counted whole the first time somebody looks at it;
after that, only the days that changed are. Counting happens under one lock per organisation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.reports.counting import WHOLE, Choice, Key, Walk, day_finder, read_tickets, within
from veilleur.desk.reports.models import DailyFigures, KnownName, MonthlyFigures, Slice, StaleMark
from veilleur.reputation import Bucket, Counted, Period, Tally, bucket_for, merge, tally

BATCH = 500
SECONDS_A_DAY = 86_400


def counted_in(kept: Slice, period: Period) -> dict[date, Tally]:
    """First day → what was counted from that day on: whole months where a series shows no less, else days."""
    months = period.whole_months if bucket_for(period) in (Bucket.MONTH, Bucket.YEAR) else None
    if months is None:
        return _daily(kept, period)
    counted = _monthly(kept, months)
    for edge in period.without(months):
        counted |= _daily(kept, edge)
    return counted


def _daily(kept: Slice, period: Period) -> dict[date, Tally]:
    rows = DailyFigures.objects.filter(slice=kept, day__range=(period.first, period.last))
    return {day: _tally(figures) for day, figures in rows.values_list("day", "figures")}


def _monthly(kept: Slice, months: Period) -> dict[date, Tally]:
    rows = MonthlyFigures.objects.filter(slice=kept, month__range=(months.first, months.last))
    return {month: _tally(figures) for month, figures in rows.values_list("month", "figures")}


def up_to_date(organisation: Organisation, choice: Choice) -> Slice:
    """The slice of this choice, counted up to this instant."""
    stale = StaleMark.objects.filter(organisation_id=organisation.pk).exists()
    kept = None if stale else _slices(organisation).get(choice)
    return kept or _refresh(organisation, choice)


def names_met(organisation: Organisation) -> dict[str, list[str]]:
    """The networks and the places (`"network"`, `"place"`) that were met so far, in alphabetical order."""
    up_to_date(organisation, WHOLE)
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
            "DELETE FROM reports_stalemark WHERE organisation_id = %s RETURNING utc_day", [organisation.pk]
        )
        utc_days = {utc_day for (utc_day,) in cursor.fetchall()}
    day_of = day_finder(organisation.time_zone)
    ends = [utc_day * SECONDS_A_DAY + end for utc_day in utc_days for end in (0, SECONDS_A_DAY - 1)]
    return {day_of(second) for second in ends}


def _count_again(organisation: Organisation, slices: Mapping[Choice, Slice], days: set[date]) -> None:
    walk = _walk(organisation, slices, within(days, ZoneInfo(organisation.time_zone)))
    DailyFigures.objects.filter(slice__in=slices.values(), day__in=days).delete()
    _keep({key: messages for key, messages in walk.messages.items() if key[1] in days})
    _sum_months(slices.values(), {day.replace(day=1) for day in days})


def _count_whole(organisation: Organisation, choice: Choice) -> Slice:
    kept = Slice.objects.create(
        organisation=organisation,
        network=choice.network,
        place=choice.place,
        time_zone=organisation.time_zone,
    )
    equal = {"network": choice.network, "place": choice.place}
    narrowed = Q(**{name: value for name, value in equal.items() if value})
    messages = _walk(organisation, {choice: kept}, narrowed).messages
    _keep(messages)
    _sum_months([kept], {day.replace(day=1) for _, day in messages})
    return kept


def _walk(organisation: Organisation, slices: Mapping[Choice, Slice], where: Q) -> Walk:
    walk = read_tickets(organisation, {choice: kept.pk for choice, kept in slices.items()}, where)
    _remember(organisation, walk.networks_and_places)
    return walk


def _remember(organisation: Organisation, met: frozenset[tuple[str, str]]) -> None:
    """Keeps the names of networks and places for the filters of the page."""
    named = {("network", network) for network, _ in met} | {("place", place) for _, place in met}
    KnownName.objects.bulk_create(
        [KnownName(organisation=organisation, field=field, name=name) for field, name in named if name],
        ignore_conflicts=True,
    )


def _keep(messages: Mapping[Key, Iterable[Counted]]) -> None:
    rows = [
        DailyFigures(slice_id=pk, day=day, figures=_record(tally(listed)))
        for (pk, day), listed in messages.items()
    ]
    DailyFigures.objects.bulk_create(rows, batch_size=BATCH)


def _sum_months(slices: Collection[Slice], months: set[date]) -> None:
    """Adds up the days of these months again; `months` are first days."""
    if not months:
        return
    MonthlyFigures.objects.filter(slice__in=slices, month__in=months).delete()
    span = Period(min(months), max(months)).in_whole_months
    days = DailyFigures.objects.filter(slice__in=slices, day__range=(span.first, span.last))
    by_month: dict[Key, list[Tally]] = defaultdict(list)
    for pk, day, figures in days.values_list("slice", "day", "figures").iterator():
        month = day.replace(day=1)
        if month in months:
            by_month[pk, month].append(_tally(figures))
    rows = [
        MonthlyFigures(slice_id=pk, month=month, figures=_record(merge(tallies)))
        for (pk, month), tallies in by_month.items()
    ]
    MonthlyFigures.objects.bulk_create(rows, batch_size=BATCH)


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
