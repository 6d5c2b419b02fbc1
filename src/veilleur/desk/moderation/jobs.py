"""What acts do when nobody waits for them."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from django.db import transaction

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.jobs import each_alone, enqueue, job, keep_at
from veilleur.desk.moderation import actions, performing
from veilleur.desk.moderation.models import NetworkAct


@job
def perform_act(act_id: int) -> None:
    """Does one act; what goes wrong is noted on it, where a person sees it."""
    performing.perform(act_id)


@transaction.atomic
def request(place: Workplace, ticket_id: int, version: int, *, now: datetime, **asked: Any) -> NetworkAct:
    """Asks for an act, and hands one that leaves at once to the next free worker."""
    return _handed_over(actions.ask(place, ticket_id, version, now=now, **asked))


@transaction.atomic
def again(place: Workplace, act_id: int, *, now: datetime) -> NetworkAct:
    """Lets an act leave at once, through the next free worker."""
    return _handed_over(actions.again(place, act_id, now=now))


def _handed_over(act: NetworkAct) -> NetworkAct:
    if act.leaves_at is None:
        enqueue(perform_act, act.pk)
    return act


def perform_what_waits() -> None:
    """Gives back what a dead process left behind, then does what is due."""
    performing.pick_up_abandoned()
    each_alone(performing.perform, performing.due())


def keep_performing(stop: threading.Event) -> None:
    """`perform_what_waits`, again and again."""
    keep_at(perform_what_waits, stop)
