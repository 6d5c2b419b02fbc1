"""What changes a ticket: one act, one transaction, one decision in its history, one line in the trail.

Every act takes the workplace of the person, the ticket, the `version` that the person was looking
at, and `now`. `Outdated` says that somebody else acted first; `ActRefused` that the act makes no
sense in the present state; a ticket of another organisation does not exist (`Http404`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.accounts.queries import works_at
from veilleur.desk.inbox import clocks
from veilleur.desk.inbox.attendance import NoteDraft
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.happenings import Kind, happened
from veilleur.desk.inbox.models import Correction, DecisionRow, Note, Outcome, Seen, TicketRow
from veilleur.desk.inbox.policies import policy_of, sorted_columns
from veilleur.desk.inbox.team import attachments, fields, notifications, tags
from veilleur.desk.inbox.team.attachments import Kept
from veilleur.errors import ActRefused, Outdated
from veilleur.listening.queries import marks_of
from veilleur.triage import Policy
from veilleur.vocabulary import ON_CLOCK, ON_HOLD, ON_NETWORK, Act, Status

RESTORABLE = (
    "status",
    "outcome",
    "assignee_id",
    "snoozed_until",
    "answered_at",
    "closed_at",
    "queue",
    "priority",
    "due_at",
    "near_at",
    "clock",
    "paused_at",
    "paused",
    "reasons",
    "language",
    "sentiment",
)
"""Columns that an act may change and an undo puts back."""

_MOMENTS = frozenset({"snoozed_until", "answered_at", "closed_at", "due_at", "near_at", "paused_at"})

_WRITTEN = frozenset({"reason", "value", "value_before"})
"""Details that hold what a person wrote."""

LABELS = {
    "sentiment": frozenset({"pos", "neg", "neu", "mixed"}),
    "language": frozenset({"fr", "en", "other"}),
}
"""What a person may correct, and to which labels."""


@transaction.atomic
def assign(place: Workplace, ticket_id: int, version: int, *, to: User | None, now: datetime) -> DecisionRow:
    """Gives the ticket to a colleague, or to nobody."""
    ticket = held(place, ticket_id, version)
    _require_member(place.organisation, to)
    changes = {"assignee_id": to.pk if to else None, "status": taken_up(ticket)}
    return _decide(place, ticket, Act.ASSIGN, changes, {"to": str(to) if to else ""}, now)


@transaction.atomic
def snooze(place: Workplace, ticket_id: int, version: int, *, until: datetime, now: datetime) -> DecisionRow:
    """Puts the ticket away until a moment to come; `wake_due` brings it back."""
    ticket = held(place, ticket_id, version)
    _refuse_closed(ticket)
    if until <= now:
        raise ActRefused(_("Choose a moment to come: this one has passed."))
    stopped = clocks.stopped(policy_of(place.organisation), ticket, now)
    changes = {"status": Status.SNOOZED.value, "snoozed_until": until, **stopped}
    return _decide(place, ticket, Act.SNOOZE, changes, {"until": until.isoformat()}, now)


@transaction.atomic
def wait(
    place: Workplace, ticket_id: int, version: int, *, until: datetime | None = None, now: datetime
) -> DecisionRow:
    """Says that somebody outside has the next word; it comes back by itself when they do, or at a moment."""
    ticket = held(place, ticket_id, version)
    _refuse_closed(ticket)
    if until is not None and until <= now:
        raise ActRefused(_("Choose a moment to come: this one has passed."))
    stopped = clocks.stopped(policy_of(place.organisation), ticket, now)
    changes = {"status": Status.PENDING.value, "snoozed_until": until, **stopped}
    details = {"until": until.isoformat() if until else ""}
    return _decide(place, ticket, Act.WAIT, changes, details, now)


@transaction.atomic
def close(place: Workplace, ticket_id: int, version: int, *, outcome: str, now: datetime) -> DecisionRow:
    """Ends the work; the first time it ends as answered is kept for the delay of answers."""
    ticket = held(place, ticket_id, version)
    _refuse_closed(ticket)
    if outcome not in Outcome.values:
        raise ActRefused(_("Say how it ended."))
    changes = closing(policy_of(place.organisation), ticket, outcome, now)
    return _decide(place, ticket, Act.CLOSE, changes, {"outcome": outcome}, now)


@transaction.atomic
def close_answered(ticket_id: int, *, by: User | None, now: datetime) -> DecisionRow | None:
    """Ends the work because the answer is out; None when it had ended. `by` is None for a job."""
    tickets = TicketRow.objects.select_for_update(of=("self",)).select_related("organisation")
    ticket = tickets.get(pk=ticket_id)
    if ticket.status == Status.CLOSED:
        return None
    outcome = Outcome.ANSWERED.value
    changes = closing(policy_of(ticket.organisation), ticket, outcome, now)
    happened(ticket.organisation_id, Kind.CLOSED, [ticket.mention_id], now)
    return _write(ticket.organisation, by, ticket, Act.CLOSE, changes, {"outcome": outcome}, now)


def close_alone(ticket: TicketRow, outcome: str, details: Mapping[str, Any], now: datetime) -> DecisionRow:
    """Ends the work because a rule of the house says so; the caller holds the ticket."""
    _refuse_closed(ticket)
    changes = closing(policy_of(ticket.organisation), ticket, outcome, now)
    return _write(ticket.organisation, None, ticket, Act.CLOSE, changes, {**details, "outcome": outcome}, now)


def act_alone(
    ticket: TicketRow, act: Act, changes: Mapping[str, Any], details: Mapping[str, Any], now: datetime
) -> DecisionRow:
    """Does what a rule of the house says; the caller holds the ticket. Nothing wakes another rule."""
    _refuse_closed(ticket)
    return _write(ticket.organisation, None, ticket, act, changes, details, now)


def closing(policy: Policy, ticket: TicketRow, outcome: str, now: datetime) -> dict[str, Any]:
    """Columns of a ticket whose work ends; its clock stands still."""
    changes: dict[str, Any] = {
        "status": Status.CLOSED.value,
        "outcome": outcome,
        "closed_at": now,
        "snoozed_until": None,
    }
    if outcome == Outcome.ANSWERED and ticket.answered_at is None:
        changes["answered_at"] = now
    return {**changes, **clocks.stopped(policy, ticket, now, is_over=True)}


@transaction.atomic
def reopen(place: Workplace, ticket_id: int, version: int, *, now: datetime) -> DecisionRow:
    """Takes up again a ticket that was closed or put away."""
    ticket = held(place, ticket_id, version)
    refuse_erased(ticket)
    if ticket.to_do:
        raise ActRefused(_("This message is already among those to handle."))
    return _decide(place, ticket, Act.REOPEN, reopened(policy_of(place.organisation), ticket, now), {}, now)


def reopened(policy: Policy, ticket: TicketRow, now: datetime) -> dict[str, Any]:
    """Columns of a ticket that is taken up again; its clock goes on."""
    opened = {"status": Status.OPEN.value, "outcome": "", "closed_at": None, "snoozed_until": None}
    return {**opened, **clocks.going_on(policy, ticket, now)}


@transaction.atomic
def correct(
    place: Workplace,
    ticket_id: int,
    version: int,
    *,
    analyzer: str,
    label: str,
    reason: str = "",
    now: datetime,
) -> DecisionRow:
    """Says that the machine read wrong; the ticket is sorted again as if it had read right.

    The due time still counts from first awareness. What the machine read is kept beside it.
    """
    ticket = held(place, ticket_id, version)
    refuse_erased(ticket)
    if label not in LABELS.get(analyzer, ()):
        raise ActRefused(_("This cannot be corrected."))
    reading = corrected(
        reading_of(ticket.mention.reading), corrections_of([ticket.mention])[ticket.mention_id]
    )
    was = next((finding.label for finding in reading.of(analyzer)), "")
    if was == label:
        raise ActRefused(_("It already says so."))
    correction = Correction.objects.create(
        mention=ticket.mention, digest=ticket.mention.digest, analyzer=analyzer, was=was, now=label,
        by=place.user, at=now,
    )  # fmt: skip
    _mark_again(ticket)
    changes = {"status": taken_up(ticket), **_sorted_again(place.organisation, ticket)}
    details = {"analyzer": analyzer, "was": was, "now": label, "reason": reason, "correction": correction.pk}
    return _decide(place, ticket, Act.CORRECT, changes, details, now)


def _mark_again(ticket: TicketRow) -> None:
    """Lets searches find it by what people say of it."""
    mention = ticket.mention
    reading = corrected(reading_of(mention.reading), corrections_of([mention])[mention.pk])
    mention.marks = tags.with_house_marks(marks_of(mention_of(mention), reading), mention.pk)
    mention.save(update_fields=["marks"])


def _sorted_again(organisation: Organisation, ticket: TicketRow) -> dict[str, Any]:
    corrections = corrections_of([ticket.mention])[ticket.mention_id]
    columns = sorted_columns(policy_of(organisation), ticket, corrections)
    return {name: value for name, value in columns.items() if name in RESTORABLE}


@transaction.atomic
def add_note(
    place: Workplace, ticket_id: int, *, text: str, files: Sequence[Kept] = (), now: datetime
) -> DecisionRow:
    """Tells colleagues something. A note adds and never conflicts, so that no version is asked."""
    ticket = held(place, ticket_id, None)
    if not text.strip():
        raise ActRefused(_("The note is empty."))
    note = noted(place, ticket, text.strip(), now)
    attachments.attach(note, files)
    NoteDraft.objects.filter(ticket=ticket, person=place.user).delete()
    return _decide(place, ticket, Act.NOTE, {"status": taken_up(ticket)}, {"note": note.pk}, now)


def noted(place: Workplace, ticket: TicketRow, text: str, now: datetime) -> Note:
    """Writes a note, and tells the colleagues whom it names."""
    note = Note.objects.create(
        ticket=ticket, author=place.user, author_name=str(place.user), text=text, at=now
    )
    notifications.tell_named(place, note, now)
    return note


@transaction.atomic
def undo(place: Workplace, decision_id: int, *, now: datetime) -> DecisionRow:
    """Puts back what the person's own act changed, when nothing happened to the ticket since."""
    decision = (
        DecisionRow.objects.select_related("ticket")
        .filter(pk=decision_id, ticket__organisation=place.organisation)
        .first()
    )
    if decision is None:
        raise Http404
    tags.lock_words(decision.ticket_id)
    ticket = held(place, decision.ticket_id, None)
    last = last_act(ticket)
    if last is None or last.pk != decision.pk:
        raise Outdated(_("Something happened to this message since: look at it again."))
    if decision.by_id != place.user.pk:
        raise ActRefused(_("Only the person who acted can undo it."))
    _withdraw(ticket, decision)
    if decision.act == Act.CORRECT:
        _mark_again(ticket)
    DecisionRow.objects.filter(pk=decision.pk).update(undone=True)
    details = {"act": decision.act, "decision": decision.pk}
    return _decide(place, ticket, Act.UNDO, _thawed(decision.before), details, now)


