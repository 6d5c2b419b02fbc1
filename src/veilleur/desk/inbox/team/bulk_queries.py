"""What an act on many tickets would do, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.team.bulk_acts import AT_ONCE, UNDO_FOR, can_undo
from veilleur.desk.inbox.team.models import BulkAct, BulkLine, BulkState, LineState, Tagging
from veilleur.desk.inbox.team.steps import Means, change_of, sentences_of, steps_of
from veilleur.errors import ActRefused

SHOWN = 5
"""Messages named for each reason."""
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Example:
    """One message, in a line."""

    ticket: int
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why some tickets are left alone, how many, and some of them."""

    why: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do."""

    sentences: tuple[str, ...]
    changed: int
    examples: tuple[Example, ...]
    refusals: tuple[Refusal, ...]

    @property
    def is_job(self) -> bool:
        """Whether it takes so long that nobody waits for it."""
        return self.changed > AT_ONCE


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an act that was started stands."""

    id: int
    state: str
    state_name: str
    query: str
    sentences: tuple[str, ...]
    total: int
    counts: tuple[tuple[str, int], ...]
    """(what became of them, how many)."""
    refusals: tuple[Refusal, ...]
    percent: int
    is_live: bool
    undo_until: datetime | None
    """Until when the whole may be put back; None: not any more."""


def preview(place: Workplace, act: BulkAct, now: datetime) -> Preview:
    """Asks each ticket what the steps would change, and changes nothing."""
    means, steps = Means.of(place, now), steps_of(act.steps)
    refused: defaultdict[str, list[int]] = defaultdict(list)
    changed: list[int] = []
    for ticket, carried in _tickets(act):
        try:
            change_of(ticket, carried, steps, means)
        except ActRefused as refusal:
            refused[str(refusal)].append(ticket.pk)
        else:
            changed.append(ticket.pk)
    return Preview(tuple(sentences_of(steps, means)), len(changed), _examples(changed), _refusals(refused))


def _tickets(act: BulkAct) -> Iterator[tuple[TicketRow, list[int]]]:
    ids = list(act.lines.order_by("pk").values_list("ticket", flat=True))
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        carried: defaultdict[int, list[int]] = defaultdict(list)
        rows = Tagging.objects.filter(ticket__in=some, tag__leaves=False)
        for ticket_id, tag_id in rows.values_list("ticket", "tag"):
            carried[ticket_id].append(tag_id)
        tickets = TicketRow.objects.select_related("mention").defer("reasons", "mention__text")
        found = tickets.in_bulk(some)
        yield from ((found[pk], carried[pk]) for pk in some if pk in found)


def _refusals(refused: dict[str, list[int]]) -> tuple[Refusal, ...]:
    by_count = sorted(refused.items(), key=lambda pair: -len(pair[1]))
    return tuple(Refusal(why, len(ids), _examples(ids)) for why, ids in by_count)


def _examples(ids: Sequence[int]) -> tuple[Example, ...]:
    tickets = TicketRow.objects.select_related("mention").in_bulk(ids[:SHOWN])
    return tuple(Example(pk, _line(tickets[pk])) for pk in ids[:SHOWN] if pk in tickets)


def _line(ticket: TicketRow) -> str:
    text = ticket.mention.title or ticket.mention.text or _("no text")
    return text if len(text) <= 90 else f"{text[:89]}…"


def standing(place: Workplace, act: BulkAct, now: datetime) -> Standing:
    """Where an act stands."""
    states = act.lines.order_by().values_list("state").annotate(count=Count("pk"))
    counts = dict(states)
    total = sum(counts.values())
    left = counts.get(LineState.WAITING if act.state == BulkState.RUNNING else LineState.DONE, 0)
    is_live = act.state in {BulkState.RUNNING, BulkState.UNDOING}
    named = [(str(state.label), counts[state]) for state in LineState if counts.get(state)]
    return Standing(
        id=act.pk,
        state=act.state,
        state_name=str(BulkState(act.state).label),
        query=act.query,
        sentences=tuple(sentences_of(steps_of(act.steps), Means.of(place, act.created_at))),
        total=total,
        counts=tuple(named),
        refusals=_left_alone(act),
        percent=100 * (total - left) // total if is_live and total else 100,
        is_live=is_live,
        undo_until=act.ended_at + UNDO_FOR if act.ended_at and can_undo(act, now) else None,
    )


def _left_alone(act: BulkAct) -> tuple[Refusal, ...]:
    lines = BulkLine.objects.filter(act=act, state__in=[LineState.SKIPPED, LineState.KEPT])
    reasons = lines.order_by().values_list("why").annotate(count=Count("pk"))
    return tuple(
        Refusal(why, count, _examples(list(lines.filter(why=why).values_list("ticket", flat=True)[:SHOWN])))
        for why, count in sorted(reasons, key=lambda pair: -pair[1])
    )
