"""Reads of sources and runs, ready to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources import files
from veilleur.desk.sources.models import CollectionRun, RejectedRow, RunState, Source
from veilleur.desk.sources.running import is_interrupted
from veilleur.listening.files import (
    Accepted,
    Mapping,
    Problem,
    Rejected,
    Row,
    Table,
    check_mapping,
    codes,
    open_table,
    pseudonymiser,
    read_mentions,
    sentence,
    unlabelled,
    write_rejects,
)
from veilleur.vocabulary import Mention, Precision, Rating

LOOKED_AT = 200
"""Rows of a file that the preview reads."""
SHOWN = 10
RUNS_SHOWN = 50
REJECTS_SHOWN = 50
STARS = 5


@dataclass(frozen=True, slots=True)
class RunCard:
    """One run, as a list or its own page shows it."""

    pk: int
    file_name: str
    source_key: str
    source_name: str
    state: str
    state_words: str
    created_at: datetime
    finished_at: datetime | None
    by: str
    """Name of the person who asked for it; empty for a command."""
    done: int
    total: int
    percent: int
    added: int
    updated: int
    unchanged: int
    rejected: int
    failure: str
    interrupted: bool

    is_draft: bool
    is_live: bool
    """Waits or runs: the page asks again by itself."""
    is_done: bool
    can_stop: bool
    can_resume: bool
    can_discard: bool


@dataclass(frozen=True, slots=True)
class SourceCard:
    """One source and what came of it."""

    key: str
    name: str
    runs: int
    last_at: datetime | None


def sources_of(organisation: Organisation) -> list[SourceCard]:
    """The sources of an organisation that files came from, by name."""
    done = Q(runs__state=RunState.DONE)
    rows = Source.objects.filter(organisation=organisation).order_by("name")
    counted = rows.annotate(count=Count("runs", filter=done), last=Max("runs__finished_at", filter=done))
    files = [row for row in counted if row.count or not row.connector]
    return [SourceCard(row.key, row.name, row.count, row.last) for row in files]


def runs_of(organisation: Organisation) -> list[RunCard]:
    """The latest runs, newest first."""
    return [run_card(run) for run in _runs(organisation).order_by("-created_at", "-pk")[:RUNS_SHOWN]]


def run_of(organisation: Organisation, pk: int) -> CollectionRun:
    """One run; 404 when it is not of this organisation."""
    return get_object_or_404(_runs(organisation), pk=pk)


def _runs(organisation: Organisation) -> QuerySet[CollectionRun]:
    runs = CollectionRun.objects.select_related("organisation", "source", "requested_by")
    return runs.filter(organisation=organisation)


def run_card(run: CollectionRun) -> RunCard:
    """The run as it is now."""
    interrupted = is_interrupted(run)
    live = run.state in {RunState.WAITING, RunState.RUNNING} and not interrupted
    stopped = interrupted or run.state in {RunState.CANCELLED, RunState.FAILED}
    return RunCard(
        pk=run.pk,
        file_name=run.file_name,
        source_key=run.source.key,
        source_name=run.source.name,
        state=run.state,
        state_words=run.get_state_display(),
        created_at=run.created_at,
        finished_at=run.finished_at,
        by=str(run.requested_by or ""),
        done=run.cursor,
        total=run.total or 0,
        percent=100 * run.cursor // run.total if run.total else 0,
        added=run.added,
        updated=run.updated,
        unchanged=run.unchanged,
        rejected=run.rejected,
        failure=run.failure,
        interrupted=interrupted,
        is_draft=run.state == RunState.DRAFT,
        is_live=live,
        is_done=run.state == RunState.DONE,
        can_stop=live and not run.cancel_requested,
        can_resume=stopped and bool(run.path),
        can_discard=bool(run.path) and run.state in {RunState.DRAFT, RunState.CANCELLED, RunState.FAILED},
    )


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported, and why."""

    line: int
    column: str
    reason: str


