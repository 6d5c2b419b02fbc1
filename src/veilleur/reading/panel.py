"""Many yes-or-no heads over the same features, in one small table.

Of the hashed rows only those that say something are kept: `index` leads from a row of the
features to its line of the table. Each head has its own calibration, learned on texts that it
had not seen, and its own threshold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.features import CHARACTER_WEIGHT, Features, Floats, rows
from veilleur.reading.heads import word_scale
from veilleur.reading.signals import Signals
from veilleur.reading.words import Integers

NAME = "labels"
Lines = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Panel:
    """The heads. Columns of `table`, `dense` and `signals` are `labels`."""

    version: str
    labels: tuple[str, ...]
    index: Lines
    """(rows(),): line of the table, 0 for rows that say nothing."""
    table: Floats
    """(lines, labels); line 0 is zero."""
    dense: Floats
    signals: Floats
    bias: Floats
    slope: Floats
    """(labels,): with `offset`, makes logits into honest chances."""
    offset: Floats
    thresholds: Floats
    """From this chance on, a label is given; none for the last columns, which serve the priority alone."""
    priority: Floats
    """(labels + 1, priorities): what the calibrated logits, then 1, say of the priority."""
    priorities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chances:
    """What the panel says of a batch."""

    labels: Floats
    """(texts, labels): chance of each label, on its own."""
    priority: Floats
    """(texts, priorities): chances that sum to 1."""


@cache
def load() -> Panel:
    """The shipped panel, read once per process."""
    folder = files("veilleur.reading").joinpath("weights")
    header = json.loads(folder.joinpath(f"{NAME}.json").read_text("utf-8"))
    with folder.joinpath(f"{NAME}.npz").open("rb") as source, np.load(source) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    lines = found.pop("rows")
    index = np.zeros(rows(), dtype=np.int32)
    index[lines] = np.arange(1, len(lines) + 1)
    parts = {name: part.astype(np.float32) for name, part in found.items()}
    table = np.concatenate([np.zeros_like(parts["table"][:1]), parts.pop("table")])
    return Panel(
        version=header["version"],
        labels=tuple(header["heads"]),
        priorities=tuple(header["priorities"]),
        index=index,
        table=table,
        **parts,
    )


def judge(panel: Panel, features: Features, signals: Signals) -> Chances:
    """Chances of every label and priority; a text gets the same ones in any batch."""
    calibrated = logits(panel, features, signals) * panel.slope + panel.offset
    powers = (np.clip(calibrated, -6, 6)[:, :, None] * panel.priority[:-1]).sum(axis=1) + panel.priority[-1]
    powers = np.exp(powers - powers.max(axis=1, keepdims=True))
    return Chances(sigmoid(calibrated), powers / powers.sum(axis=1, keepdims=True))


def sigmoid(logit: Floats) -> Floats:
    """Chances from log-odds, whatever their size."""
    chance: Floats = 0.5 * (1 + np.tanh(0.5 * logit))
    return chance


def logits(panel: Panel, features: Features, signals: Signals) -> Floats:
    """(texts, labels): before calibration."""
    out = np.zeros((len(features.dense), len(panel.labels)), dtype=np.float32)
    for line, word, weight in _entries(panel, features):
        _add(out, panel.table, line, features.words.owner[word], weight)
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    out += _weighed(features.dense, panel.dense) + _weighed(signals.dense, panel.signals) + panel.bias
    return out


def _weighed(values: Floats, weights: Floats) -> Floats:
    out = np.zeros((len(values), weights.shape[1]), dtype=np.float32)
    for column, weight in enumerate(weights):
        told = np.flatnonzero(values[:, column])
        out[told] += values[told, column, None] * weight
    return out


def _entries(panel: Panel, features: Features) -> list[tuple[Lines, Integers, Floats]]:
    """Line of the table, word and weight of everything that has a line; words in order in each part."""
    scale = word_scale(features)
    sizes = features.words.ends - features.words.starts + 1
    spread = np.repeat(np.arange(len(features.words)), sizes)
    return [
        *(_known(panel.index[layer], None, scale) for layer in features.word_rows),
        *(
            _known(panel.index[layer], spread, np.float32(CHARACTER_WEIGHT) * scale)
            for layer in features.character_rows
        ),
    ]


def _known(line: Lines, words: Integers | None, weight: Floats) -> tuple[Lines, Integers, Floats]:
    places = np.flatnonzero(line)
    word = places if words is None else words[places]
    return line[places], word, weight[word]


def _add(out: Floats, table: Floats, line: Lines, owner: Integers, weight: Floats) -> None:
    """Adds the weighted lines to the rows of their texts. `owner` never falls."""
    if not len(line):
        return
    values = table.take(line, axis=0)
    values *= weight[:, None]
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    out[owner[firsts]] += np.add.reduceat(values, firsts, axis=0)


def evidence(panel: Panel, features: Features, signals: Signals) -> Floats:
    """(words, labels): what each word weighs, the cue that it begins included."""
    out = np.zeros((len(features.words), len(panel.labels)), dtype=np.float32)
    for line, word, weight in _entries(panel, features):
        _add(out, panel.table, line, word, weight)
    np.add.at(out, signals.words, panel.signals[signals.kinds] * np.float32(np.log(2)))
    return out
