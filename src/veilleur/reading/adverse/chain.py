"""A chain of words: what each word says of itself, corrected by what may follow what.

Forward and backward sums of a linear-chain conditional random field (Lafferty et al. 2001) over
three states: outside, begins a reaction, goes on. They run over all chains of a batch at once,
one step of Python for each position of the longest chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.words import Integers

Numbers = NDArray[np.float64]
OUTSIDE, BEGINS, GOES_ON = range(3)


@dataclass(frozen=True, slots=True)
class Chains:
    """Runs of neighbouring words, the longest first."""

    starts: Integers
    lengths: Integers

    @staticmethod
    def of(links: NDArray[np.int64]) -> Chains:
        """Runs of equal numbers in `links` (words,); what is below 0 belongs to none."""
        begins = np.flatnonzero((np.diff(links, prepend=-2) != 0) & (links >= 0))
        ends = np.flatnonzero((np.diff(links, append=-2) != 0) & (links >= 0)) + 1
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
    forth, back = np.zeros_like(powers), np.zeros_like(powers)
    steps = chains.steps()
    carried = moves[None, OUTSIDE]
    for here in steps:
        if here is not steps[0]:
            carried = _after(forth[here - 1], moves)
        forth[here] = _whole(carried * powers[here])
    back[chains.starts + chains.lengths - 1] = moves[:, OUTSIDE]
    for here in steps[:0:-1]:
        back[here - 1] = _whole(_after(back[here] * powers[here], moves.T))
    both = forth * back
    shares: Numbers = both / np.maximum(both.sum(axis=1, keepdims=True), 1e-300)
    return shares


def _after(values: Numbers, moves: Numbers) -> Numbers:
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    total: Numbers = (values[:, :, None] * moves).sum(axis=1)
    return total


def _whole(values: Numbers) -> Numbers:
    """Rows that sum to 1: nothing grows out of bounds."""
    shares: Numbers = values / values.sum(axis=1, keepdims=True)
    return shares
