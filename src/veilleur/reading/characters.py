"""How often characters of a kind come in each text of a batch, counted for all texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.analyzer import Batch


@dataclass(frozen=True, slots=True)
class Characters:
    """The texts as they were written, end to end."""

    points: NDArray[np.uint32]
    """Code point of each character; one line break behind each text."""
    ends: NDArray[np.int64]
    """Where each text ends, its line break included."""

    def count(self, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(texts,): characters whose code point is True in `wanted`; those beyond its end are not."""
        inside = np.minimum(self.points, len(wanted))
        places = np.flatnonzero(np.append(wanted, False)[inside])
        return np.diff(np.searchsorted(places, self.ends), prepend=0)


def characters_of(batch: Batch) -> Characters:
    """The characters of a batch: ask for them with `batch.once(characters_of)`."""
    texts: Sequence[str] = [subject.mention.text for subject in batch]
    joined = "".join(f"{text}\n" for text in texts).encode("utf-32-le", "surrogatepass")
    return Characters(
        np.frombuffer(joined, dtype=np.uint32),
        np.cumsum(np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))),
    )


def table_of(characters: str) -> NDArray[np.bool_]:
    """A table for `Characters.count`: True for each of `characters`."""
    table = np.zeros(max(map(ord, characters)) + 1, dtype=np.bool_)
    table[[ord(character) for character in characters]] = True
    return table
