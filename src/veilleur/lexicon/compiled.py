"""Terms made ready to be found, by this process or, for those that are shipped, beforehand.

What is shipped is a handful of arrays: terms are made of them one by one, when they are first found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon.index import Index, Values
from veilleur.lexicon.term import Term
from veilleur.text import normalise
from veilleur.text.words import Hashes, Integers, paired, split
from veilleur.vocabulary import Concept, Language

Owned = tuple[str, Term]
"""An owner and one of its terms."""
Arrays = Mapping[str, NDArray[Any]]

_NO_WORD = "-"
_AT_ONCE = 4096
"""Expressions that are compiled together: few enough to need little memory."""
_FIELD, _LINE = "\t", "\n"
_LANGUAGES = (None, *Language)


class _Gaps(dict[int, str]):
    """Every character that is neither a letter nor a digit, to a space (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        gap = self[code] = char if char.isalnum() else " "
        return gap


_GAPS = _Gaps()


@dataclass(frozen=True, slots=True)
class Compiled:
    """Terms of some owners, found by the hashes of their words."""

    index: Index
    """Of every expression, twice its number from 1 on; of the words it begins with, 1 more or 1 alone."""
    first: Integers
    """(expressions + 1,): the terms of expression `e`, from 0 on, are `first[e]:first[e + 1]`."""
    owners: Mapping[str, int]
    """Number of each owner who is to be told."""
    owner: Integers
    """(terms,): number of its owner."""
    terms: list[Term] | dict[int, Term]
    """Each by its number."""


def compiled(terms: Mapping[str, Iterable[Term]]) -> Compiled:
    """Compiles `terms`: owner → terms. Raises `ValueError` for a term without a letter or a digit."""
    everything = [(owner, term) for owner, own in terms.items() for term in own]
    written = _words([term.text for _, term in everything])
    groups: dict[str, list[Owned]] = {}
    for one, words in zip(everything, written, strict=True):
        if not words:
            raise ValueError(f"“{one[0]}” declares a term without a letter or a digit: {one[1].text!r}")
        groups.setdefault(words, []).append(one)
    owned = [one for group in groups.values() for one in group]
    owners = {owner: number for number, owner in enumerate(terms)}
    return Compiled(
        _index(list(groups)),
        np.cumsum([0, *map(len, groups.values())]),
        owners,
        np.array([owners[owner] for owner, _ in owned], dtype=np.int64),
        [term for _, term in owned],
    )


def _index(expressions: Sequence[str]) -> Index:
    starts = range(0, len(expressions), _AT_ONCE)
    parts = [_keys(expressions[start : start + _AT_ONCE], start) for start in starts] or [_keys([], 0)]
    keys, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    different, place = np.unique(keys, return_inverse=True)
    together = np.zeros(len(different), dtype=np.int32)
    np.bitwise_or.at(together, place, values)
    return Index.of(different, together)


def _keys(expressions: Sequence[str], number: int) -> tuple[Hashes, Values]:
    """Hashes of the expressions, numbered from `number` on, and of all their beginnings; their values."""
    words = split(expressions)
    firsts = np.searchsorted(words.owner, np.arange(len(expressions) + 1))
    sizes = np.diff(firsts)
    left, run = np.arange(len(expressions)), words.hashes[firsts[:-1]]
    keys, values, size = [run[:0]], [np.zeros(0, dtype=np.int32)], 1
    while len(left):
        whole = sizes[left] == size
        keys.append(run)
        values.append(np.where(whole, 2 * (number + left + 1), 1).astype(np.int32))
        left = left[~whole]
        run = paired(run[~whole], words.hashes[firsts[left] + size])
        size += 1
    return np.concatenate(keys), np.concatenate(values)


def _words(texts: Sequence[str]) -> list[str]:
    """The words of each text with one space between them; empty for a text without any.

    All texts are normalised at once, a line each: one by one would take most of the time of a start.
    """
    lines = normalise("\n".join(text.strip() or _NO_WORD for text in texts)).text.split("\n")
    if len(lines) != len(texts):  # a text of several lines
        lines = [normalise(text).text for text in texts]
    return [" ".join(line.translate(_GAPS).split()) for line in lines]


def packed(known: Compiled) -> dict[str, NDArray[Any]]:
    """`known` as arrays: `unpacked` makes it again."""
    terms = [known.terms[number] for number in range(len(known.owner))]
    kinds, concepts = _Numbers(), _Numbers()
    used = np.flatnonzero(known.index.keys)
    columns: dict[str, Iterable[int]] = {
        "first": known.first,
        "owner": known.owner,
        "kind": [kinds.of(term.kind) for term in terms],
        "concept": [concepts.of(_line(term.concept)) for term in terms],
        "language": [_LANGUAGES.index(term.language) for term in terms],
        "doubtful": [term.doubtful for term in terms],
    }
    return {
        "keys": known.index.keys[used],
        "values": known.index.values[used],
        "texts": _bytes(term.text for term in terms),
        "owners": _bytes(known.owners),
        "kinds": _bytes(kinds),
        "concepts": _bytes(concepts),
        **{name: np.asarray(column, dtype=np.int32) for name, column in columns.items()},
    }


def unpacked(arrays: Arrays, wanted: Collection[str]) -> Compiled:
    """What `packed` made arrays of, for the owners that are `wanted`."""
    index = Index.of(arrays["keys"], arrays["values"])
    names = arrays["owners"].tobytes().decode().split(_LINE)
    owners = {name: number for number, name in enumerate(names) if name in wanted}
    first, owner = (arrays[name].astype(np.int64) for name in ("first", "owner"))
    return Compiled(index, first, owners, owner, _Packed(arrays))


class _Numbers(dict[str, int]):
    """Numbers for different strings, in the order in which they come."""

    def of(self, text: str) -> int:
        return self.setdefault(text, len(self))


def _line(concept: Concept | None) -> str:
    return _FIELD.join((concept.id, concept.label, concept.group)) if concept else ""


def _bytes(lines: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer(_LINE.join(lines).encode(), dtype=np.uint8)


class _Lines:
    """Lines of text that are decoded when they are asked for."""

    def __init__(self, packed_lines: NDArray[np.uint8]) -> None:
        self._bytes = packed_lines.tobytes()
        ends = np.flatnonzero(packed_lines == ord(_LINE))
        self._starts: Integers = np.concatenate([[0], ends + 1, [len(self._bytes) + 1]])

    def __getitem__(self, number: int) -> str:
        return self._bytes[self._starts[number] : self._starts[number + 1] - 1].decode()


class _Packed(dict[int, Term]):
    """Terms by number, made when they are asked for."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self._columns = {name: arrays[name] for name in ("kind", "concept", "language", "doubtful")}
        self._lines = {name: _Lines(arrays[name]) for name in ("texts", "kinds", "concepts")}

    def __missing__(self, number: int) -> Term:
        term = self[number] = self._term(number)
        return term

    def _term(self, number: int) -> Term:
        kind, concept = (self._lines[f"{name}s"][self._columns[name][number]] for name in ("kind", "concept"))
        return Term(
            self._lines["texts"][number],
            Concept(*concept.split(_FIELD)) if concept else None,
            kind,
            _LANGUAGES[self._columns["language"][number]],
            bool(self._columns["doubtful"][number]),
        )
