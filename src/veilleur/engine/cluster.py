"""On a Dask cluster: of this machine, or one that somebody runs elsewhere.

The cluster keeps a chunk until its answer has been fetched: when a worker dies, with chunks or with
answers, the scheduler has them read again by another one. Reading depends on the chunk alone, so
that nothing is lost, doubled or different.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from veilleur.engine.extras import require
from veilleur.engine.sources import Chunk
from veilleur.engine.work import Answer
from veilleur.errors import EngineStopped
from veilleur.reading import installed_reader, read
from veilleur.reading.memory import rare_collections

AHEAD = 4
"""Chunks per thread of the cluster that may be answered before the one whose turn it is."""
PATIENCE = 60
"""Seconds in which a cluster elsewhere must show at least one worker."""
_FRUGAL = {
    # The reader is all that runs: no need to look at its stack a hundred times per second.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.active-memory-manager.start": False,
    # Without Dask's MALLOC_TRIM_THRESHOLD_, which gives the memory of every batch back to the system.
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1
    ),
}
"""Settings for a cluster of our own: at their defaults, its watching costs a tenth of the reading."""


def on_dask(work: Callable[[Chunk], Answer], chunks: Iterator[Chunk], address: str) -> Iterator[Answer]:
    """On the workers at `address`, or on a cluster of this machine when it is empty.

    Raises `ExtraMissing`; `EngineStopped` when nobody answers there, when the workers do not read as
    this process does, or when one chunk has killed several.
    """
    distributed = require("distributed", "dask", "The engine dask")
    reader = installed_reader().version
    with _client(distributed, address) as client:
        ahead = AHEAD * max(1, sum(client.nthreads().values()))
        waiting: deque[Any] = deque()
        for chunk in chunks:
            waiting.append(client.submit(_answer, work, reader, chunk, pure=False))
            if len(waiting) >= ahead:
                yield _result(distributed, waiting.popleft())
        while waiting:
            yield _result(distributed, waiting.popleft())


def _answer(work: Callable[[Chunk], Answer], reader: str, chunk: Chunk) -> Answer:
    """What a worker does. `reader` is how the process that asked would read."""
    with rare_collections():
        ours = _settled()
        if ours != reader:
            raise EngineStopped(
                f"the worker {os.uname().nodename} reads as “{ours}”, this process as “{reader}”. "
                "Install the same version and extensions, with the same settings, on both."
            )
        return work(chunk)


@cache
def _settled() -> str:
    """The reader of this worker, loaded once: it stays for good, and no garbage is looked for in it."""
    version = installed_reader().version
    read([])
    gc.freeze()
    return version


@contextmanager
def _client(distributed: Any, address: str) -> Iterator[Any]:
    if not address:
        with _own_cluster(distributed) as cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(address)
    except (OSError, ValueError) as error:
        raise EngineStopped(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        _await_workers(client, address)
        yield client


def _own_cluster(distributed: Any) -> Any:
    """One worker per core; a nanny starts another one when it dies."""
    dask = require("dask", "dask", "The engine dask")
    with dask.config.set(_FRUGAL):  # workers take their settings along when they are started
        return distributed.LocalCluster(
            n_workers=len(os.sched_getaffinity(0)),
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs="CRITICAL",
        )


def _await_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise EngineStopped(f"the Dask scheduler at {address} has no worker") from error


def _result(distributed: Any, future: Any) -> Answer:
    try:
        answer: Answer = future.result()
    except (distributed.KilledWorker, distributed.CancelledError) as error:
        raise EngineStopped(f"the Dask workers keep dying, perhaps for lack of memory: {error}") from error
    return answer
