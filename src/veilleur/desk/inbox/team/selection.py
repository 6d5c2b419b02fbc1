"""Which tickets an act on many is about: those that were ticked, or all that answer a filter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.turning import Spot, ids_beyond

MOST = 5_000
"""Tickets of one act."""
MOST_LOOKS = 8
"""How often a search that looks at each message goes on, before it is told to be narrowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Tickets, newest first, and whether they are all that was meant."""

    ids: list[int]
    is_whole: bool


def ticked(place: Workplace, ids: Collection[int]) -> Selection:
    """Those of these tickets that this house has."""
    known = TicketRow.objects.filter(organisation=place.organisation, pk__in=list(ids)[:MOST])
    return Selection(list(known.order_by("-position").values_list("pk", flat=True)), len(ids) <= MOST)


def answering(place: Workplace, filters: Filters) -> Selection:
    """All that answer a filter, each by itself, up to `MOST`."""
    every = replace(filters, groups_alike=False, after="")
    ids: list[int] = []
    spot: Spot | None = None
    for _look in range(MOST_LOOKS):
        found = ids_beyond(place, every, spot, MOST + 1 - len(ids))
        ids += found.ids
        if found.reached is None or len(ids) > MOST:
            return Selection(ids[:MOST], found.is_whole and len(ids) <= MOST)
        spot = Spot(found.reached)
    return Selection(ids[:MOST], is_whole=False)
