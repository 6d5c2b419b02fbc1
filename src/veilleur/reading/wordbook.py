"""The different words met so far, and what trained tables say of each, worked out once.

Words repeat: nine in ten words of a batch were met before. What a word brings by itself (its own row and the
rows of its character n-grams) is summed up when it is first met and kept, within bounds.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from veilleur.text.words import Floats, Hashes, Integers, Rows, changes

MOST = 1 << 15
"""Words in a wordbook, at most, when a batch begins; then a new one is begun."""
CHARACTER_WEIGHT = 0.35
"""A character n-gram counts for this much of a word: a word has many of them."""


@dataclass(frozen=True, slots=True)
class Units:
    """Different words, one that is turned by a negation apart."""

    rows: Rows
    """(units,): row of the word itself."""
    character_rows: Rows
    """(sizes, positions): rows of the character n-grams that start at each position of a unit."""
    first_position: Integers
    """(units,): index of its first position in `character_rows`."""

    def sizes(self) -> Integers:
        """(units,): positions of each."""
        return np.diff(self.first_position, append=self.character_rows.shape[1])

    def owners(self) -> Integers:
        """(positions,): the unit of each position."""
        return np.repeat(np.arange(len(self.rows)), self.sizes())


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of weights; those that say nothing share line 0."""

    index: Rows
    """(rows of the features,): line of each row."""
    lines: Floats
    """(lines, columns); line 0 is zero."""

    def of_units(self, units: Units) -> Floats:
        """(units, columns): what each brings by itself."""
        out = self.lines.take(self.index[units.rows], axis=0)
        owners = units.owners()
        for layer in units.character_rows:
            lines = self.index[layer]
            known = np.flatnonzero(lines)
            if len(known):
                values = self.lines.take(lines[known], axis=0)
                values *= np.float32(CHARACTER_WEIGHT)
                firsts = np.flatnonzero(changes(owners[known]))
                out[owners[known[firsts]]] += np.add.reduceat(values, firsts, axis=0)
        return out


@dataclass(slots=True)
class _Sums:
    """What one table says of the first units of a wordbook."""

    table: Table
    kept: Floats
    size: int = 0
    parts: int = 0
    """How many additions to the wordbook are in it."""

    def grow(self, more: Floats) -> None:
        end = self.size + len(more)
        if end > len(self.kept):
            wider = np.empty((max(end, 2 * len(self.kept)), self.kept.shape[1]), dtype=np.float32)
            wider[: self.size] = self.kept[: self.size]
            self.kept = wider
        self.kept[self.size : end] = more
        self.size = end
        self.parts += 1


@dataclass(slots=True)
class Wordbook:
    """The words that one thread has met; their numbers never change."""

    _numbers: dict[int, int] = field(default_factory=dict)
    _units: list[Units] = field(default_factory=list)
    """What was added each time."""
    _sums: dict[int, _Sums] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, hashes: Hashes) -> tuple[Integers, Integers]:
        """The number of each word, and the first place of each that was not known.

        `add` must be given the units of those, in this order, before anything is asked of them.
        """
        keys, known = hashes.tolist(), self._numbers
        firsts = []
        numbers = np.fromiter(map(known.get, keys, repeat(-1)), dtype=np.int64, count=len(keys))
        strange = np.flatnonzero(numbers < 0).tolist()
        for place in strange:
            if keys[place] not in known:
                known[keys[place]] = len(known)
                firsts.append(place)
        numbers[strange] = [known[keys[place]] for place in strange]
        return numbers, np.array(firsts, dtype=np.int64)

    def add(self, units: Units) -> None:
        """The units that `numbers` asked for."""
        if len(units.rows):
            self._units.append(units)

    def sums(self, table: Table) -> Floats:
        """(at least all units, columns): what `table` says of each unit by itself."""
        if id(table) not in self._sums:
            self._sums[id(table)] = _Sums(table, np.empty((256, table.lines.shape[1]), dtype=np.float32))
        sums = self._sums[id(table)]
        for units in self._units[sums.parts :]:
            sums.grow(table.of_units(units))
        return sums.kept


_here = threading.local()


def wordbook() -> Wordbook:
    """The wordbook of this thread, a new one when it is full."""
    book: Wordbook | None = getattr(_here, "book", None)
    if book is None or len(book) >= MOST:
        book = _here.book = Wordbook()
    return book
