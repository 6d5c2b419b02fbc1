"""Trained judgements: columns of weights over the shared features.

A head is shipped as one `.npz` of weights and one `.json` that says what it was trained on
and how it scored. All it does with a batch is one gather of weights and sums over them:
what each word says is kept on the way, because it is the ground of the judgement.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from scipy.sparse import csr_array

from veilleur.reading.features import Features
from veilleur.reading.wordbook import Table
from veilleur.text.words import Floats, Integers, Rows

LAYERS = 3
"""Of `Features.around_rows`, those that such a head reads: meanings and persons did it no good."""


@dataclass(frozen=True, slots=True)
class Head:
    """One trained judgement. `rows()` of `features` is the height of `table`."""

    name: str
    version: str
    labels: tuple[str, ...]
    table: Table
    """Its columns are the labels."""
    dense: Floats
    """(dense numbers, labels)."""
    bias: Floats
    """(labels,)."""
    sharpness: float
    """Factor of the logits that makes the scores honest on texts the training never saw."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a head says of a batch."""

    chances: Floats
    """(texts, labels): how sure of each label, summing to 1."""
    evidence: Floats
    """(words, labels): what each word weighs for each label, in logits."""


@cache
def load(name: str) -> Head:
    """The head shipped as `weights/<name>.npz`, read once per process."""
    header = json.loads(_folder().joinpath(f"{name}.json").read_text("utf-8"))
    table, dense, bias = (array(name, part) for part in ("table", "dense", "bias"))
    labels = tuple(header["labels"])
    return Head(name, header["version"], labels, whole(table), dense, bias, header["sharpness"])


def whole(rows_of_weights: Floats) -> Table:
    """The table of (rows, columns) weights."""
    telling = np.flatnonzero(rows_of_weights.any(axis=1))
    index = np.zeros(len(rows_of_weights), dtype=np.int32)
    index[telling] = np.arange(1, len(telling) + 1)
    return Table(index, np.concatenate([np.zeros_like(rows_of_weights[:1]), rows_of_weights[telling]]))


def array(name: str, part: str) -> Floats:
    """One array of `weights/<name>.npz`."""
    with _folder().joinpath(f"{name}.npz").open("rb") as source, np.load(source) as arrays:
        found: Floats = arrays[part].astype(np.float32)
    return found


def _folder() -> Traversable:
    return files("veilleur.reading").joinpath("weights")


def judge(head: Head, features: Features) -> Judgement:
    """Chances and evidence for every text; a text gets the same ones in any batch."""
    evidence = word_sums(head.table, features)
    evidence *= word_scale(features)[:, None]
    logits = sums_by_text(evidence, np.arange(len(evidence)), features.first_word)
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    logits += (features.dense[:, :, None] * head.dense).sum(axis=1) + head.bias
    return Judgement(softmax(logits * np.float32(head.sharpness)), evidence)


def word_sums(table: Table, features: Features) -> Floats:
    """(words, columns): weights of everything that each word brings."""
    sums: Floats = features.book.sums(table).take(features.numbers, axis=0)
    for layer in features.around_rows[:LAYERS]:
        # Line 0 is zero: to add it everywhere costs less than to choose the words that have another.
        sums += table.lines.take(table.index[layer], axis=0)
    return sums


def word_scale(features: Features) -> Floats:
    """(words,): the scale of the text of each word."""
    return features.scale[features.words.owner]


def sums_by_text(lines: Floats, chosen: Integers | Rows, bounds: Integers) -> Floats:
    """(texts, columns): for text `t`, the sum of the `lines` named in `chosen[bounds[t]:bounds[t + 1]]`."""
    if len(bounds) == 2:  # one text alone: scipy would take longer to be asked than to add up
        alone: Floats = lines.take(chosen, axis=0).sum(axis=0, keepdims=True)
        return alone
    counts = csr_array(
        (np.ones(len(chosen), dtype=np.float32), chosen, bounds), shape=(len(bounds) - 1, len(lines))
    )
    sums: Floats = counts @ lines
    return sums


def weighed(numbers: Floats, weights: Floats) -> Floats:
    """(texts, columns): `numbers` (texts, n) times `weights` (n, columns), added up one after the other.

    Not a dense product: BLAS rounds differently for batches of different heights.
    """
    if len(numbers) == 1:
        told = np.flatnonzero(numbers)
        alone: Floats = (numbers[0, told, None] * weights[told]).sum(axis=0, keepdims=True)
        return alone
    told = numbers != 0
    places = np.flatnonzero(told)
    bounds = np.append(0, np.cumsum(np.count_nonzero(told, axis=1)))
    sparse = csr_array((numbers.ravel()[places], places % numbers.shape[1], bounds), shape=numbers.shape)
    sums: Floats = sparse @ weights
    return sums


def softmax(logits: Floats) -> Floats:
    """Rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def margins(judgement: Judgement, winners: Integers, features: Features) -> Floats:
    """(words,): what each word adds to the label that won in its text beyond the best of the others."""
    columns = winners[features.words.owner]
    places = np.arange(len(columns))
    won = judgement.evidence[places, columns]
    others = judgement.evidence.copy()
    others[places, columns] = -np.inf
    # Column by column: the greatest of three numbers, row by row, takes numpy many times longer.
    margin: Floats = won - reduce(np.maximum, others.T)
    return margin
