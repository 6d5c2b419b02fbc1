"""One import, from a kept file to tickets: killed at any instant, it resumes without loss or double.

Rows are taken in batches. What a batch adds, its refused rows, the counters and the cursor are
one transaction, and the cursor moves only if nobody else moved it (`sources.running`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from veilleur.desk.inbox.bulk import insert
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.preparing import Beside, Here, Prepared, Preparer, in_turn
from veilleur.desk.inbox.storing import store
from veilleur.desk.sources import files, running
from veilleur.desk.sources.models import CollectionRun, RejectedRow, RunState
from veilleur.errors import Cancelled, FileRefused, Outdated, VeilleurError
from veilleur.listening.files import (
    Accepted,
    Mapping,
    Rejected,
    Table,
    labelled,
    open_table,
    pseudonymiser,
    read_mentions,
    sentence,
)
from veilleur.reading.memory import rare_collections
from veilleur.vocabulary import Mention

BATCH = 1_000
"""Rows in one transaction: about a quarter of a second, so that the desk never waits long to write."""
WORTH_A_PROCESS = 8_000
"""Rows from which other processes earn back the second or two that they need to start."""
READERS = 2
"""Reading takes about twice as long as storing: two processes read while this one stores."""

Listener = Callable[[CollectionRun], None]
Item = TypeVar("Item")


@dataclass(slots=True)
class Batch:
    """Consecutive rows of the file."""

    mentions: list[Mention] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.mentions) + len(self.rejected)


def _in_silence(_run: CollectionRun) -> None:
    """Nobody watches."""


def collect(run_id: int, on_progress: Listener = _in_silence) -> CollectionRun:
    """Imports, or goes on importing, the file of a run; returns the run, done.

    `on_progress` is called after each batch is safe. Raises `Cancelled` when a person stopped it,
    `Outdated` when another process has it, and `FileRefused`, `PluginInvalid`, `OSError` or
    `DatabaseError` when it cannot go on; all but `Outdated` are noted on the run, which can be
    resumed.
    """
    run = running.claim(run_id)
    try:
        _import_rows(run, on_progress)
    except Outdated:
        raise
    except Cancelled:
        running.end(run, RunState.CANCELLED)
        raise
    except (VeilleurError, OSError, DatabaseError) as error:
        running.end(run, RunState.FAILED, in_words(error, run.organisation.language))
        raise
    running.end(run, RunState.DONE)
    files.forget(run)
    return run


def in_words(error: Exception, language: str) -> str:
    """What went wrong, for a person."""
    if isinstance(error, FileRefused) and error.code:
        return sentence(error.code, error.details, language)
    return str(error)


def _import_rows(run: CollectionRun, on_progress: Listener) -> None:
    table = open_table(files.location(run))
    on_progress(run)
    with rare_collections(), ExitStack() as ends:
        preparers = [ends.enter_context(closing(preparer)) for preparer in _preparers(run)]
        for batch, prepared in in_turn(preparers, _batches(run, table)):
            if running.must_stop(run):
                raise Cancelled(_("The import is stopped; what was imported stays."))
            _commit(run, batch, prepared)
            on_progress(run)


def _preparers(run: CollectionRun) -> list[Preparer]:
    assert run.started_at is not None  # noqa: S101 - claimed
    left = (run.total or 0) - run.cursor
    if left < WORTH_A_PROCESS or len(os.sched_getaffinity(0)) < 2:
        return [Here(policy_of(run.organisation), run.started_at)]
    return [Beside(policy_of(run.organisation), run.started_at) for _number in range(READERS)]


def _batches(run: CollectionRun, table: Table) -> Iterator[Batch]:
    assert run.started_at is not None  # noqa: S101 - claimed
    outcomes = read_mentions(
        table,
        Mapping.from_json(run.mapping),
        source=run.source.key,
        collected_at=run.started_at,
        pseudonym=pseudonymiser(bytes.fromhex(settings.KEYS["pseudonyms"])),
        skip=run.cursor,
    )
    for outcomes_of_batch in _sliced(outcomes, BATCH):
        batch = Batch()
        for outcome in outcomes_of_batch:
            if isinstance(outcome, Accepted):
                batch.mentions.append(outcome.mention)
            else:
                batch.rejected.append(outcome)
        yield batch


def _sliced(items: Iterable[Item], size: int) -> Iterator[Iterator[Item]]:
    iterator = iter(items)
    for first in iterator:
        yield chain((first,), islice(iterator, size - 1))


@transaction.atomic
def _commit(run: CollectionRun, batch: Batch, prepared: list[Prepared]) -> None:
    assert run.started_at is not None  # noqa: S101 - claimed
    counts = store(run.source, prepared, run.started_at)
    insert(RejectedRow, [_rejected_row(run, rejected) for rejected in batch.rejected])
    running.advance(
        run,
        len(batch),
        {
            "added": counts.added,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "rejected": len(batch.rejected),
        },
    )


def _rejected_row(run: CollectionRun, rejected: Rejected) -> dict[str, object]:
    return {
        "run_id": run.pk,
        "line": rejected.line,
        "column": rejected.column[:200],
        "code": rejected.code,
        "message": rejected.sentence("en"),
        "details": dict(rejected.details),
        "cells": labelled(run.headers, rejected.row),
    }
