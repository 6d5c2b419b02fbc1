"""Notes while they are written: kept for their author alone until they are added or given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.http import Http404

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.attendance import NoteDraft
from veilleur.desk.inbox.models import TicketRow

KEPT = timedelta(days=30)
"""How long a draft is kept that nobody takes up."""


@transaction.atomic
def keep_draft(place: Workplace, ticket_id: int, text: str, *, now: datetime) -> None:
    """Keeps what somebody has typed so far; an empty text gives it up. No act: no line in the trail."""
    ticket = TicketRow.objects.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    NoteDraft.objects.filter(person=place.user, at__lt=now - KEPT).delete()
    if not text.strip():
        give_up(place, ticket)
        return
    NoteDraft.objects.update_or_create(ticket=ticket, person=place.user, defaults={"text": text, "at": now})


def give_up(place: Workplace, ticket: TicketRow) -> None:
    """Forgets the draft of this person, in the transaction of the caller."""
    NoteDraft.objects.filter(ticket=ticket, person=place.user).delete()


def draft_of(place: Workplace, ticket: TicketRow) -> NoteDraft | None:
    """What this person was writing."""
    return NoteDraft.objects.filter(ticket=ticket, person=place.user).first()