def rejects_of(run: CollectionRun, language: str) -> list[RefusedRow]:
    """The first refused rows of a run."""
    rows = RejectedRow.objects.filter(run=run).order_by("line", "pk")[:REJECTS_SHOWN]
    return [RefusedRow(row.line, row.column, _reason(row, language)) for row in rows]


def write_rejects_of(run: CollectionRun, path: Path, language: str) -> int:
    """Writes every refused row of a run to a CSV file that can be mended and imported again."""
    return write_rejects(_rejected_rows(run, language), path, run.headers, language)


def _rejected_rows(run: CollectionRun, language: str) -> Iterator[tuple[Row, str]]:
    for row in RejectedRow.objects.filter(run=run).order_by("line", "pk").iterator():
        yield Row(row.line, unlabelled(run.headers, row.cells)), _reason(row, language)


def _reason(row: RejectedRow, language: str) -> str:
    return sentence(row.code, row.details, language) if row.code in codes() else row.message


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """One row as it will be read."""

    line: int
    published_at: datetime | None
    day_only: bool
    stars: str
    rating: str
    author: str
    title: str
    text: str
    network: str
    place: str
    question: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make of the file, read from its first rows."""

    format: str
    samples: tuple[str, ...]
    """First value of each column, in the order of the headers."""
    messages: tuple[PreviewedMessage, ...]
    problems: tuple[tuple[bool, str], ...]
    """(blocking, sentence), blocking ones first."""
    refused: tuple[RefusedRow, ...]
    looked_at: int

    @property
    def can_start(self) -> bool:
        """Whether nothing blocks the import."""
        return not any(blocking for blocking, _sentence in self.problems)


def preview(run: CollectionRun, mapping: Mapping, language: str) -> Preview:
    """Reads the first rows of the kept file. Raises `FileRefused` when it cannot be read any more."""
    table = open_table(files.location(run))
    problems = check_mapping(mapping, table)
    outcomes = [] if _names_no_column(problems) else list(islice(_outcomes(run, table, mapping), LOOKED_AT))
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    return Preview(
        format=" ".join(filter(None, (table.format.value.upper(), table.encoding, table.sheet))),
        samples=_samples(table),
        messages=tuple(_message(one) for one in accepted[:SHOWN]),
        problems=tuple((problem.blocking, problem.sentence(language)) for problem in problems),
        refused=tuple(RefusedRow(one.line, one.column, one.sentence(language)) for one in rejected),
        looked_at=len(outcomes),
    )


def _names_no_column(problems: list[Problem]) -> bool:
    return any(problem.code == "column_missing" for problem in problems)


def _outcomes(run: CollectionRun, table: Table, mapping: Mapping) -> Iterator[Accepted | Rejected]:
    key = bytes.fromhex(settings.KEYS["pseudonyms"])
    return read_mentions(
        table, mapping, source=run.source.key, collected_at=timezone.now(), pseudonym=pseudonymiser(key)
    )


def _samples(table: Table) -> tuple[str, ...]:
    samples = [""] * len(table.headers)
    for row in islice(table.rows(), SHOWN):
        for index, cell in enumerate(row.cells[: len(samples)]):
            samples[index] = samples[index] or cell
    return tuple(samples)


def _message(outcome: Accepted) -> PreviewedMessage:
    mention: Mention = outcome.mention
    return PreviewedMessage(
        line=outcome.row.line,
        published_at=mention.published_at,
        day_only=mention.precision is Precision.DAY,
        stars=_stars(mention.rating),
        rating=_written(mention.rating),
        author=mention.author,
        title=mention.title,
        text=mention.text,
        network=mention.network,
        place=mention.place,
        question=mention.question,
    )


def _written(rating: Rating | None) -> str:
    return f"{rating.value:g} ({rating.worst:g} → {rating.best:g})" if rating else ""


def _stars(rating: Rating | None) -> str:
    if rating is None:
        return ""
    full = round(1 + rating.share * (STARS - 1))
    return "★" * full + "☆" * (STARS - full)
