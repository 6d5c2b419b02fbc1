"""Giving messages to people in turn: to those who are there, have room, and got one longest ago.

The presence of everybody concerned is locked while one is chosen: two messages that arrive at once go to two
people, and none goes to anybody who has no room left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.automation.models import Unshared
from veilleur.desk.hours.models import Presence
from veilleur.desk.hours.queries import calendar_of, present_among
from veilleur.desk.inbox.actions import act_alone
from veilleur.desk.inbox.models import TicketRow
from veilleur.vocabulary import Act

BATCH = 50


def give(ticket: TicketRow, people: Sequence[int], rule_name: str, now: datetime) -> bool:
    """Assigns a ticket that the caller holds; False when nobody is there who has room.

    `people`: among whom; empty: everybody who is there.
    """
    if not calendar_of(ticket.organisation).is_open(now):
        return False
    for presence in present_among(ticket.organisation, people):
        taken = _open_ones(presence)
        if taken < presence.capacity:
            presence.last_given_at = now
            presence.save(update_fields=["last_given_at"])
            told = {
                "to": str(presence.person),
                "open": taken + 1,
                "capacity": presence.capacity,
                "rule": rule_name,
            }
            act_alone(ticket, Act.ASSIGN, {"assignee_id": presence.person_id}, told, now)
            return True
    return False


def _open_ones(presence: Presence) -> int:
    """How many open messages a person has, counted up to their capacity."""
    tickets = TicketRow.objects.filter(
        organisation=presence.organisation_id, assignee=presence.person_id, to_do__in=[True]
    )
    return tickets[: presence.capacity].count()


def give_later(ticket: TicketRow, people: Sequence[int], rule_name: str, now: datetime) -> None:
    """Notes that a message waits for somebody to be there."""
    columns = {
        "people": list(people),
        "rule_name": rule_name,
        "since": now,
        "organisation": ticket.organisation,
    }
    Unshared.objects.update_or_create(ticket=ticket, defaults=columns)


@transaction.atomic
def give_waiting(organisation: Organisation, now: datetime) -> int:
    """Gives what waits to those who are there now, the oldest first; returns how many it gave."""
    if not calendar_of(organisation).is_open(now):
        return 0
    waiting = Unshared.objects.select_for_update(of=("self",), skip_locked=True).filter(
        organisation=organisation
    )
    given = 0
    for one in waiting.order_by("since", "pk")[:BATCH]:
        ticket = (
            TicketRow.objects.select_for_update(of=("self",))
            .select_related("organisation")
            .get(pk=one.ticket_id)
        )
        if ticket.assignee_id is not None or not ticket.to_do:
            one.delete()  # somebody took it, or it is over
        elif give(ticket, one.people, one.rule_name, now):
            given += 1
            one.delete()
    return given
