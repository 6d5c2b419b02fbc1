"""Pages and neighbours: which tickets come next in the order that the reader chose.

Newest first follows `position`. Soonest due first gives the tickets with a due time in the order
of (due time, id), then those without one, newest first. Neither ever counts or skips rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox import search
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.filters import COUNT_CAP, SEARCH_CAP, Filters, narrowed
from veilleur.desk.inbox.search import Found, Walk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIDEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the list: the key of one ticket in either order."""

    position: int
    due_at: datetime | None = None
    ticket_id: int = 0

    def written(self, *, by_due_time: bool) -> str:
        """As the `after` of an address."""
        if by_due_time and self.due_at is not None:
            return f"d{(self.due_at - _EPOCH) // _MICROSECOND}.{self.ticket_id}"
        return f"p{self.position}"


def spot_of(ticket: TicketRow) -> Spot:
    """Where a ticket stands."""
    return Spot(ticket.position, ticket.due_at, ticket.pk)


def spot_written(after: str) -> Spot | None:
    """Reads what `Spot.written` wrote (the form has checked its shape); None for the top of the list."""
    if not after:
        return None
    if after.startswith("p"):
        return Spot(max(-_WIDEST, min(int(after[1:]), _WIDEST)))
    microseconds, _dot, ticket_id = after[1:].partition(".")
    try:
        return Spot(0, _EPOCH + int(microseconds) * _MICROSECOND, min(int(ticket_id), _WIDEST))
    except OverflowError:
        return None


def ids_beyond(
    place: Workplace,
    filters: Filters,
    spot: Spot | None,
    limit: int,
    *,
    upward: bool = False,
    enough: int | None = None,
) -> Found:
    """Ids of the next `limit` tickets after `spot`, or before it (nearest first) when `upward`.

    A search may stop at `enough` of them where going on would be slow.
    """
    tickets = narrowed(place, filters)
    query = search.understood(filters.q, place.organisation).query
    walk = Walk(spot.position if spot else None, is_upward=upward)
    if query is not None or filters.marks:
        house = place.organisation
        return search.matching(tickets, house, query, limit, walk, marks=filters.marks, enough=enough)
    if filters.by_due_time:
        ids = _by_due_time(tickets, spot, limit, upward=upward)
    else:
        ids = list(walk.narrow(tickets).values_list("pk", flat=True)[:limit])
    return Found(ids, is_whole=len(ids) < limit)


def _by_due_time(tickets: QuerySet[TicketRow], spot: Spot | None, limit: int, *, upward: bool) -> list[int]:
    dated, undated = tickets.filter(due_at__isnull=False), tickets.filter(due_at__isnull=True)
    in_undated = spot is not None and spot.due_at is None
    undated = Walk(spot.position if spot and in_undated else None, is_upward=upward).narrow(undated)
    dated = _dated_beyond(dated, None if in_undated else spot, upward=upward)
    if upward:
        parts = [undated, dated] if in_undated else [dated]
    else:
        parts = [undated] if in_undated else [dated, undated]
    found: list[int] = []
    for part in parts:
        if len(found) < limit:
            found.extend(part.values_list("pk", flat=True)[: limit - len(found)])
    return found


def _dated_beyond(tickets: QuerySet[TicketRow], spot: Spot | None, *, upward: bool) -> QuerySet[TicketRow]:
    order = ("-due_at", "-id") if upward else ("due_at", "id")
    if spot is None:
        return tickets.order_by(*order)
    side = "lt" if upward else "gt"
    # The first condition lets the index start at the right place; the second settles ties.
    ahead = tickets.filter(**{f"due_at__{side}e": spot.due_at})
    return ahead.filter(
        Q(**{f"due_at__{side}": spot.due_at}) | Q(**{f"id__{side}": spot.ticket_id})
    ).order_by(*order)


def counts_capped(place: Workplace, views: Sequence[Filters]) -> list[str]:
    """The counts of several views, none of which searches words, in one question to the database."""
    parts = [_counting(place, view, COUNT_CAP) for view in views]
    columns = ", ".join(sql for sql, _params in parts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [value for _sql, params in parts for value in params])
        return [capped(count, COUNT_CAP) for count in cursor.fetchone()]


@lru_cache(maxsize=1_024)
def _counting(place: Workplace, view: Filters, cap: int) -> tuple[str, tuple[Any, ...]]:
    """The count of one view as SQL. It depends on who asks alone; building it costs more than running it."""
    sql, params = narrowed(place, view).values("pk")[:cap].query.sql_with_params()
    return f"(SELECT COUNT(*) FROM ({sql}) AS counted)", params  # noqa: S608 - Django's own SQL, its values apart


def count_cap(filters: Filters) -> int:
    """Where counting stops for a list."""
    return SEARCH_CAP if filters.searches else COUNT_CAP


def counted(found: Found, cap: int, step: int) -> str:
    """How many were found, as shown: "12", « 50+ » for a search that stopped early, or "999+" from `cap` on.

    A search that stopped tells whole `step`s only: the rest depends on where it stopped.
    """
    count = len(found.ids)
    if found.is_whole or count >= cap:
        return capped(count, cap)
    return f"{(count - 1) // step * step if count > step else count}+"


def capped(count: int, cap: int) -> str:
    """A count of at most `cap`, as shown: "12", or "999+" from `cap` on."""
    return f"{cap - 1}+" if count >= cap else str(count)
