"""The words of a batch of texts as parallel arrays, each with a 64-bit hash.

All texts are laid end to end in one array of code points. One running sum of
`value(character) · P^position` (modulo 2^64) then gives the polynomial hash of *any*
stretch by one subtraction and one multiplication, so that nothing here loops in Python
over characters or words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int32]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SEPARATOR = "\n\n"
_EDGE = "\n\n\n"  # room for an n-gram even when there is no text at all
_CLAUSE_ENDS = '.,;:!?()[]\n…«»"|/'


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of a batch; all arrays but those of `Layout` have one entry per word."""

    layout: Layout
    starts: Integers
    """First code point, counted in the layout."""
    ends: Integers
    owner: Integers
    """Index of the text in the batch."""
    clause: Integers
    """Number of the clause; two words of one text share it when no punctuation parts them."""
    hashes: Hashes

    def __len__(self) -> int:
        return len(self.starts)

    def only(self, chosen: Integers, owner: Integers, texts: Integers) -> Words:
        """The words `chosen`, which are all those of `texts`; `owner` counts in these."""
        layout = replace(self.layout, offsets=self.layout.offsets[texts])
        starts, ends = self.starts[chosen], self.ends[chosen]
        return Words(layout, starts, ends, owner, self.clause[chosen], self.hashes[chosen])


@dataclass(frozen=True, slots=True)
class Layout:
    """All texts of a batch end to end, with separators before, between and after them."""

    points: NDArray[np.uint32]
    """Code point of each character."""
    offsets: Integers
    """Where each text starts."""
    inside: Flags
    """Whether each character is part of a word."""
    running: Hashes
    """`running[i]` sums the first `i` characters; whatever is in no word counts as one blank."""
    unshift: Hashes
    """`P^-i`: brings a stretch that starts at `i` back to position 0."""

    def hashes(self, starts: Integers, ends: Integers) -> Hashes:
        """Hashes of the stretches `[starts, ends)`."""
        return mixed((self.running[ends] - self.running[starts]) * self.unshift[starts])


def split(texts: Sequence[str]) -> Words:
    """The words of all `texts`, in order. A word is a run of letters, digits or emojis."""
    points = _join(texts)
    inside = _is_word(points)
    layout = _lay_out(texts, points, inside)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    owner = np.searchsorted(layout.offsets, starts, side="right") - 1
    stops = np.cumsum(_clause_table()[np.minimum(points, 0x20FF)], dtype=np.int64)
    clause = _renumber(stops[starts])
    return Words(layout, starts, ends, owner, clause, layout.hashes(starts, ends))


def mixed(hashes: Hashes) -> Hashes:
    """Hashes whose high bits depend on every bit of the input."""
    folded = (hashes ^ (hashes >> np.uint64(32))) * _MIX
    return folded ^ (folded >> np.uint64(29))


def paired(first: Hashes, second: Hashes) -> Hashes:
    """Hashes of ordered pairs."""
    return mixed(first * np.uint64(0xA0761D6478BD642F) + second)


def changes(values: NDArray[Any]) -> Flags:
    """Which values are others than the one before; the first one always is.

    >>> changes(np.array([4, 4, 7]))
    array([ True, False,  True])
    """
    out = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=out[1:])
    return out


def stretches(starts: Integers, sizes: Integers) -> tuple[Integers, Integers]:
    """The numbers `start … start + size - 1` of every stretch end to end, behind the stretch of each.

    >>> stretches(np.array([7, 2]), np.array([2, 3]))
    (array([0, 0, 1, 1, 1]), array([7, 8, 2, 3, 4]))
    """
    of = np.repeat(np.arange(len(sizes)), sizes)
    return of, np.arange(len(of)) + (starts - np.cumsum(sizes) + sizes)[of]


def _join(texts: Sequence[str]) -> NDArray[np.uint32]:
    joined = _SEPARATOR + "".join(text + _SEPARATOR for text in texts) + _EDGE
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _lay_out(texts: Sequence[str], points: NDArray[np.uint32], inside: Flags) -> Layout:
    known = np.where(inside, points, np.uint32(32))
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + len(_SEPARATOR)
    offsets = np.cumsum(lengths) - lengths + len(_SEPARATOR)
    powers, inverses = _powers(1 << max(16, len(points).bit_length()))
    values = (known.astype(np.uint64) + np.uint64(1)) * _MIX
    values ^= values >> np.uint64(31)
    running = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum(values * powers[: len(points)], out=running[1:])
    return Layout(points, offsets, inside, running, inverses)


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    steps = np.full((2, size), np.array([[_BASE], [_BASE_INVERSE]], dtype=np.uint64), dtype=np.uint64)
    steps[:, 0] = 1
    powers = np.cumprod(steps, axis=1, dtype=np.uint64)
    return powers[0], powers[1]


def _is_word(points: NDArray[np.uint32]) -> Flags:
    """Beyond the Basic Multilingual Plane everything is a word: emojis, rare scripts."""
    return _word_table()[np.minimum(points, 0xFFFF)] | (points > 0xFFFF)


@cache
def _word_table() -> Flags:
    table = np.fromiter((chr(point).isalnum() for point in range(0x10000)), dtype=np.bool_, count=0x10000)
    table[0x2600:0x27C0] = True  # the older emojis
    return table


@cache
def _clause_table() -> Flags:
    table = np.zeros(0x2100, dtype=np.bool_)
    table[[ord(character) for character in _CLAUSE_ENDS]] = True
    return table


def _renumber(values: Integers) -> Integers:
    """0, 1, 2… for runs of equal values."""
    numbers: Integers = np.cumsum(changes(values)) - 1
    return numbers
