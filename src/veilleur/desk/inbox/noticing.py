"""Noticing whose time is nearly over, and whose is: once for each due time, in the trail and the history.

Batch by batch: killed at any instant, the next round goes on.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.actions import tell
from veilleur.desk.inbox.happenings import Kind, happened
from veilleur.desk.inbox.models import ClockState, TicketRow
from veilleur.vocabulary import Act

BATCH = 200
"""Tickets in one transaction: a fraction of a second, so that the desk never waits long to write."""
ACTS = {ClockState.NEAR: Act.NEAR, ClockState.LATE: Act.LATE}
KINDS = {ClockState.NEAR: Kind.NEAR, ClockState.LATE: Kind.LATE}


def notice(organisation: Organisation, now: datetime) -> int:
    """Notices all that is near or late in one house; returns how much that was. Harmless to repeat."""
    total = 0
    for asked in (_unnoticed(now), _near_no_more(now)):
        while count := _notice_some(organisation, asked, now):
            total += count
    return total


def _unnoticed(now: datetime) -> Q:
    return Q(clock=None, near_at__lte=now)


def _near_no_more(now: datetime) -> Q:
    return Q(clock=ClockState.NEAR, due_at__lte=now)


def _waiting(asked: Q) -> QuerySet[TicketRow]:
    # `to_do=True` would be written as a bare condition, which SQLite finds in no index.
    return TicketRow.objects.filter(asked, to_do__in=[True])


def houses_with_news(now: datetime) -> list[int]:
    """Houses in which something is near or late and nobody has noticed."""
    return [
        pk
        for pk in Organisation.objects.order_by("pk").values_list("pk", flat=True)
        if any(
            _waiting(asked).filter(organisation=pk).exists()
            for asked in (_unnoticed(now), _near_no_more(now))
        )
    ]


@transaction.atomic
def _notice_some(organisation: Organisation, asked: Q, now: datetime) -> int:
    waiting = _waiting(asked).filter(organisation=organisation).select_for_update(skip_locked=True)
    tickets = list(waiting[:BATCH])
    for ticket in tickets:
        state = ClockState.LATE if ticket.due_at is not None and ticket.due_at <= now else ClockState.NEAR
        TicketRow.objects.filter(pk=ticket.pk).update(clock=state)
        told = {"until": ticket.due_at.isoformat() if ticket.due_at else ""}
        act, target = ACTS[state], f"ticket:{ticket.pk}"
        audit.record(organisation, audit.JOB, f"inbox.{act.value}", target, told, at=now)
        tell(ticket, act, told, by=None, now=now)
        happened(organisation.pk, KINDS[state], [ticket.mention_id], now)
    return len(tickets)
