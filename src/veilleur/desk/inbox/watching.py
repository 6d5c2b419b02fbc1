"""Watches: which messages answer them, those that are there and those that come."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox import search
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.models import MentionRow, TicketRow, Watch, WatchHit
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.listing import Row, rows_of, tickets_in_order
from veilleur.listening.queries import And, Matcher, Not, Query, bounds, parse

BATCH = 500
"""Messages of the past that are looked at in one transaction."""
SHOWN = 10
MOST_LOOKED_AT = 5_000
PATIENCE = 0.7
"""Seconds that a preview may look."""


def whole_query(query: str, excluded: str) -> Query:
    """What a message must answer. Raises `QueryInvalid`."""
    wanted = parse(query)
    return And((wanted, Not(parse(excluded)))) if excluded.strip() else wanted


def mark(rows: QuerySet[MentionRow], watches: Sequence[Watch], organisation: Organisation) -> None:
    """Notes which of these messages answer which watches, in the transaction of the caller."""
    if not watches:
        return
    matcher = Matcher(
        [whole_query(watch.query, watch.excluded) for watch in watches],
        zoneinfo.ZoneInfo(organisation.time_zone),
    )
    looked_at, hits = [], []
    for row in rows.select_related("reading", "source"):
        looked_at.append(row.pk)
        found = matcher.of(mention_of(row), reading_of(row.reading))
        hits += [WatchHit(watch=watches[number], mention=row) for number in found]
    WatchHit.objects.filter(watch__in=watches, mention__in=looked_at).delete()
    WatchHit.objects.bulk_create(hits)


def active(organisation: Organisation) -> list[Watch]:
    """The watches that listen."""
    return list(Watch.objects.filter(organisation=organisation, is_paused=False))


def scan(watch: Watch) -> int:
    """Looks through everything that is stored, oldest first; returns how many messages answer.

    Each batch is a transaction of its own; harmless to begin again.
    """
    for ids in batches(MentionRow.objects.filter(organisation=watch.organisation)):
        with transaction.atomic():
            fresh = Watch.objects.filter(pk=watch.pk, query=watch.query, excluded=watch.excluded)
            if not fresh.select_for_update().exists():  # changed meanwhile: another scan looks
                return 0
            mark(MentionRow.objects.filter(pk__in=ids), [watch], watch.organisation)
    Watch.objects.filter(pk=watch.pk).update(scanned_at=timezone.now())
    return watch.hits.count()


def batches(rows: QuerySet[MentionRow]) -> Iterator[list[int]]:
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
    found: int
    looked_at: int
    is_whole: bool
    """Whether no other message can answer."""


def preview(place: Workplace, query: Query) -> Preview:
    """The newest messages that answer a query, found within `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    ids = _candidates(place, query)
    matcher = Matcher([query], zoneinfo.ZoneInfo(place.organisation.time_zone))
    found: list[TicketRow] = []
    looked_at = 0
    for start in range(0, len(ids), 100):
        here = ids[start : start + 100]
        known = TicketRow.objects.select_related("mention__reading", "mention__source").in_bulk(here)
        tickets = [known[pk] for pk in here if pk in known]
        looked_at += len(tickets)
        found += [
            one for one in tickets if matcher.of(mention_of(one.mention), reading_of(one.mention.reading))
        ]
        if time.monotonic() > end:
            break
    is_whole = looked_at == len(ids) < MOST_LOOKED_AT
    newest = tickets_in_order([one.pk for one in found[:SHOWN]])
    rows = rows_of(place, newest, policy_of(place.organisation))
    return Preview(rows, len(found), looked_at, is_whole)


def _candidates(place: Workplace, query: Query) -> list[int]:
    """Ids of the newest tickets that may answer, as far as the index of words can tell."""
    known = bounds(query)
    tickets = TicketRow.objects.filter(organisation=place.organisation)
    if known.words:
        words = [search.Term((word.text,), is_prefix=word.is_prefix) for word in known.words]
        return search.holding(tickets, place.organisation.pk, words, MOST_LOOKED_AT)
    return list(tickets.order_by("-position").values_list("pk", flat=True)[:MOST_LOOKED_AT])
