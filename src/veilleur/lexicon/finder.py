"""The words of all analyzers, found together in one look at each word of a batch of texts.

Terms are found as whole words. Between their words any single character that is neither
letter nor digit will do, so that « mal-de-tête » is found as « mal de tête », and an
elision does not hide what follows it (« l'ibuprofène »). The plural of the last word is
accepted. An owner sees, of its own terms that overlap, the leftmost and then the longest:
what others look for never changes what it is given. Terms with the same words (in two
languages, say) each give their mark.

The table of terms is one index of hashes (`veilleur.lexicon.compiled`): of the words of every term, and of
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

from veilleur.lexicon.compiled import Compiled, Owned, compiled
from veilleur.lexicon.index import Index, Values
from veilleur.lexicon.term import Term
from veilleur.text.words import Flags, Hashes, Integers, Words, paired, split
from veilleur.vocabulary import Language

_SHORTEST_PLURAL = 4
"""Characters of the words of a term that may be found in the plural, at least."""


Marks = dict[str, tuple["Mark", ...]]
"""Owner → its marks in one text, in the order of the text."""


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
    """Index in `Compiled.owned`."""
    plural: Flags


class Lexicon:
    """The terms of all owners, compiled. Reading it is safe from several threads."""

    def __init__(self, terms: Mapping[str, Iterable[Term]], *ready: Compiled) -> None:
        """Compiles `terms`: owner → terms, to be found together with those that are `ready`.

        Raises `ValueError` for a term without a letter or a digit.
        """
        own = compiled(terms)
        self._parts = (own, *ready) if own.owned else ready

    def __len__(self) -> int:
        """How many different expressions are looked for."""
        return sum(len(part.owned) for part in self._parts)

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
        for part in self._parts:
            _mark(part, words, begins, out)
        return out


def _mark(part: Compiled, words: Words, begins: Integers, out: list[Marks]) -> None:
    """Adds the marks of one part, in texts that begin at `begins`."""
    found = _every(part.index, words)
    owners = words.owner[found.first]
    starts = words.starts[found.first] - begins[owners]
    ends = words.ends[found.last] - begins[owners]
    order = np.lexsort((~found.plural, -ends, starts, owners))
    order = order[starts[order] >= 0]
    columns = (owners[order], starts[order], ends[order], found.places[order])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for text, group in groupby(rows, itemgetter(0)):
        out[text] |= _leftmost_longest((part.owned[place], start, end) for _, start, end, place in group)


def _leftmost_longest(found: Iterable[tuple[Sequence[Owned], int, int]]) -> Marks:
    """Of terms in the order of the text, the longest first at each place, those that each owner sees."""
    held: defaultdict[str, list[Mark]] = defaultdict(list)
    for owned, start, end in found:
        for owner, term in owned:
            own = held[owner]
            if not own or start >= own[-1].end or (start, end) == own[-1][1:]:
                own.append(Mark(term, start, end))
    return {owner: tuple(own) for owner, own in held.items()}


def _every(index: Index, words: Words) -> _Found:
    """Every term that stands in `words`, the overlapping ones too."""
    singular = _without_plural(words)
    tight = np.append(words.starts[1:] - words.ends[:-1] == 1, False)
    parts: list[_Found] = []
    runs, size = _Runs(np.arange(len(words)), words.hashes), 1
    before = _Runs(runs.starts, np.zeros(0, dtype=np.uint64))
    while len(runs.starts):
        last = runs.starts + (size - 1)
        hits, values = index.found(runs.hashes)
        whole = values >> 1 > 0
        parts.append(_found(runs.starts[hits[whole]], last[hits[whole]], values[whole], plural=False))
        parts.append(_plurals(index, words, before, size, singular))
        longer = hits[values & 1 == 1]
        longer = longer[tight[last[longer]]]
        before = _Runs(runs.starts[longer], runs.hashes[longer])
        runs = _Runs(before.starts, paired(before.hashes, words.hashes[before.starts + size]))
        size += 1
    return _Found(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else _NONE


def _plurals(index: Index, words: Words, before: _Runs, size: int, singular: Hashes) -> _Found:
    """Terms of `size` words whose last word stands in the plural, behind the words `before`."""
    last = before.starts + (size - 1)
    ends_so = np.flatnonzero(singular[last])
    first, last = before.starts[ends_so], last[ends_so]
    hashes = singular[last] if size == 1 else paired(before.hashes[ends_so], singular[last])
    hits, values = index.found(hashes)
    long_enough = words.ends[last[hits]] - words.starts[first[hits]] > _SHORTEST_PLURAL
    kept = hits[long_enough & (values >> 1 > 0)]
    return _found(first[kept], last[kept], values[long_enough & (values >> 1 > 0)], plural=True)


def _found(first: Integers, last: Integers, values: Values, *, plural: bool) -> _Found:
    places = (values >> 1).astype(np.int64) - 1
    return _Found(first, last, places, np.full(len(first), plural, dtype=np.bool_))


_NONE = _found(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0, dtype=np.int32), plural=False)


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
