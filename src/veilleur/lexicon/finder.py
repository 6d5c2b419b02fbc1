"""The words of all analyzers, found together in one look at each word of a batch of texts.

Terms are found as whole words. Between their words any single character that is neither
letter nor digit will do, so that « mal-de-tête » is found as « mal de tête », and an
elision does not hide what follows it (« l'ibuprofène »). The plural of the last word is
accepted. An owner sees, of its own terms that overlap, the leftmost and then the longest:
what others look for never changes what it is given. Terms with the same words (in two
languages, say) each give their mark.

The table of terms is one index of hashes (`veilleur.lexicon.index`): of the words of every term, and of
the words it begins with, which tell where it is worth while to look one word further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon.index import Index, Values
from veilleur.lexicon.term import Term
from veilleur.text import normalise
from veilleur.text.words import Flags, Hashes, Integers, Words, paired, split
from veilleur.vocabulary import Language

_NO_WORD = "-"
_SHORTEST_PLURAL = 4
"""Characters of the words of a term that may be found in the plural, at least."""

_AT_ONCE = 4096
"""Expressions that are compiled together: few enough to need little memory."""

Marks = dict[str, tuple["Mark", ...]]
"""Owner → its marks in one text, in the order of the text."""


class _Gaps(dict[int, str]):
    """Every character that is neither a letter nor a digit, to a space (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        gap = self[code] = char if char.isalnum() else " "
        return gap


_GAPS = _Gaps()


class Mark(NamedTuple):
    """A term found at `[start, end)` of the normalised text."""

    term: Term
    start: int
    end: int


class _Runs(NamedTuple):
    """Runs of words that follow one another with a single gap."""

    starts: Integers
    """The first word of each, an index in `Words`."""
    hashes: Hashes


class _Found(NamedTuple):
    """Runs of words that are terms, in no order."""

    first: Integers
    """First and last word, indices in `Words`."""
    last: Integers
    places: Integers
    """Index in `Lexicon._owned`."""
    plural: Flags


class Lexicon:
    """The terms of all owners, compiled. Reading it is safe from several threads."""

    def __init__(self, terms: Mapping[str, Iterable[Term]]) -> None:
        """Compiles `terms`: owner → terms. Raises `ValueError` for a term without a letter or a digit."""
        everything = [(owner, term) for owner, own in terms.items() for term in own]
        written = _words([term.text for _, term in everything])
        places: dict[str, int] = {}
        for (owner, term), words in zip(everything, written, strict=True):
            if not words:
                raise ValueError(f"“{owner}” declares a term without a letter or a digit: {term.text!r}")
            places.setdefault(words, len(places))
        self._index = _index(list(places))
        self._owned: list[list[tuple[str, Term]]] = [[] for _ in places]
        for one, words in zip(everything, written, strict=True):
            self._owned[places[words]].append(one)

    def __len__(self) -> int:
        """How many different expressions are looked for."""
        return len(self._owned)

    def scan(self, text: str) -> Marks:
        """The marks of each owner that has any in `text` (normalised), in the order of the text."""
        return self.marks(split([text]), [0])[0]

    def marks(self, words: Words, shifts: Sequence[int]) -> list[Marks]:
        """The marks of each of the texts of `words`, which are normalised.

        Nothing is looked for in the first characters of a text, as many as `shifts` says (its title), and
        places are counted from there.
        """
        out: list[Marks] = [{} for _ in shifts]
        begins = words.layout.offsets[: len(shifts)] + np.asarray(shifts, dtype=np.int64)
        found = self._found(words)
        owners = words.owner[found.first]
        starts = words.starts[found.first] - begins[owners]
        ends = words.ends[found.last] - begins[owners]
        order = np.lexsort((~found.plural, -ends, starts, owners))
        order = order[starts[order] >= 0]
        rows = (owners[order], starts[order], ends[order], found.places[order])
        held: defaultdict[str, list[Mark]]
        for text, group in groupby(zip(*(column.tolist() for column in rows), strict=True), itemgetter(0)):
            held = defaultdict(list)
            for _, start, end, place in group:
                for owner, term in self._owned[place]:
                    own = held[owner]
                    if not own or start >= own[-1].end or (start, end) == own[-1][1:]:
                        own.append(Mark(term, start, end))
            out[text] = {owner: tuple(own) for owner, own in held.items()}
        return out

    def _found(self, words: Words) -> _Found:
        """Every term that stands in `words`, the overlapping ones too."""
        singular = _without_plural(words)
        tight = np.append(words.starts[1:] - words.ends[:-1] == 1, False)
        parts: list[_Found] = []
        runs, size = _Runs(np.arange(len(words)), words.hashes), 1
        before = _Runs(runs.starts, np.zeros(0, dtype=np.uint64))
        while len(runs.starts):
            last = runs.starts + (size - 1)
            hits, values = self._index.found(runs.hashes)
            whole = values >> 1 > 0
            parts.append(_found(runs.starts[hits[whole]], last[hits[whole]], values[whole], plural=False))
            parts.append(self._plurals(words, before, size, singular))
            longer = hits[values & 1 == 1]
            longer = longer[tight[last[longer]]]
            before = _Runs(runs.starts[longer], runs.hashes[longer])
            runs = _Runs(before.starts, paired(before.hashes, words.hashes[before.starts + size]))
            size += 1
        return _Found(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else _NONE

    def _plurals(self, words: Words, before: _Runs, size: int, singular: Hashes) -> _Found:
        """Terms of `size` words whose last word stands in the plural, behind the words `before`."""
        last = before.starts + (size - 1)
        ends_so = np.flatnonzero(singular[last])
        first, last = before.starts[ends_so], last[ends_so]
        hashes = singular[last] if size == 1 else paired(before.hashes[ends_so], singular[last])
        hits, values = self._index.found(hashes)
        long_enough = words.ends[last[hits]] - words.starts[first[hits]] > _SHORTEST_PLURAL
        kept = hits[long_enough & (values >> 1 > 0)]
        return _found(first[kept], last[kept], values[long_enough & (values >> 1 > 0)], plural=True)


def _found(first: Integers, last: Integers, values: Values, *, plural: bool) -> _Found:
    places = (values >> 1).astype(np.int64) - 1
    return _Found(first, last, places, np.full(len(first), plural, dtype=np.bool_))


_NONE = _found(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0, dtype=np.int32), plural=False)


def _index(expressions: Sequence[str]) -> Index:
    """Of every expression, twice its number from 1 on; of the words it begins with, 1 more or 1 alone."""
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


def _without_plural(words: Words) -> Hashes:
    """(words,): hash of each word without its last letter where that may be a plural, else 0."""
    points, out = words.layout.points, np.zeros(len(words), dtype=np.uint64)
    lasts = np.flatnonzero(np.isin(points[words.ends - 1], _plural_letters()))
    lasts = lasts[words.ends[lasts] - words.starts[lasts] > 1]
    lasts = lasts[_letters()[np.minimum(points[words.ends[lasts] - 2], 0xFFFF)]]
    out[lasts] = words.layout.hashes(words.starts[lasts], words.ends[lasts] - 1)
    return out


@cache
def _plural_letters() -> NDArray[np.uint32]:
    return np.array([ord(letter) for letter in "sx"], dtype=np.uint32)


@cache
def _letters() -> Flags:
    """By code point of the Basic Multilingual Plane: whether it is a letter."""
    return np.fromiter((chr(point).isalpha() for point in range(0x10000)), dtype=np.bool_, count=0x10000)


def one_per_place(marks: Iterable[Mark], language: Language) -> list[Mark]:
    """Of marks at the same place, the one whose term is of `language`, else the first one."""
    places: dict[int, Mark] = {}
    for mark in marks:
        if mark.start not in places or places[mark.start].term.language is not language is mark.term.language:
            places[mark.start] = mark
    return list(places.values())
