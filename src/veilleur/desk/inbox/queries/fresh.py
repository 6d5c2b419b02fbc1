"""Rows that changed while somebody looks at a list: as they are now, and whether the list still has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.filters import Filters, narrowed
from veilleur.desk.inbox.queries.listing import Row, rows_of, tickets_in_order

MOST_ASKED = 60


@dataclass(frozen=True, slots=True)
class FreshRow:
    """A row, and where it stands in the list."""

    row: Row
    standing: str
    """`above` all that is shown, `in` the list, or `out` of it."""


def fresh_rows(
    place: Workplace, filters: Filters, tickets: Sequence[int], top: int | None
) -> tuple[FreshRow, ...]:
    """The rows of `tickets`, newest first; `top` is the first message that the list shows.

    Words that are searched are not looked up again: what a search newly finds waits for the next search.
    """
    own = TicketRow.objects.filter(organisation=place.organisation)
    ids = list(own.filter(pk__in=tickets).order_by("-position").values_list("pk", flat=True))
    listed = narrowed(place, filters).filter(pk__in=ids)
    within = set() if filters.q else set(listed.values_list("pk", flat=True))
    above = _above(own.filter(pk__in=within), filters, top, place)
    rows = rows_of(place, tickets_in_order(ids), policy_of(place.organisation))
    return tuple(FreshRow(row, _standing(row.id, within, above, is_search=bool(filters.q))) for row in rows)


def _above(within: QuerySet[TicketRow], filters: Filters, top: int | None, place: Workplace) -> set[int]:
    """Those that come before all that is shown: only a list of the newest can tell."""
    if filters.by_due_time:
        return set()
    if top is None:
        return set(within.values_list("pk", flat=True))
    first = TicketRow.objects.filter(organisation=place.organisation, pk=top)
    spot = first.values_list("position", flat=True).first()
    return set(within.filter(position__gt=spot).values_list("pk", flat=True)) if spot is not None else set()


def _standing(ticket: int, within: set[int], above: set[int], *, is_search: bool) -> str:
    if ticket in above:
        return "above"
    return "in" if ticket in within or is_search else "out"
