"""Work that outlives a request: Django's Tasks API, kept in the database.

A job is a module-level function marked with `job`; its arguments are JSON and it carries a
batch, not a message. Its row is written in the caller's transaction: when the act is rolled
back, so is the job.
"""

from __future__ import annotations

from django.core.management import call_command
from django_tasks import task
from django_tasks.base import Task

job = task
"""Marks a function as a job."""


def enqueue(work: Task[..., None], *arguments: object) -> None:
    """Hands `work` to the next free worker, once the present transaction is committed."""
    work.enqueue(*arguments)


def work_forever(interval: float = 0.5) -> None:
    """Takes jobs one after another until the process receives SIGINT or SIGTERM."""
    call_command("db_worker", interval=interval, startup_delay=False, verbosity=1)


def work_off() -> None:
    """Takes every job that waits now, then returns: for one-shot commands."""
    call_command("db_worker", batch=True, startup_delay=False, verbosity=0)
