"""What people ask of a network: one act, one transaction, one line in the history and in the trail.

`ask` takes the ticket and its `version` that the person was looking at; `again` and `drop` an act. See
`inbox.actions` for what is raised.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.actions import held
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.moderation.models import (
    ON_SIGHT,
    UNDER_WAY,
    WAITING,
    Ground,
    NetworkAct,
    State,
    Verb,
)
from veilleur.desk.moderation.precautions import precautions_of
from veilleur.desk.moderation.standing import possible_on, standing_of
from veilleur.desk.moderation.steps import Step, note
from veilleur.errors import ActRefused

WINDOW = timedelta(seconds=10)
"""Before an act leaves, so that it can be taken back; showing again is itself an undo."""
ON_ITS_WAY = timedelta(minutes=10)
"""After so long a call to a network has no effect any more (more than any `Connector.seconds`)."""
SHORTEST_WORDS = 10
"""Characters that say why, where no ground of the list does."""
NEEDED = {Verb.REMOVE: May.CONFIGURE}
"""The right that an act asks for beside `May.MODERATE`."""
REASONED = (Verb.REMOVE, Verb.FLAG)
OUT_OF_SIGHT = (Verb.HIDE, Verb.REMOVE)


def may_ask(place: Workplace, verb: str) -> bool:
    """Whether this person may ask for an act."""
    return place.allows(NEEDED.get(Verb(verb), May.MODERATE))


@transaction.atomic
def ask(
    place: Workplace,
    ticket_id: int,
    version: int,
    *,
    verb: Verb,
    ground: str = "",
    words: str = "",
    is_warned: bool = False,
    now: datetime,
) -> NetworkAct:
    """Asks for an act; see `jobs.request`. `is_warned`: the person read what comes first (`precautions`)."""
    _require_allowed(place, verb)
    ticket = held(place, ticket_id, version, May.MODERATE)
    _require_possible(ticket, verb)
    _require_free(ticket, verb)
    if verb in REASONED:
        require_reason(ground, words)
    if verb in OUT_OF_SIGHT and not is_warned and precautions_of(ticket.mention):
        raise ActRefused(_("Read first what must be done or kept before this message is out of sight."))
    _rivals(ticket, verb).filter(state=State.FAILED).update(state=State.DROPPED, ended_at=now)
    act = NetworkAct.objects.create(
        organisation=place.organisation,
        ticket=ticket,
        mention_digest=ticket.mention.digest,
        verb=verb,
        ground=ground,
        words=words.strip(),
        asked_by=place.user,
        asked_by_name=str(place.user),
        asked_at=now,
        leaves_at=None if verb == Verb.SHOW else now + WINDOW,
    )
    note(act, Step.ASKED, place.user, now, reason=act.reason)
    return act


@transaction.atomic
def again(place: Workplace, act_id: int, *, now: datetime) -> NetworkAct:
    """Lets an act that failed, or waits for its next attempt, leave at once."""
    act = _locked(place, act_id, (State.QUEUED, State.FAILED))
    if act.state == State.FAILED:
        _require_possible(act.ticket, Verb(act.verb))
        _require_free(act.ticket, Verb(act.verb))
    # Who tries again has the message before their eyes as it is now.
    changes: dict[str, Any] = {"state": State.QUEUED, "leaves_at": None, "missed": 0, "ended_at": None}
    note(act, Step.AGAIN, place.user, now, mention_digest=act.ticket.mention.digest, **changes)
    return act


@transaction.atomic
def drop(place: Workplace, act_id: int, *, now: datetime) -> NetworkAct:
    """Takes back an act that has not left, or gives up one that does not come through."""
    act = _locked(place, act_id, (*WAITING, State.FAILED))
    is_fresh = act.attempted_at is not None and now - act.attempted_at < ON_ITS_WAY
    if act.state == State.UNKNOWN and is_fresh:
        raise ActRefused(_("The network was just called: wait a few minutes, it may still do it."))
    note(act, Step.DROPPED, place.user, now, state=State.DROPPED, ended_at=now)
    return act


def _locked(place: Workplace, act_id: int, states: tuple[State, ...]) -> NetworkAct:
    locked = NetworkAct.objects.select_for_update(of=("self",)).select_related(
        "organisation", "ticket__mention", "ticket__source"
    )
    act = locked.filter(organisation=place.organisation, pk=act_id).first()
    if act is None:
        raise Http404
    _require_allowed(place, Verb(act.verb))
    if act.state not in states:
        raise ActRefused(_("This is not possible any more: the act is “%s”.") % act.get_state_display())
    return act


def _require_allowed(place: Workplace, verb: Verb) -> None:
    if not place.allows(May.MODERATE):
        raise ActRefused(_("You may read here, not act."))
    if not may_ask(place, verb):
        raise ActRefused(_("Only who configures the house removes messages."))


def _require_possible(ticket: TicketRow, verb: Verb) -> None:
    if verb not in possible_on(ticket.source):
        raise ActRefused(_("This cannot be done on this network from here."))
    if verb not in standing_of(ticket).sensible:
        raise ActRefused(_("The message does not stand so that this makes sense any more."))


def _require_free(ticket: TicketRow, verb: Verb) -> None:
    before = _rivals(ticket, verb).filter(state__in=UNDER_WAY).first()
    if before is not None:
        name = before.get_verb_display()
        raise ActRefused(_("Another act is under way on this message: “%s”. Take it back first.") % name)


def _rivals(ticket: TicketRow, verb: Verb) -> QuerySet[NetworkAct]:
    """Acts on the same message that do not go together with this one."""
    verbs = ON_SIGHT if verb in ON_SIGHT else (verb,)
    return NetworkAct.objects.filter(ticket=ticket, verb__in=verbs)


def require_reason(ground: str, words: str) -> None:
    """Refuses a reason that says nothing."""
    if ground not in Ground.values:
        raise ActRefused(_("Choose a reason."))
    if ground == Ground.OTHER and len(words.strip()) < SHORTEST_WORDS:
        raise ActRefused(_("Say why, in a sentence that somebody can understand next year."))
