"""Colleagues named in a note: « @Marie Curie, peux-tu rappeler ? »."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from veilleur.listening.queries import words_of

_AT = re.compile(r"(?<![\w@.])@(?=\w)")
_WORD = re.compile(r"\w+")
_WITHIN = frozenset(" -'’.\u00a0")
"""What may part the words of one name."""


class Person(Protocol):
    """Whoever has a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a note, and whether it names a colleague."""

    text: str
    is_name: bool


def named_in(text: str, people: Sequence[Person]) -> list[int]:
    """Places in `people` of those whom a text names, each once, in order."""
    found = {place: None for _start, _end, places in _names(text, people) for place in places}
    return list(found)


def pieces_of(text: str, people: Sequence[Person]) -> list[Piece]:
    """The text in pieces; joined, they are the text."""
    pieces, done = [], 0
    for start, end, _places in _names(text, people):
        pieces += [Piece(text[done:start], is_name=False), Piece(text[start:end], is_name=True)]
        done = end
    return [piece for piece in (*pieces, Piece(text[done:], is_name=False)) if piece.text]


def _names(text: str, people: Sequence[Person]) -> Iterator[tuple[int, int, list[int]]]:
    """(start, end, places of those meant) of each name; the longest name that fits is meant."""
    spelled = [words_of(person.name) for person in people]
    most = max(map(len, spelled), default=0)
    for at in _AT.finditer(text):
        end, places = _longest(text, at.end(), spelled, most)
        if places:
            yield at.start(), end, places


def _longest(text: str, start: int, spelled: Sequence[list[str]], most: int) -> tuple[int, list[int]]:
    """Where the longest name that begins at `start` ends, and whose it is."""
    best: tuple[int, list[int]] = (start, [])
    end, words = start, list[str]()
    for match in _WORD.finditer(text, start):
        if len(words) >= most or not set(text[end : match.start()]) <= _WITHIN:
            break
        end = match.end()
        words += words_of(match.group())
        places = [place for place, name in enumerate(spelled) if name == words]
        best = (end, places) if places else best
    return best
