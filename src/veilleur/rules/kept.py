"""What words brought before is kept: the same words and concepts come again in every text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Told = TypeVar("Told", bound=tuple[Any, ...])
Value = TypeVar("Value")
MOST = 100_000
"""Values that are kept; beyond, all are forgotten and begun again."""


class Kept(dict[Told, Value]):
    """By what is told, a value made of it, worked out when it is first asked for.

    >>> kept = Kept(lambda word, times: word * times)
    >>> kept["ha", 2]
    'haha'
    """

    def __init__(self, value: Callable[..., Value]) -> None:
        """`value` makes of what is told what is kept."""
        super().__init__()
        self._value = value

    def __missing__(self, told: Told) -> Value:
        """Works it out."""
        if len(self) >= MOST:
            self.clear()
        value = self[told] = self._value(*told)
        return value
