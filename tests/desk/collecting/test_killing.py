"""The collector is killed at random points while the network goes on: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from django.db import connections
from django.utils import timezone

from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.models import MentionRow, MentionVersion, TicketRow
from veilleur.desk.sources import leases
from veilleur.desk.sources.models import Listening

KILLS = 30


def _killed_child(source: int, seconds: float) -> bool:
    """A process that collects, killed after `seconds` wherever it is; False when it had ended."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            leases.release_dead()
            collect(source)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.django_db(transaction=True)
def test_killing_the_collector_doubles_nothing_and_loses_nothing(book, listening):
    collect(listening.pk)  # the words of the reader are loaded before the clock runs
    book.slowness = 0.01
    texts: dict[str, str] = {}
    edited: dict[str, int] = {}
    kills, longest = 0, 0.15
    while kills < KILLS:
        for _number in range(3):
            text = f"Avis {len(texts)} : trop d’attente."
            texts[book.say(text)] = text
        changed = random.choice(list(texts))
        texts[changed] += " Et encore."
        edited[changed] = edited.get(changed, 0) + 1
        book.edit(changed, texts[changed])
        was_under_way = _killed_child(listening.pk, random.uniform(0.01, longest))
        kills += was_under_way
        longest = max(longest * 0.9, 0.03) if not was_under_way else min(longest * 1.05, 2.0)
    leases.release_dead()
    Listening.objects.update(next_at=timezone.now())
    assert collect(listening.pk) is not None
    stored = dict(MentionRow.objects.values_list("external_id", "text"))
    assert stored == texts
    assert MentionRow.objects.count() == TicketRow.objects.count() == len(texts)
    for row in MentionRow.objects.all():
        versions = MentionVersion.objects.filter(mention=row).count()
        assert versions <= edited.get(row.external_id, 0)
