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

from veilleur.reading.features import CHARACTER_WEIGHT, Features, Floats, Rows, rows
from veilleur.reading.heads import add_by_text, softmax, word_scale
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
class Judgement:
    """What the panel says of a batch."""

    labels: Floats
    """(texts, labels): chance of each label, on its own."""
    priority: Floats
    """(texts, priorities): chances that sum to 1."""
    evidence: Floats
    """(words, labels): what each word weighs, the cue that it begins included."""


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


def judge(panel: Panel, features: Features, signals: Signals) -> Judgement:
    """Chances of every label and priority; a text gets the same ones in any batch."""
    evidence = word_sums(panel, features)
    evidence *= word_scale(features)[:, None]
    logits = np.zeros((len(features.dense), len(panel.labels)), dtype=np.float32)
    add_by_text(logits, evidence, features.first_word)
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    logits += _weighed(features.dense, panel.dense) + _weighed(signals.dense, panel.signals) + panel.bias
    calibrated = logits * panel.slope + panel.offset
    powers = (np.clip(calibrated, -6, 6)[:, :, None] * panel.priority[:-1]).sum(axis=1) + panel.priority[-1]
    np.add.at(evidence, signals.words, panel.signals[signals.kinds] * np.float32(np.log(2)))
    return Judgement(sigmoid(calibrated), softmax(powers), evidence)


def sigmoid(logit: Floats) -> Floats:
    """Chances from log-odds, whatever their size."""
    chance: Floats = 0.5 * (1 + np.tanh(0.5 * logit))
    return chance


def _weighed(values: Floats, weights: Floats) -> Floats:
    out = np.zeros((len(values), weights.shape[1]), dtype=np.float32)
    for column, weight in enumerate(weights):
        told = np.flatnonzero(values[:, column])
        out[told] += values[told, column, None] * weight
    return out


def word_sums(panel: Panel, features: Features) -> Floats:
    """(words, labels): weights of everything that each word brings."""
    units = features.units
    alone = panel.table.take(panel.index[units.rows], axis=0)
    sizes = np.diff(units.first_position, append=units.character_rows.shape[1])
    unit = np.repeat(np.arange(len(sizes)), sizes)
    for layer in units.character_rows:
        _add(alone, panel, layer, unit, np.float32(CHARACTER_WEIGHT))
    sums: Floats = alone.take(units.of, axis=0)
    for layer in features.around_rows:
        _add(sums, panel, layer, np.arange(len(sums)), np.float32(1))
    return sums


def _add(out: Floats, panel: Panel, rows_read: Rows, owner: Integers, weight: np.float32) -> None:
    """Adds the lines of those rows that have one to the rows `owner` of `out`. `owner` never falls."""
    lines = panel.index[rows_read]
    known = np.flatnonzero(lines)
    if not len(known):
        return
    values = panel.table.take(lines[known], axis=0)
    values *= weight
    owners = owner[known]
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    out[owners[firsts]] += np.add.reduceat(values, firsts, axis=0)
