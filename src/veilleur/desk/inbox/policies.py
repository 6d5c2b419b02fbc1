"""The triage policy an organisation works by: what it is, what a change would move, and the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.hours.queries import promises_of
from veilleur.desk.inbox import clocks
from veilleur.desk.inbox.columns import list_columns, ticket_columns
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.models import Correction, MentionRow, TicketRow
from veilleur.triage import Policy, house_policy, house_policy_text, load_policy, route
from veilleur.triage.promises import Promises
from veilleur.vocabulary import Status

TRIED_ON = 500
"""How many of the newest tickets to handle a new policy is tried on before it is saved."""

BATCH = 500

SORTED = ("queue", "priority", "due_at", "near_at", "clock", "reasons")
"""Columns of a ticket that the policy decides."""


def policy_of(organisation: Organisation) -> Policy:
    """Its own policy when it wrote one, else the policy of the house; with what it promises.

    Raises `PolicyInvalid` when the stored text is not a policy (it is checked before it is saved).
    """
    return _loaded(organisation.triage_policy, promises_of(organisation))


@lru_cache(maxsize=64)
def _loaded(text: str, promises: Promises) -> Policy:
    return replace(load_policy(text) if text.strip() else house_policy(), promises=promises)


def policy_text(organisation: Organisation) -> str:
    """The policy as TOML: what the page of the policy opens with."""
    return organisation.triage_policy or house_policy_text()


@dataclass(frozen=True, slots=True)
class Move:
    """So many tickets would go from one queue to another; names in the reader's language."""

    origin: str
    destination: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would do to the newest tickets to handle."""

    tried: int
    moved: int
    moves: tuple[Move, ...]


def preview(organisation: Organisation, policy: Policy, language: str) -> Preview:
    """Sorts the newest `TRIED_ON` tickets to handle as `policy` would, and changes nothing."""
    tickets = _readable(organisation).filter(to_do=True).order_by("-position")[:TRIED_ON]
    sorted_tickets = list(_sorted_by(policy, list(tickets)))
    changes = Counter(
        (ticket.queue, columns["queue"])
        for ticket, columns in sorted_tickets
        if ticket.queue != columns["queue"]
    )
    present = policy_of(organisation)
    moves = tuple(
        Move(present.queue_name(origin, language), policy.queue_name(destination, language), count)
        for (origin, destination), count in changes.most_common()
    )
    return Preview(len(sorted_tickets), changes.total(), moves)


@transaction.atomic
def save_policy(place: Workplace, text: str) -> None:
    """Keeps a policy that was checked; an empty text, or the house's own, goes back to the house's."""
    organisation = place.organisation
    kept = "" if _same(text, house_policy_text()) or not text.strip() else text
    load_policy(kept or house_policy_text())
    before, organisation.triage_policy = organisation.triage_policy, kept
    organisation.save(update_fields=["triage_policy"])
    details = {"policy": kept, "before": before}
    audit.record(organisation, place.user.email, "inbox.policy", f"organisation:{organisation.slug}", details)


def _same(text: str, other: str) -> bool:
    """Browsers send line ends as CR LF."""
    return text.replace("\r\n", "\n").strip() == other.strip()


def sort_untouched_again(organisation: Organisation) -> int:
    """Sorts every ticket nobody has touched by the present policy; returns how many changed.

    Each batch is a transaction of its own; running it twice changes nothing more.
    """
    policy, last, changed = policy_of(organisation), 0, 0
    while True:
        with transaction.atomic():
            untouched = _readable(organisation).filter(status=Status.NEW, version=1, pk__gt=last)
            tickets = list(untouched.select_for_update(of=("self",)).order_by("pk")[:BATCH])
            changed += _rewrite(policy, tickets)
        if len(tickets) < BATCH:
            return changed
        last = tickets[-1].pk


def _rewrite(policy: Policy, tickets: Sequence[TicketRow]) -> int:
    different = [
        (ticket, columns)
        for ticket, columns in _sorted_by(policy, tickets)
        if any(getattr(ticket, name) != columns[name] for name in SORTED)
    ]
    for ticket, columns in different:
        for name in SORTED:
            setattr(ticket, name, columns[name])
    TicketRow.objects.bulk_update([ticket for ticket, _columns in different], SORTED)
    return len(different)


def _readable(organisation: Organisation) -> QuerySet[TicketRow]:
    tickets = TicketRow.objects.select_related("mention__reading", "mention__source")
    return tickets.filter(organisation=organisation)


def _sorted_by(policy: Policy, tickets: Sequence[TicketRow]) -> Iterable[tuple[TicketRow, Mapping[str, Any]]]:
    corrections = corrections_of([ticket.mention for ticket in tickets])
    for ticket in tickets:
        yield ticket, sorted_columns(policy, ticket, corrections[ticket.mention_id])


def sorted_columns(policy: Policy, ticket: TicketRow, corrections: Iterable[Correction]) -> Mapping[str, Any]:
    """Columns of a ticket as `policy` sorts it; due times still count from its first awareness."""
    row: MentionRow = ticket.mention
    mention, reading = mention_of(row), corrected(reading_of(row.reading), corrections)
    routed = route(mention, reading, policy, ticket.opened_at)
    columns = {**ticket_columns(routed), **list_columns(mention, reading)}
    return {**columns, **clocks.counted_again(policy, ticket, routed)}
