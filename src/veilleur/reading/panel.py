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

from veilleur.reading.features import Features, rows
from veilleur.reading.heads import sums_by_text, weighed, word_scale
from veilleur.reading.wordbook import Table
from veilleur.text.words import Floats, Integers, stretches


@dataclass(frozen=True, slots=True)
class Panel:
    """The heads. Columns of `table`, `dense` and `signals` are `heads`."""

    version: str
    heads: tuple[str, ...]
    columns: tuple[str, ...]
    """Names of the signals, in order."""
    table: Table
    """Its columns are the heads."""
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
        table=Table(index, np.concatenate([np.zeros_like(table[:1]), table])),
        others={part: array for part, array in parts.items() if part not in known},
        **{part: parts[part] for part in known},
    )


def judge(panel: Panel, features: Features, signals: Floats) -> Judgement:
    """Logits of every head; a text gets the same ones in any batch.

    `signals` is (texts, `len(panel.columns)`).
    """
    rows_around, first = features.around
    logits = sums_by_text(features.book.sums(panel.table), features.numbers, features.first_word)
    logits += sums_by_text(panel.table.lines, panel.table.index[rows_around], first[features.first_word])
    logits *= features.scale[:, None]
    logits += weighed(features.dense, panel.dense)
    logits += weighed(signals, panel.signals) + panel.bias
    calibrated = logits * panel.slope + panel.offset
    return Judgement(calibrated, sigmoid(calibrated))


def evidence(panel: Panel, features: Features, words: Integers, heads: Integers) -> Floats:
    """(words,): what each of the `words` weighs for the head that stands beside it in `heads`."""
    weights: Floats = features.book.sums(panel.table)[features.numbers[words], heads]
    rows_around, first = features.around
    of, places = stretches(first[words], first[words + 1] - first[words])
    said = panel.table.lines[panel.table.index[rows_around[places]], heads[of]]
    weights = weights + np.bincount(of, weights=said, minlength=len(words)).astype(np.float32)
    scaled: Floats = weights * word_scale(features)[words]
    return scaled


def sigmoid(logit: Floats) -> Floats:
    """Chances from log-odds, whatever their size."""
    chance: Floats = 0.5 * (1 + np.tanh(0.5 * logit))
    return chance
