"""Mentions → what their rows will hold: read and sorted, here or in a process beside this one.

Reading costs more than writing, so a long import reads the next batches in other processes while
the first one writes. Both ways give the same columns to the byte. No Django here.
"""

from __future__ import annotations

import copyreg
import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import cycle
from multiprocessing.connection import Connection
from operator import attrgetter
from time import perf_counter
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

import orjson

from veilleur.desk import measures
from veilleur.desk.inbox.columns import (
    Columns,
    facts_columns,
    mention_columns,
    read_columns,
    reading_columns,
    ticket_columns,
)
from veilleur.errors import VeilleurError
from veilleur.listening.queries import marks_of
from veilleur.reading import read
from veilleur.reading.memory import rare_collections
from veilleur.reputation.likeness import Sketch, sketches
from veilleur.triage import Policy, route
from veilleur.vocabulary import Mention, Rating

_values_of_a_mention = attrgetter(*(item.name for item in fields(Mention)))
# By itself, a frozen dataclass with slots asks for its fields at each pickling: slow.
copyreg.pickle(Mention, lambda mention: (Mention, _values_of_a_mention(mention)))
copyreg.pickle(Rating, lambda rating: (Rating, (rating.value, rating.worst, rating.best)))


AT_ONCE = 1_000
"""Messages read together: an import has the memory, and is a twentieth quicker for it."""


class Prepared(NamedTuple):
    """One mention, ready to be stored."""

    mention: Columns
    collected_at: datetime
    reading: Columns
    ticket: Columns
    """Of the ticket a new mention gets; holds what the list repeats, too. JSON is text already."""
    marks: str
    """What a query may ask of it: see `marks_of`."""
    sketch: Sketch
    """By which others that say the same are found."""


Judged: TypeAlias = tuple[Columns, Columns, str, Sketch]
"""Of one mention, what takes time to tell: columns of its reading and ticket, its marks, its sketch."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """Reads and sorts batches for one organisation, as of one moment."""

    policy: Policy
    now: datetime
    at_once: int = AT_ONCE

    def __call__(self, mentions: Sequence[Mention]) -> list[Judged]:
        """What is read in `mentions` and where they go, in the same order."""
        return [
            (
                _encoded(reading_columns(reading), "findings"),
                _encoded(ticket_columns(route(mention, reading, self.policy, self.now)), "reasons")
                | read_columns(reading),
                marks_of(mention, reading),
                sketch,
            )
            for mention, reading, sketch in zip(
                mentions, read(mentions, self.at_once), sketches(list(map(_said, mentions))), strict=True
            )
        ]


def _said(mention: Mention) -> str:
    return f"{mention.title}\n{mention.text}"


def prepared(mentions: Sequence[Mention], judged: Sequence[Judged]) -> list[Prepared]:
    """With what the mentions say by themselves: no need to have that sent by another process."""
    return [
        Prepared(
            mention_columns(mention, reading["digest"]),
            mention.collected_at,
            reading,
            ticket | facts_columns(mention),
            marks,
            sketch,
        )
        for mention, (reading, ticket, marks, sketch) in zip(mentions, judged, strict=True)
    ]


def _encoded(columns: Columns, name: str) -> Columns:
    columns[name] = orjson.dumps(columns[name]).decode()
    return columns


class Preparer(Protocol):
    """Takes one batch at a time: `give`, then `take`, then `give`…"""

    def give(self, mentions: Sequence[Mention]) -> None:
        """Hands over a batch; may return before it is read."""

    def take(self) -> list[Prepared]:
        """The batch that was given last, prepared."""

    def close(self) -> None:
        """Ends; harmless when a batch was not taken."""


class Batch(Protocol):
    """Anything that brings messages."""

    @property
    def mentions(self) -> Sequence[Mention]:
        """Those to read."""


Brought = TypeVar("Brought", bound=Batch)


def in_turn(
    preparers: Sequence[Preparer], batches: Iterable[Brought]
) -> Iterator[tuple[Brought, list[Prepared]]]:
    """Each batch with what was prepared of it, in order; the next ones are being prepared meanwhile."""
    waiting: deque[tuple[Preparer, Brought]] = deque()
    for preparer, batch in zip(cycle(preparers), batches, strict=False):
        ready = _taken(waiting) if len(waiting) == len(preparers) else None
        preparer.give(batch.mentions)
        waiting.append((preparer, batch))
        if ready:
            yield ready
    while waiting:
        yield _taken(waiting)


def _taken(waiting: deque[tuple[Preparer, Brought]]) -> tuple[Brought, list[Prepared]]:
    preparer, batch = waiting.popleft()
    return batch, preparer.take()


class Here:
    """Prepares in this process."""

    def __init__(self, policy: Policy, now: datetime) -> None:
        self._prepare = Preparation(policy, now)
        self._mentions: Sequence[Mention] = ()

    def give(self, mentions: Sequence[Mention]) -> None:
        """Keeps the batch until it is taken."""
        self._mentions = mentions

    def take(self) -> list[Prepared]:
        """Reads the batch now."""
        with measures.reading(len(self._mentions)):
            judged = self._prepare(self._mentions)
        return prepared(self._mentions, judged)

    def close(self) -> None:
        """Nothing to end."""


class Beside:
    """Prepares in a second process, which ends when this one does, however that happens.

    At most one batch is on its way: that is enough to keep both busy, and neither can wait for
    the other to empty a full pipe.
    """

    def __init__(self, policy: Policy, now: datetime) -> None:
        spawn = multiprocessing.get_context("spawn")  # never inherits an open database connection
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, policy, now), daemon=True)
        self._process.start()
        theirs.close()
        self._mentions: Sequence[Mention] = ()

    def give(self, mentions: Sequence[Mention]) -> None:
        """Sends the batch and returns."""
        self._mentions = mentions
        try:
            self._pipe.send(mentions)
        except OSError as error:
            raise ChildProcessError(_GONE) from error

    def take(self) -> list[Prepared]:
        """Waits for the batch. Raises what went wrong there, or `ChildProcessError`."""
        try:
            answer: list[Judged] | VeilleurError
            answer, seconds = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise ChildProcessError(_GONE) from error
        if isinstance(answer, VeilleurError):
            raise answer
        measures.read(len(self._mentions), seconds)
        return prepared(self._mentions, answer)

    def close(self) -> None:
        """Tells the other process to end, and waits for it."""
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()


_GONE = "The process that reads messages has stopped, perhaps for lack of memory. Resume the import."


def _serve(pipe: Connection, policy: Policy, now: datetime) -> None:
    """The life of the second process: until the first one closes the pipe, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process to handle
    with rare_collections(), suppress(EOFError, BrokenPipeError):
        prepare = Preparation(policy, now)
        prepare([])  # loads the lexicons while the first batch is still being parsed
        gc.freeze()  # they stay for good: no need to look for garbage in them, batch after batch
        while True:
            mentions = pipe.recv()
            start = perf_counter()
            pipe.send((_judged_or_error(prepare, mentions), perf_counter() - start))


def _judged_or_error(prepare: Preparation, mentions: Sequence[Mention]) -> list[Judged] | VeilleurError:
    try:
        return prepare(mentions)
    except VeilleurError as error:
        return error