def last_act(ticket: TicketRow) -> DecisionRow | None:
    """The last thing done to a ticket that still stands, by a person or by the policy."""
    return last_standing(DecisionRow.objects.filter(ticket=ticket, undone=False).order_by("-pk"))


def last_standing(decisions: Iterable[DecisionRow]) -> DecisionRow | None:
    """The first of `decisions`, latest first, that was neither undone nor an undoing.

    What was done on the network, holds and what the clock said are passed over: they change nothing that an
    undo puts back.
    """
    passed = {Act.UNDO, *ON_NETWORK, *ON_HOLD, *ON_CLOCK}
    return next((one for one in decisions if not one.undone and one.act not in passed), None)


def _withdraw(ticket: TicketRow, decision: DecisionRow) -> None:
    """What an act wrote beside the ticket goes with it."""
    details = decision.details
    if decision.act == Act.CORRECT:
        Correction.objects.filter(pk=details["correction"]).update(withdrawn=True)
    if "note" in details:
        attachments.forget(details["note"])
        Note.objects.filter(pk=details["note"]).delete()
    if "tags" in details:
        tags.put(ticket, add=details["tags"]["removed"], remove=details["tags"]["added"])
    if decision.act == Act.FILL:
        fields.write(ticket, details["field"], details["value_before"])


