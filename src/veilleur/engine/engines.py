"""Where the work is done: this process, all cores, a Dask cluster. Same answers, same order."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from veilleur.engine.cluster import on_dask
from veilleur.engine.sources import Chunk
from veilleur.engine.work import Answer, Work
from veilleur.errors import EngineStopped, InvalidInput, VeilleurError
from veilleur.reading import read
from veilleur.reading.memory import rare_collections

Engine = Callable[[Work, Iterator[Chunk]], Iterator[Answer]]
"""Answers in the order of the chunks, a few chunks being on their way at a time."""

_AHEAD = 4
"""Chunks per process that may be answered before the one whose turn it is."""


def engine(name: str) -> Engine:
    """`process`, `cores`, `dask` (a cluster on this machine) or `dask=tcp://host:port`.

    Raises `InvalidInput` for another name.
    """
    kind, _, address = name.partition("=")
    if kind == "process" and not address:
        return in_this_process
    if kind == "cores" and not address:
        return on_all_cores
    if kind == "dask":
        return lambda work, chunks: on_dask(work, chunks, address)
    raise InvalidInput(f"there is no engine “{name}”: process, cores, dask or dask=tcp://host:port")


def in_this_process(work: Work, chunks: Iterator[Chunk]) -> Iterator[Answer]:
    """One after the other."""
    with rare_collections():
        yield from map(work, chunks)


def on_all_cores(work: Work, chunks: Iterator[Chunk], processes: int = 0) -> Iterator[Answer]:
    """As many processes beside this one as it may use cores (or `processes` of them).

    Raises `EngineStopped` when one dies.
    """
    pool = _Pool(work, processes or len(os.sched_getaffinity(0)))
    try:
        yield from _in_order(pool, chunks)
    finally:
        pool.close()


class _Pool:
    """Processes that end when this one does, however that happens: each waits at its own pipe."""

    def __init__(self, work: Work, processes: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.size = processes
        self._processes = []
        self.idle: list[Connection] = []
        self.busy: list[Connection] = []
        for _ in range(processes):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(theirs, work), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            self.idle.append(ours)

    def give(self, chunk: Chunk) -> None:
        """Sends a chunk to a process that has nothing to do; there must be one."""
        pipe = self.idle.pop()
        try:
            pipe.send(chunk)
        except OSError as error:
            raise EngineStopped(_GONE) from error
        self.busy.append(pipe)

    def take(self) -> list[Answer]:
        """Waits until at least one process has answered."""
        answers = []
        for pipe in wait(self.busy):
            assert isinstance(pipe, Connection)  # noqa: S101 - `wait` was given nothing else
            answers.append(_received(pipe))
            self.busy.remove(pipe)
            self.idle.append(pipe)
        return answers

    def close(self) -> None:
        """Tells the processes to end, and waits for them."""
        for pipe in (*self.idle, *self.busy):
            pipe.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()


_GONE = (
    "A process that reads messages has stopped, perhaps for lack of memory. Run the command again to resume."
)


def _in_order(pool: _Pool, chunks: Iterator[Chunk]) -> Iterator[Answer]:
    """Gives a chunk to whoever is idle; keeps answers that came early until it is their turn."""
    turns: deque[int] = deque()
    early: dict[int, Answer] = {}
    upcoming = next(chunks, None)
    while upcoming or turns:
        while upcoming and pool.idle and len(turns) < _AHEAD * pool.size:
            turns.append(upcoming.number)
            pool.give(upcoming)
            upcoming = next(chunks, None)
        early |= {answer.number: answer for answer in pool.take()}
        while turns and turns[0] in early:
            yield early.pop(turns.popleft())


def _received(pipe: Connection) -> Answer:
    try:
        answer: Answer | VeilleurError = pipe.recv()
    except (EOFError, OSError) as error:
        raise EngineStopped(_GONE) from error
    if isinstance(answer, VeilleurError):
        raise answer
    return answer


def _serve(pipe: Connection, work: Work) -> None:
    """The life of one process: until the first one closes the pipe, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process to handle
    with rare_collections(), suppress(EOFError, OSError):
        read([])  # loads the lexicons while the first chunk is being cut
        gc.freeze()  # they stay for good: no need to look for garbage in them
        while True:
            pipe.send(_answer_or_error(work, pipe.recv()))


def _answer_or_error(work: Work, chunk: Chunk) -> Answer | VeilleurError:
    try:
        return work(chunk)
    except VeilleurError as error:
        return error
