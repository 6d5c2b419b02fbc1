"""Figures that the database knows, for Prometheus: the same whichever process is asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from veilleur import __version__
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.sources.models import Listening
from veilleur.desk.upkeep.models import Worker
from veilleur.triage import house_policy

FRESH = 15.0
"""Seconds that figures are used again: who asks more often costs nothing."""
MOST_ORGANISATIONS = 500
MOST_TICKETS = 10_000
"""Of one organisation that are counted."""
BEATS = timedelta(seconds=30)
"""A worker whose pulse is younger lives."""


class DatabaseFigures(Collector):
    """Asks the database, at most once in `FRESH` seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = 0.0
        self._known: list[GaugeMetricFamily] = []

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked of the database for being registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; without the database, that it is not there."""
        with self._lock:
            if not self._known or time.monotonic() - self._asked > FRESH:
                self._known, self._asked = _asked(), time.monotonic()
            yield from self._known


def _asked() -> list[GaugeMetricFamily]:
    version = GaugeMetricFamily("veilleur_build", "The version that answers.", labels=["version"])
    version.add_metric([__version__], 1)
    reached = GaugeMetricFamily("veilleur_database_up", "Whether the database answers.")
    try:
        figures = [_jobs(), _oldest_job(), _workers(), _sources(), _tickets()]
    except DatabaseError:
        figures = []
    reached.add_metric([], float(bool(figures)))
    return [version, reached, *figures]


def _family(name: str, about: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"veilleur_{name}", about, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _jobs() -> GaugeMetricFamily:
    states = {"READY": "waiting", "RUNNING": "running", "FAILED": "failed"}
    counted = (
        DBTaskResult.objects.filter(status__in=states).values_list("status").annotate(Count("id")).order_by()
    )
    counts = {states[status]: count for status, count in counted}
    return _family(
        "jobs",
        "Jobs by state; failed ones of the last days.",
        "state",
        dict.fromkeys(states.values(), 0) | counts,
    )


def _oldest_job() -> GaugeMetricFamily:
    waiting = (
        DBTaskResult.objects.filter(status="READY").order_by().aggregate(first=Min("enqueued_at"))["first"]
    )
    age = (timezone.now() - waiting).total_seconds() if waiting else 0.0
    return GaugeMetricFamily(
        "veilleur_oldest_job_seconds", "Age of the job that waits longest.", value=max(0.0, age)
    )


def _workers() -> GaugeMetricFamily:
    alive = Worker.objects.filter(ended_at=None, beat_at__gt=Now() - BEATS).count()
    return GaugeMetricFamily("veilleur_workers", "Workers whose pulse is felt.", value=alive)


def _sources() -> GaugeMetricFamily:
    counts = Counter[str]()
    for is_paused, trouble, count in Listening.objects.values_list("is_paused", "trouble").annotate(
        Count("pk")
    ):
        counts["paused" if is_paused else trouble or "well"] += count
    return _family("sources", "Sources that are listened to, by how they fare.", "state", dict(counts))


def _tickets() -> GaugeMetricFamily:
    """By the queues of the policy of the house: those that organisations name themselves are one."""
    named = {queue.id for queue in house_policy().queues}
    counts = Counter[str](dict.fromkeys([*named, "other"], 0))
    for organisation in Organisation.objects.order_by("pk").values_list("pk", flat=True)[:MOST_ORGANISATIONS]:
        to_do = TicketRow.objects.filter(organisation=organisation, to_do=True).order_by("-position")
        queues = to_do.values_list("queue", flat=True)[:MOST_TICKETS]
        counts.update(queue if queue in named else "other" for queue in queues)
    return _family(
        "tickets_to_do", "Open tickets by queue, at most 10,000 of an organisation.", "queue", dict(counts)
    )


FIGURES = CollectorRegistry()
FIGURES.register(DatabaseFigures())
