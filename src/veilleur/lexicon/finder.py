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

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from veilleur.lexicon.compiled import Compiled, compiled
from veilleur.lexicon.index import Index, Values
from veilleur.lexicon.term import Term
from veilleur.text.words import Flags, Hashes, Integers, Words, changes, paired, split, stretches
from veilleur.vocabulary import Language

_S, _X = map(ord, "sx")
"""Letters that make a plural."""
_SHORTEST_PLURAL = 4
"""Characters of the words of a term that may be found in the plural, at least."""


class Mark(NamedTuple):
    """A term found at `[start, end)` of the normalised text."""

    term: Term
    start: int
    end: int


Marks = dict[str, tuple[Mark, ...]]
"""Owner → its marks in one text, in the order of the text; without the owners that have none."""


class _Found(NamedTuple):
    """Runs of words that are terms, in no order."""

    first: Integers
    """First and last word, indices in `Words`."""
    last: Integers
    places: Integers
    """Numbers of their expressions."""
    plural: Flags


class Finds(NamedTuple):
    """What was found in a batch, as columns: owner by owner, text by text, in the order of the texts."""

    known: Compiled
    owners: Integers
    """(marks,): number of the owner, in `known.owners`."""
    texts: Integers
    terms: Integers
    """(marks,): number of the term, in `known.terms`."""
    starts: Integers
    ends: Integers


class Lexicon:
    """The terms of all owners, compiled. Reading it is safe from several threads."""

    def __init__(self, terms: Mapping[str, Iterable[Term]], ready: Compiled | None = None) -> None:
        """Compiles `terms`: owner → terms, to be found together with those that are `ready`.

        Raises `ValueError` for a term without a letter or a digit.
        """
        own = compiled(terms)
        self._parts = [part for part in (own, ready) if part is not None and len(part.owner)]

    def __len__(self) -> int:
        """How many different expressions are looked for."""
        return sum(len(part.first) - 1 for part in self._parts)

    def scan(self, text: str) -> Marks:
        """The marks in one normalised text."""
        return self.marks(split([text]), [0])[0]

    def marks(self, words: Words, shifts: Sequence[int]) -> list[Marks]:
        """The marks in each of the texts of `words`, which are normalised.

        Nothing is looked for in the first characters of a text, as many as `shifts` says (its title), and
        places are counted from there.
        """
        out: list[Marks] = [{} for _ in shifts]
        for found in self.finds(words, shifts):
            terms = map(found.known.terms.__getitem__, found.terms.tolist())
            marks = tuple(map(Mark, terms, found.starts.tolist(), found.ends.tolist()))
            names = {number: owner for owner, number in found.known.owners.items()}
            group = found.owners * len(out) + found.texts
            edges = [*np.flatnonzero(changes(group)).tolist(), len(group)]
            places = zip(found.owners[edges[:-1]].tolist(), found.texts[edges[:-1]].tolist(), strict=True)
            for (owner, text), (first, last) in zip(places, pairwise(edges), strict=True):
                if owner in names:
                    out[text][names[owner]] = marks[first:last]
        return out

    def finds(self, words: Words, shifts: Sequence[int]) -> list[Finds]:
        """The same as columns, for the terms that were compiled here and for those that were ready."""
        begins = words.layout.offsets[: len(shifts)] + np.asarray(shifts, dtype=np.int64)
        return [_finds(part, words, begins) for part in self._parts]


def _finds(part: Compiled, words: Words, begins: Integers) -> Finds:
    """The marks of one part, in texts that begin at `begins`."""
    found = _every(part.index, words)
    firsts = part.first[found.places]
    which, terms = stretches(firsts, part.first[found.places + 1] - firsts)
    texts, owners = words.owner[found.first[which]], part.owner[terms]
    starts = words.starts[found.first[which]] - begins[texts]
    ends = words.ends[found.last[which]] - begins[texts]
    order = np.lexsort((terms, ~found.plural[which], -ends, starts, owners * len(begins) + texts))
    order = order[starts[order] >= 0]
    group = (owners * len(begins) + texts)[order]
    order = order[_leftmost_longest(group, starts[order], ends[order])]
    return Finds(part, owners[order], texts[order], terms[order], starts[order], ends[order])


def _leftmost_longest(group: Integers, starts: Integers, ends: Integers) -> Flags:
    """Which marks to keep: of those that overlap in a group, the leftmost, of one start the longest.

    Marks come in the order of their groups and starts, the longest first; several may have one place.
    """
    same = (group[1:] == group[:-1]) & (starts[1:] == starts[:-1]) & (ends[1:] == ends[:-1])
    new = np.append(True, ~same)[: len(group)]
    kept = np.flatnonzero(new)
    while True:
        left, right = kept[:-1], kept[1:]
        over = (group[left] == group[right]) & (starts[right] < ends[left])
        if not over.any():
            break
        # What overlaps one that will go itself is asked again.
        over[1:] &= ~over[:-1]
        kept = kept[np.append(True, ~over)]
    flags = np.zeros(len(group), dtype=np.bool_)
    flags[kept] = True
    stay: Flags = flags[np.flatnonzero(new)][np.cumsum(new) - 1]
    return stay


def _every(index: Index, words: Words) -> _Found:
    """Every term that stands in `words`, the overlapping ones too."""
    singular = _without_plural(words)
    tight = np.append(words.starts[1:] - words.ends[:-1] == 1, False)
    parts = [_NONE]
    starts, hashes, before, size = np.arange(len(words)), words.hashes, None, 1
    while len(starts):
        last = starts + (size - 1)
        ends_so = np.flatnonzero(singular[last])
        turned = singular[last[ends_so]]
        # One search for the words as they stand and for those without their plural.
        sought = np.concatenate([hashes, turned if before is None else paired(before[ends_so], turned)])
        hits, values = index.found(sought)
        plural = hits >= len(starts)
        run = np.concatenate([np.arange(len(starts)), ends_so])[hits]
        parts.append(_whole(words, starts[run], last[run], values, plural))
        longer = run[(values & 1 == 1) & ~plural]
        longer = longer[tight[last[longer]]]
        starts, before = starts[longer], hashes[longer]
        hashes = paired(before, words.hashes[starts + size])
        size += 1
    return _Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _whole(words: Words, first: Integers, last: Integers, values: Values, plural: Flags) -> _Found:
    """Of the runs of words in the index those that are whole terms, long enough for a plural if in one."""
    places = (values >> 1).astype(np.int64) - 1
    long_enough = words.ends[last] - words.starts[first] > _SHORTEST_PLURAL
    kept = np.flatnonzero((places >= 0) & (long_enough | ~plural))
    return _Found(first[kept], last[kept], places[kept], plural[kept])


_NONE = _Found(*(np.zeros(0, dtype=np.int64),) * 3, np.zeros(0, dtype=np.bool_))


def _without_plural(words: Words) -> Hashes:
    """(words,): hash of each word without its last letter where that may be a plural, else 0."""
    points, out = words.layout.points, np.zeros(len(words), dtype=np.uint64)
    last = points[words.ends - 1]
    lasts = np.flatnonzero((last == _S) | (last == _X))
    lasts = lasts[words.ends[lasts] - words.starts[lasts] > 1]
    lasts = lasts[_letters()[np.minimum(points[words.ends[lasts] - 2], 0xFFFF)]]
    out[lasts] = words.layout.hashes(words.starts[lasts], words.ends[lasts] - 1)
    return out


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
