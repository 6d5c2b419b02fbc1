"""The life of a worker: it takes jobs one after another, gives a pulse, and ends without losing one.

A job is claimed in a transaction that skips what others hold: no two workers have the same one. The jobs of a
worker that died, or was told to stop and could not finish in time, go back to wait; each act of the house may
be begun again. A job that brought down several workers is not given to another.
"""

from __future__ import annotations

import logging
import os
import platform
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import FrameType

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
)
from django.db.models.functions import Now
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from veilleur.desk.sources.running import is_alive
from veilleur.desk.upkeep.models import Worker
from veilleur.errors import EngineStopped

log = logging.getLogger(__name__)
BEAT = 5.0
"""Seconds between two beats."""
SILENCE = timedelta(seconds=60)
"""A worker that was not heard of for so long is dead."""
INTERVAL = 0.5
TIDY = 3600.0
REMEMBERED = timedelta(days=7)
"""How long it is known what became of a job."""
MOST_TRIES = 5
RETRY = 2.0
Loop = Callable[[threading.Event], None]
"""What runs beside the jobs until told to stop."""


def work(beside: Sequence[Loop], patience: float) -> None:
    """Takes jobs, and runs each of `beside`, until SIGTERM or SIGINT.

    A job that runs then has `patience` seconds to end; afterwards it goes back to wait.
    """
    me = _registered()
    stop = threading.Event()
    threads = [threading.Thread(target=loop, args=(stop,), daemon=True) for loop in (_pulse_of(me), *beside)]
    for thread in threads:
        thread.start()
    taker = _Taker(me.name, patience)
    taker.configure_signals()
    try:
        taker.run()
    finally:
        taker.enough.set()
        stop.set()
        for thread in threads:
            thread.join(timeout=1.0)
        end(me)


class _Taker(db_worker.Worker):
    """Takes jobs of all queues; outlives a database that goes away for a while."""

    def __init__(self, name: str, patience: float) -> None:
        super().__init__(
            queue_names=["*"],
            interval=INTERVAL,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=name,
            excluded_queue_names=[],
        )
        self._patience = patience
        self.enough = threading.Event()

    def run(self) -> None:
        """Takes jobs until told to stop."""
        while self.running:
            try:
                give_back_of(self.worker_id)
                super().run()
            except (OperationalError, InterfaceError) as error:
                log.warning("jobs: %s", error)
                self.running_task = False
                connection.close()
                self.enough.wait(RETRY)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """The first time, ends with the present job; the second time at once."""
        if self.running:
            threading.Thread(target=self._lose_patience, daemon=True).start()
        super().shutdown(signum, frame)

    def _lose_patience(self) -> None:
        if not self.enough.wait(self._patience):
            log.warning("the job goes back to wait")
            _leave(self.worker_id)
            os._exit(0)


def _leave(name: str) -> None:
    try:
        give_back_of(name)
        Worker.objects.filter(name=name).update(ended_at=Now())
    except DatabaseError as error:
        log.warning("worker: %s", error)


def _registered() -> Worker:
    host = platform.node().replace(" ", "-")[:40]
    name = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
    return Worker.objects.create(name=name, host=host, process=os.getpid(), started_at=Now(), beat_at=Now())


def end(worker: Worker) -> None:
    """It works no more, and what it had begun waits again."""
    connection.close()  # as the job left it
    _leave(worker.name)
    connections.close_all()


def _pulse_of(me: Worker) -> Loop:
    def beat(stop: threading.Event) -> None:
        tidied = 0.0
        while True:
            close_old_connections()
            try:
                Worker.objects.filter(pk=me.pk).update(beat_at=Now())
                give_back_of_dead()
                if time.monotonic() - tidied > TIDY or not tidied:
                    tidied = time.monotonic()
                    forget_finished()
            except DatabaseError as error:
                log.warning("pulse: %s", error)
            if stop.wait(BEAT):
                connection.close()
                return

    return beat


def alive() -> set[str]:
    """The names of the workers that live. All clocks are that of the database."""
    fresh = Worker.objects.filter(ended_at=None, beat_at__gt=Now() - SILENCE)
    here = platform.node().replace(" ", "-")[:40]
    return {one.name for one in fresh if one.host != here or is_alive(one.process)}


def give_back_of_dead() -> int:
    """Puts the jobs of workers that died back to wait; returns how many."""
    running = list(DBTaskResult.objects.running().order_by()[:100])
    if not running:
        return 0
    living = alive()
    return sum(_give_back(job) for job in running if not set(job.worker_ids[-1:]) & living)


def give_back_of(name: str) -> int:
    """Puts the jobs of one worker back to wait; returns how many."""
    running = DBTaskResult.objects.running().order_by()
    return sum(_give_back(job) for job in running if job.worker_ids[-1:] == [name])


def _give_back(job: DBTaskResult[..., None]) -> int:
    """Only while it is as we saw it: others look, too."""
    if len(job.worker_ids) >= MOST_TRIES:
        log.error("job %s was begun %d times and is given up", job.task_path, MOST_TRIES)
        job.set_failed(EngineStopped(f"its worker stopped {MOST_TRIES} times"))
        return 0
    seen = DBTaskResult.objects.running().filter(pk=job.pk, started_at=job.started_at)
    return seen.update(status="READY", started_at=None)


def forget_finished() -> None:
    """Forgets jobs that ended and workers that went, after a while."""
    ended = DBTaskResult.objects.finished().filter(finished_at__lt=Now() - REMEMBERED)
    ended.order_by().delete()
    Worker.objects.filter(beat_at__lt=Now() - REMEMBERED).delete()
