"""How many digits, capitals and hash signs each text of a batch has, counted for all texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.analyzer import Batch

_DIGITS = "0123456789"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÂÇÈÉÊËÎÏÔÙÛÜŒÆ"
_HASH = "#"


@dataclass(frozen=True, slots=True)
class Characters:
    """What the texts hold as they were written; all arrays have one entry per text."""

    sizes: NDArray[np.int64]
    """Characters."""
    digits: NDArray[np.int64]
    """Figures from 0 to 9."""
    capitals: NDArray[np.int64]
    """Capitals of French."""
    hashes: NDArray[np.int64]


def characters_of(batch: Batch) -> Characters:
    """The characters of a batch: ask for them with `batch.once(characters_of)`."""
    texts: Sequence[str] = [subject.mention.text for subject in batch]
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _classes().take(points, mode="clip")
    places = np.flatnonzero(classes != 0)
    owners = np.searchsorted(np.cumsum(sizes), places, side="right")
    counts = np.bincount(owners * 4 + classes[places], minlength=4 * len(texts)).reshape(-1, 4)
    return Characters(sizes, counts[:, 1], counts[:, 2], counts[:, 3])


@cache
def _classes() -> NDArray[np.uint8]:
    """Number of the class of each code point: 0 for none, as for the last one and all beyond it."""
    kinds = (_DIGITS, _CAPITALS, _HASH)
    table = np.zeros(max(map(ord, "".join(kinds))) + 2, dtype=np.uint8)
    for number, kind in enumerate(kinds, 1):
        table[[ord(character) for character in kind]] = number
    return table
