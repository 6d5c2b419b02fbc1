"""`veilleur read`: texts in, readings out; no desk, no database, nothing is kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from veilleur.cli.door import SOME_REFUSED, complain, err, out
from veilleur.cli.sheet import Sheet
from veilleur.cli.words import number, say
from veilleur.errors import Cancelled, InvalidInput

if TYPE_CHECKING:
    from veilleur import engine as rooms

PIPE = "-"
_SHOWN = 20
"""Bad lines that are shown one by one; the others are counted."""
_BY_SUFFIX = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


class Format(StrEnum):
    """What is written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Kind(StrEnum):
    """What is read."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    TXT = "txt"


def read(
    file: Annotated[
        str,
        typer.Argument(help="JSON lines, CSV, Parquet or text, one message per line; - is standard input."),
    ] = PIPE,
    format: Annotated[  # noqa: A002 - the name of the option
        Format | None,
        typer.Option(help="What to write: by default a table on a terminal, JSON lines elsewhere."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write to this file. Stopped half-way, the same command goes on where it was."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option("--from", help="What is read, when the name of the file does not say it.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say every finding and its ground, in the table and in CSV.")
    ] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="Add the text without personal data, and quote none of it.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a line, and end.")
    ] = False,
    engine: Annotated[str, typer.Option(help="process, cores, dask, or dask=tcp://host:port.")] = "process",
) -> None:
    """Read messages and write what was seen in each: one line in, one line out, in the same order."""
    from veilleur import engine as rooms

    if schema:
        typer.echo(json.dumps(rooms.schema(), ensure_ascii=False, indent=2))
        return
    form = _format(format, output)
    task = _task(file, kind.value if kind else "", form, output, engine, explain=explain, redact=redact)
    try:
        notices = task.run()
    except KeyboardInterrupt as error:
        raise Cancelled(say("Stopped.", "Arrêté.")) from error
    _report(notices)
    if any(notice.refused for notice in notices):
        raise typer.Exit(SOME_REFUSED)


def _format(wanted: Format | None, output: Path | None) -> Format:
    if wanted:
        return wanted
    if output:
        return Format(_BY_SUFFIX.get(output.suffix.lower(), Format.JSONL))
    return Format.TABLE if sys.stdout.isatty() else Format.JSONL


@dataclass(frozen=True, slots=True)
class _Task:
    """One reading, as it was asked."""

    file: str
    source: rooms.Source
    work: rooms.Work
    engine: rooms.Engine
    output: Path | None

    def run(self) -> list[rooms.Notice]:
        """Reads everything; what was wrong."""
        if self.work.with_text:
            return self._to_table()
        if not self.output:
            return self._to_stream(sys.stdout.buffer)
        if self.file == PIPE:
            return self._pipe_to_file(self.output)
        return self._file_to_file(self.output)

    def _file_to_file(self, output: Path) -> list[rooms.Notice]:
        from veilleur import engine as rooms

        if output.exists() and output.samefile(self.file):
            raise InvalidInput(say("The output is the input.", "La sortie est l’entrée."))
        with _bar(self.source.size) as told:
            outcome = rooms.read_archive(Path(self.file), self.source, output, self.work, self.engine, told)
        err.print(
            say(f"{number(outcome.records)} messages read", f"{number(outcome.records)} messages lus")
            + (say(", resumed", ", après reprise") if outcome.resumed else "")
            + f" → {output}",
            markup=False,
        )
        return outcome.notices

    def _pipe_to_file(self, output: Path) -> list[rooms.Notice]:

        notices: list[rooms.Notice] = []
        unfinished = output.with_name(output.name + ".new")
        self.work.encoding.join((answer.payload for answer in self._answers(notices)), unfinished)
        unfinished.replace(output)
        return notices

    def _to_stream(self, stream: BinaryIO) -> list[rooms.Notice]:

        notices: list[rooms.Notice] = []
        stream.write(self.work.encoding.header)
        for answer in self._answers(notices):
            stream.write(answer.payload)
            stream.flush()
        stream.flush()
        return notices

    def _to_table(self) -> list[rooms.Notice]:
        notices: list[rooms.Notice] = []
        with ExitStack() as stack:
            console = out
            if self.output:
                console = Console(
                    file=stack.enter_context(self.output.open("w", encoding="utf-8")), width=120
                )
            show = Sheet(console, explain=self.work.explain, quote=not self.work.redact)
            for answer in self._answers(notices):
                show.rows([json.loads(line) for line in answer.payload.splitlines()])
        return notices

    def _answers(self, notices: list[rooms.Notice]) -> Iterator[rooms.Answer]:
        """The answers; what was wrong with their lines is added to `notices`."""
        from veilleur import engine as rooms

        records = 0
        with _bar(self.source.size) as told:
            for answer in self.engine(self.work, self.source.chunks):
                notices += answer.notices
                records += answer.records
                told(rooms.Progress(answer.position, records))
                yield answer


def _task(
    file: str, kind: str, form: Format, output: Path | None, engine: str, *, explain: bool, redact: bool
) -> _Task:
    from veilleur import engine as rooms

    if form is Format.PARQUET and not output:
        raise InvalidInput(
            say(
                "Parquet goes to a file: add --output.", "Parquet s’écrit dans un fichier : ajoutez --output."
            )
        )
    source = rooms.open_pipe(sys.stdin.buffer, kind) if file == PIPE else rooms.open_file(Path(file), kind)
    shown = form is Format.TABLE
    work = rooms.Work(source.kind, "jsonl" if shown else form.value, explain, with_text=shown, redact=redact)
    _ = work.encoding  # says now, not at the end, that an extra is missing
    return _Task(file, source, work, rooms.engine(engine), output)


@contextmanager
def _bar(size: int | None) -> Iterator[Callable[[rooms.Progress], None]]:
    """A progress bar on standard error, when a person looks at it."""
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    quiet = not err.is_terminal or size is None
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task("", total=size, said="")

        def told(state: rooms.Progress) -> None:
            progress.update(task, completed=state.position, said=number(state.records))

        yield told


def _report(notices: Iterable[rooms.Notice]) -> None:
    """What was wrong, line by line, then in all."""
    notices = list(notices)
    for notice in notices[:_SHOWN]:
        complain(say("line", "ligne") + f" {notice.line}: {notice.message}")
    if len(notices) > _SHOWN:
        more = number(len(notices) - _SHOWN)
        complain(say(f"… and {more} more lines with a mistake", f"… et {more} autres lignes fautives"))
    refused = sum(notice.refused for notice in notices)
    if refused:
        complain(say(f"Lines kept out: {number(refused)}", f"Lignes écartées : {number(refused)}"))
