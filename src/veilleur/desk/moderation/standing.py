"""How a message stands on its network as far as the house did it, and what can be done with it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from veilleur.desk.inbox.attempts import known_connector
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.moderation.models import ON_SIGHT, NetworkAct, State, Verb
from veilleur.desk.sources.models import Source
from veilleur.listening.connector import Capability

NEEDS = {
    Verb.HIDE: Capability.HIDE,
    Verb.SHOW: Capability.HIDE,
    Verb.REMOVE: Capability.REMOVE,
    Verb.FLAG: Capability.REPORT,
}
"""What a connector must be able to do for an act."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the house last did with a message on its network, and what still makes sense."""

    verb: Verb | None
    """The last act that succeeded; None: it stands as its author left it, as far as anybody here knows."""
    since: datetime | None
    by: str
    sensible: frozenset[Verb]


def possible_on(source: Source) -> frozenset[Verb]:
    """What the connector of a source can do; empty without one."""
    connector = known_connector(source)
    if connector is None:
        return frozenset()
    return frozenset(verb for verb, needed in NEEDS.items() if needed in connector.capabilities)


def standing_of(ticket: TicketRow) -> Standing:
    """Reads `ticket.mention`."""
    done = NetworkAct.objects.filter(ticket=ticket, state=State.DONE, verb__in=ON_SIGHT)
    last = done.order_by("-ended_at", "-pk").first()
    verb = Verb(last.verb) if last else None
    is_erased = ticket.mention.erased_at is not None  # nobody acts on what nobody can read
    sensible = frozenset() if is_erased else _sensible(verb, is_gone=ticket.mention.gone_at is not None)
    if last is None:
        return Standing(None, None, "", sensible)
    return Standing(verb, last.ended_at, last.asked_by_name, sensible)


def _sensible(last: Verb | None, *, is_gone: bool) -> frozenset[Verb]:
    """Some networks show what is hidden to nobody, so that it seems gone: it can still be shown again."""
    if last is Verb.REMOVE:
        return frozenset()
    if last is Verb.HIDE:
        return frozenset({Verb.SHOW, Verb.REMOVE, Verb.FLAG})
    if is_gone:
        return frozenset()
    # A message that its network holds back by itself can be let through: the house never hid it.
    return frozenset(Verb)
