"""Trained judgements over named evidence: logistic heads, shipped as one JSON of words and numbers."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
_FILE = "weights/adverse.json.gz"
WHOLE = ("adr", "reaction", "surest span")
"""Chances that decide together what a whole message tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Several judgements that read the same evidence."""

    names: tuple[str, ...]
    bias: Numbers
    rows: Mapping[str, int]
    """Evidence → its row in `table`."""
    table: Numbers
    """(rows, judgements): what a piece of evidence adds to each logit."""

    def chances(self, evidence: Sequence[Mapping[str, float]]) -> Numbers:
        """(things, judgements): how sure of each judgement on each thing, 0 to 1."""
        size = len(evidence)
        rows = np.array([self.rows.get(name, -1) for one in evidence for name in one], dtype=np.int64)
        values = np.array([value for one in evidence for value in one.values()], dtype=np.float64)
        things = np.repeat(np.arange(size), [len(one) for one in evidence])
        known = np.flatnonzero(rows >= 0)
        added = self.table.take(rows[known], axis=0) * values[known][:, None]
        sums = [np.bincount(things[known], weights=column, minlength=size) for column in added.T]
        chances: Numbers = 1 / (1 + np.exp(-(self.bias + np.stack(sums, axis=1))))
        return chances


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was learnt."""

    version: str
    product: Heads
    whole: Mapping[str, tuple[float, ...]]
    """`adr` and `reaction`: what the log-odds of `WHOLE` add to each, the bias last."""
    thresholds: Mapping[str, float]

    def together(self, chances: Mapping[str, float], span: float) -> dict[str, float]:
        """`adr` and `reaction`, corrected by the surest `span` of the message."""
        numbers = whole_numbers(chances["adr"], chances["reaction"], span)
        return {
            name: 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, (*numbers, 1.0), strict=True))))
            for name, weights in self.whole.items()
        }


def whole_numbers(adr: float, reaction: float, span: float) -> tuple[float, ...]:
    """The numbers of `WHOLE`, as log-odds."""
    held = (min(max(chance, 0.005), 0.995) for chance in (adr, reaction, span))
    return tuple(math.log(chance / (1 - chance)) for chance in held)


@cache
def shipped() -> Weights:
    """The weights that come with Veilleur, read once per process."""
    return parse(gzip.decompress((resources.files("veilleur.reading") / _FILE).read_bytes()))


def parse(content: bytes) -> Weights:
    """Weights from their JSON."""
    raw = json.loads(content)
    return Weights(raw["version"], _heads(**raw["product"]), raw["whole"], raw["thresholds"])


def _heads(names: list[str], bias: list[float], table: Mapping[str, list[float]]) -> Heads:
    rows = {name: row for row, name in enumerate(table)}
    return Heads(tuple(names), np.array(bias), rows, np.array([*table.values(), [0.0] * len(names)]))
