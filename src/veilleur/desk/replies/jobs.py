"""What replies do when nobody waits for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, close_old_connections, transaction

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.jobs import enqueue, job
from veilleur.desk.replies import actions, sending
from veilleur.desk.replies.models import Reply
from veilleur.errors import VeilleurError

log = logging.getLogger(__name__)
PAUSE = 5.0
"""Seconds between two looks at what waits."""


@job
def send_reply(reply_id: int) -> None:
    """Sends one reply; what goes wrong is noted on it, where a person sees it."""
    sending.let_leave(reply_id)


@transaction.atomic
def send_now(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Decides that a reply leaves at once, and hands it to the next free worker."""
    reply = actions.send(place, reply_id, version, now=now)
    enqueue(send_reply, reply.pk)
    return reply


def send_what_waits() -> None:
    """Looks into what a dead process left behind, then sends what is due."""
    for reply in sending.pick_up_abandoned():
        _alone(sending.reconcile, reply)
    for reply in sending.due():
        _alone(sending.let_leave, reply)


def _alone(act: Callable[[int], None], reply: int) -> None:
    """What goes wrong with one reply holds no other back."""
    try:
        act(reply)
    except (VeilleurError, OSError, DatabaseError) as error:
        log.warning("reply %d: %s", reply, error)


def keep_sending(stop: threading.Event) -> None:
    """`send_what_waits`, again and again: retries and planned replies have no request that starts them."""
    while not stop.wait(PAUSE):
        close_old_connections()
        try:
            send_what_waits()
        except DatabaseError as error:
            log.warning("replies: %s", error)
