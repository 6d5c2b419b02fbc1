"""Work that outlives a request: Django's Tasks API, kept in the database.

A job is a module-level function marked with `job`; its arguments are JSON and it carries a
batch, not a message. Its row is written in the caller's transaction: when the act is rolled
back, so is the job.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from django.core.management import call_command
from django.db import DatabaseError, close_old_connections
from django_tasks import task
from django_tasks.base import Task

from veilleur.errors import VeilleurError

log = logging.getLogger(__name__)
job = task
"""Marks a function as a job."""
PAUSE = 5.0
"""Seconds between two looks at what waits."""


def enqueue(work: Task[..., None], *arguments: object) -> None:
    """Hands `work` to the next free worker, once the present transaction is committed."""
    work.enqueue(*arguments)


def work_off() -> None:
    """Takes every job that waits now, then returns: for one-shot commands."""
    call_command("db_worker", batch=True, startup_delay=False, verbosity=0)


def each_alone(act: Callable[[int], None], rows: Iterable[int]) -> None:
    """`act` for each row: what goes wrong with one holds no other back."""
    for row in rows:
        try:
            act(row)
        except (VeilleurError, OSError, DatabaseError) as error:
            log.warning("%s %d: %s", act.__qualname__, row, error)


def keep_at(work: Callable[[], None], stop: threading.Event) -> None:
    """`work`, again and again: retries and what waits for its time have no request that starts them."""
    while not stop.wait(PAUSE):
        close_old_connections()
        try:
            work()
        except DatabaseError as error:
            log.warning("%s: %s", work.__qualname__, error)
