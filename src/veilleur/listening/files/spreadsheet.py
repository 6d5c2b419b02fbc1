"""XLSX and ODS, through calamine, behind a look at how large they really are.

calamine holds a sheet as one dense rectangle: two cells in opposite corners of a tiny file
would ask for gigabytes and end the process. So the archive is unpacked once and the
rectangle is measured before calamine sees it.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from veilleur.listening.files.reasons import refused
from veilleur.listening.files.row import Format, Row, storable

MAX_UNPACKED_BYTES = 512 << 20
"""Largest sum of the unpacked parts of a workbook."""
MAX_CELLS = 12_000_000
"""Largest rectangle of one sheet, empty cells included: about 400 MB of memory."""

_CHUNK = 1 << 20
_OVERLAP = 64
"""Bytes carried from one chunk to the next: no cell reference is longer."""
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_ODS_TAG = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^<>]*)>")
_REPEATED = re.compile(rb"number-(?:columns|rows)-repeated\s*=\s*[\"'](\d{1,9})")

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def workbook_format(path: Path) -> Format | None:
    """XLSX or ODS by what the archive holds; `None` when it is another kind of archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "content.xml" in names and b"opendocument.spreadsheet" in archive.read("mimetype")[:100]:
                return Format.ODS
            return Format.XLSX if "xl/workbook.xml" in names else None
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise refused("damaged", cause=type(error).__name__) from error


def open_sheet(path: Path, kind: Format) -> tuple[str, CalamineSheet]:
    """Name and content of the first visible sheet that is not empty.

    Raises `FileRefused` when the workbook is damaged, too large or empty.
    """
    _refuse_bomb(path, kind)
    try:
        return _first_full_sheet(load_workbook(str(path)))
    except (CalamineError, OSError, ValueError, MemoryError) as error:
        raise refused("damaged", cause=type(error).__name__) from error
    except BaseException as error:
        # A panic inside calamine arrives as an exception that derives from nothing narrower.
        if type(error).__name__ != "PanicException":
            raise
        raise refused("damaged", cause="unreadable workbook") from error


def sheet_rows(sheet: CalamineSheet) -> Iterator[Row]:
    """Every row of the sheet as text, numbered as the spreadsheet numbers them."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield Row(number, tuple(map(cell_text, cells)))


def cell_text(value: Cell) -> str:
    """What a person would type for this cell, dates as ISO 8601.

    >>> cell_text(4.0), cell_text(4.5), cell_text(True)
    ('4', '4.5', 'true')
    >>> cell_text(dt.datetime(2026, 3, 3, 14, 5))
    '2026-03-03T14:05:00'
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, dt.datetime):
        # Excel keeps 14:05 as a fraction of a day, which comes back as 14:04:59.999999.
        return (value + dt.timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _first_full_sheet(book: CalamineWorkbook) -> tuple[str, CalamineSheet]:
    for meta in book.sheets_metadata:
        if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.height:
                return meta.name, sheet
    raise refused("empty_file")


def _refuse_bomb(path: Path, kind: Format) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise refused("too_large", what="unpacked", limit=f"{MAX_UNPACKED_BYTES >> 20} MiB")
            for part in parts:
                _check_part(archive, part, kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise refused("damaged", cause=type(error).__name__) from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, kind: Format) -> None:
    """Reads the part to its end: zipfile itself stops at the declared size and checks the sum."""
    chunks = _unpacked(archive, part)
    if kind is Format.XLSX and part.filename.lower().startswith("xl/worksheets/"):
        _refuse_area(_xlsx_area(chunks))
    elif kind is Format.ODS and part.filename == "content.xml":
        _refuse_area(_ods_area(chunks))
    else:
        for _chunk in chunks:
            pass


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _refuse_area(cells: int) -> None:
    if cells > MAX_CELLS:
        raise refused("too_large", what="sheet", limit=f"{MAX_CELLS:,} cells")


def _xlsx_area(chunks: Iterator[bytes]) -> int:
    """Rows × columns of the rectangle that holds every cell reference."""
    rows = columns = 0
    tail = b""
    for chunk in chunks:
        found = _REFERENCE.findall(tail + chunk)
        columns = max(columns, max((_column(name) for name in {name for name, _row in found}), default=0))
        rows = max(rows, max((int(row) for row in {row for _name, row in found}), default=0))
        tail = chunk[-_OVERLAP:]
    return rows * columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _ods_area(chunks: Iterator[bytes]) -> int:
    """Largest rectangle of a sheet once its repeated rows and cells are written out."""
    measure = _OdsMeasure()
    tail = b""
    for chunk in chunks:
        block = tail + chunk
        end = 0
        for tag in _ODS_TAG.finditer(block):
            measure.see(tag)
            end = tag.end()
        tail = block[max(end, len(block) - _CHUNK) :]
    return measure.area


class _OdsMeasure:
    """Follows the tags of one content.xml."""

    def __init__(self) -> None:
        self.area = 0
        self._start_sheet()

    def see(self, tag: re.Match[bytes]) -> None:
        closing, name, attributes = tag.groups()
        if name == b"table":
            self._start_sheet()
        elif name != b"table-row":
            self._see_cell(closing, attributes)
        elif closing or attributes.endswith(b"/"):
            self._end_row(0 if closing else _repeat(attributes))
        else:
            self._repeat, self._column, self._last = _repeat(attributes), 0, 0

    def _start_sheet(self) -> None:
        self._rows = self._full_rows = self._width = 0
        self._repeat, self._column, self._last = 1, 0, 0

    def _see_cell(self, closing: bytes, attributes: bytes) -> None:
        if closing:
            return
        self._column += _repeat(attributes)
        # A cell without a type nor content only pads the row up to the next one.
        if not attributes.endswith(b"/") or b"value" in attributes:
            self._last = self._column

    def _end_row(self, empty: int) -> None:
        self._rows += empty or self._repeat
        if not empty and self._last:
            self._full_rows = self._rows
            self._width = max(self._width, self._last)
            self.area = max(self.area, self._full_rows * self._width)


def _repeat(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return int(found[1]) if found else 1
