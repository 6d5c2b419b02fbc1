"""Records in: one JSON object, one row or one line of text → a mention.

What has no text is refused. What is wrong beside the text (a rating out of its scale, a date that is
none) is left out and said: one bad column must not lose a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import orjson

from veilleur.errors import RowRefused
from veilleur.vocabulary import Mention, Precision, Rating

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record was collected: nobody knows, and the clock must not change what is read."""
WORST, BEST = 1, 5
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Notice(NamedTuple):
    """What was wrong with one line of the input."""

    line: int
    message: str
    refused: bool
    """Whether the line was kept out. If not, only the value named in `message` was."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record, understood."""

    id: str | int
    """As it was given; the number of the line, as a string, when none was."""
    mention: Mention
    notices: tuple[Notice, ...] = ()


def from_json(line: int, raw: bytes) -> Incoming:
    """The record in one JSON object. Raises `RowRefused`."""
    try:
        given = orjson.loads(raw)
    except ValueError:
        given = _lenient(line, raw)
    if not isinstance(given, dict):
        raise RowRefused(line, "", "not-an-object", "not a JSON object")
    return from_mapping(line, given)


def from_text(line: int, raw: bytes) -> Incoming:
    """The record that one line of plain text is. Raises `RowRefused` when it is not UTF-8."""
    try:
        return from_mapping(line, {"text": raw.decode("utf-8")})
    except UnicodeDecodeError as error:
        raise RowRefused(line, "", "encoding", "not UTF-8") from error


def from_either(line: int, raw: bytes) -> Incoming:
    """A JSON object when the line begins like one, else plain text. Raises `RowRefused`."""
    return from_json(line, raw) if raw.startswith(b"{") else from_text(line, raw)


def from_mapping(line: int, given: Mapping[str, Any]) -> Incoming:
    """The record whose fields are `given`; unknown ones are ignored. Raises `RowRefused`."""
    text = given.get("text")
    if not isinstance(text, str):
        said = "there is no “text”" if text is None else f"“text” is not a string: {text!r:.40}"
        raise RowRefused(line, "text", "no-text", said)
    identity = _identity(line, given)
    fields: dict[str, Any] = {}
    notices: list[Notice] = []
    for name, column in _COLUMNS.items():
        value = given.get(name)
        if value is None or value == "":
            continue
        try:
            fields |= column(value)
        except (TypeError, ValueError, OverflowError) as error:
            notices.append(Notice(line, f"{name}: {error}; read without it", refused=False))
    mention = Mention(source="file", external_id=str(identity), text=text, collected_at=NEVER, **fields)
    return Incoming(identity, mention, tuple(notices))


def _lenient(line: int, raw: bytes) -> object:
    """JSON as Python takes it: half an emoji, escaped, is common in exports of networks."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RowRefused(line, "", "not-json", f"not JSON ({error})") from error


def _identity(line: int, given: Mapping[str, Any]) -> str | int:
    value = given.get("id", given.get("external_id"))
    if value is None or value == "":
        return str(line)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowRefused(line, "id", "bad-id", f"“id” is neither a string nor a whole number: {value!r:.40}")
    return value


def _string(name: str) -> Callable[[Any], dict[str, Any]]:
    def taken(value: Any) -> dict[str, Any]:
        if not isinstance(value, str):
            raise TypeError(f"not a string: {value!r:.40}")
        return {name: value}

    return taken


def _rating(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        raise TypeError(f"not a number: {value!r}")
    number = float(value)
    if not WORST <= number <= BEST:
        raise ValueError(f"{value} is not between {WORST} and {BEST}")
    return {"rating": Rating(number, WORST, BEST)}


def _published(value: Any) -> dict[str, Any]:
    if isinstance(value, datetime):
        return {"published_at": _in_utc(value)}
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        day = value if isinstance(value, date) else date.fromisoformat(value)
        noon = datetime.combine(day, time(12), UTC)
        return {"published_at": noon, "precision": Precision.DAY}
    if not isinstance(value, str):
        raise TypeError(f"not an ISO 8601 date: {value!r:.40}")
    return {"published_at": _in_utc(datetime.fromisoformat(value))}


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC; without a zone it is taken to be in UTC already."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_COLUMNS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "title": _string("title"),
    "author": _string("author"),
    "network": _string("network"),
    "thread": _string("thread"),
    "question": _string("question"),
    "field": _string("question"),
    "language_hint": _string("language_hint"),
    "lang": _string("language_hint"),
    "rating": _rating,
    "published_at": _published,
}
FIELDS = ("id", "external_id", "text", "kind", *_COLUMNS)
"""What a record may hold. `kind` (review, comment…) is accepted; no analyzer asks for it yet."""
