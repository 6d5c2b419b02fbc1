"""What the team asked for and nobody waits for."""

from __future__ import annotations

import threading

from django.utils import timezone

from veilleur.desk.inbox.team import bulk_acts, digest, notifications, tags
from veilleur.desk.inbox.team.models import Tag
from veilleur.desk.jobs import each_alone, enqueue, job, keep_at


@job
def carry_on(act_id: int) -> None:
    """Carries out or undoes an act on many tickets."""
    bulk_acts.carry_on(act_id)


@job
def drain(tag_id: int) -> None:
    """Takes a tag that leaves off its tickets."""
    for tag in Tag.objects.filter(pk=tag_id, leaves=True):
        tags.drain(tag)


def resume_interrupted() -> None:
    """Puts back to work what a crash left in the middle."""
    for act_id in bulk_acts.interrupted():
        enqueue(carry_on, act_id)
    for tag_id in Tag.objects.filter(leaves=True).values_list("pk", flat=True):
        enqueue(drain, tag_id)


def tell_by_mail() -> None:
    """Sends the digests whose hour has come, and forgets what was told long ago."""
    now = timezone.now()
    each_alone(digest.send, digest.due(now))
    notifications.forget_old(now)


def keep_telling(stop: threading.Event) -> None:
    """`tell_by_mail`, again and again."""
    keep_at(tell_by_mail, stop)
