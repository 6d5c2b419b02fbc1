"""What replies do when nobody waits for them."""

from __future__ import annotations

import threading
from datetime import datetime

from django.db import transaction

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.jobs import each_alone, enqueue, job, keep_at
from veilleur.desk.replies import actions, sending
from veilleur.desk.replies.models import Reply


@job
def send_reply(reply_id: int) -> None:
    """Sends one reply; what goes wrong is noted on it, where a person sees it."""
    sending.let_leave(reply_id)


@job
def look_for(reply_id: int) -> None:
    """Looks on the network for a reply whose outcome nobody knows; one that is not there leaves again."""
    sending.reconcile(reply_id)
    sending.let_leave(reply_id)


@transaction.atomic
def send_now(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Decides that a reply leaves at once, and hands it to the next free worker."""
    reply = actions.send(place, reply_id, version, now=now)
    enqueue(send_reply, reply.pk)
    return reply


def send_what_waits() -> None:
    """Looks into what a dead process left behind, then sends what is due."""
    each_alone(sending.reconcile, sending.pick_up_abandoned())
    each_alone(sending.let_leave, sending.due())


def keep_sending(stop: threading.Event) -> None:
    """`send_what_waits`, again and again."""
    keep_at(send_what_waits, stop)
