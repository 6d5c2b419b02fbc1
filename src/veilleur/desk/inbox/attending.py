"""Who is at which message: told by each open window, forgotten by itself, and never in anybody's way.

Being there is no act: it changes no ticket, and neither the history nor the trail keeps it. A row is
written at most once in `BEAT` for each person and message.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.attendance import Attendance, Doing
from veilleur.desk.inbox.models import TicketRow
from veilleur.errors import ActRefused

BEAT = timedelta(seconds=15)
"""How often an open window says that it is there."""
STAYS = 3 * BEAT
"""How long that is believed."""
CLAIM = timedelta(minutes=15)
"""How long a message stays taken when nobody says anything more."""


def attend(
    place: Workplace, ticket_id: int, doing: Doing, *, now: datetime, leaving: int | None = None
) -> bool:
    """Says that this person has the ticket open, and no more `leaving`; whether they have taken it.

    Who does more than read takes it, if nobody has.
    """
    _require(place, ticket_id)
    mine = Attendance.objects.filter(ticket=ticket_id, person=place.user).first()
    if mine and mine.doing == doing and mine.until - now > STAYS - BEAT:
        return mine.is_claim
    takes = doing != Doing.READING and place.allows(May.WORK)
    return _arrive(place, ticket_id, Arrival(doing, now, now + STAYS, takes, leaving))


def claim_or_release(place: Workplace, ticket_id: int, *, now: datetime) -> bool:
    """Takes the ticket for a while, or gives it back; whether it is this person's then.

    Refused while a colleague has it.
    """
    _require(place, ticket_id)
    mine = Attendance.objects.filter(ticket=ticket_id, person=place.user, is_claim=True, until__gt=now)
    if mine.update(is_claim=False, doing=Doing.READING, until=now + STAYS):
        return False
    if not _arrive(place, ticket_id, Arrival(Doing.READING, now, now + CLAIM, takes=True)):
        name = taken_by_others(place, [ticket_id], now=now).get(ticket_id, "")
        raise ActRefused(_("%(name)s has this message already.") % {"name": name})
    return True


def taken_by_others(place: Workplace, tickets: Iterable[int], *, now: datetime) -> dict[int, str]:
    """Which of `tickets` a colleague has taken: ticket → their name."""
    taken = Attendance.objects.filter(
        organisation=place.organisation, ticket__in=list(tickets), is_claim=True, until__gt=now
    )
    others = taken.exclude(person=place.user).select_related("person")
    return {one.ticket_id: str(one.person) for one in others}


def _require(place: Workplace, ticket_id: int) -> None:
    if not TicketRow.objects.filter(organisation=place.organisation, pk=ticket_id).exists():
        raise Http404


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody comes to a ticket."""

    doing: Doing
    now: datetime
    until: datetime
    takes: bool
    leaving: int | None = None


def _arrive(place: Workplace, ticket_id: int, arrival: Arrival) -> bool:
    """Writes the row; whether the ticket is this person's then: the table lets one person take it."""
    try:
        with transaction.atomic():
            return _write(place, ticket_id, arrival)
    except IntegrityError:  # a colleague came in the same instant, or another window of this person
        with transaction.atomic():
            return _write(place, ticket_id, replace(arrival, takes=False))


def _write(place: Workplace, ticket_id: int, arrival: Arrival) -> bool:
    """Rows that are over go at the same time, so that the table stays small."""
    over = (Q(person=place.user) | Q(ticket=ticket_id)) & Q(until__lte=arrival.now)
    left = Q(person=place.user, ticket=arrival.leaving)
    Attendance.objects.filter(over | left if arrival.leaving else over).delete()
    here = {one.person_id: one for one in Attendance.objects.filter(ticket=ticket_id)}
    mine = here.pop(place.user.pk, None) or Attendance(
        organisation=place.organisation, ticket_id=ticket_id, person=place.user, until=arrival.until
    )
    mine.doing = arrival.doing
    mine.until = max(arrival.until, mine.until) if mine.is_claim else arrival.until
    mine.is_claim = mine.is_claim or (arrival.takes and not any(one.is_claim for one in here.values()))
    mine.save()
    return mine.is_claim
