"""Replies leave: never twice, and no outcome is guessed.

A reply is claimed (`LEAVING`, committed), the network is called, what it said is recorded. A process that
dies in between leaves a claim behind: once a call can have no effect any more (`Connector.seconds`), the
network is asked what it holds under the key of that reply, before anything else is done. What it holds is
recorded as sent; what it does not hold goes back to the queue; when it cannot say, a person decides.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from veilleur.desk.inbox.actions import close_answered
from veilleur.desk.inbox.attempts import (
    FIRST_PAUSE,
    MOST_ATTEMPTS,
    answered_of,
    is_over,
    known_connector,
    next_attempt,
    ready_connector,
)
from veilleur.desk.replies.actions import require_ready
from veilleur.desk.replies.models import Reply, State, Step
from veilleur.desk.replies.steps import note
from veilleur.errors import (
    ActRefused,
    InvalidInput,
    NetworkRefused,
    NotReached,
    OutcomeUnknown,
    Throttled,
)
from veilleur.listening.client import Client
from veilleur.listening.connector import MISBEHAVIOUR, Capability, Connector, Sent

log = logging.getLogger(__name__)


def let_leave(reply_id: int) -> None:
    """Sends one reply if it may leave now, and records what became of it. Harmless to repeat."""
    reply = _claimed(reply_id)
    if reply is None:
        return
    with override(reply.organisation.language):
        try:
            connector = ready_connector(reply.ticket.source)
            with Client() as client:
                sent = connector.reply(answered_of(reply.ticket.mention), reply.text, reply.key, client)
        except NetworkRefused as refused:
            _record(reply, State.FAILED, Step.FAIL, _("The network refused it: %s") % refused)
        except NotReached as missed:
            _postpone(reply, str(missed), missed.seconds if isinstance(missed, Throttled) else 0.0)
        except InvalidInput as broken:
            _record(reply, State.FAILED, Step.FAIL, str(broken))
        except OutcomeUnknown as doubt:
            _record(reply, State.UNKNOWN, Step.DOUBT, str(doubt))
            reconcile(reply.pk)
        except MISBEHAVIOUR as fault:  # of its connector: nobody knows how far it came
            log.exception("reply %d", reply.pk)
            _record(reply, State.UNKNOWN, Step.DOUBT, str(fault) or type(fault).__name__)
        else:
            _record_sent(reply, sent)


def reconcile(reply_id: int) -> None:
    """Looks on the network for a reply whose outcome nobody knows. Harmless to repeat."""
    reply = Reply.objects.select_related("organisation", "ticket__mention", "ticket__source").get(pk=reply_id)
    if reply.state != State.UNKNOWN:
        return
    with override(reply.organisation.language):
        try:
            connector = ready_connector(reply.ticket.source)
            if Capability.READ_BACK not in connector.capabilities:
                return
            with Client() as client:
                answered = answered_of(reply.ticket.mention)
                found = connector.find_reply(answered, reply.text, reply.key, client)
        except MISBEHAVIOUR as doubt:
            _look_later(reply, str(doubt))
            return
        if found is not None:
            _record_sent(reply, found)
        elif _is_over(reply, connector):
            _requeue(reply, _("Nothing was found on the network: it leaves again."))
        else:
            _look_later(reply, reply.failure)


def pick_up_abandoned() -> list[int]:
    """Turns the claims of processes that died into unknown outcomes; returns the replies to look into.

    A claim counts as abandoned when its call can have no effect any more. Replies whose outcome was unknown
    before are looked into again.
    """
    for reply in Reply.objects.select_related("organisation", "ticket__source").filter(state=State.LEAVING):
        with override(reply.organisation.language):
            if _is_over(reply, known_connector(reply.ticket.source)):
                _record(reply, State.UNKNOWN, Step.DOUBT, _("The process that sent it stopped meanwhile."))
    return _waiting(State.UNKNOWN)


def due() -> list[int]:
    """The replies that wait in the queue and may leave now."""
    return _waiting(State.QUEUED)


def _waiting(state: State) -> list[int]:
    now = timezone.now()
    waiting = Reply.objects.filter(Q(leaves_at=None) | Q(leaves_at__lte=now), state=state)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _look_later(reply: Reply, doubt: str) -> None:
    """Asks again after as long as it has been unknown: 30 seconds, a minute, two…"""
    now = timezone.now()
    pause = max(FIRST_PAUSE, now - (reply.attempted_at or now))
    Reply.objects.filter(pk=reply.pk, state=State.UNKNOWN).update(failure=doubt, leaves_at=now + pause)


@transaction.atomic
def _claimed(reply_id: int) -> Reply | None:
    """The reply, claimed for one call; None when it is not to leave (any more, or yet)."""
    locked = Reply.objects.select_for_update(of=("self",)).filter(pk=reply_id, state=State.QUEUED)
    reply = locked.select_related("organisation", "ticket__mention__reading", "ticket__source").first()
    now = timezone.now()
    if reply is None or (reply.leaves_at is not None and reply.leaves_at > now):
        return None
    with override(reply.organisation.language):
        try:
            _require_same(reply)
            require_ready(reply)
        except ActRefused as refused:  # since it was approved, a rule, a day or the message changed
            note(reply, Step.HOLD, None, now, state=State.DRAFT, reason=str(refused), failure=str(refused))
            return None
    changed = {"state": State.LEAVING, "attempted_at": now, "attempts": reply.attempts + 1}
    Reply.objects.filter(pk=reply.pk).update(**changed)
    for name, value in changed.items():
        setattr(reply, name, value)
    return reply


def _require_same(reply: Reply) -> None:
    if reply.ticket.mention.digest != reply.mention_digest:
        raise ActRefused(_("The author changed the message meanwhile: read it again."))


def _is_over(reply: Reply, connector: Connector | None) -> bool:
    """Whether the last call can have no effect any more, or the network itself makes nothing double."""
    if (
        connector is not None
        and Capability.KEEPS_KEYS in connector.capabilities
        and reply.state == State.UNKNOWN
    ):
        return True
    return is_over(connector, reply.attempted_at, timezone.now())


@transaction.atomic
def _record(reply: Reply, state: State, step: Step, reason: str) -> None:
    """Writes an outcome, unless somebody wrote one meanwhile."""
    fresh = _still(reply)
    if fresh is not None:
        note(fresh, step, None, timezone.now(), state=state, reason=reason, failure=reason)
        reply.state = state


@transaction.atomic
def _requeue(reply: Reply, reason: str) -> None:
    fresh = _still(reply)
    if fresh is not None:
        note(fresh, Step.READ_BACK, None, timezone.now(), state=State.QUEUED, reason=reason, failure="")


@transaction.atomic
def _postpone(reply: Reply, reason: str, seconds: float) -> None:
    """Back to the queue, for later, and not before `seconds`; given up after `MOST_ATTEMPTS`."""
    fresh = _still(reply)
    if fresh is None:
        return
    now = timezone.now()
    if fresh.attempts >= MOST_ATTEMPTS:
        words = _("The network was not reached, %d times: %s") % (fresh.attempts, reason)
        note(fresh, Step.FAIL, None, now, state=State.FAILED, reason=words, failure=words)
        return
    later = next_attempt(fresh.attempts, seconds, now)
    note(fresh, Step.HOLD, None, now, state=State.QUEUED, reason=reason, failure=reason, leaves_at=later)


@transaction.atomic
def _record_sent(reply: Reply, sent: Sent) -> None:
    fresh = _still(reply)
    if fresh is None:
        return
    now = timezone.now()
    sent_now: dict[str, Any] = {"sent_at": now, "network_id": sent.id[:200], "url": sent.url, "failure": ""}
    note(fresh, Step.SENT, None, now, state=State.SENT, **sent_now)
    close_answered(fresh.ticket_id, by=None, now=now)


def _still(reply: Reply) -> Reply | None:
    """The reply, locked, if it stands where this process left it."""
    return (
        Reply.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=reply.pk, state=reply.state, attempts=reply.attempts)
        .first()
    )
