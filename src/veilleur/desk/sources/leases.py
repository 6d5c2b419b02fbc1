"""Who asks a source: one process at a time, for as long as it gives signs of life.

Every step is a compare-and-set on the row of the source, as for imports (`running`).
"""

from __future__ import annotations

import os
import platform
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from veilleur.desk.sources.models import Listening
from veilleur.desk.sources.running import is_alive
from veilleur.errors import Outdated

SILENCE = timedelta(minutes=15)
"""Who gave no sign of life for so long lost the source: longer than any single question can last."""


def due(now: datetime, most: int) -> list[int]:
    """Sources that are to be asked now, the longest overdue first."""
    waiting = Listening.objects.filter(is_paused=False, awaits_sign_in=False, next_at__lte=now)
    return list(waiting.filter(_free(now)).order_by("next_at").values_list("pk", flat=True)[:most])


def _free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now)


def new_runner() -> str:
    """A name for who holds something: machine, process, and a word of its own."""
    return f"{_host()} {os.getpid()} {secrets.token_hex(8)}"


def is_dead(runner: str) -> bool:
    """Whether it was a process of this machine that lives no more."""
    host, process, _word = runner.split()
    return host == _host() and not is_alive(int(process))


def _host() -> str:
    return platform.node().replace(" ", "-")[:80]


def take(source_id: int, now: datetime) -> Listening | None:
    """The source, for this thread alone; None when somebody else asks it, or nobody is to."""
    runner = new_runner()
    ready = {"is_paused": False, "awaits_sign_in": False, "next_at__isnull": False}
    mine = Listening.objects.filter(_free(now), pk=source_id, **ready)
    if not mine.update(runner=runner, leased_until=now + SILENCE):
        return None
    return Listening.objects.select_related("source__organisation").get(pk=source_id)


def release_dead() -> int:
    """Frees the sources that a process of this machine held when it died; returns how many."""
    held = Listening.objects.filter(runner__startswith=f"{_host()} ").values_list("pk", "runner")
    dead = [(pk, runner) for pk, runner in held if is_dead(runner)]
    return sum(
        Listening.objects.filter(pk=pk, runner=runner).update(runner="", leased_until=None)
        for pk, runner in dead
    )


def move(listening: Listening, now: datetime, **after: Any) -> None:
    """Writes columns and renews the lease. Raises `Outdated` when the source is not ours any more, or paused.

    What it must be together with is in the same transaction, which is then undone.
    """
    ours = Listening.objects.filter(pk=listening.pk, runner=listening.runner, is_paused=False)
    if not ours.update(leased_until=now + SILENCE, **after):
        raise Outdated(_("Somebody else asks this source now."))
    for name, value in after.items():
        setattr(listening, name, value)


def leave(listening: Listening, **after: Any) -> None:
    """Writes how it went and lets the source go; nothing when it is not ours any more."""
    ours = Listening.objects.filter(pk=listening.pk, runner=listening.runner)
    ours.update(runner="", leased_until=None, **after)


def count_questions(listening: Listening, asked: int, now: datetime) -> None:
    """Adds to the questions of the day (UTC)."""
    today = now.date()
    row = Listening.objects.filter(pk=listening.pk)
    if not row.filter(counted_on=today).update(asked_today=F("asked_today") + asked):
        row.update(counted_on=today, asked_today=asked)


def left_today(listening: Listening, now: datetime) -> int | None:
    """How many questions the budget of the day still allows; None for no bound."""
    if not listening.most_a_day:
        return None
    spent = listening.asked_today if listening.counted_on == now.date() else 0
    return max(0, listening.most_a_day - spent)
