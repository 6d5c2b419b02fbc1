"""The log: what happened, how long it took, and nothing about anybody.

Whatever a record holds, a line has the name of the view and no address, the kind of an error and no message
of it (it may quote what somebody wrote), and neither e-mail address, token nor long number. Where an error
needs its words, a person finds them on the desk, at the import, the source or the reply it belongs to.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
HIDDEN = "…"
FACTS = ("request", "view", "method", "status", "ms", "user")
"""What a record may bring beside its message; a request is named by its id."""
MOST = 500
"""Characters of a message."""

_PERSONAL = re.compile(
    r"[^\s@<>\"']+@[^\s@<>\"',;]+"  # an e-mail address, a handle of the Fediverse
    r"|(?<=[?&;])[\w.%~-]+=[^\s&;\"']*"  # a parameter of an address
    r"|(?<=://)[^\s/@\"']+@"  # a name and a password in an address
    r"|(?<![\w.-])(?=[\w.-]*\d)[\w-][\w.-]{19,}"  # a token
    r"|(?i:bearer|basic|token)\s+[\w.~+/=-]{6,}"
    # a telephone number, a number of the social security; not a date
    r"|(?<![\d-])\+?(?!\d{4}-\d\d-\d\d\b)\d(?:[\s.-]?\d){6,}"
)


def discreet(text: str) -> str:
    """`text` without what could be about somebody.

    >>> discreet("sent to zoe@example.org, see https://x.org/p?q=douleur&a=1 or 06 12 34 56 78")
    'sent to …, see https://x.org/p?…&… or …'
    """
    return _PERSONAL.sub(HIDDEN, text)[:MOST]


class Discreet(logging.Filter):
    """Takes out of a record what must not be in the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes, changed."""
        request = getattr(record, "request", None)
        if request is not None and not isinstance(request, str):
            match = getattr(request, "resolver_match", None)
            record.msg = "%s in %s"
            record.args = (getattr(record, "status_code", "error"), match.view_name if match else "no view")
        elif isinstance(record.args, tuple):
            record.args = tuple(map(_named, record.args))
        if isinstance(record.msg, BaseException):
            record.msg = _named(record.msg)
        record.msg, record.args = discreet(record.getMessage()), None
        record.request = REQUEST_ID.get()
        if record.exc_info:
            record.exc_text = _trace(record.exc_info)
        return True


def _named(thing: object) -> object:
    """An error by its kind alone."""
    return type(thing).__name__ if isinstance(thing, BaseException) else thing


def _trace(raised: tuple[Any, BaseException | None, TracebackType | None] | tuple[None, None, None]) -> str:
    """Where an error came from, without what it says."""
    error, lines = raised[1], []
    while error is not None:
        lines.append(type(error).__qualname__)
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


class Console(logging.StreamHandler[TextIO]):
    """Writes a copy: what other handlers are given stays as it was said."""

    def handle(self, record: logging.LogRecord) -> bool:
        """Hands on the copy, which filters may change."""
        return bool(super().handle(copy(record)))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in FACTS if (value := getattr(record, name, "")) not in {"", None}}
        if record.exc_text:
            line["trace"] = record.exc_text.splitlines()
        return json.dumps(line, ensure_ascii=False)


class Lines(logging.Formatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it where an error came from."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(sep=" ", timespec="seconds")
        facts = [
            f"{name}={value}" for name in FACTS if (value := getattr(record, name, "")) not in {"", None}
        ]
        start = " ".join([at, record.levelname.lower(), record.name, record.getMessage(), *facts])
        return f"{start}\n{record.exc_text}" if record.exc_text else start
