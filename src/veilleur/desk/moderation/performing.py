"""Acts leave for the network: claimed, called, recorded; done again until an outcome is known.

All acts are harmless to repeat (see `veilleur.listening.connector`), so that a process that dies between the
call and the record loses nothing: the claim it left behind is called again once the first call can have no
effect any more (`Connector.seconds`). Until then nobody can ask for the contrary, so that the last act that
was asked for is the last one that takes effect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from veilleur.desk.inbox.attempts import (
    MOST_ATTEMPTS,
    answered_of,
    is_over,
    known_connector,
    next_attempt,
    ready_connector,
)
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.moderation.models import WAITING, NetworkAct, State, Verb
from veilleur.desk.moderation.standing import NEEDS
from veilleur.desk.moderation.steps import Step, note
from veilleur.desk.sources.connections import note_stranger
from veilleur.errors import (
    CredentialsRefused,
    InvalidInput,
    NetworkRefused,
    NotReached,
    OutcomeUnknown,
    Throttled,
)
from veilleur.listening.client import Client
from veilleur.listening.connector import MISBEHAVIOUR, Answered, Connector

log = logging.getLogger(__name__)
UNTIL_CONNECTED = timedelta(hours=1)
"""Between two attempts while a network does not know the house: a person must connect the source again."""

Call = Callable[[Connector, Answered, NetworkAct, Client], None]
CALLS: dict[str, Call] = {
    Verb.HIDE: lambda connector, answered, _act, client: connector.hide(answered, client),
    Verb.SHOW: lambda connector, answered, _act, client: connector.show(answered, client),
    Verb.REMOVE: lambda connector, answered, _act, client: connector.remove(answered, client),
    Verb.FLAG: lambda connector, answered, act, client: connector.report(answered, act.reason, client),
}


def perform(act_id: int) -> None:
    """Does one act if it may leave now, and records what became of it. Harmless to repeat."""
    act = _claimed(act_id)
    if act is None:
        return
    with override(act.organisation.language):
        try:
            _call(act)
        except CredentialsRefused as stranger:
            _await_connection(act, str(stranger))
        except NetworkRefused as refused:
            _fail(act, _("The network said no: %s") % refused)
        except InvalidInput as broken:
            _fail(act, str(broken))
        except NotReached as missed:
            _postpone(
                act, State.QUEUED, str(missed), missed.seconds if isinstance(missed, Throttled) else 0.0
            )
        except OutcomeUnknown as doubt:
            _postpone(act, State.UNKNOWN, str(doubt), ready_connector(act.ticket.source).seconds)
        except MISBEHAVIOUR as fault:  # of its connector
            log.exception("act %d", act.pk)
            _fail(act, _("The connector is at fault: %s") % (str(fault) or type(fault).__name__))
        else:
            _conclude(act)


def pick_up_abandoned() -> None:
    """Gives back the claims of processes that died, once their call can have no effect any more."""
    claimed = NetworkAct.objects.filter(state=State.LEAVING).select_related("organisation", "ticket__source")
    for act in claimed:
        with override(act.organisation.language):
            if is_over(known_connector(act.ticket.source), act.attempted_at, timezone.now()):
                _doubt(act, _("The process that did it stopped meanwhile."))


def due() -> list[int]:
    """The acts that wait and may leave now, in the order they were asked for."""
    waiting = NetworkAct.objects.filter(
        Q(leaves_at=None) | Q(leaves_at__lte=timezone.now()), state__in=WAITING
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _call(act: NetworkAct) -> None:
    connector = ready_connector(act.ticket.source)
    if NEEDS[Verb(act.verb)] not in connector.capabilities:
        raise InvalidInput(_("This cannot be done on this network from here."))
    with Client() as client:
        CALLS[act.verb](connector, answered_of(act.ticket.mention), act, client)


@transaction.atomic
def _claimed(act_id: int) -> NetworkAct | None:
    """The act, claimed for one call; None when it is not to leave (any more, or yet)."""
    locked = NetworkAct.objects.select_for_update(of=("self",)).filter(pk=act_id, state__in=WAITING)
    act = locked.select_related("organisation", "ticket__mention", "ticket__source").first()
    now = timezone.now()
    if act is None or (act.leaves_at is not None and act.leaves_at > now):
        return None
    if act.ticket.mention.digest != act.mention_digest:
        with override(act.organisation.language):
            words = _("The author changed the message meanwhile: read it again.")
        note(act, Step.FAILED, None, now, reason=words, state=State.FAILED, ended_at=now, failure=words)
        return None
    act.state, act.attempted_at, act.attempts = State.LEAVING, now, act.attempts + 1
    act.save(update_fields=["state", "attempted_at", "attempts"])
    return act


@transaction.atomic
def _conclude(act: NetworkAct) -> None:
    fresh = _still(act)
    if fresh is None:
        return
    now = timezone.now()
    if fresh.verb == Verb.REMOVE:  # the network will tell of it, too: it is gone since now
        MentionRow.objects.filter(pk=fresh.ticket.mention_id, gone_at=None).update(gone_at=now)
    note(fresh, Step.DONE, None, now, state=State.DONE, ended_at=now, failure="")


@transaction.atomic
def _fail(act: NetworkAct, words: str) -> None:
    fresh = _still(act)
    if fresh is not None:
        now = timezone.now()
        note(fresh, Step.FAILED, None, now, reason=words, state=State.FAILED, ended_at=now, failure=words)


@transaction.atomic
def _await_connection(act: NetworkAct, words: str) -> None:
    """It waits until somebody connects the source again; nobody needs to ask for it anew."""
    fresh = _still(act)
    if fresh is None:
        return
    now = timezone.now()
    note_stranger(fresh.ticket.source, words)
    failure = _("The network does not know us (any more), connect the source again: %s") % words
    _wait(fresh, Step.POSTPONED, State.QUEUED, failure, now + UNTIL_CONNECTED, now)


@transaction.atomic
def _postpone(act: NetworkAct, state: State, words: str, seconds: float) -> None:
    """For later, and not before `seconds`; given up after `MOST_ATTEMPTS` in a row."""
    fresh = _still(act)
    if fresh is None:
        return
    now, missed = timezone.now(), fresh.missed + 1
    if missed >= MOST_ATTEMPTS:
        _fail(act, _given_up(state, missed, words))
        return
    step = Step.DOUBTED if state == State.UNKNOWN else Step.POSTPONED
    later = next_attempt(missed, seconds, now)
    _wait(fresh, step, state, words, later, now, missed=missed)


def _given_up(state: State, missed: int, words: str) -> str:
    if state == State.UNKNOWN:
        return _("The network never said whether it was done, %d times: %s") % (missed, words)
    return _("The network was not reached, %d times: %s") % (missed, words)


@transaction.atomic
def _doubt(act: NetworkAct, words: str) -> None:
    fresh = _still(act)
    if fresh is not None:
        _wait(fresh, Step.DOUBTED, State.UNKNOWN, words, None, timezone.now())


def _wait(
    act: NetworkAct, step: Step, state: State, words: str, later: datetime | None, now: datetime, **more: Any
) -> None:
    note(act, step, None, now, state=state, failure=words, leaves_at=later, **more)


def _still(act: NetworkAct) -> NetworkAct | None:
    """The act, locked, if it stands where this process left it."""
    return (
        NetworkAct.objects.select_for_update(of=("self",))
        .select_related("organisation", "ticket__source")
        .filter(pk=act.pk, state=State.LEAVING, attempts=act.attempts)
        .first()
    )
