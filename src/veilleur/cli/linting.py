"""`veilleur lint` and `veilleur packs`: texts that leave, judged against dated rules; nothing is kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from rich.table import Table

from veilleur.cli.door import complain, out
from veilleur.cli.words import language, say
from veilleur.errors import InvalidInput, VeilleurError
from veilleur.vocabulary import Kind, Outgoing

if TYPE_CHECKING:
    from veilleur.rules import Pack, Rulebook
    from veilleur.rules.formats import Checked

PIPE = "-"
FOUND, MISUSED = 1, 2
"""Exit codes, as linters have them: something is broken; something could not be judged."""
AT_ONCE = 500
LONGEST = 1_000_000
"""Characters of one text, at most."""


class Format(StrEnum):
    """What is written."""

    TEXT = "text"
    JSONL = "jsonl"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class _Item:
    """One text to judge, and where it came from."""

    id: str
    place: str
    line: int
    outgoing: Outgoing
    whole: bool


def lint(  # noqa: PLR0917 - the options of the command
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Texts, or JSON lines (.jsonl) with one text each; - is standard input."),
    ] = None,
    kind: Annotated[Kind, typer.Option("--as", help="What the text is.")] = Kind.POST,
    actor: Annotated[str, typer.Option(help="Who publishes: medecin, dentiste, clinique, mutuelle…")] = "",
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day whose rules hold; today by default."),
    ] = None,
    lang: Annotated[str, typer.Option(help="fr or en; read from the text by default.")] = "",
    network: Annotated[str, typer.Option(help="Where it is published: facebook, instagram, x…")] = "",
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.TEXT,
    pack: Annotated[
        list[Path] | None, typer.Option(help="A rule pack of your own (TOML), beside those installed.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A rule that is switched off.")] = None,
) -> None:
    """Judge texts before they leave: exit status 1 when a rule is broken, 2 when one could not be judged."""
    from veilleur.rules.formats import FORMATS

    beside = Outgoing("", kind, actor, lang, network)
    try:
        task = _Task(_book(pack or [], ignore or []), on.date() if on else date.today(), beside)  # noqa: DTZ011 - the reader's day
        for line in FORMATS[form.value](task.checked(files or [PIPE])):
            typer.echo(line)
    except (VeilleurError, OSError) as error:
        complain(str(error))
        raise typer.Exit(MISUSED) from error
    raise typer.Exit(task.status)


def _book(packs: list[Path], ignored: list[str]) -> Rulebook:
    from veilleur.rules import Rulebook, installed_packs, read_pack

    book = Rulebook((*installed_packs(), *map(read_pack, packs)), frozenset(ignored))
    if unknown := sorted(set(ignored) - book.by_id.keys()):
        raise InvalidInput(say(f"unknown rule: {unknown[0]}", f"règle inconnue : {unknown[0]}"))
    return book


class _Task:
    """Judges what it is given, and remembers how it ended."""

    def __init__(self, book: Rulebook, on: date, beside: Outgoing) -> None:
        self._book, self._on, self._beside = book, on, beside
        self.status = 0

    def checked(self, files: Iterable[str]) -> Iterator[Checked]:
        """Every text of the files, judged, in order."""
        from veilleur.rules.formats import Checked

        items = chain.from_iterable(map(self._items, files))
        while batch := list(islice(items, AT_ONCE)):
            breaches = self._book.judge([item.outgoing for item in batch], self._on)
            for item, found in zip(batch, breaches, strict=True):
                verdict = self._book.verdict(found)
                if found:
                    self.status = max(self.status, FOUND)
                yield Checked(item.id, item.place, item.line, item.outgoing.text, verdict, found, item.whole)

    def _items(self, file: str) -> Iterator[_Item]:
        if file == PIPE:
            yield from self._read(sys.stdin, PIPE, Path(PIPE))
            return
        path = Path(file)
        try:
            with path.open(encoding="utf-8-sig") as stream:
                yield from self._read(stream, file, path)
        except UnicodeDecodeError as error:
            raise InvalidInput(
                say(f"{file} is not a text in UTF-8.", f"{file} n’est pas un texte en UTF-8.")
            ) from error

    def _read(self, stream: TextIO, place: str, path: Path) -> Iterator[_Item]:
        first = stream.readline()
        lines = chain([first], stream)
        if path.suffix in {".jsonl", ".ndjson"} or (place == PIPE and _is_record(first)):
            yield from self._records(lines, place)
            return
        text = "".join(lines)
        if len(text) > LONGEST:
            raise InvalidInput(say(f"{place} is too long.", f"{place} est trop long."))
        yield _Item(place, place, 1, replace(self._beside, text=text), whole=True)

    def _records(self, lines: Iterable[str], place: str) -> Iterator[_Item]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                outgoing, identity = _outgoing(json.loads(line), self._beside)
                self._book.check(outgoing)
            except (ValueError, InvalidInput) as error:
                complain(f"{place}:{number}: {error}")
                self.status = MISUSED
            else:
                yield _Item(identity or str(number), place, number, outgoing, whole=False)


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _outgoing(raw: Any, beside: Outgoing) -> tuple[Outgoing, str]:
    if not isinstance(raw, dict):
        raise InvalidInput(say("not a JSON object", "ce n’est pas un objet JSON"))
    text = raw.get("reply", raw.get("text"))
    if not isinstance(text, str):
        raise InvalidInput(say("no “reply” and no “text”", "ni « reply » ni « text »"))
    if len(text) > LONGEST:
        raise InvalidInput(say("the text is too long", "le texte est trop long"))
    known = {name: raw[name] for name in _NAMES if isinstance(raw.get(name), str) and raw[name]}
    kind = Kind.REPLY if "reply" in raw else Kind(raw.get("as") or beside.kind)
    told = {_NAMES[name]: value for name, value in known.items()}
    return replace(beside, text=text, kind=kind, **told), str(raw.get("id", ""))


_NAMES = {
    "lang": "language",
    "actor": "actor",
    "network": "network",
    "review": "review",
    "author_display": "author",
}


def packs(
    name: Annotated[str | None, typer.Argument(help="The rules of this pack.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Only what is due for checking again.")] = False,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """List rule packs, or the rules of one: dates, marks, and what is due for checking again."""
    from veilleur.rules import installed_packs
    from veilleur.rules.listing import listed_packs, listed_rules

    known = installed_packs()
    today = date.today()  # noqa: DTZ011 - the reader's day
    rows: list[dict[str, Any]]
    if name:
        rows = listed_rules(_named(known, name), today, language())
    elif due:
        rows = [row for pack in known for row in listed_rules(pack, today, language())]
    else:
        rows = listed_packs(known, today, language())
    rows = [row for row in rows if row["due"] or not due]
    if form in (Format.JSON, Format.JSONL):
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    _show(rows)


def _named(known: tuple[Pack, ...], name: str) -> Pack:
    for pack in known:
        if pack.id == name:
            return pack
    names = ", ".join(pack.id for pack in known)
    raise InvalidInput(say(f"unknown pack; known are {names}", f"pack inconnu ; on connaît {names}"))


def _show(rows: list[dict[str, Any]]) -> None:
    if not rows:
        out.print(say("Nothing is due for checking again.", "Rien n’est à revérifier."))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return say("due", "à revérifier") if value else ""
    return str(value)
