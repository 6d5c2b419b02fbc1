"""`open_table`: from a file somebody chose to headers and a stream of rows."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, cast

from veilleur.listening.files import delimited, records, spreadsheet
from veilleur.listening.files.encoding import Opener, find_encoding, open_text
from veilleur.listening.files.header import column_names, first_full_row, header_index, trimmed
from veilleur.listening.files.reasons import refused
from veilleur.listening.files.rejects import original, original_headers
from veilleur.listening.files.row import Format, Row

_HEAD = 64
_GZIP = b"\x1f\x8b"
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3", "SQLite"),
    (b"PAR1", "Parquet"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Table:
    """A file understood as headers and rows. Cheap to keep: rows are read when asked for."""

    path: Path
    format: Format
    headers: tuple[str, ...]
    """Unique and never empty; « Colonne 1 »… where the file names none."""
    has_header: bool
    """False when the first row is already data."""
    encoding: str = ""
    """Python's name of it; empty for a workbook."""
    delimiter: str = ""
    """Empty for anything but delimited text, and for one single column."""
    sheet: str = ""
    """Name of the sheet that is read; empty for anything but a workbook."""
    _data: Callable[[], Iterator[Row]] = field(repr=False, compare=False, default=lambda: iter(()))

    def rows(self) -> Iterator[Row]:
        """Every data row that is not blank, from the first, streaming."""
        if original_headers(self.headers) != self.headers:
            # Our own file of rejects, mended: the apostrophes that kept formulas quiet were ours.
            return (row._replace(cells=tuple(map(original, row.cells))) for row in self._shaped())
        return self._shaped()

    def _shaped(self) -> Iterator[Row]:
        width = len(self.headers)
        for row in self._data():
            if len(row.cells) == width or row.fault:
                if row.fault or "".join(row.cells).strip():
                    yield row
            elif (fitted := _fitted(row, width)) is not None:
                yield fitted

    def count(self) -> int:
        """How many rows `rows` yields: one pass over the file, without reading what the cells mean."""
        return sum(1 for _row in self.rows())


def open_table(path: Path) -> Table:
    """Finds out what the file is, from its content, and where its columns are.

    Raises `FileRefused` (with a code for `sentence`) when it is no table we read, empty,
    damaged or beyond bounds; never anything else, whatever the bytes.
    """
    try:
        return _open(path)
    except OSError as error:
        raise refused("cannot_open", name=path.name, cause=error.strerror or str(error)) from error


def _open(path: Path) -> Table:
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        raise refused("empty_file")
    if head.startswith(b"PK\x03\x04"):
        return _workbook(path)
    _refuse_known(head)
    return _text(path, partial(_gunzipped if head.startswith(_GZIP) else _plain, path))


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _gunzipped(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb"))


def _refuse_known(head: bytes) -> None:
    if head.startswith(_OLD_OFFICE):
        raise refused("old_excel")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise refused("binary", kind=kind)


def _workbook(path: Path) -> Table:
    kind = spreadsheet.workbook_format(path)
    if kind is None:
        raise refused("binary", kind="ZIP")
    name, sheet = spreadsheet.open_sheet(path, kind)
    shell = Table(path, kind, (), has_header=False, sheet=name)
    return _with_header(shell, partial(spreadsheet.sheet_rows, sheet))


def _text(path: Path, opener: Opener) -> Table:
    encoding = find_encoding(opener)
    with open_text(opener, encoding) as stream:
        sample, complete = delimited.sample_of(stream)
    first = next((line.lstrip() for line in sample if line.strip()), "").lower()
    if first.startswith(("<!doctype", "<html", "<table", "<?xml")):
        raise refused("markup")
    if first.startswith("{") and records.is_json_lines(sample):
        return _json_lines(path, opener, encoding)
    if first.startswith(("{", "[")) and path.suffix.lower() not in {".csv", ".tsv", ".txt"}:
        return _json_document(path, opener, encoding)
    return _delimited(path, opener, encoding, sample, complete=complete)


def _json_lines(path: Path, opener: Opener, encoding: str) -> Table:
    with open_text(opener, encoding) as stream:
        keys = records.line_headers(stream)
    if not keys:
        raise refused("no_records")

    def data() -> Iterator[Row]:
        with open_text(opener, encoding) as stream:
            yield from records.line_rows(stream, keys)

    headers = column_names(keys)
    return Table(path, Format.JSON_LINES, headers, has_header=True, encoding=_shown(encoding), _data=data)


def _json_document(path: Path, opener: Opener, encoding: str) -> Table:
    with open_text(opener, encoding) as stream:
        items = records.document_records(stream.read(records.MAX_JSON_CHARACTERS + 1))
    keys = records.document_headers(items)
    data = partial(records.document_rows, items, keys)
    return Table(
        path, Format.JSON, column_names(keys), has_header=True, encoding=_shown(encoding), _data=data
    )


def _delimited(path: Path, opener: Opener, encoding: str, sample: list[str], *, complete: bool) -> Table:
    declared = _declared_delimiter(sample)
    skipped = 1 if declared else 0
    found = delimited.find_dialect(sample[skipped:], complete=complete)
    dialect = delimited.Dialect(declared) if declared else found

    def every() -> Iterator[Row]:
        with open_text(opener, encoding) as stream:
            yield from delimited.records(islice(stream, skipped, None), dialect, first_line=1 + skipped)

    shell = Table(
        path, Format.DELIMITED, (), has_header=False, encoding=_shown(encoding), delimiter=dialect.delimiter
    )
    return _with_header(shell, every)


def _declared_delimiter(sample: list[str]) -> str:
    """Excel's own `sep=;` on the first line."""
    line = sample[0].strip().lower() if sample else ""
    return line[4] if len(line) == 5 and line.startswith("sep=") else ""


def _with_header(shell: Table, every: Callable[[], Iterator[Row]]) -> Table:
    """The table once it is known which of its first rows is the header."""
    first = list(islice(every(), 50))
    cells = [trimmed(row.cells) for row in first]
    index = header_index(cells)
    start = first_full_row(cells)
    if start >= len(first):
        raise refused("empty_file")
    width = max(len(row) for row in cells[start:])
    # Columns without a name, to the right of the named ones, are columns when the header row reaches them.
    names = first[index].cells[: max(width, len(cells[index]))] if index is not None else ("",) * width
    skipped = start if index is None else index + 1
    return Table(
        path=shell.path,
        format=shell.format,
        headers=column_names(names),
        has_header=index is not None,
        encoding=shell.encoding,
        delimiter=shell.delimiter,
        sheet=shell.sheet,
        _data=lambda: islice(every(), skipped, None),
    )


def _fitted(row: Row, width: int) -> Row | None:
    """The row with as many cells as there are headers, a fault when it has more; `None` if blank."""
    cells = trimmed(row.cells)
    if not cells:
        return None
    if len(cells) > width:
        return row._replace(cells=tuple(cells), fault="too_many_cells")
    return row._replace(cells=(*cells, *("",) * (width - len(cells))))


def _shown(encoding: str) -> str:
    return encoding.removesuffix("-sig")
