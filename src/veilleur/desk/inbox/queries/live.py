"""What has changed in a house since somebody last asked: numbers, never words.

A window asks again and again, by the event stream of its browser. Every answer is short (see
docs/decisions/0013-live-updates.md): what is asked of the database is shared by all windows of the
house for `SHARED`, and how often one asks depends on how many there are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.db.models import Subquery
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.attendance import Attendance
from veilleur.desk.inbox.models import DecisionRow, TicketRow
from veilleur.desk.inbox.queries.attendance import present_now

T = TypeVar("T")

MOST = 60
"""Changed messages told one by one; beyond, a window is told that there are many."""
OVERLAP = 40
"""Rows told again: one that was numbered earlier may be committed later."""
SHARED = 1.0
"""Seconds for which windows of one house share an answer."""
SOONEST, LATEST = 3.0, 60.0
"""Seconds between two questions of one window."""
ASKS_PER_SECOND = 10
"""Of all windows of this process together, however many they are."""
FORGOTTEN = 3 * LATEST


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a window knows what happened: the last ticket and the last decision told."""

    ticket: int = 0
    decision: int = 0

    def written(self) -> str:
        """As the id of an event."""
        return f"{self.ticket}.{self.decision}"


def mark_written(text: str) -> Mark | None:
    """Reads what `Mark.written` wrote; None for anything else."""
    parts = text.split(".")[:2]
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return None
    return Mark(int(parts[0]), int(parts[1]))


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened since a mark: ticket → its version now."""

    mark: Mark
    versions: dict[int, int]
    before: dict[int, int]
    """The same for what came right before the mark: most windows know it."""
    are_many: bool = False


def changes_since(organisation: Organisation, mark: Mark) -> Changes:
    """What is new in `organisation` since `mark`, with a little of what came right before."""
    made = TicketRow.objects.filter(organisation=organisation, pk__gt=max(0, mark.ticket - OVERLAP))
    acted = DecisionRow.objects.filter(
        ticket__organisation=organisation, pk__gt=max(0, mark.decision - OVERLAP)
    )
    new = list(made.order_by("pk").values_list("pk", "pk")[: MOST + OVERLAP])
    acts = list(acted.order_by("pk").values_list("pk", "ticket_id")[: MOST + OVERLAP])
    after = {ticket for pk, ticket in new if pk > mark.ticket}
    after |= {ticket for pk, ticket in acts if pk > mark.decision}
    if len(after) > MOST or MOST + OVERLAP in {len(new), len(acts)}:
        return Changes(latest(), {}, {}, are_many=True)
    told = after | {ticket for _pk, ticket in (*new, *acts)}
    versions = dict(TicketRow.objects.filter(pk__in=told).values_list("pk", "version"))
    newest = Mark(max([mark.ticket, *(pk for pk, _ in new)]), max([mark.decision, *(pk for pk, _ in acts)]))
    known = {pk: version for pk, version in versions.items() if pk not in after}
    return Changes(newest, {pk: version for pk, version in versions.items() if pk in after}, known)


def latest() -> Mark:
    """Where a window starts that has just been opened."""
    newest = (Subquery(table.objects.order_by("-pk").values("pk")[:1]) for table in (TicketRow, DecisionRow))
    found = Organisation.objects.order_by("pk").values_list(*newest).first()
    return Mark(*(pk or 0 for pk in found or (0, 0)))


@dataclass
class Windows:
    """The windows that ask this process, and the answers they share."""

    asked: dict[str, float] = field(default_factory=dict)
    shared: dict[Any, tuple[float, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pause(self, window: str) -> float:
        """Notes that `window` asks; returns in how many seconds it should ask again."""
        now = time.monotonic()
        with self.lock:
            self.asked[window] = now
            if len(self.asked) % 64 == 0:
                self.asked = {one: at for one, at in self.asked.items() if now - at < FORGOTTEN}
            return min(LATEST, max(SOONEST, len(self.asked) / ASKS_PER_SECOND))

    def changes(self, organisation: Organisation, mark: Mark) -> Changes:
        """`changes_since`, asked of the database once for all who know as much."""
        return self._once((organisation.pk, mark), lambda: changes_since(organisation, mark))

    def present(self, organisation: Organisation) -> list[Attendance]:
        """`present_now`, asked of the database once for all."""
        return self._once(organisation.pk, lambda: present_now(organisation, now=timezone.now()))

    def _once(self, key: Hashable, ask: Callable[[], T]) -> T:
        now = time.monotonic()
        with self.lock:
            self.shared = {one: kept for one, kept in self.shared.items() if now - kept[0] < SHARED}
            known = self.shared.get(key)
        if known:
            return cast("T", known[1])
        found = ask()
        with self.lock:
            self.shared[key] = (now, found)
        return found


WINDOWS = Windows()
"""Of this process."""
