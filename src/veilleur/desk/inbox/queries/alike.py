"""Messages that say the same as one of the list: how many, and which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.queries.filters import ANY, COUNT_CAP, Filters
from veilleur.desk.inbox.queries.turning import capped

MOST_SHOWN = 5
"""How many others stand beside a ticket."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A group of messages that say the same, whatever their state."""

    count: str
    """As shown, the message itself included."""
    query: str
    """All of them, as the end of an address of the list."""


@dataclass(frozen=True, slots=True)
class Others:
    """The group of a message, beside it."""

    group: Alike
    to_do: str
    """How many of them are to handle, as shown."""
    newest: tuple[MentionRow, ...]
    """The newest but the message itself."""


def groups_of(place: Workplace, tickets: Iterable[TicketRow]) -> dict[int, Alike]:
    """First message → its group, for the tickets that are in one with others."""
    firsts = sorted({ticket.alike for ticket in tickets if ticket.alike is not None})
    counts = dict(zip(firsts, _counts(place, firsts), strict=True))
    return {first: _group(first, count) for first, count in counts.items() if count > 1}


def _group(first: int, count: int) -> Alike:
    return Alike(capped(count, COUNT_CAP), Filters(status=ANY, alike=str(first)).query())


_COUNT = (
    "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM inbox_ticket"
    " WHERE organisation_id = %s AND alike = %s LIMIT %s) AS counted)"
)


def _counts(place: Workplace, firsts: list[int]) -> list[int]:
    """How many messages each group has, at most `COUNT_CAP`, in one question."""
    if not firsts:
        return []
    values = [value for first in firsts for value in (place.organisation.pk, first, COUNT_CAP)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_COUNT] * len(firsts))}", values)
        return list(cursor.fetchone())


def others_of(place: Workplace, ticket: TicketRow) -> Others | None:
    """The messages that say the same as this one; None when there is no other."""
    group = groups_of(place, [ticket]).get(ticket.alike or 0)
    if group is None:
        return None
    members = TicketRow.objects.filter(organisation=place.organisation, alike=ticket.alike)
    to_do = members.filter(to_do=True)[:COUNT_CAP].count()
    newest = members.exclude(pk=ticket.pk).select_related("mention").order_by("-position")[:MOST_SHOWN]
    return Others(group, capped(to_do, COUNT_CAP), tuple(_with_ticket(one) for one in newest))


def _with_ticket(ticket: TicketRow) -> MentionRow:
    ticket.mention.ticket = ticket
    return ticket.mention
