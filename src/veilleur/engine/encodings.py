"""Records → bytes, one part at a time, and parts → one file.

Parts are made where the texts are read; joining them is cheap and never looks into a record again
(Parquet: copies columns). The same records give the same bytes, always.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson

from veilleur.engine.extras import require
from veilleur.engine.outgoing import Record
from veilleur.vocabulary import CRITERIA, LABELS

ROWS_PER_GROUP = 50_000
"""Rows of one row group of Parquet, at least (but for the last one)."""


class Encoding(Protocol):
    """One format of output."""

    @property
    def header(self) -> bytes:
        """What stands before the first part when the parts are written one after the other."""

    def encode(self, records: Sequence[Record]) -> bytes:
        """The part that holds `records`."""

    def join(self, parts: Iterable[bytes], file: Path) -> None:
        """Writes `file` from its parts, in order."""


class JsonLines:
    """One JSON object per line."""

    header = b""

    def encode(self, records: Sequence[Record]) -> bytes:
        """One line per record."""
        return b"".join(map(_line, records))

    def join(self, parts: Iterable[bytes], file: Path) -> None:
        """One after the other."""
        with file.open("wb") as stream:
            stream.writelines(parts)


class Csv:
    """One flat row per record, for a spreadsheet: lists are joined by spaces."""

    def __init__(self, *, explain: bool, with_text: bool) -> None:
        self._more = [name for name, wanted in (("findings", explain), ("text", with_text)) if wanted]

    @property
    def header(self) -> bytes:
        """The names of the columns, as the first line of the file."""
        return _rows([[*_FLAT, *(f"label_{name}" for name in LABELS), *self._more]])

    def encode(self, records: Sequence[Record]) -> bytes:
        """One row per record, without the header."""
        return _rows([self._row(record) for record in records])

    def join(self, parts: Iterable[bytes], file: Path) -> None:
        """The header, then the parts."""
        with file.open("wb") as stream:
            stream.write(self.header)
            stream.writelines(parts)

    def _row(self, record: Record) -> list[Any]:
        row = [*_flat(record), *record["labels"].values()]
        if "findings" in self._more:
            row.append(" | ".join(_said(finding) for finding in record["findings"]))
        if "text" in self._more:
            row.append(_quiet(record["text"]))
        return row


class Parquet:
    """One row per record, with nested columns. Needs the extra `parquet`."""

    header = b""

    def __init__(self, *, with_text: bool) -> None:
        """Raises `ExtraMissing` without pyarrow."""
        self._schema = _schema(with_text=with_text)

    def encode(self, records: Sequence[Record]) -> bytes:
        """An Arrow stream that holds one table."""
        arrow = _arrow()
        table = arrow.Table.from_pylist([_arrow_row(record) for record in records], schema=self._schema)
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return bytes(sink.getvalue())

    def join(self, parts: Iterable[bytes], file: Path) -> None:
        """Row groups of at least `ROWS_PER_GROUP` rows."""
        arrow = _arrow()
        parquet = require("pyarrow.parquet", "parquet", "Parquet")
        with parquet.ParquetWriter(str(file), self._schema, compression="zstd") as writer:
            waiting: list[Any] = []
            for part in parts:
                waiting.append(arrow.ipc.open_stream(part).read_all())
                if sum(table.num_rows for table in waiting) >= ROWS_PER_GROUP:
                    writer.write_table(arrow.concat_tables(waiting).combine_chunks())
                    waiting.clear()
            if waiting:
                writer.write_table(arrow.concat_tables(waiting).combine_chunks())


def encoding(name: str, *, explain: bool = False, with_text: bool = False) -> Encoding:
    """The encoding called `name`: `jsonl`, `csv` or `parquet`."""
    if name == "csv":
        return Csv(explain=explain, with_text=with_text)
    return Parquet(with_text=with_text) if name == "parquet" else JsonLines()


def _line(record: Record) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a character or a number of more than 64 bits: only Python writes these
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


_FLAT = (
    "id", "language", "sentiment", "sentiment_score", "priority", "decided", "aspects",
    "adverse_reaction", "adverse_reaction_score", *CRITERIA, "serious", "seriousness", "special",
    "personal_data",
)  # fmt: skip


def _flat(record: Record) -> list[Any]:
    sentiment, adverse = record["sentiment"], record["adverse_reaction"]
    return [
        _quiet(str(record["id"])),
        record["language"],
        sentiment["label"],
        sentiment["score"],
        record["priority"],
        " ".join(record["decided"]),
        " ".join(f"{aspect['aspect']}:{aspect['polarity']}" for aspect in record["aspects"]),
        _truth(adverse["suspected"]),
        adverse["score"],
        *(_truth(adverse["criteria"][name]) for name in CRITERIA),
        _truth(adverse["serious"]),
        " ".join(adverse["seriousness"]),
        " ".join(adverse["special"]),
        " ".join(f"{item['type']}:{item['start']}-{item['end']}" for item in record["personal_data"]),
    ]


def _truth(value: bool) -> str:  # noqa: FBT001 - a value to be written
    return "true" if value else "false"


def _quiet(cell: str) -> str:
    """`cell`, never a formula: a spreadsheet runs what begins with one of these."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _said(finding: Record) -> str:
    grounds = ", ".join(finding["why"]["grounds"])
    return f"{finding['kind']} {finding['label']} {finding['score']} ({finding['why']['because']}: {grounds})"


def _rows(rows: Iterable[Iterable[Any]]) -> bytes:
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\n").writerows(rows)
    return sheet.getvalue().encode("utf-8", "replace")


def _arrow() -> Any:
    return require("pyarrow", "parquet", "Parquet")


def _arrow_row(record: Record) -> Record:
    """`record` as the columns hold it: `id` is a string there, and half characters are none."""
    record = record | {"id": str(record["id"])}
    try:
        orjson.dumps(record)
    except TypeError:
        whole: Record = json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
        return whole
    return record


def _schema(*, with_text: bool) -> Any:
    arrow = _arrow()
    text, real, whole, flag = arrow.string(), arrow.float64(), arrow.int64(), arrow.bool_()
    place = [("start", whole), ("end", whole)]
    why = arrow.struct([("because", text), ("grounds", arrow.list_(text))])
    concept = arrow.struct([("id", text), ("label", text), ("group", text)])
    finding = [("kind", text), ("label", text), *place, ("score", real), ("why", why), ("concept", concept)]
    adverse = [
        ("suspected", flag),
        ("score", real),
        ("criteria", arrow.struct([(name, flag) for name in CRITERIA])),
        ("serious", flag),
        ("seriousness", arrow.list_(text)),
        ("special", arrow.list_(text)),
        ("pairs", arrow.list_(arrow.list_(arrow.list_(whole)))),
    ]
    return arrow.schema(
        [
            ("id", text),
            ("language", text),
            ("sentiment", arrow.struct([("label", text), ("score", real)])),
            ("labels", arrow.struct([(name, real) for name in LABELS])),
            ("decided", arrow.list_(text)),
            ("aspects", arrow.list_(arrow.struct([("aspect", text), ("polarity", text)]))),
            ("adverse_reaction", arrow.struct(adverse)),
            ("personal_data", arrow.list_(arrow.struct([("type", text), *place]))),
            ("priority", text),
            ("findings", arrow.list_(arrow.struct(finding))),
            *([("text", text)] if with_text else []),
        ]
    )
