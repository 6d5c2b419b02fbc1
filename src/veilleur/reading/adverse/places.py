"""Stretches of several texts as arrays, the texts laid end to end and far apart.

One number then says the text and the place in it, and nothing that is searched for within `APART`
characters is found in another text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from veilleur.text.words import Flags, Integers

APART = 128
"""Characters between two texts."""


@dataclass(frozen=True, slots=True)
class Places:
    """Stretches `[start, end)`."""

    text: Integers
    start: Integers
    """Laid end to end, as `end`."""
    end: Integers
    kind: Integers
    """What was found there: every list of places has its own numbers."""

    def __len__(self) -> int:
        return len(self.text)

    def among(self, chosen: Flags | Integers) -> Places:
        """Those that are chosen, by flag or by number."""
        return Places(self.text[chosen], self.start[chosen], self.end[chosen], self.kind[chosen])

    def inside(self, others: Places) -> Flags:
        """(others,): which of the `others` lie whole in a stretch."""
        order = np.argsort(self.start, kind="stable")
        furthest = np.append(-1, np.maximum.accumulate(self.end[order]))
        inside: Flags = furthest[np.searchsorted(self.start[order], others.start, side="right")] >= others.end
        return inside


def laid_out(texts: Sequence[str]) -> Integers:
    """(texts,): where each text starts when all are laid end to end."""
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + APART
    offsets: Integers = np.cumsum(sizes) - sizes + APART
    return offsets


def places(rows: Iterable[tuple[int, int, int, int]], offsets: Integers) -> Places:
    """Places from (text, start, end, kind), start and end counted in their text."""
    table = np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, 4)
    text, start, end, kind = (np.ascontiguousarray(column) for column in table.T)
    return Places(text, start + offsets[text], end + offsets[text], kind)
