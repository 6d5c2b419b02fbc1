"""Many yes-or-no heads over the same features, in one small table.

Of the hashed rows only those that say something are kept: `index` leads from a row of the
features to its line of the table. Each head has its own calibration, learned on texts that it
had not seen, and its own threshold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.features import CHARACTER_WEIGHT, Features, Floats, Rows, rows
from veilleur.reading.heads import add_by_text, word_scale
from veilleur.text.words import Integers

Lines = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Panel:
    """The heads. Columns of `table`, `dense` and `signals` are `heads`."""

    version: str
    heads: tuple[str, ...]
    columns: tuple[str, ...]
    """Names of the signals, in order."""
    index: Lines
    """(rows(),): line of the table, 0 for rows that say nothing."""
    table: Floats
    """(lines, heads); line 0 is zero."""
    dense: Floats
    signals: Floats
    bias: Floats
    slope: Floats
    """(heads,): with `offset`, makes logits into honest chances."""
    offset: Floats
    thresholds: Floats
    """(heads,): from this chance on, a head says yes."""
    others: Mapping[str, Floats]
    """What else was learned with the heads."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a panel says of a batch."""

    logits: Floats
    """(texts, heads), calibrated."""
    chances: Floats
    """(texts, heads): each on its own."""
    evidence: Floats
    """(words, heads): what each word weighs."""


@cache
def load(name: str) -> Panel:
    """The panel shipped as `weights/<name>.npz`, read once per process."""
    folder = files("veilleur.reading").joinpath("weights")
    header = json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))
    with folder.joinpath(f"{name}.npz").open("rb") as source, np.load(source) as arrays:
        found = {part: arrays[part] for part in arrays.files}
    lines = found.pop("rows")
    index = np.zeros(rows(), dtype=np.int32)
    index[lines] = np.arange(1, len(lines) + 1)
    parts = {part: array.astype(np.float32) for part, array in found.items()}
    table = parts.pop("table")
    known = ("dense", "signals", "bias", "slope", "offset", "thresholds")
    return Panel(
        version=header["version"],
        heads=tuple(header["heads"]),
        columns=tuple(header["columns"]),
        index=index,
        table=np.concatenate([np.zeros_like(table[:1]), table]),
        others={part: array for part, array in parts.items() if part not in known},
        **{part: parts[part] for part in known},
    )


def judge(panel: Panel, features: Features, signals: Floats) -> Judgement:
    """Logits of every head; a text gets the same ones in any batch.

    `signals` is (texts, `len(panel.columns)`).
    """
    evidence = word_sums(panel, features)
    evidence *= word_scale(features)[:, None]
    logits = np.zeros((len(features.dense), len(panel.heads)), dtype=np.float32)
    add_by_text(logits, evidence, features.first_word)
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    logits += _weighed(features.dense, panel.dense) + _weighed(signals, panel.signals) + panel.bias
    calibrated = logits * panel.slope + panel.offset
    return Judgement(calibrated, sigmoid(calibrated), evidence)


def sigmoid(logit: Floats) -> Floats:
    """Chances from log-odds, whatever their size."""
    chance: Floats = 0.5 * (1 + np.tanh(0.5 * logit))
    return chance


def _weighed(values: Floats, weights: Floats) -> Floats:
    """(texts, heads): the numbers of each text times their weights; most numbers are 0."""
    out = np.zeros((len(values), weights.shape[1]), dtype=np.float32)
    texts, columns = np.nonzero(values)
    if len(texts):
        parts = values[texts, columns, None] * weights[columns]
        firsts = np.flatnonzero(np.diff(texts, prepend=-1))
        out[texts[firsts]] = np.add.reduceat(parts, firsts, axis=0)
    return out


def word_sums(panel: Panel, features: Features) -> Floats:
    """(words, heads): weights of everything that each word brings."""
    units = features.units
    alone = panel.table.take(panel.index[units.rows], axis=0)
    sizes = np.diff(units.first_position, append=units.character_rows.shape[1])
    unit = np.repeat(np.arange(len(sizes)), sizes)
    for layer in units.character_rows:
        _add(alone, panel, layer, unit, np.float32(CHARACTER_WEIGHT))
    sums: Floats = alone.take(units.of, axis=0)
    for layer in features.around_rows:
        lines = panel.index[layer]
        known = np.flatnonzero(lines)
        sums[known] += panel.table.take(lines[known], axis=0)
    return sums


def _add(out: Floats, panel: Panel, rows_read: Rows, owner: Integers, weight: np.float32) -> None:
    """Adds the lines of those rows that have one to the rows `owner` of `out`; `owner` never falls."""
    lines = panel.index[rows_read]
    known = np.flatnonzero(lines)
    if not len(known):
        return
    values = panel.table.take(lines[known], axis=0)
    values *= weight
    owners = owner[known]
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    out[owners[firsts]] += np.add.reduceat(values, firsts, axis=0)
