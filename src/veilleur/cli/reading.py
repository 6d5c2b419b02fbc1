"""`veilleur read`: texts in, readings out; no desk, no database, nothing is kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from veilleur.errors import InvalidInput
from veilleur.vocabulary import Mention, Reading

BATCH = 500
FIELDS = ("external_id", "title", "question", "language_hint")


def read(
    file: Annotated[
        str,
        typer.Argument(help="Texts, one per line, or JSON objects with a “text”; - is standard input."),
    ] = "-",
) -> None:
    """Read messages and write what was seen in each, one JSON object per line."""
    from veilleur.reading import read as read_all

    mentions = _mentions(_lines(file))
    while batch := list(islice(mentions, BATCH)):
        for mention, reading in zip(batch, read_all(batch), strict=True):
            sys.stdout.write(json.dumps(_record(mention, reading), ensure_ascii=False) + "\n")


def _lines(file: str) -> Iterator[str]:
    if file == "-":
        yield from sys.stdin
        return
    with Path(file).open(encoding="utf-8") as stream:
        yield from stream


def _mentions(lines: Iterable[str]) -> Iterator[Mention]:
    now = datetime.now(UTC)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _mention(number, line.rstrip("\r\n"), now)


def _mention(number: int, line: str, now: datetime) -> Mention:
    given: dict[str, Any] = _object(number, line) if line.startswith("{") else {"text": line}
    fields: dict[str, Any] = {name: str(given[name]) for name in FIELDS if given.get(name)}
    return Mention(
        source="read", text=str(given["text"]), collected_at=now, **{"external_id": str(number), **fields}
    )


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"line {number}: not JSON ({error})") from error
    if "text" not in given:
        raise InvalidInput(f"line {number}: the object has no “text”")
    return dict(given)


def _record(mention: Mention, reading: Reading) -> dict[str, Any]:
    sentiment = reading.sentiment
    return {
        "id": mention.external_id,
        "language": reading.language.value,
        "sentiment": sentiment.value if sentiment else None,
        **asdict(reading),
    }
