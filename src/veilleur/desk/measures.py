"""What processes count as they work: requests and reading, for `/metrics`.

The server and its workers are several processes: each counts in a file of its own in `metrics/` of the data
directory, and whoever is asked adds the files up. Other commands count for nobody.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that says where; prometheus-client reads it, too."""
STALE = 7 * 24 * 3600
"""Seconds after which the file of a process elsewhere is taken for left behind."""


class _Counted(NamedTuple):
    registry: CollectorRegistry
    requests: Histogram
    reading: Histogram
    messages: Counter


@cache
def _counted() -> _Counted:
    if FOLDER in os.environ:
        values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    return _Counted(
        registry,
        Histogram(
            "veilleur_request_seconds",
            "Time to answer, by view.",
            ["view", "method", "status"],
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        ),
        Histogram(
            "veilleur_reading_seconds",
            "Time to read and sort a batch of messages.",
            registry=registry,
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        ),
        Counter("veilleur_messages_read", "Messages read and sorted.", registry=registry),
    )


def _process() -> str:
    """This process among those that share the directory; `_` parts the names of the files."""
    return f"{_host()}-{os.getpid()}"


def _host() -> str:
    return platform.node().replace("_", "-")


def answered(view: str, method: str, status: int, seconds: float) -> None:
    """Counts a request."""
    _counted().requests.labels(view, method, str(status)).observe(seconds)


def read(messages: int, seconds: float) -> None:
    """Counts a batch of messages that was read."""
    _counted().reading.observe(seconds)
    _counted().messages.inc(messages)


@contextmanager
def reading(messages: int) -> Iterator[None]:
    """Counts a batch that is read meanwhile."""
    start = time.perf_counter()
    yield
    read(messages, time.perf_counter() - start)


def registry() -> CollectorRegistry:
    """All that was counted, by every process that counts."""
    if FOLDER not in os.environ:
        return _counted().registry
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def count_together(data_directory: Path, *, tidy: bool) -> None:
    """From now on this process and those it starts count with the others of the desk.

    `tidy` removes what processes of this machine that live no more have counted.
    """
    folder = data_directory / "metrics"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ[FOLDER] = str(folder)
    _counted.cache_clear()
    if tidy:
        forget_dead(folder)


def forget_dead(folder: Path) -> None:
    """Removes the files of processes that live no more: counters begin again, as Prometheus expects."""
    for path in folder.glob("*.db"):
        host, _dash, process = path.stem.rpartition("_")[2].rpartition("-")
        is_dead = host == _host() and not Path(f"/proc/{process}").exists()
        if is_dead or time.time() - path.stat().st_mtime > STALE:
            path.unlink(missing_ok=True)
