"""Stores one batch of prepared mentions, inside the transaction of its caller.

* A message nobody knew becomes a mention, its reading and its ticket.
* A message that is known and says the same changes nothing.
* An edited message keeps its earlier wording as a version, and is read again. When nobody had
  worked on its ticket, the ticket is sorted again as if it were new. When somebody had, their
  work is kept: the assignee stays, the queue changes only for something more urgent, and a
  ticket that was closed or snoozed opens again, because it was settled for other words.
* The time by which something is due never moves later: awareness dates from the first wording.
* Facts alone (place, network, address…) are brought up to date without a version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from veilleur.desk.inbox.bulk import insert, reserve_ids
from veilleur.desk.inbox.columns import Columns
from veilleur.desk.inbox.models import (
    DecisionRow,
    MentionRow,
    MentionVersion,
    Outcome,
    ReadingRow,
    StatusChoice,
    TicketRow,
)
from veilleur.desk.inbox.preparing import Prepared
from veilleur.desk.sources.models import Source
from veilleur.vocabulary import Act

OF_A_VERSION = ("digest", "title", "text", "rating_value", "rating_worst", "rating_best", "collected_at")
SETTLED = (StatusChoice.CLOSED, StatusChoice.SNOOZED)


Settled = Callable[[Prepared], bool]
"""Whether a new message asks for no work."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the messages of a batch."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added, self.updated + other.updated, self.unchanged + other.unchanged
        )


def store(source: Source, batch: Sequence[Prepared], now: datetime, settled: Settled | None = None) -> Counts:
    """Adds, revises or leaves alone; a message that comes twice in the batch is taken twice, in order.

    `settled`: which new messages ask for no work, so that their tickets begin closed.
    """
    Source.objects.select_for_update().get(pk=source.pk)  # two imports into one source take turns
    counts = Counts()
    for group in _without_repeats(batch):
        counts += _store_group(source, group, now, settled)
    return counts


def _without_repeats(batch: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    group: dict[str, Prepared] = {}
    for prepared in batch:
        if prepared.mention["external_id"] in group:
            yield list(group.values())
            group = {}
        group[prepared.mention["external_id"]] = prepared
    yield list(group.values())


def _store_group(source: Source, group: list[Prepared], now: datetime, settled: Settled | None) -> Counts:
    known = _known(source, group)
    new = [prepared for prepared in group if prepared.mention["external_id"] not in known]
    old = [prepared for prepared in group if prepared.mention["external_id"] in known]
    _add(source, new, now, settled)
    updated = sum(_revise(known[prepared.mention["external_id"]], prepared, now) for prepared in old)
    return Counts(added=len(new), updated=updated, unchanged=len(old) - updated)


def _known(source: Source, group: list[Prepared]) -> dict[str, Columns]:
    if not group:
        return {}
    ids = [prepared.mention["external_id"] for prepared in group]
    rows = MentionRow.objects.filter(source=source, external_id__in=ids)
    return {row["external_id"]: row for row in rows.values("pk", "collected_at", *group[0].mention)}


def _add(source: Source, group: list[Prepared], now: datetime, settled: Settled | None) -> None:
    owner = {"organisation_id": source.organisation_id, "source_id": source.pk}
    # Oldest first: SQLite's full-text index goes by time, and writes itself out at each step back.
    chronological = sorted(group, key=lambda new: new.ticket["moment"])
    numbered = list(zip(reserve_ids(MentionRow, len(group)), chronological, strict=True))
    insert(
        MentionRow,
        [{"id": pk, **owner, "collected_at": new.collected_at, **new.mention} for pk, new in numbered],
    )
    insert(ReadingRow, [{"mention_id": pk, **new.reading} for pk, new in numbered])
    insert(
        TicketRow,
        [
            {"mention_id": pk, **owner, "opened_at": now, **new.ticket, **_begun(new, now, settled)}
            for pk, new in numbered
        ],
    )


def _begun(new: Prepared, now: datetime, settled: Settled | None) -> Columns:
    """How a ticket begins, where some begin closed."""
    if settled is None:
        return {}
    if not settled(new):
        return {"status": StatusChoice.NEW, "outcome": "", "closed_at": None, "due_at": new.ticket["due_at"]}
    closed = {"status": StatusChoice.CLOSED, "outcome": Outcome.NOTHING, "closed_at": now}
    return {**closed, "due_at": None}


def _revise(before: Columns, prepared: Prepared, now: datetime) -> bool:
    """Whether anything was brought up to date."""
    changed = {name: value for name, value in prepared.mention.items() if before[name] != value}
    if not changed:
        return False
    if "digest" in changed:
        _keep_version(before)
        changed["collected_at"] = prepared.collected_at
    MentionRow.objects.filter(pk=before["pk"]).update(**changed)
    moment = prepared.mention["published_at"] or changed.get("collected_at", before["collected_at"])
    if "digest" in changed:
        reading = _decoded(prepared.reading, "findings")
        ReadingRow.objects.update_or_create(mention_id=before["pk"], defaults=reading)
        _sort_again(before["pk"], _decoded(prepared.ticket, "reasons") | {"moment": moment}, now)
    else:
        facts = {"moment": moment, "network": prepared.mention["network"], "place": prepared.mention["place"]}
        TicketRow.objects.filter(mention_id=before["pk"]).update(**facts)
    return True


def _decoded(columns: Columns, name: str) -> Columns:
    """For the ORM, which writes JSON by itself."""
    return columns | {name: json.loads(columns[name])}


def _keep_version(before: Columns) -> None:
    last = MentionVersion.objects.filter(mention_id=before["pk"]).aggregate(last=Max("number"))["last"]
    MentionVersion.objects.create(
        mention_id=before["pk"], number=(last or 0) + 1, **{name: before[name] for name in OF_A_VERSION}
    )


def _sort_again(mention_id: int, sorted_as: Columns, now: datetime) -> None:
    ticket = TicketRow.objects.select_for_update().get(mention_id=mention_id)
    status_before = ticket.status
    kept = _kept_work(ticket, sorted_as) if _somebody_worked_on(ticket) else {}
    if ticket.status in SETTLED:
        opened = StatusChoice.OPEN if kept else StatusChoice.NEW
        kept |= {"status": opened, "outcome": "", "snoozed_until": None, "closed_at": None}
    for name, value in (sorted_as | {"due_at": _due(ticket.due_at, sorted_as["due_at"])} | kept).items():
        setattr(ticket, name, value)
    ticket.version += 1
    ticket.save()
    DecisionRow.objects.create(
        ticket=ticket,
        act=Act.REOPEN if status_before in SETTLED else Act.ROUTE,
        at=now,
        details={"why": "edited", "from": status_before, "to": ticket.status},
    )


def _somebody_worked_on(ticket: TicketRow) -> bool:
    return ticket.decisions.exclude(by_name="").exists()


def _kept_work(ticket: TicketRow, sorted_as: Columns) -> Columns:
    """What stays of a ticket that people worked on, when its message is edited."""
    kept: Columns = {}
    if sorted_as["priority"] >= ticket.priority:
        kept = {"queue": ticket.queue, "priority": ticket.priority}
        kept["due_at"] = _due(ticket.due_at, sorted_as["due_at"] or ticket.due_at)
    return kept


def _due(before: datetime | None, after: datetime | None) -> datetime | None:
    """Never later than it was; None when nothing is asked any more."""
    if before is None or after is None:
        return after
    return min(before, after)
