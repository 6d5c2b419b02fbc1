"""Trained judgements: columns of weights over the shared features.

A head is shipped as one `.npz` of weights and one `.json` that says what it was trained on
and how it scored. All it does with a batch is one gather of weights and sums over them:
what each word says is kept on the way, because it is the ground of the judgement.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np

from veilleur.reading.features import CHARACTER_WEIGHT, Features, Floats, Rows
from veilleur.text.words import Integers

LAYERS = 3
"""Of `Features.around_rows`, those that such a head reads: meanings and persons did it no good."""
_DAMPING = 2.0
"""Added to the number of words when it divides: one word alone does not shout."""


@dataclass(frozen=True, slots=True)
class Head:
    """One trained judgement. `rows()` of `features` is the height of `table`."""

    name: str
    version: str
    labels: tuple[str, ...]
    table: Floats
    """(rows, labels)."""
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
    return Head(name, header["version"], tuple(header["labels"]), table, dense, bias, header["sharpness"])


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
    logits = np.zeros((len(features.dense), len(head.labels)), dtype=np.float32)
    add_by_text(logits, evidence, features.first_word)
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    logits += (features.dense[:, :, None] * head.dense).sum(axis=1) + head.bias
    return Judgement(softmax(logits * np.float32(head.sharpness)), evidence)


def word_sums(table: Floats, features: Features) -> Floats:
    """(words, columns): weights of everything that each word brings."""
    units = features.units
    if not len(units.of):
        return np.zeros((0, table.shape[1]), dtype=np.float32)
    pieces = _gather(table, units.character_rows)
    alone = table.take(units.rows, axis=0)
    alone += np.float32(CHARACTER_WEIGHT) * np.add.reduceat(pieces, units.first_position)
    sums: Floats = alone.take(units.of, axis=0)
    return sums + _gather(table, features.around_rows[:LAYERS])


def _gather(table: Floats, layers: Rows) -> Floats:
    """(entries, columns): the rows of `table` named in each layer, added up."""
    sums: Floats = table.take(layers[0], axis=0)
    for layer in layers[1:]:
        sums += table.take(layer, axis=0)
    return sums


def word_scale(features: Features) -> Floats:
    """(words,): long texts do not weigh more than short ones by their length alone."""
    count = np.diff(features.first_word)
    return (1 / np.sqrt(count + _DAMPING)).astype(np.float32)[features.words.owner]


def add_by_text(totals: Floats, evidence: Floats, first_word: Integers) -> None:
    """Adds the rows of `evidence` to the rows of `totals` of their texts."""
    spoken = first_word[:-1] < first_word[1:]
    if spoken.any():
        totals[spoken] += np.add.reduceat(evidence, first_word[:-1][spoken])


def softmax(logits: Floats) -> Floats:
    """Rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def ranked_words(weight: Floats, features: Features) -> Integers:
    """Indices of all words, text by text, within a text the greatest `weight` first."""
    order: Integers = np.lexsort((-weight, features.words.owner))
    return order


def margins(judgement: Judgement, winners: Integers, features: Features) -> Floats:
    """(words,): what each word adds to the label that won in its text beyond the best of the others."""
    columns = winners[features.words.owner]
    places = np.arange(len(columns))
    won = judgement.evidence[places, columns]
    others = judgement.evidence.copy()
    others[places, columns] = -np.inf
    margin: Floats = won - others.max(axis=1)
    return margin
