"""What an index can use of a query: bounds that every message that answers it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from veilleur.listening.queries.expressions import (
    And,
    Day,
    Field,
    Leaf,
    Near,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    fold,
)

Words = frozenset[Word]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds of every message that answers a query; `None` says nothing."""

    words: Words | None = None
    """One of these words, at least, stands in the title or in the text."""
    since: date | None = None
    """First day, in the time zone that the query is asked in."""
    until: date | None = None
    """Last day, included."""


def bounds(query: Query) -> Bounds:
    """The narrowest bounds that are known without a look at the messages.

    >>> from veilleur.listening.queries.parsing import parse
    >>> found = bounds(parse("(attente OU retard) -parking depuis:2026-01-01"))
    >>> sorted(map(str, found.words)), str(found.since), found.until
    (['attente', 'retard'], '2026-01-01', None)
    """
    return fold(query, _of_leaf, _of_parts)


def necessary_words(query: Query) -> Words | None:
    """Words of which one must stand in the title or the text, few and long ones; `None` for none.

    >>> from veilleur.listening.queries.parsing import parse
    >>> sorted(map(str, necessary_words(parse('"la salle d’attente" accueil*'))))
    ['attente']
    """
    return bounds(query).words


def _of_leaf(leaf: Leaf) -> Bounds:
    if isinstance(leaf, Day):
        return Bounds(since=leaf.day) if leaf.name == "since" else Bounds(until=leaf.day)
    if isinstance(leaf, Near):
        return _all([_of_place(leaf.left), _of_place(leaf.right)])
    if isinstance(leaf, Field):
        return _of_leaf(leaf.text) if leaf.name == "title" else Bounds()
    if isinstance(leaf, Phrase):
        return _all([Bounds(frozenset([word])) for word in leaf.words])
    return Bounds(frozenset([leaf])) if isinstance(leaf, Word) else Bounds()


def _of_place(place: Query) -> Bounds:
    return fold(place, _of_leaf, _of_parts)


def _of_parts(node: Not | And | Or, parts: Sequence[Bounds]) -> Bounds:
    if isinstance(node, Not):
        return Bounds()
    return _all(parts) if isinstance(node, And) else _any(parts)


def _all(parts: Sequence[Bounds]) -> Bounds:
    return Bounds(
        min((part.words for part in parts if part.words is not None), key=_commonness, default=None),
        max((part.since for part in parts if part.since), default=None),
        min((part.until for part in parts if part.until), default=None),
    )


def _commonness(words: Words) -> float:
    """A guess how many messages hold one of the words: short ones are common."""
    return sum(2.0 ** -len(word.text) * (4 if word.is_prefix else 1) for word in words)


def _any(parts: Sequence[Bounds]) -> Bounds:
    words = [part.words for part in parts if part.words is not None]
    return Bounds(
        frozenset().union(*words) if len(words) == len(parts) else None,
        _widest(min, [part.since for part in parts]),
        _widest(max, [part.until for part in parts]),
    )


def _widest(choose: Callable[[Iterable[date]], date], days: Sequence[date | None]) -> date | None:
    known = [day for day in days if day is not None]
    return choose(known) if len(known) == len(days) else None
