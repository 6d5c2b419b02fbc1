"""When somebody leaves an organisation: what they had in hand goes back to everybody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import part_with
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import DecisionRow, TicketRow
from veilleur.vocabulary import Act, Status

BATCH = 500


@transaction.atomic
def remove_member(place: Workplace, member_id: int, *, now: datetime) -> int:
    """Ends a membership and frees the tickets that were waiting for this person; returns how many."""
    user = part_with(place, member_id, now=now)
    freed = _freed(place, user, now)
    if freed:
        told = {"count": freed, "from": user.email}
        audit.record(place.organisation, place.user.email, "inbox.free", f"user:{user.pk}", told, at=now)
    return freed


def _freed(place: Workplace, user: User, now: datetime) -> int:
    """What is closed keeps the name of who had it: that is its history."""
    theirs = TicketRow.objects.filter(organisation=place.organisation, assignee=user)
    waiting = [*theirs.filter(to_do=True).values_list("pk", flat=True)]
    waiting += theirs.filter(status=Status.SNOOZED).values_list("pk", flat=True)
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        TicketRow.objects.filter(pk__in=batch).update(assignee=None, version=F("version") + 1)
        DecisionRow.objects.bulk_create(
            DecisionRow(ticket_id=ticket, act=Act.ASSIGN.value, at=now, details={"to": ""})
            for ticket in batch
        )
    return len(waiting)
