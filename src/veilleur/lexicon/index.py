"""A table of 64-bit hashes that is searched for many of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.text.words import Flags, Hashes, Integers

Values = NDArray[np.int32]

NOTHING = -1
_ROOM_LOG2 = 1
"""Slots for each key, as a power of two, at least."""
_SIEVE_LOG2 = 3
"""Holes of the sieve for each key, as a power of two, at least: few hashes fall through it by chance."""


@dataclass(frozen=True, slots=True)
class Index:
    """Open addressing; `Index.of` makes one."""

    keys: Hashes
    values: Values
    shift: np.uint64
    """Bits of a hash that its home slot leaves out."""
    sieve: Flags
    """Whether any key begins with these bits: most of the hashes that are no key fail here."""
    sieve_shift: np.uint64

    @classmethod
    def of(cls, keys: Hashes, values: Values) -> Index:
        """The index of `keys`, all different and none 0; no value is below 0."""
        log2, sieve_log2 = (len(keys).bit_length() + room for room in (_ROOM_LOG2, _SIEVE_LOG2))
        shift, sieve_shift = np.uint64(64 - log2), np.uint64(64 - sieve_log2)
        order = np.argsort(keys)
        homes = (keys[order] >> shift).astype(np.int64)
        steps = np.arange(len(keys))
        places = np.maximum.accumulate(homes - steps) + steps
        size = max(1 << log2, int(places[-1]) + 1 if len(places) else 0) + 1  # the last slot stays empty
        slots, kept = np.zeros(size, dtype=np.uint64), np.full(size, NOTHING, dtype=np.int32)
        slots[places], kept[places] = keys[order], values[order]
        sieve = np.zeros(1 << sieve_log2, dtype=np.bool_)
        sieve[(keys >> sieve_shift).astype(np.int64)] = True
        return cls(slots, kept, shift, sieve, sieve_shift)

    def find(self, hashes: Hashes) -> Values:
        """The value of each hash, `NOTHING` where it has none."""
        found = np.full(len(hashes), NOTHING, dtype=np.int32)
        places, values = self.found(hashes)
        found[places] = values
        return found

    def found(self, hashes: Hashes) -> tuple[Integers, Values]:
        """Which of `hashes` have a value, in order, and their values."""
        places = np.flatnonzero(self.sieve[(hashes >> self.sieve_shift).astype(np.int64)])
        sought = hashes[places]
        slots = (sought >> self.shift).astype(np.int64)
        there = self.keys[slots]
        wrong = np.flatnonzero((there != sought) & (there != 0))
        while len(wrong):
            slots[wrong] += 1
            there = self.keys[slots[wrong]]
            wrong = wrong[(there != sought[wrong]) & (there != 0)]
        hits = self.keys[slots] == sought
        return places[hits], self.values[slots[hits]]
