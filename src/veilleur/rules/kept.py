"""What words brought before is kept: the same words and concepts come again in every text."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
MOST = 400_000
"""Values that are kept; beyond, all are forgotten and begun again."""


class Kept(Generic[Value]):
    """Values made of names of features, worked out when they are first asked for."""

    def __init__(self, value: Callable[[Any], Value]) -> None:
        """`value` makes of names what is kept."""
        self._value = value
        self._known: dict[tuple[Hashable, ...], Value] = {}

    def of(self, names: Callable[..., Any], *told: Hashable) -> Value:
        """The value of `names(*told)`."""
        key = (names, *told)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
            known = self._known[key] = self._value(names(*told))
        return known
