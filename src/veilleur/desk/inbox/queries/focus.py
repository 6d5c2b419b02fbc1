"""Focus mode: one message at a time, and which one comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.attending import taken_by_others
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.filters import COUNT_CAP, Filters
from veilleur.desk.inbox.queries.ticket import TicketPage, ticket_page
from veilleur.desk.inbox.queries.turning import (
    Spot,
    count_cap,
    counted,
    counts_capped,
    ids_beyond,
    spot_of,
)

GLANCE = 20
"""How many messages ahead are looked at in one question."""
FURTHEST = 10
"""How often: who works with two hundred others at one queue is told that all is taken."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next message that no colleague has, and who has those that were passed over."""

    ticket: int | None
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FocusPage:
    """What focus mode shows."""

    ticket: TicketPage | None
    done: int
    """How many this person decided since they began."""
    left: str
    """How many wait in the list, as shown."""
    whole: int
    """Both together, for the bar; 0 when nobody counted to the end."""


def ahead(place: Workplace, filters: Filters, ticket: int | None, *, now: datetime) -> Ahead:
    """The message after `ticket` that nobody else has, else the first of the list."""
    start = TicketRow.objects.filter(organisation=place.organisation, pk=ticket).first() if ticket else None
    found = _free(place, filters, spot_of(start) if start else None, ticket, now)
    if found.ticket is None and start is not None:
        again = _free(place, filters, None, ticket, now)
        return Ahead(again.ticket, tuple(dict.fromkeys((*found.passed, *again.passed))))
    return found


def before(place: Workplace, filters: Filters, ticket: int) -> int | None:
    """The message above `ticket` in the list."""
    start = TicketRow.objects.filter(organisation=place.organisation, pk=ticket).first()
    above = ids_beyond(place, filters, spot_of(start), 1, upward=True).ids if start else []
    return next(iter(above), None)


def _free(place: Workplace, filters: Filters, spot: Spot | None, without: int | None, now: datetime) -> Ahead:
    passed: list[str] = []
    for _round in range(FURTHEST):
        ids = list(ids_beyond(place, filters, spot, GLANCE, enough=GLANCE).ids)
        taken = taken_by_others(place, ids, now=now)
        for pk in ids:
            if pk in taken:
                passed.append(taken[pk])
            elif pk != without:
                return Ahead(pk, tuple(dict.fromkeys(passed)))
        if len(ids) < GLANCE:
            break
        spot = spot_of(TicketRow.objects.get(pk=ids[-1]))
    return Ahead(None, tuple(dict.fromkeys(passed)))


def focus_page(place: Workplace, ticket: int | None, filters: Filters, done: int) -> FocusPage:
    """The page of one message in focus; of the end of the work for None."""
    left = _left(place, filters)
    return FocusPage(
        ticket=ticket_page(place, ticket, filters, is_alone=True) if ticket is not None else None,
        done=done,
        left=left,
        whole=done + int(left) if left.isdigit() else 0,
    )


def _left(place: Workplace, filters: Filters) -> str:
    if not filters.q:
        return counts_capped(place, [filters])[0]
    cap = min(count_cap(filters), COUNT_CAP)
    return counted(ids_beyond(place, filters, None, cap, enough=GLANCE), cap, GLANCE)
