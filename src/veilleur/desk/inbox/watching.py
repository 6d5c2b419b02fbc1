"""Watches: which messages answer them, those that are there and those that come."""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.models import MentionRow, TicketRow, Watch, WatchHit
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.filters import COUNT_CAP
from veilleur.desk.inbox.queries.listing import Row, rows_of, tickets_in_order
from veilleur.desk.inbox.queries.turning import capped
from veilleur.desk.inbox.search import matching, query_of
from veilleur.errors import QueryInvalid
from veilleur.listening.queries import And, Matcher, Not, Query

log = logging.getLogger(__name__)
BATCH = 500
"""Messages of the past that are looked at in one transaction."""
SHOWN = 10


def whole_query(query: str, excluded: str, organisation: Organisation) -> Query:
    """What a message must answer. Raises `QueryInvalid`."""
    wanted = query_of(query, organisation)
    return And((wanted, Not(query_of(excluded, organisation)))) if excluded.strip() else wanted


def mark(rows: QuerySet[MentionRow], watches: Sequence[Watch], organisation: Organisation) -> None:
    """Notes which of these messages answer which watches, in the transaction of the caller."""
    asked = list(_readable(watches, organisation))
    if not asked:
        return
    matcher = Matcher([query for _watch, query in asked], zoneinfo.ZoneInfo(organisation.time_zone))
    looked_at, hits = [], []
    for row in rows.select_related("reading", "source"):
        looked_at.append(row.pk)
        found = matcher.of(mention_of(row), reading_of(row.reading))
        hits += [WatchHit(watch=asked[number][0], mention=row) for number in found]
    WatchHit.objects.filter(watch__in=watches, mention__in=looked_at).delete()
    WatchHit.objects.bulk_create(hits)


def _readable(watches: Iterable[Watch], organisation: Organisation) -> Iterator[tuple[Watch, Query]]:
    """One that cannot be read (any more) finds nothing, and stops neither the others nor what is stored."""
    for watch in watches:
        try:
            yield watch, whole_query(watch.query, watch.excluded, organisation)
        except QueryInvalid as invalid:
            log.warning("watch %d: %s", watch.pk, invalid)


def active(organisation: Organisation) -> list[Watch]:
    """What the house listens for."""
    return list(Watch.objects.filter(organisation=organisation))


def scan(watch: Watch) -> int:
    """Looks through everything that is stored, oldest first; returns how many messages answer.

    Each batch is a transaction of its own; harmless to begin again.
    """
    for ids in _batches(MentionRow.objects.filter(organisation=watch.organisation)):
        with transaction.atomic():
            fresh = Watch.objects.filter(pk=watch.pk, query=watch.query, excluded=watch.excluded)
            if not fresh.select_for_update().exists():  # changed meanwhile: another scan looks
                return 0
            mark(MentionRow.objects.filter(pk__in=ids), [watch], watch.organisation)
    Watch.objects.filter(pk=watch.pk).update(scanned_at=timezone.now())
    return watch.hits.count()


def _batches(rows: QuerySet[MentionRow]) -> Iterator[list[int]]:
    """Ids of messages, oldest first, so many at a time."""
    last = 0
    while True:
        ids = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        yield ids
        last = ids[-1]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a query would have brought so far."""

    rows: tuple[Row, ...]
    """The newest that answer."""
    count: str
    """How many answer: "12", or "999+"."""
    is_whole: bool
    """Whether the past was looked through far enough to say so."""


def preview(place: Workplace, query: Query) -> Preview:
    """The newest messages that answer a query, and how many do."""
    tickets = TicketRow.objects.filter(organisation=place.organisation)
    found = matching(tickets, place.organisation, query, COUNT_CAP)
    rows = rows_of(place, tickets_in_order(found.ids[:SHOWN]), policy_of(place.organisation))
    return Preview(rows, capped(len(found.ids), COUNT_CAP), is_whole=found.reached is None)
