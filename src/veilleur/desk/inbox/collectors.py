"""Sources are asked when they are due, several at once, for as long as the worker lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from veilleur.desk.inbox.collecting import Way, collect
from veilleur.desk.sources import leases
from veilleur.desk.sources.models import Fetch, Listening
from veilleur.errors import VeilleurError
from veilleur.listening.connector import Capability, connectors

log = logging.getLogger(__name__)
AT_ONCE = 4
"""Sources asked at the same time: most of the time is waiting for networks."""
TICK = 0.5
"""Seconds between two looks at what is due."""
KEPT = timedelta(days=30)
"""How long it is remembered when a source was asked."""
TIDY = 3600.0


class Collector:
    """Asks what is due; `step` once, or `run` until told to stop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="collect")
        self._at_once = at_once
        self._asked: dict[int, Future[None]] = {}
        self._streams: dict[int, threading.Thread] = {}

    def step(self) -> int:
        """Begins to ask what is due and not being asked; returns how many."""
        for source in [source for source, work in self._asked.items() if work.done()]:
            _look_into(source, self._asked.pop(source))
        room = 2 * self._at_once - len(self._asked)
        waiting = leases.due(timezone.now(), 4 * self._at_once) if room > 0 else []
        fresh = [source for source in waiting if source not in self._asked][:room]
        for source in fresh:
            self._asked[source] = self._pool.submit(_collect, source, "fetch")
        return len(fresh)

    def run(self, stop: threading.Event) -> None:
        """`step`, again and again."""
        tidied = 0.0
        while not stop.wait(TICK):
            close_old_connections()
            try:
                leases.release_dead()
                self.step()
                self._keep_streaming()
                tidied -= TICK
                if tidied <= 0:
                    tidied = TIDY
                    forget_old_fetches()
            except (DatabaseError, VeilleurError) as error:
                log.warning("collecting: %s", error)
        self._pool.shutdown(wait=True, cancel_futures=True)
        connection.close()

    def _keep_streaming(self) -> None:
        """One thread for each source that streams; one that ended begins again when the source is due."""
        self._streams = {source: thread for source, thread in self._streams.items() if thread.is_alive()}
        for source in streaming() - self._streams.keys():
            thread = threading.Thread(target=_collect, args=(source, "stream"), daemon=True)
            self._streams[source] = thread
            thread.start()


def _look_into(source: int, work: Future[None]) -> None:
    """What nobody foresaw ends the asking of one source, not the collector; the lease runs out by itself."""
    error = work.exception()
    if error is not None:
        log.error("source %d", source, exc_info=error)


def streaming() -> set[int]:
    """Sources to be listened to live: their network allows it, a person wants it, their past is there."""
    names = [name for name, made in connectors().items() if Capability.STREAM in made.capabilities]
    if not names:
        return set()
    wanted = Listening.objects.filter(source__connector__in=names, is_live=True, is_paused=False)
    ready = wanted.filter(leased_until=None, failures=0, next_at__gt=timezone.now())
    return set(ready.exclude(caught_up_at=None).values_list("pk", flat=True))


def _collect(source: int, way: Way) -> None:
    close_old_connections()
    try:
        collect(source, way)
    except DatabaseError as error:
        log.warning("source %d: %s", source, error)
    finally:
        connection.close()


def collect_once(sources: Iterable[int]) -> None:
    """Asks these sources now, one after another, until each has nothing more to bring at once."""
    for source in sources:
        Listening.objects.filter(pk=source, next_at__isnull=False).update(next_at=timezone.now())
        while True:
            took = collect(source)
            if (
                took is None
                or took.trouble
                or not Listening.objects.filter(pk=source, next_at__lte=timezone.now())
            ):
                break


def forget_old_fetches() -> int:
    """Forgets when sources were asked long ago; returns how many lines went."""
    return Fetch.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]
