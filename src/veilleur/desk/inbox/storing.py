"""Stores one batch of prepared mentions, inside the transaction of its caller.

* A message nobody knew becomes a mention, its reading and its ticket.
* A message that is known and says the same changes nothing.
* An edited message keeps its earlier wording as a version, and is read again. When nobody had
  worked on its ticket, the ticket is sorted again as if it were new. When somebody had, their
  work is kept: the assignee stays, the queue changes only for something more urgent, and a
  ticket that was closed or snoozed opens again, because it was settled for other words.
* The time by which something is due never moves later: awareness dates from the first wording.
* What is new or edited is shown to the watches of the house, and joins those that say the same.
* Facts alone (place, network, address…) are brought up to date without a version.
* A message whose words were erased stays erased, whoever brings it, with one exception: it was erased
  because it was gone, and its network shows it again with *another* wording. What an author asked to
  be forgotten is stored without its words from the beginning (see `authors`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from veilleur.desk.inbox import alike, authors, clocks, watching
from veilleur.desk.inbox.bulk import insert, reserve_ids
from veilleur.desk.inbox.columns import Columns, only_rules, without_words
from veilleur.desk.inbox.erasing import NO_WORDS, closed
from veilleur.desk.inbox.happenings import Kind, happened
from veilleur.desk.inbox.models import (
    DecisionRow,
    ErasedBecause,
    MentionRow,
    MentionVersion,
    ReadingRow,
    StatusChoice,
    TicketRow,
)
from veilleur.desk.inbox.preparing import Prepared
from veilleur.desk.inbox.team.returning import come_back, note_edit
from veilleur.desk.inbox.team.tags import with_house_marks
from veilleur.desk.sources.models import Source
from veilleur.reputation.likeness import Sketch
from veilleur.vocabulary import Act

UNERASED: Columns = {"erased_at": None, "erased_because": None}
NOTHING_ALIKE = Sketch(0, 0, ())
OF_A_VERSION = ("digest", "title", "text", "rating_value", "rating_worst", "rating_best", "collected_at")
SETTLED = (StatusChoice.CLOSED, StatusChoice.SNOOZED, StatusChoice.PENDING)


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


@dataclass(frozen=True, slots=True)
class _Batch:
    """What holds for all messages of a batch."""

    source: Source
    now: datetime
    settled: Settled | None
    is_shown: bool
    forgotten: Mapping[str, datetime]
    """Authors of whom no words are stored that they said until a moment."""

    def forgets(self, prepared: Prepared) -> bool:
        """Whether no words of this message are stored."""
        at, said = self.forgotten.get(prepared.mention["author"]), prepared.mention["published_at"]
        return at is not None and (said is None or said <= at)

    def leaves_alone(self, before: Columns, prepared: Prepared) -> bool:
        """Whether a message that is known stays as it is, whatever is told of it now."""
        if self.forgets(prepared):
            return True
        if before["erased_at"] is None:
            return False
        is_back = self.is_shown and before["erased_because"] == ErasedBecause.GONE
        return not (is_back and before["digest"] != prepared.mention["digest"])


def store(
    source: Source,
    batch: Sequence[Prepared],
    now: datetime,
    settled: Settled | None = None,
    *,
    is_shown: bool = False,
) -> Counts:
    """Adds, revises or leaves alone; a message that comes twice in the batch is taken twice, in order.

    `settled`: which new messages ask for no work, so that their tickets begin closed. `is_shown`: the network
    itself shows these messages now; a file may be old.
    """
    Source.objects.select_for_update().get(pk=source.pk)  # two imports into one source take turns
    alike.take_turns(source.organisation_id)
    names = {prepared.mention["author"] for prepared in batch}
    kind = _Batch(source, now, settled, is_shown, authors.forgotten(source.organisation_id, names))
    counts = Counts()
    for group in _without_repeats(batch):
        counts += _store_group(kind, group)
    if counts.added or counts.updated:
        ids = [prepared.mention["external_id"] for prepared in batch]
        rows = MentionRow.objects.filter(source=source, external_id__in=ids)
        watching.mark(rows, watching.active(source.organisation), source.organisation)
    return counts


def _without_repeats(batch: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    group: dict[str, Prepared] = {}
    for prepared in batch:
        if prepared.mention["external_id"] in group:
            yield list(group.values())
            group = {}
        group[prepared.mention["external_id"]] = prepared
    yield list(group.values())


def _store_group(kind: _Batch, group: list[Prepared]) -> Counts:
    known = _known(kind.source, group)
    new = [prepared for prepared in group if prepared.mention["external_id"] not in known]
    old = [
        (known[prepared.mention["external_id"]], prepared)
        for prepared in group
        if prepared.mention["external_id"] in known
    ]
    _add(kind, [one for one in new if not kind.forgets(one)])
    come_back(kind.source, [one.mention for one in new if not kind.forgets(one)], kind.now)
    _add(kind, [_without_words(one) for one in new if kind.forgets(one)], is_forgotten=True)
    updated = sum(
        _revise(kind.source, before, prepared, kind.now)
        for before, prepared in old
        if not kind.leaves_alone(before, prepared)
    )
    return Counts(added=len(new), updated=updated, unchanged=len(old) - updated)


def _without_words(prepared: Prepared) -> Prepared:
    """What is stored of a message whose author asked to be forgotten."""
    findings = without_words(json.loads(prepared.reading["findings"]))
    reasons = only_rules(json.loads(prepared.ticket["reasons"]))
    return prepared._replace(
        mention=prepared.mention | NO_WORDS,
        reading=prepared.reading | {"findings": json.dumps(findings)},
        ticket=prepared.ticket | {"reasons": json.dumps(reasons)},
        sketch=NOTHING_ALIKE,
    )


def _known(source: Source, group: list[Prepared]) -> dict[str, Columns]:
    if not group:
        return {}
    ids = [prepared.mention["external_id"] for prepared in group]
    rows = MentionRow.objects.filter(source=source, external_id__in=ids)
    named = ("pk", "collected_at", *UNERASED, *group[0].mention)
    return {row["external_id"]: row for row in rows.values(*named)}


def _add(kind: _Batch, group: list[Prepared], *, is_forgotten: bool = False) -> None:
    source, now = kind.source, kind.now
    erased = {"erased_at": now, "erased_because": ErasedBecause.AUTHOR} if is_forgotten else UNERASED
    owner = {"organisation_id": source.organisation_id, "source_id": source.pk}
    # Oldest first: SQLite's full-text index goes by time, and writes itself out at each step back.
    chronological = sorted(group, key=lambda new: new.ticket["moment"])
    numbered = list(zip(reserve_ids(MentionRow, len(group)), chronological, strict=True))
    insert(
        MentionRow,
        [
            {"id": pk, **owner, **erased, "collected_at": new.collected_at, "marks": new.marks, **new.mention}
            for pk, new in numbered
        ],
    )
    insert(ReadingRow, [{"mention_id": pk, **new.reading} for pk, new in numbered])
    groups = alike.join(source.organisation_id, {pk: _sketch(source, new) for pk, new in numbered})
    insert(
        TicketRow,
        [
            {
                "mention_id": pk,
                **owner,
                "opened_at": now,
                "alike": groups.get(pk),
                **new.ticket,
                **(closed(now) if is_forgotten else _begun(new, now, kind.settled)),
            }
            for pk, new in numbered
        ],
    )
    if not is_forgotten:
        asking = [pk for pk, new in numbered if kind.settled is None or not kind.settled(new)]
        happened(source.organisation_id, Kind.ARRIVES, asking, now)


def _sketch(source: Source, prepared: Prepared) -> Sketch:
    said = prepared.mention
    return prepared.sketch.within(f"{source.pk} {said['thread'] or said['external_id']}")


def _begun(new: Prepared, now: datetime, settled: Settled | None) -> Columns:
    """How a ticket begins, where some begin closed."""
    if settled is None:
        return {}
    if settled(new):
        return closed(now)
    begun = {"status": StatusChoice.NEW, "outcome": "", "closed_at": None}
    return {**begun, "snoozed_until": None, **{name: new.ticket[name] for name in clocks.TIMES}}


def _revise(source: Source, before: Columns, prepared: Prepared, now: datetime) -> bool:
    """Whether anything was brought up to date."""
    changed = {name: value for name, value in prepared.mention.items() if before[name] != value}
    if not changed:
        return False
    if "digest" in changed:
        if before["erased_at"] is None:
            _keep_version(before)
        changed |= {"collected_at": prepared.collected_at, **UNERASED}
    changed["marks"] = with_house_marks(prepared.marks, before["pk"])
    MentionRow.objects.filter(pk=before["pk"]).update(**changed)
    moment = prepared.mention["published_at"] or changed.get("collected_at", before["collected_at"])
    if "digest" in changed:
        reading = _decoded(prepared.reading, "findings")
        ReadingRow.objects.update_or_create(mention_id=before["pk"], defaults=reading)
        _sort_again(before["pk"], _decoded(prepared.ticket, "reasons") | {"moment": moment}, now)
        alike.move(source.organisation_id, before["pk"], _sketch(source, prepared))
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
    timed = clocks.sooner(ticket, sorted_as)
    for name, value in (sorted_as | timed | kept).items():
        setattr(ticket, name, value)
    ticket.version += 1
    ticket.save()
    DecisionRow.objects.create(
        ticket=ticket,
        act=Act.REOPEN if status_before in SETTLED else Act.ROUTE,
        at=now,
        details={"why": "edited", "from": status_before, "to": ticket.status},
    )
    if status_before == StatusChoice.PENDING:
        note_edit(ticket, now)
    happened(ticket.organisation_id, Kind.CHANGES, [mention_id], now)


def _somebody_worked_on(ticket: TicketRow) -> bool:
    return ticket.decisions.exclude(by_name="").exists()


def _kept_work(ticket: TicketRow, sorted_as: Columns) -> Columns:
    """What stays of a ticket that people worked on, when its message is edited."""
    kept: Columns = {}
    if sorted_as["priority"] >= ticket.priority:
        kept = {"queue": ticket.queue, "priority": ticket.priority}
        kept |= clocks.sooner(ticket, sorted_as if sorted_as["due_at"] else {})
    return kept
