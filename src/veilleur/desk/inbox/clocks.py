"""The clock of a ticket: what is owed next and until when, standing still, going on, near, late.

`due_at` and `near_at` are counted from first awareness by what the house promises for the queue and the
priority, else by the delay of the sorting rule. A job notices what is near and what is late, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from veilleur.desk.inbox.columns import reason_of
from veilleur.desk.inbox.models import ClockState, TicketRow
from veilleur.triage import Policy
from veilleur.triage.promises import Owed
from veilleur.vocabulary import Priority, QueueName, Ticket

Columns = dict[str, Any]
PRIORITIES = tuple(Priority)
SECOND = timedelta(seconds=1)
TIMES = ("due_at", "near_at")
"""Columns of a ticket that say until when something is owed."""


def owed_for(policy: Policy, ticket: TicketRow, routed: Ticket | None = None) -> Owed | None:
    """What is owed next for a ticket as it stands, or as it is `routed`; None when nothing is."""
    if routed is not None:
        queue, priority, rules = str(routed.queue), routed.priority, [one.rule for one in routed.reasons]
    else:
        queue, priority = ticket.queue, PRIORITIES[ticket.priority]
        rules = [one["rule"] for one in ticket.reasons]
    due_in = policy.delay_by_rule.get(rules[0]) if rules else None
    return policy.promises.owed(queue, priority, due_in, is_answered=ticket.answered_at is not None)


def moved(policy: Policy, ticket: TicketRow, queue: str, priority: Priority) -> Columns:
    """Columns of a ticket that goes to another queue or priority, with what is owed there."""
    routed = Ticket(QueueName(queue), priority, None, tuple(map(reason_of, ticket.reasons)))
    return {"queue": queue, "priority": priority.rank, **counted_again(policy, ticket, routed)}


def counted_again(policy: Policy, ticket: TicketRow, routed: Ticket) -> Columns:
    """When a ticket is due, `routed` as it would be now."""
    return _due(policy, ticket, owed_for(policy, ticket, routed), ticket.paused or 0)


def stopped(policy: Policy, ticket: TicketRow, now: datetime, *, is_over: bool = False) -> Columns:
    """Stops the clock of a ticket that is put away, when the promise says so, or whose work `is_over`."""
    owed = owed_for(policy, ticket)
    stops = owed is not None and (owed.pauses or (is_over and owed.promise is not None))
    return {"paused_at": now} if stops and ticket.paused_at is None else {}


def going_on(policy: Policy, ticket: TicketRow, now: datetime) -> Columns:
    """Lets the clock of a ticket go on that is taken up again. What was late stays late."""
    owed = owed_for(policy, ticket)
    if ticket.paused_at is None or owed is None:
        return {"paused_at": None}
    stood = policy.promises.passed(owed.delay.counting, ticket.paused_at, now)
    paused = (ticket.paused or 0) + stood // SECOND
    columns = {"paused_at": None, "paused": paused, **_due(policy, ticket, owed, paused)}
    if ticket.clock == ClockState.LATE and columns["due_at"] <= now:
        columns["clock"] = ticket.clock  # it was noticed, and nothing new is
    return columns


def _due(policy: Policy, ticket: TicketRow, owed: Owed | None, paused: int) -> Columns:
    if owed is None:
        return _timed(ticket, None, None)
    due = policy.promises.due(owed, ticket.opened_at, paused * SECOND)
    return _timed(ticket, due.at, due.near_at)


def _timed(ticket: TicketRow, due_at: datetime | None, near_at: datetime | None) -> Columns:
    """Another due time has not been noticed yet."""
    noticed = ticket.clock if due_at == ticket.due_at else None
    return {"due_at": due_at, "near_at": near_at, "clock": noticed}


def sooner(ticket: TicketRow, sorted_as: Mapping[str, Any]) -> Columns:
    """When a ticket is due whose message was edited: never later than it was.

    Nothing is, when the new wording asks for nothing; `sorted_as` without a word of it changes nothing.
    """
    before, after = ticket.due_at, sorted_as.get("due_at", ticket.due_at)
    going = {"paused_at": None}
    if before is not None and after is not None and before <= after:
        return {**going, **_timed(ticket, before, ticket.near_at)}
    return {**going, **_timed(ticket, after, sorted_as.get("near_at", ticket.near_at))}


def state_of(ticket: TicketRow, now: datetime) -> str:
    """How a ticket to handle stands to its due time: empty, near or late."""
    if not ticket.to_do or ticket.due_at is None:
        return ""
    if ticket.due_at <= now:
        return ClockState.LATE.value
    return ClockState.NEAR.value if ticket.near_at is not None and ticket.near_at <= now else ""
