"""Learning a chain of words (`veilleur.reading.adverse.chain`): the likeliest weights, held small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from training.panels import Flags, Integers, Matrix, Numbers
from veilleur.reading.adverse.chain import BEGINS, GOES_ON, OUTSIDE, Chains

NEVER = -30.0
"""Log of a move that is not allowed: going on with what did not begin."""
ALLOWED = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], dtype=np.bool_)
ROUNDS = 80
MOVES_HELD = 0.01


@dataclass(frozen=True, slots=True)
class Learned:
    """What the chain reads."""

    weights: Numbers
    """(columns, 2): for beginning and for going on; being outside is 0."""
    bias: Numbers
    """(2,)."""
    moves: Numbers
    """(3, 3): log weights of what may follow what."""

    def powers(self, matrix: Matrix) -> Numbers:
        """(words, 3): exponentials of what each word says."""
        said = np.zeros((matrix.shape[0], 3))
        said[:, 1:] = matrix @ self.weights + self.bias
        return np.exp(said)


@dataclass(frozen=True, slots=True)
class Links:
    """What follows what, both ends of each chain standing beside a word that is outside."""

    chains: Chains
    of: Integers
    """(words,): chain of each word."""
    later: Integers
    """Words that are not the first of their chain."""
    last: Integers

    @staticmethod
    def between(chains: Chains, size: int) -> Links:
        """The links of chains that hold all of `size` words."""
        first = np.zeros(size, dtype=np.bool_)
        first[chains.starts] = True
        of = np.argsort(chains.starts)[np.cumsum(first) - 1]
        return Links(chains, of, np.flatnonzero(~first), chains.starts + chains.lengths - 1)

    def count(self, states: Integers, weights: Numbers) -> Numbers:
        """(3, 3): weighted moves of a known run of states."""
        out = np.zeros((3, 3))
        np.add.at(out, (states[self.later - 1], states[self.later]), weights[self.later])
        starts = self.chains.starts
        out[OUTSIDE] += np.bincount(states[starts], weights=weights[starts], minlength=3)
        out[:, OUTSIDE] += np.bincount(states[self.last], weights=weights[self.last], minlength=3)
        return out


def learn(matrix: Matrix, states: Integers, names: Integers, weights: Numbers, held: float) -> Learned:
    """The weights for the words of `matrix` (words, columns), whose chains `names` (words,) tells apart.

    `weights` (words,) is what each word counts, `held` how strongly all weights are held near 0.
    """
    links = Links.between(Chains.of(names), len(names))
    columns = matrix.shape[1]
    turned = matrix.T.tocsr()
    truth = np.eye(3)[states]
    moved = links.count(states, weights)

    def loss(values: Numbers) -> tuple[float, Numbers]:
        known = _unpack(values, columns)
        said = np.zeros_like(truth)
        said[:, 1:] = matrix @ known.weights + known.bias
        total, each, pairs = _expected(said, known.moves, links, weights)
        likely = float((said * truth * weights[:, None]).sum() + (moved * known.moves).sum()) - total
        wrong = ((each - truth) * weights[:, None])[:, 1:]
        steep = [
            (turned @ wrong + held * known.weights).ravel(),
            np.where(ALLOWED, pairs - moved + MOVES_HELD * known.moves, 0).ravel(),
            wrong.sum(axis=0),
        ]
        size = held * (known.weights**2).sum() + MOVES_HELD * (known.moves[ALLOWED] ** 2).sum()
        return 0.5 * float(size) - likely, np.concatenate(steep)

    start = np.zeros(2 * columns + 11)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS, "maxcor": 8})
    return _unpack(found.x, columns)


def _unpack(values: Numbers, columns: int) -> Learned:
    moves = np.where(ALLOWED, values[2 * columns : 2 * columns + 9].reshape(3, 3), NEVER)
    return Learned(values[: 2 * columns].reshape(columns, 2), values[-2:], moves)


def _expected(
    said: Numbers, moves: Numbers, links: Links, weights: Numbers
) -> tuple[float, Numbers, Numbers]:
    """The weighted log of all ways, how sure of each state of each word, and how many moves of each kind."""
    chains = links.chains
    steps = chains.steps()
    forth, back = np.zeros_like(said), np.zeros_like(said)
    forth[steps[0]] = moves[OUTSIDE] + said[steps[0]]
    for here in steps[1:]:
        forth[here] = _log_sum(forth[here - 1][:, :, None] + moves, 1) + said[here]
    back[links.last] = moves[:, OUTSIDE]
    for here in steps[:0:-1]:
        back[here - 1] = _log_sum(moves + (said[here] + back[here])[:, None, :], 2)
    ways = _log_sum(forth[links.last] + moves[:, OUTSIDE], 1)
    each = np.exp(forth + back - ways[links.of][:, None])
    later = links.later
    both = forth[later - 1][:, :, None] + moves + (said[later] + back[later])[:, None, :]
    both -= ways[links.of[later]][:, None, None]
    pairs = (np.exp(both) * weights[later][:, None, None]).sum(axis=0)
    pairs[OUTSIDE] += (each[chains.starts] * weights[chains.starts][:, None]).sum(axis=0)
    pairs[:, OUTSIDE] += (each[links.last] * weights[links.last][:, None]).sum(axis=0)
    return float((ways * weights[chains.starts]).sum()), each, pairs


def _log_sum(values: NDArray[np.float64], axis: int) -> Numbers:
    most = values.max(axis=axis)
    total: Numbers = most + np.log(np.exp(values - np.expand_dims(most, axis)).sum(axis=axis))
    return total


def states_of(inside: Flags, begins: Flags, names: Integers) -> Integers:
    """(words,): the states of known reactions; what goes on at the start of a chain begins there."""
    first = np.diff(names, prepend=-2) != 0
    return np.where(inside, np.where(begins | first, BEGINS, GOES_ON), OUTSIDE)


def sparse_rows(words: Integers, columns: Integers, shape: tuple[int, int]) -> Matrix:
    """(words, columns): 1 for each column that a word brings, more when it brings it more often."""
    return sparse.csr_matrix((np.ones(len(words), dtype=np.float64), (words, columns)), shape=shape)
