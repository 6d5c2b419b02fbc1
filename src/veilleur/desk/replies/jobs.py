"""What replies do when nobody waits for them."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, close_old_connections

from veilleur.desk.jobs import job
from veilleur.desk.replies import sending

log = logging.getLogger(__name__)
PAUSE = 5.0
"""Seconds between two looks at what waits."""


@job
def send_reply(reply_id: int) -> None:
    """Sends one reply; what goes wrong is noted on it, where a person sees it."""
    sending.let_leave(reply_id)


def send_what_waits() -> None:
    """Looks into what a dead process left behind, then sends what is due."""
    for reply in sending.pick_up_abandoned():
        sending.reconcile(reply)
    for reply in sending.due():
        sending.let_leave(reply)


def keep_sending(stop: threading.Event) -> None:
    """`send_what_waits`, again and again: retries and planned replies have no request that starts them."""
    while not stop.wait(PAUSE):
        close_old_connections()
        try:
            send_what_waits()
        except DatabaseError as error:
            log.warning("replies: %s", error)
