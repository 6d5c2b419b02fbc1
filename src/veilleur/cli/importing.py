"""`veilleur import`: a file to an organisation, resumable, with its refused rows."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from veilleur.cli.administration import organisation_of
from veilleur.cli.door import SOME_REFUSED, err, open_prepared_desk, out
from veilleur.cli.words import language, number, say
from veilleur.errors import Cancelled, InvalidInput
from veilleur.listening.files import (
    Accepted,
    Field,
    Mapping,
    Rejected,
    Scale,
    Table,
    check_mapping,
    open_table,
    pseudonymiser,
    read_mentions,
)

if TYPE_CHECKING:
    from veilleur.desk.accounts.models import Organisation
    from veilleur.desk.sources.models import CollectionRun, Source

SHOWN = 10
FIELDS = {
    Field.TEXT: ("text", "texte"),
    Field.TITLE: ("title", "titre"),
    Field.AUTHOR: ("author", "auteur"),
    Field.PUBLISHED_AT: ("date", "date"),
    Field.RATING: ("rating", "note"),
    Field.EXTERNAL_ID: ("identifier", "identifiant"),
    Field.URL: ("address", "adresse"),
    Field.NETWORK: ("network", "réseau"),
    Field.PLACE: ("place", "lieu"),
    Field.QUESTION: ("question", "question"),
    Field.LANGUAGE_HINT: ("language", "langue"),
    Field.THREAD: ("thread", "fil"),
}


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, ODS, JSON or JSON Lines.")],
    to: Annotated[str, typer.Option(help="Short name of the organisation.")],
    source: Annotated[str, typer.Option(help="Key of the source; otherwise made of the file's name.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="JSON of a mapping, instead of the guess.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Corrects the guess: field=Header, for instance text=Avis.")
    ] = None,
    scale: Annotated[str, typer.Option(help="Ends of the ratings, WORST:BEST, for instance 1:5.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the whole file, store nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Write the refused rows to this CSV file.")] = None,
) -> None:
    """Import a file. Stopped or killed, the same command goes on where it was."""
    open_prepared_desk()
    organisation = organisation_of(to)
    table = open_table(file)
    chosen = _corrected(_proposed(organisation, table, mapping), column or [], scale)
    _show_mapping(table, chosen)
    _refuse_unusable(chosen, table)
    if dry_run:
        _rehearse(table, chosen, source or _source_key(file))
        return
    run = _run_for(organisation, file, source or _source_key(file), chosen)
    _collect(run)
    _tell(run, rejects)
    if run.rejected:
        raise typer.Exit(SOME_REFUSED)


def _source_key(file: Path) -> str:
    from django.utils.text import slugify

    from veilleur.desk.sources.actions import source_name

    return slugify(source_name(file.name)) or "file"


def _proposed(organisation: Organisation, table: Table, file: Path | None) -> Mapping:
    from veilleur.desk.sources.actions import proposed_mapping

    if file is None:
        return proposed_mapping(organisation, table)
    try:
        given: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{file}: {error}") from error
    return Mapping.from_json(given)


def _corrected(mapping: Mapping, columns: list[str], scale: str) -> Mapping:
    fields = {name.value: name for name in Field}
    for correction in columns:
        name, equals, header = correction.partition("=")
        if not equals or name not in fields:
            raise InvalidInput(f"--column {correction}: field=Header; {', '.join(fields)}")
        change: dict[str, Any] = {name: header}
        mapping = replace(mapping, **change)
    if scale:
        mapping = replace(mapping, scale=_scale(scale))
    return mapping


def _scale(written: str) -> Scale:
    worst, _colon, best = written.partition(":")
    try:
        return Scale(float(worst), float(best))
    except ValueError as error:
        raise InvalidInput(f"--scale {written}: WORST:BEST, 1:5") from error


def _show_mapping(table: Table, mapping: Mapping) -> None:
    kind = " ".join(filter(None, (table.format.value, table.encoding, table.delimiter, table.sheet)))
    grid = Grid(say("field", "champ"), say("column", "colonne"), title=f"{table.path.name} ({kind})")
    for name, header in mapping.columns().items():
        grid.add_row(say(*FIELDS[name]), Text(header))
    if mapping.scale:
        grid.add_row(say("scale", "échelle"), f"{mapping.scale.worst:g} → {mapping.scale.best:g}")
    out.print(grid)


def _refuse_unusable(mapping: Mapping, table: Table) -> None:
    problems = check_mapping(mapping, table)
    for problem in problems:
        err.print(Text(problem.sentence(language()), style="red" if problem.blocking else "yellow"))
    if any(problem.blocking for problem in problems):
        raise InvalidInput(
            say(
                "Nothing is imported: correct the columns with --column or --mapping.",
                "Rien n’est importé : corrigez les colonnes avec --column ou --mapping.",
            )
        )


def _rehearse(table: Table, mapping: Mapping, source: str) -> None:
    outcomes = read_mentions(
        table, mapping, source=source, collected_at=datetime.now(UTC), pseudonym=pseudonymiser(b"rehearsal")
    )
    accepted, rejected = 0, []
    for outcome in outcomes:
        if isinstance(outcome, Accepted):
            accepted += 1
        else:
            rejected.append(outcome)
    out.print(
        say(
            f"{number(accepted)} rows would be imported, {number(len(rejected))} refused. Nothing is stored.",
            f"{number(accepted)} lignes à importer, {number(len(rejected))} refusées. Rien n’est gardé.",
        )
    )
    _show_rejects(rejected)


def _show_rejects(rejected: list[Rejected]) -> None:
    for one in islice(rejected, SHOWN):
        where = f"{say('line', 'ligne')} {one.line}" + (f", {one.column}" if one.column else "")
        out.print(Text(f"  {where}: {one.sentence(language())}"))


def _run_for(organisation: Organisation, file: Path, key: str, mapping: Mapping) -> CollectionRun:
    """The run of this very file that was not finished, else a new one."""
    from veilleur.desk.accounts.audit import JOB
    from veilleur.desk.sources.actions import add_source, draft_run, request_start
    from veilleur.desk.sources.files import chunks_of

    source = add_source(organisation, key, key=key, by=JOB)
    unfinished = _unfinished(source, file, mapping)
    if unfinished is not None:
        where = f"{number(unfinished.cursor)} / {number(unfinished.total or 0)}"
        out.print(say(f"Going on with this file: {where}.", f"L’import de ce fichier reprend : {where}."))
        return unfinished
    run = draft_run(source, chunks_of(file), file.name, mapping=mapping)
    request_start(run, mapping, by=JOB)
    return run


def _unfinished(source: Source, file: Path, mapping: Mapping) -> CollectionRun | None:
    from veilleur.desk.sources.models import CollectionRun, RunState

    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return (
        CollectionRun.objects.filter(source=source, file_digest=digest, mapping=mapping.to_json())
        .exclude(state__in=(RunState.DONE, RunState.DRAFT))
        .exclude(path="")
        .order_by("-pk")
        .first()
    )


def _collect(run: CollectionRun) -> None:
    from veilleur.desk.inbox.intake import collect

    with progress_bar(run.file_name) as show, _stopping_cleanly() as asked:

        def after_batch(now: CollectionRun) -> None:
            show(now.cursor, now.total)
            if asked:
                raise Cancelled(
                    say(
                        "Stopped; what was imported stays. The same command goes on from here.",
                        "Arrêté ; ce qui est importé reste. La même commande reprend d’ici.",
                    )
                )

        collect(run.pk, after_batch)
    run.refresh_from_db()


@contextmanager
def progress_bar(title: str) -> Iterator[Any]:
    """Yields `show(done, total)`; writes to standard error."""
    started = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(Text(title).markup, total=None, speed="")
        first: list[int] = []

        def show(done: int, total: int | None) -> None:
            first.append(done)
            rate = (done - first[0]) / max(time.monotonic() - started, 0.001)
            speed = f"{number(round(rate))} {say('rows/s', 'lignes/s')}" if done > first[0] else ""
            progress.update(task, completed=done, total=total, speed=speed)

        yield show


@contextmanager
def _stopping_cleanly() -> Iterator[list[int]]:
    """The first Ctrl-C asks to stop after the batch that is on its way; the second one stops."""
    asked: list[int] = []

    def ask(received: int, _frame: object) -> None:
        asked.append(received)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(run: CollectionRun, rejects: Path | None) -> None:
    from veilleur.desk.sources.queries import write_rejects_of

    counts = (
        (run.added, say("added", "ajoutés")),
        (run.updated, say("updated", "mis à jour")),
        (run.unchanged, say("unchanged", "inchangés")),
        (run.rejected, say("refused", "refusés")),
    )
    out.print(", ".join(f"{number(count)} {word}" for count, word in counts))
    if run.rejected and rejects is not None:
        write_rejects_of(run, rejects, language())
        out.print(say(f"Refused rows: {rejects}", f"Lignes refusées : {rejects}"))
    elif run.rejected:
        out.print(say("To write them to a file:", "Pour les écrire dans un fichier :"), "--rejects FILE.csv")
