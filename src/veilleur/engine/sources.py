"""Files and pipes → chunks of records, each with the number of its first line.

Chunks are cut by count, whatever reads them later: the same file gives the same chunks. Lines stay
raw bytes here, so that JSON is parsed where the texts are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from veilleur.engine.extras import require
from veilleur.engine.incoming import FIELDS, Incoming, from_either, from_json, from_mapping, from_text
from veilleur.errors import FileRefused, RowRefused

CHUNK = 2048
"""Records that are read, written and resumed together."""
BOM = b"\xef\xbb\xbf"
_AT_ONCE = 1 << 20
_LONGEST_CELL = 1 << 30

Row = tuple[int, Any]
"""Number of the line (of the row, in Parquet) and what stands there: bytes, or a mapping."""


class Chunk(NamedTuple):
    """Some records in a row."""

    number: int
    """0, 1, 2…"""
    rows: list[Row]
    position: int
    """How far the input was consumed after it: bytes, or rows for Parquet."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input that can be read once."""

    kind: str
    """How its rows are parsed: a key of `PARSERS`."""
    size: int | None
    """What `Chunk.position` will be at the end; `None` for a pipe."""
    chunks: Iterator[Chunk]


def open_file(file: Path, kind: str = "") -> Source:
    """The records of a file; its `kind` is told by its name unless given.

    Raises `FileRefused` for a name or a content that says nothing, `OSError`, `ExtraMissing`.
    """
    kind = kind or kind_of(file)
    if kind == "parquet":
        return _parquet(file)
    rows = _csv_rows(file) if kind == "csv" else _line_rows(file)
    return Source(kind, file.stat().st_size, _cut(rows))


def open_pipe(stream: BinaryIO, kind: str = "") -> Source:
    """The records of a pipe, handed on as they come; lines are JSON or text unless `kind` is given.

    Raises `FileRefused` for Parquet, which is read from its end.
    """
    if kind == "parquet":
        raise FileRefused("Parquet cannot be read from a pipe: give the name of the file", "pipe")
    if kind == "csv":
        return Source(kind, None, _cut(_csv_records(stream)))
    return Source(kind or "auto", None, _arriving(stream))


def kind_of(file: Path) -> str:
    """`jsonl`, `csv`, `parquet` or `txt`, by the end of the name. Raises `FileRefused`."""
    kind = _SUFFIXES.get(file.suffix.lower())
    if kind is None:
        known = ", ".join(_SUFFIXES)
        raise FileRefused(f"{file.name}: what is in it? Known endings are {known}; or say it with --from")
    return kind


_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".txt": "txt",
}


def _cut(rows: Iterator[tuple[int, Any, int]]) -> Iterator[Chunk]:
    number = 0
    while piece := list(islice(rows, CHUNK)):
        yield Chunk(number, [(line, row) for line, row, _ in piece], piece[-1][2])
        number += 1


def _line_rows(file: Path) -> Iterator[tuple[int, bytes, int]]:
    position = 0
    with file.open("rb", buffering=_AT_ONCE) as stream:
        for number, raw in enumerate(stream, start=1):
            position += len(raw)
            line = _bare(number, raw)
            if line:
                yield number, line, position


def _bare(number: int, raw: bytes) -> bytes:
    """The line without its end; empty when it is blank: a blank line is no record."""
    line = raw.removeprefix(BOM) if number == 1 else raw
    return line.rstrip(b"\r\n") if line.strip() else b""


def _arriving(stream: BinaryIO) -> Iterator[Chunk]:
    """Chunks of what has arrived: a person or a program at the other end gets its answers at once."""
    counter, position, number = 0, 0, 0
    for lines in _bursts(stream):
        rows: list[Row] = []
        for raw in lines:
            counter += 1
            position += len(raw)
            line = _bare(counter, raw)
            if line:
                rows.append((counter, line))
        for start in range(0, len(rows), CHUNK):
            yield Chunk(number, rows[start : start + CHUNK], position)
            number += 1


def _bursts(stream: BinaryIO) -> Iterator[list[bytes]]:
    read = stream.read1 if isinstance(stream, io.BufferedReader) else stream.read
    begun: list[bytes] = []
    while arrived := read(_AT_ONCE):
        begun.append(arrived)
        if b"\n" not in arrived:
            continue
        lines = _lines(b"".join(begun))
        begun = [lines.pop()]
        yield lines
    rest = b"".join(begun)
    if rest:
        yield [rest]


def _lines(blob: bytes) -> list[bytes]:
    """Whole lines, then what follows the last end of line."""
    *whole, rest = blob.split(b"\n")
    return [*(line + b"\n" for line in whole), rest]


def _csv_rows(file: Path) -> Iterator[tuple[int, Mapping[str, str], int]]:
    with file.open("rb") as stream:
        yield from _csv_records(stream)


def _csv_records(stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, str], int]]:
    csv.field_size_limit(_LONGEST_CELL)
    seen = _Counted(stream)
    text = (raw.decode("utf-8", "surrogateescape") for raw in seen)
    first = next(text, "").removeprefix("\ufeff")
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]
    if "text" not in header:
        raise FileRefused("the first line of the CSV names no column “text”", "no-text-column")
    reader = csv.reader(text, delimiter=_delimiter(first))
    line = 2
    try:
        for cells in reader:
            if any(cells):
                yield line, dict(zip(header, cells, strict=False)), seen.bytes
            line = reader.line_num + 2
    except csv.Error as error:
        raise FileRefused(f"line {line}: not CSV ({error})", "not-csv") from error


class _Counted:
    """The lines of a stream, counted in bytes."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for raw in self._stream:
            self.bytes += len(raw)
            yield raw


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _from_cells(line: int, row: Mapping[str, str]) -> Incoming:
    try:
        "".join(row.values()).encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowRefused(line, "", "encoding", "not UTF-8") from error
    return from_mapping(line, row)


def _parquet(file: Path) -> Source:
    parquet = require("pyarrow.parquet", "parquet", "Parquet")
    arrow = require("pyarrow", "parquet", "Parquet")
    try:
        opened = parquet.ParquetFile(str(file))
    except arrow.ArrowInvalid as error:
        raise FileRefused(f"{file.name}: not Parquet ({error})", "not-parquet") from error
    columns = [name for name in opened.schema_arrow.names if name in FIELDS]
    if "text" not in columns:
        raise FileRefused(f"{file.name}: there is no column “text”", "no-text-column")
    batches = opened.iter_batches(batch_size=CHUNK, columns=columns)
    return Source("parquet", opened.metadata.num_rows, _cut(_parquet_rows(batches)))


def _parquet_rows(batches: Iterable[Any]) -> Iterator[tuple[int, Mapping[str, Any], int]]:
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield number, row, number


PARSERS: Mapping[str, Callable[[int, Any], Incoming]] = {
    "jsonl": from_json,
    "txt": from_text,
    "auto": from_either,
    "csv": _from_cells,
    "parquet": from_mapping,
}
"""Row → record, by kind of source."""
