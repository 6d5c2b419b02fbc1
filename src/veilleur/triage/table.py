"""Reads one TOML table key by key; every mistake becomes a `PolicyInvalid` that says where.

Unknown keys and unknown values are told first, with the nearest known one: most mistakes are slips.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from veilleur.triage.mistakes import Place, meant, refused
from veilleur.triage.promises import Counting, Delay

E = TypeVar("E", bound=StrEnum)

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_IDENTIFIER = 40
_DELAY = re.compile(r"(\d{1,4}) ?([hd])")
_WORKED = re.compile(r"(\d{1,4}) ?h worked")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


class Table:
    """One table of the policy.

    `place` is the way to it, for who must be told; `known` are the keys it may have.
    """

    def __init__(self, place: Place, values: object, known: Collection[str]) -> None:
        if not isinstance(values, Mapping):
            raise refused(place, "not_a_table", value=repr(values))
        self.place = place
        self._values: Mapping[str, Any] = values
        for key in values:
            if key not in known:
                self.refuse(key, "unknown_key", **meant(key, known))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def refuse(self, key: str, code: str, /, **details: str) -> NoReturn:
        """Raises `PolicyInvalid` that names this table and `key`; `code` is a mistake of `mistakes.toml`."""
        raise refused((*self.place, ("key", key)), code, **details)

    def value(self, key: str) -> Any:
        """The value of a key that must be there."""
        if key not in self._values:
            self.refuse(key, "missing")
        return self._values[key]

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "not_a_text", value=repr(value))
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """One text or a list of texts, none of them empty."""
        value = self.value(key)
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items:
            self.refuse(key, "not_texts", value=repr(value))
        for item in items:
            if not isinstance(item, str) or not item.strip():
                self.refuse(key, "not_a_text", value=repr(item))
        return tuple(item.strip() for item in items)

    def identifier(self, key: str) -> str:
        """A short name in lower case: letters, digits and hyphens."""
        value = self.text(key)
        if not IDENTIFIER.fullmatch(value) or len(value) > LONGEST_IDENTIFIER:
            self.refuse(key, "bad_identifier", value=value, limit=str(LONGEST_IDENTIFIER))
        return value

    def one_of(self, key: str, known: Collection[str]) -> str:
        """A text that is one of `known`."""
        value = self.text(key)
        if value not in known:
            self.refuse(key, "unknown_value", value=value, **meant(value, known))
        return value

    def some_of(self, key: str, known: Collection[str]) -> frozenset[str]:
        """One or several texts, all of them among `known`."""
        values = self.texts(key)
        for value in values:
            if value not in known:
                self.refuse(key, "unknown_value", value=value, **meant(value, known))
        return frozenset(values)

    def member(self, key: str, kind: type[E]) -> E:
        """A member of an enumeration, by its value."""
        return kind(self.one_of(key, [member.value for member in kind]))

    def share(self, key: str) -> float:
        """A number between 0 and 1."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(key, "not_a_share", value=repr(value))
        return float(value)

    def count(self, key: str) -> int:
        """A whole number, zero or more."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.refuse(key, "not_a_count", value=repr(value))
        return int(value)

    def yes_or_no(self, key: str) -> bool:
        """`true` or `false`."""
        value = self.value(key)
        if not isinstance(value, bool):
            self.refuse(key, "not_yes_or_no", value=repr(value))
        return value

    def delay(self, key: str) -> timedelta:
        """Hours or days: `"4h"`, `"2d"`."""
        match = _DELAY.fullmatch(self.text(key))
        if match is None:
            self.refuse(key, "not_a_delay", value=repr(self._values[key]))
        return int(match[1]) * _UNITS[match[2]]

    def due(self, key: str) -> Delay:
        """Hours or days, or hours worked: `"4h"`, `"2d"`, `"8h worked"`."""
        worked = _WORKED.fullmatch(self.text(key))
        if worked is not None:
            return Delay(int(worked[1]) * _UNITS["h"], Counting.WORKED)
        if _DELAY.fullmatch(self.text(key)) is None:
            self.refuse(key, "not_a_due_time", value=repr(self._values[key]))
        return Delay(self.delay(key))