def wake_due(organisation: Organisation, *, now: datetime) -> int:
    """Brings back the tickets whose time away is over; returns how many."""
    asleep = [Status.SNOOZED, Status.PENDING]
    due = TicketRow.objects.filter(organisation=organisation, status__in=asleep, snoozed_until__lte=now)
    # The list asks this each time: it must not wait for an import's transaction when nothing is due.
    if not due.exists():
        return 0
    policy = policy_of(organisation)
    with transaction.atomic():
        woken = list(due.select_for_update())
        for ticket in woken:
            changes = reopened(policy, ticket, now)
            _write(organisation, None, ticket, Act.REOPEN, changes, {"why": "snooze_over"}, now)
    return len(woken)


def see(place: Workplace, ticket_id: int, *, now: datetime) -> None:
    """Notes the first time this person had the ticket before their eyes; later times change nothing."""
    ticket = TicketRow.objects.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    Seen.objects.bulk_create([Seen(ticket=ticket, person=place.user, at=now)], ignore_conflicts=True)
    notifications.read_about(place, ticket, now)


def held(place: Workplace, ticket_id: int, version: int | None, may: May = May.WORK) -> TicketRow:
    """The ticket, locked until the end of the transaction, if the person saw it as it is."""
    if not place.allows(may):
        raise ActRefused(_("You may read here, not act."))
    # PostgreSQL cannot lock the nullable side of a join: only the ticket itself is locked.
    tickets = TicketRow.objects.select_for_update(of=("self",)).select_related(
        "mention__reading", "mention__source"
    )
    ticket = tickets.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    if version is not None and ticket.version != version:
        raise Outdated(_("Somebody acted on this message before you: here it is as it stands now."))
    return ticket


