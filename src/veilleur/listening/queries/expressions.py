"""What a query is once it is read: small frozen classes, and one way to walk through them.

`str()` of an expression is its canonical text: reading that text gives the same expression again.

>>> str(Or((Word("attente"), And((Word("accueil"), Not(Word("parking")))))))
'attente OR (accueil AND NOT parking)'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, TypeGuard, TypeVar

from veilleur.listening.queries.names import CHOICES, DAY_FIELDS, TEXT_FIELDS
from veilleur.listening.queries.words import words_of

MOST_STARS = 5
MOST_DISTANCE = 100
"""The largest number behind NEAR."""

T = TypeVar("T")


def _require(condition: bool, what: object) -> None:  # noqa: FBT001 - the one thing it is about
    if not condition:
        raise ValueError(f"not an expression: {what!r}")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, folded; with `is_prefix`, every word that begins so.

    >>> str(Word("attent", is_prefix=True))
    'attent*'
    """

    text: str
    is_prefix: bool = False

    def __post_init__(self) -> None:
        _require(words_of(self.text) == [self.text], self.text)

    def __str__(self) -> str:
        return self.text + "*" * self.is_prefix


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words or more, side by side."""

    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        _require(len(self.words) > 1, self.words)

    def __str__(self) -> str:
        return f'"{" ".join(map(str, self.words))}"'


@dataclass(frozen=True, slots=True)
class Near:
    """Two places in the text, in any order, the second one at most `distance` words further on."""

    left: Place
    right: Place
    distance: int

    def __post_init__(self) -> None:
        _require(is_place(self.left) and is_place(self.right), (self.left, self.right))
        _require(0 < self.distance <= MOST_DISTANCE, self.distance)

    def __str__(self) -> str:
        return f"{_inner(self.left)} NEAR/{self.distance} {_inner(self.right)}"


@dataclass(frozen=True, slots=True)
class Field:
    """Words side by side in one field of the message, one of `names.TEXT_FIELDS`."""

    name: str
    text: Word | Phrase

    def __post_init__(self) -> None:
        _require(self.name in TEXT_FIELDS, self.name)

    def __str__(self) -> str:
        return f"{self.name}:{self.text}"


@dataclass(frozen=True, slots=True)
class Is:
    """One of the values of a field that knows all its values (`names.CHOICES`)."""

    name: str
    value: str

    def __post_init__(self) -> None:
        _require(self.value in CHOICES.get(self.name, ()), (self.name, self.value))

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating between two numbers of stars out of five, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _require(1 <= self.low <= self.high <= MOST_STARS, (self.low, self.high))

    def __str__(self) -> str:
        return f"rating:{self.low}" + (f"..{self.high}" if self.high > self.low else "")


@dataclass(frozen=True, slots=True)
class Day:
    """Published on a day or after it (`since`), or on a day or before it (`until`)."""

    name: str
    day: date

    def __post_init__(self) -> None:
        _require(self.name in DAY_FIELDS, self.name)

    def __str__(self) -> str:
        return f"{self.name}:{self.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    part: Query

    def __str__(self) -> str:
        return f"NOT ({self.part})" if isinstance(self.part, And | Or | Near) else f"NOT {self.part}"


@dataclass(frozen=True, slots=True)
class And:
    """Two parts or more that must all hold."""

    parts: tuple[Query, ...]

    def __post_init__(self) -> None:
        _require(len(self.parts) > 1, self.parts)

    def __str__(self) -> str:
        return " AND ".join(map(_inner, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """Two parts or more of which one must hold."""

    parts: tuple[Query, ...]

    def __post_init__(self) -> None:
        _require(len(self.parts) > 1, self.parts)

    def __str__(self) -> str:
        return " OR ".join(map(_inner, self.parts))


Place: TypeAlias = Word | Phrase | Or
"""What stands at one place of a text; an `Or` of nothing but places."""
Leaf: TypeAlias = Word | Phrase | Near | Field | Is | Stars | Day
"""What asks something of a message by itself."""
Query: TypeAlias = Leaf | Not | And | Or


def _inner(part: Query) -> str:
    return f"({part})" if isinstance(part, And | Or) else str(part)


def is_place(query: Query) -> TypeGuard[Place]:
    """Whether NEAR may stand beside it: a word, a phrase, or OR between such."""
    if isinstance(query, Or):
        return all(map(is_place, query.parts))
    return isinstance(query, Word | Phrase)


def fold(query: Query, leaf: Callable[[Leaf], T], joined: Callable[[Not | And | Or, Sequence[T]], T]) -> T:
    """Works a query out from its leaves up.

    `leaf` gives the value of a leaf; `joined` that of a `Not` (one value), an `And` or an `Or` (two
    or more) from the values of its parts.

    >>> depth = lambda query: fold(query, lambda leaf: 1, lambda node, below: 1 + max(below))
    >>> depth(Word("attente")), depth(And((Word("attente"), Not(Word("parking")))))
    (1, 3)
    """
    if isinstance(query, Not):
        return joined(query, [fold(query.part, leaf, joined)])
    if isinstance(query, And | Or):
        return joined(query, [fold(part, leaf, joined) for part in query.parts])
    return leaf(query)
