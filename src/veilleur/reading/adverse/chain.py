"""A chain of words: what each word says of itself, corrected by what may follow what.

Forward and backward sums of a linear-chain conditional random field (Lafferty et al. 2001) over
three states: outside, begins a reaction, goes on. They run over all chains of a batch at once,
one step of Python for each position of the longest chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.text.words import Integers, changes

Numbers = NDArray[np.float64]
OUTSIDE, BEGINS, GOES_ON = range(3)
_STEPS = 8
"""Steps after which sums are brought back to 1: a word says at most e^30."""


@dataclass(frozen=True, slots=True)
class Chains:
    """Runs of neighbouring words, the longest first."""

    starts: Integers
    lengths: Integers

    @staticmethod
    def of(links: NDArray[np.int64]) -> Chains:
        """Runs of equal numbers in `links` (words,); what is below 0 belongs to none."""
        new, linked = changes(links), links >= 0
        begins = np.flatnonzero(new & linked)
        ends = np.flatnonzero(np.append(new[1:], True)[: len(links)] & linked) + 1
        order = np.argsort(begins - ends, kind="stable")
        return Chains(begins[order], (ends - begins)[order])

    def steps(self) -> list[Integers]:
        """For each position, the words that stand there in their chains."""
        longest = int(self.lengths[0]) if len(self.lengths) else 0
        alive = np.searchsorted(-self.lengths, -np.arange(longest), side="left")
        return [self.starts[:count] + step for step, count in enumerate(alive.tolist())]


def marginals(powers: Numbers, moves: Numbers, chains: Chains) -> Numbers:
    """(words, 3): how sure of each state; 0 for words in no chain.

    `powers` (words, 3) and `moves` (3, 3) are exponentials: of what words say, and of what may
    follow what. Before and behind each chain stands a word that is outside.
    """
    out = np.zeros_like(powers)
    steps = chains.steps()
    if not steps:
        return out
    order = np.concatenate(steps)
    bounds = np.cumsum([0, *map(len, steps)]).tolist()
    said = powers[order]
    both = _forth(said, moves, bounds) * _back(said, moves, bounds)
    out[order] = _whole(both)
    return out


def _forth(said: Numbers, moves: Numbers, bounds: list[int]) -> Numbers:
    """What each state is worth by all that stands before; words are in the order of their steps."""
    out = np.empty_like(said)
    out[: bounds[1]] = moves[OUTSIDE] * said[: bounds[1]]
    for step in range(1, len(bounds) - 1):
        start, end = bounds[step : step + 2]
        before = out[bounds[step - 1] :][: end - start]
        out[start:end] = _held(_after(before, moves) * said[start:end], step)
    return out


def _back(said: Numbers, moves: Numbers, bounds: list[int]) -> Numbers:
    """What each state is worth by all that stands behind."""
    out = np.empty_like(said)
    out[:] = moves[:, OUTSIDE]
    turned = np.ascontiguousarray(moves.T)
    for step in range(len(bounds) - 2, 0, -1):
        start, end = bounds[step : step + 2]
        out[bounds[step - 1] :][: end - start] = _held(_after(out[start:end] * said[start:end], turned), step)
    return out


def _after(values: Numbers, moves: Numbers) -> Numbers:
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    total: Numbers = values[:, :1] * moves[0]
    for state in (BEGINS, GOES_ON):
        total += values[:, state : state + 1] * moves[state]
    return total


def _held(values: Numbers, step: int) -> Numbers:
    """Now and then made to sum to 1, so that nothing grows out of bounds."""
    return values if step % _STEPS else _whole(values)


def _whole(values: Numbers) -> Numbers:
    shares: Numbers = values / values.sum(axis=1, keepdims=True)
    return shares