def _require_member(organisation: Organisation, user: User | None) -> None:
    if user is not None and not works_at(user, organisation):
        raise ActRefused(_("This person does not work here."))


def refuse_erased(ticket: TicketRow) -> None:
    """Refuses what asks for the words of a message that are not kept any more."""
    if ticket.mention.erased_at is not None:
        raise ActRefused(_("The text of this message is erased: nothing can be done about it any more."))


def _refuse_closed(ticket: TicketRow) -> None:
    if ticket.status == Status.CLOSED:
        raise ActRefused(_("This message is closed: reopen it first."))


def taken_up(ticket: TicketRow) -> str:
    """A new ticket is open as soon as somebody does something with it."""
    return Status.OPEN.value if ticket.status == Status.NEW else ticket.status


def _decide(
    place: Workplace,
    ticket: TicketRow,
    act: Act,
    changes: Mapping[str, Any],
    details: Mapping[str, Any],
    now: datetime,
) -> DecisionRow:
    if changes.get("status") == Status.CLOSED.value:
        happened(place.organisation.pk, Kind.CLOSED, [ticket.mention_id], now)
    return _write(place.organisation, place.user, ticket, act, changes, details, now)


def decide(
    place: Workplace,
    ticket: TicketRow,
    act: Act,
    changes: Mapping[str, Any],
    details: Mapping[str, Any],
    now: datetime,
) -> DecisionRow:
    """Writes down what a neighbouring module did to a ticket that it holds (`held`)."""
    return _decide(place, ticket, act, changes, details, now)


def come_back(ticket: TicketRow, why: str, now: datetime) -> DecisionRow:
    """Takes up a ticket that waited, because of what its author said; its caller holds it."""
    changes = reopened(policy_of(ticket.organisation), ticket, now)
    return _write(ticket.organisation, None, ticket, Act.REOPEN, changes, {"why": why}, now)


def _write(
    organisation: Organisation,
    user: User | None,
    ticket: TicketRow,
    act: Act,
    changes: Mapping[str, Any],
    details: Mapping[str, Any],
    now: datetime,
) -> DecisionRow:
    """The ticket, its history and the trail, together."""
    before = {name: getattr(ticket, name) for name in changes if getattr(ticket, name) != changes[name]}
    for name in before:
        setattr(ticket, name, changes[name])
    ticket.version += 1
    ticket.save(update_fields=[*before, "version"])
    # The trail says what was done, never what was written: it outlives the message and its erasure.
    told = {name: value for name, value in details.items() if name not in _WRITTEN}
    actor = user.email if user else audit.JOB
    audit.record(organisation, actor, f"inbox.{act.value}", f"ticket:{ticket.pk}", told, at=now)
    if "assignee_id" in before and act != Act.UNDO and "bulk" not in details:
        notifications.tell_assigned(ticket, user, now)
    return _line(ticket, act, user, details, now, before)


def tell(
    ticket: TicketRow,
    act: Act,
    details: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    is_news: bool = False,
) -> DecisionRow:
    """Writes in the history of a ticket what another app did, which tells the trail itself.

    `is_news`: whoever else looks at the ticket must look again. `by` is None for a job.
    """
    if is_news:
        ticket.status = taken_up(ticket)
        ticket.version += 1
        ticket.save(update_fields=["status", "version"])
    return _line(ticket, act, by, details, now, {})


def _line(
    ticket: TicketRow,
    act: Act,
    by: User | None,
    details: Mapping[str, Any],
    now: datetime,
    before: Mapping[str, Any],
) -> DecisionRow:
    return DecisionRow.objects.create(
        ticket=ticket,
        act=act.value,
        by=by,
        by_name=str(by) if by else "",
        at=now,
        details=dict(details),
        before=_frozen(before),
    )


def _frozen(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as JSON."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in columns.items()
    }


def _thawed(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that `_frozen` wrote."""
    return {
        name: datetime.fromisoformat(value) if value and name in _MOMENTS else value
        for name, value in columns.items()
    }
