"""JSON (a list of objects, or an object that holds one) and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from veilleur.errors import FileRefused
from veilleur.listening.files.reasons import refused
from veilleur.listening.files.row import Row, storable

MAX_JSON_CHARACTERS = 64 << 20
"""A JSON document is read whole; beyond this, JSON Lines is the answer."""
_SAMPLE = 1000
"""JSON Lines: records whose keys make the columns."""
_DEPTH = 3
_JOIN = " · "


def is_json_lines(first_lines: Iterable[str]) -> bool:
    """Whether at least one of the first lines is an object by itself, and another line follows it."""
    lines = [line for line in first_lines if line.strip()]
    several = len(lines) > 1 or not _holds_list(lines[0])
    return several and any(_object(line) is not None for line in lines[:10])


def line_headers(lines: Iterable[str]) -> tuple[str, ...]:
    """Every key of the first thousand records, in the order in which they appear."""
    flat = (_flat(record) for line in lines if (record := _object(line)) is not None)
    return tuple(dict.fromkeys(key for record in islice(flat, _SAMPLE) for key in record))


def line_rows(lines: Iterable[str], headers: tuple[str, ...]) -> Iterator[Row]:
    """One row a line; a line that is no object becomes a faulty row."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _object(line)
        if record is None:
            yield Row(number, (storable(line.rstrip("\r\n")),), "bad_record")
        else:
            yield _row(number, record, headers)


def document_records(text: str) -> list[Any]:
    """The items of the one list of objects in a JSON document.

    Raises `FileRefused` when the document is not valid, holds no such list, or several.
    """
    if len(text) > MAX_JSON_CHARACTERS:
        raise refused("too_large", what="JSON", limit=f"{MAX_JSON_CHARACTERS >> 20} Mi")
    document = _parsed(text)
    found = list(_lists(document, "", _DEPTH))
    if len(found) > 1:
        raise refused("several_lists", names=", ".join(name for name, _items in found))
    if found:
        return found[0][1]
    if isinstance(document, dict) and document:
        return [document]
    raise refused("no_records")


def document_headers(items: list[Any]) -> tuple[str, ...]:
    """Every key of every record, in the order in which they appear."""
    return tuple(dict.fromkeys(key for item in items if isinstance(item, dict) for key in _flat(item)))


def document_rows(items: list[Any], headers: tuple[str, ...]) -> Iterator[Row]:
    """One row an item, numbered from 1; an item that is no object becomes a faulty row."""
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            yield _row(number, item, headers)
        else:
            yield Row(number, (_cell(item),), "bad_record")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad_json(error) from error
    except (ValueError, RecursionError) as error:
        raise refused("damaged", cause=type(error).__name__) from error


def _bad_json(error: json.JSONDecodeError) -> FileRefused:
    return refused("bad_json", line=str(error.lineno), column=str(error.colno), cause=error.msg)


def _object(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _holds_list(line: str) -> bool:
    return any(_lists(_object(line), "", _DEPTH))


def _lists(value: Any, name: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Lists that hold at least one object, not looking inside the objects of a list."""
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            yield name or "[]", value
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            yield from _lists(inner, f"{name}.{key}" if name else key, depth - 1)


def _row(number: int, record: dict[str, Any], headers: tuple[str, ...]) -> Row:
    flat = _flat(record)
    return Row(number, tuple(flat.get(header, "") for header in headers))


def _flat(record: dict[str, Any], depth: int = _DEPTH) -> dict[str, str]:
    """`{"author": {"name": "x"}}` → `{"author.name": "x"}`."""
    cells: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and depth:
            inner = _flat(value, depth - 1)
            cells.update((f"{storable(key)}.{name}", cell) for name, cell in inner.items())
        else:
            cells[storable(key)] = _cell(value)
    return cells


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return storable(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and (not math.isfinite(value) or value.is_integer()):
        return f"{value:.0f}" if math.isfinite(value) else ""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return _JOIN.join(_cell(item) for item in value)
    return _dumped(value) if isinstance(value, dict | list) else str(value)


def _dumped(value: dict[str, Any] | list[Any]) -> str:
    try:
        return storable(json.dumps(value, ensure_ascii=False))
    except RecursionError:  # nested to the very limit of what could be read
        return ""
