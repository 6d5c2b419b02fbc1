"""Rebuilds `src/veilleur/reading/weights/labels.*`: the heads of the labels and of the priority.

    python -m training.labels [FOLDER] [--dry]

The same corpora give the same bytes. Everything it prints was foretold out of fold: no message
is scored by a head, a calibration or a threshold that saw a message of the same voice.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from training import messages, opinions
from training.messages import LABELS, SOCIAL, TOXICITY, WEIGHT, Example
from training.sentiment import DENSE_SCALE, WEIGHTS, design
from veilleur.lexicon import Term
from veilleur.reading import Reader
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.reading.features import DENSE, features_of, rows
from veilleur.reading.signals import NAME, columns, signals_of, terms
from veilleur.vocabulary import Finding, Priority

VERSION = "1"
PRIORITIES = tuple(priority.value for priority in Priority)
HEADS = (*LABELS, *(f"priority {name}" for name in PRIORITIES))
FOLDS = 5
SEED = 20240501
REGULARISATION = 1.0
SIGNAL_SCALE = 0.6
"""What a cue counts beside a word, for the regularisation."""
BALANCE = 0.7
"""0 leaves a label as rare as it is, 1 makes having it and lacking it equal."""
RARITY = 0.5
"""What a hashed row counts, for the regularisation, for each unit of its rarity (a logarithm)."""
SMALLEST = 0.015
"""Weights nearer to 0 are dropped."""
RAREST = 3
"""Texts that must hold a hashed row before it is learned."""
ALARMS = {**dict.fromkeys(TOXICITY, 0.006), "adverse_reaction": 0.025}
LEAST = 0.25
"""A chance below this one is no ground for a label, whatever the F1 of few examples says."""
ALARMS_ELSE = 0.01
"""Share of ordinary comments that may be given a rare label, at most."""
RECALL_FIRST = {
    "adverse_reaction": 2.0,
    "crisis_suicide": 2.0,
    "emergency_medical": 2.0,
    "child_protection": 1.5,
}
"""Labels for which a miss is worse than an alarm, and how many times."""

ORDINARY = (opinions.EXPERIENCES, opinions.FFT, opinions.PHASE_1)
"""Corpora of ordinary comments."""

Matrix: TypeAlias = Any  # scipy ships no types
Numbers: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Set:
    """Examples as numbers."""

    examples: list[Example]
    matrix: Matrix
    """(examples, hashed rows + dense numbers + signals)."""
    truths: Integers
    """(examples, heads): 1, 0, or -1 for not known."""
    weights: Numbers
    folds: Integers
    is_social: NDArray[np.bool_]


class _Harvest:
    """An analyzer that keeps what the heads would read."""

    name = NAME
    version = "0"

    def __init__(self) -> None:
        self.parts: list[Matrix] = []

    def terms(self) -> Iterable[Term]:
        return terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        features, signals = batch.once(features_of), batch.once(signals_of)
        cued = sparse.csr_matrix(signals.dense * np.float32(SIGNAL_SCALE))
        self.parts.append(sparse.hstack([design(features), cued]).tocsr())
        return [()] * len(batch)


def matrix_of(examples: Sequence[Example]) -> Matrix:
    """What the heads read of each example."""
    harvest = _Harvest()
    Reader([DrugAnalyzer(), ReactionAnalyzer(), harvest]).read([example.mention for example in examples])
    return sparse.vstack(harvest.parts).tocsr()


def prepare(examples: list[Example]) -> Set:
    """Examples as numbers, their groups dealt to the folds."""
    corpora = np.array([example.corpus for example in examples])
    return Set(
        examples,
        matrix_of(examples),
        np.array([_truths(example) for example in examples], dtype=np.int64),
        np.array([WEIGHT[example.corpus] for example in examples]),
        deal([example.corpus for example in examples], [example.group for example in examples]),
        corpora == SOCIAL,
    )


def _truths(example: Example) -> list[int]:
    known = example.labels
    labels = [int(known[label]) if label in known else -1 for label in LABELS]
    return labels + [int(example.priority == name) if example.priority else -1 for name in PRIORITIES]


def deal(corpora: Sequence[str], groups: Sequence[str]) -> Integers:
    """A fold for each example; a voice stays in one, each batch of voices is dealt evenly."""
    chance = np.random.default_rng(SEED)
    sets: dict[str, dict[str, int]] = {}
    for corpus, group in zip(corpora, groups, strict=True):
        sets.setdefault(corpus + group[:2] if corpus == SOCIAL else corpus, {}).setdefault(group, 0)
    folds: dict[tuple[str, str], int] = {}
    for name, voices in sorted(sets.items()):
        start = int(chance.integers(FOLDS))
        for place, number in enumerate(chance.permutation(len(voices))):
            folds[name, sorted(voices)[number]] = (place + start) % FOLDS
    keys = (
        corpus + group[:2] if corpus == SOCIAL else corpus
        for corpus, group in zip(corpora, groups, strict=True)
    )
    return np.array([folds[key, group] for key, group in zip(keys, groups, strict=True)])


def fit(data: Set, train: NDArray[np.bool_]) -> Matrix:
    """(columns + 1, heads): weights learned from the examples `train`, the bias last."""
    counts = np.bincount(data.matrix[train].indices, minlength=data.matrix.shape[1])
    kept = np.flatnonzero((counts >= RAREST) | (np.arange(len(counts)) >= rows()))
    kept = kept[kept != rows() - 1]
    scale = np.where(kept < rows(), RARITY * rarity(data, train)[kept], 1.0)
    narrow = (data.matrix[:, kept] @ sparse.diags(scale)).astype(np.float64)
    out = np.zeros((data.matrix.shape[1] + 1, len(HEADS)))
    for head in range(len(HEADS)):
        learned, bias = _fit_head(narrow, data, train, head)
        learned = learned * scale
        hashed = kept < rows()
        learned[hashed & (np.abs(learned) < SMALLEST)] = 0
        out[kept, head], out[-1, head] = learned, bias
    return out


def rarity(data: Set, train: NDArray[np.bool_]) -> Numbers:
    """(columns,): how rare each column is in the messages of social French among `train`, as a logarithm."""
    texts = data.matrix[train & data.is_social]
    counts = np.bincount(texts.indices, minlength=texts.shape[1])
    rare: Numbers = np.maximum(np.log((texts.shape[0] + 1) / (counts + 1)), 0.2)
    return rare


def _fit_head(narrow: Matrix, data: Set, train: NDArray[np.bool_], head: int) -> tuple[Numbers, float]:
    these = np.flatnonzero(train & (data.truths[:, head] >= 0))
    truth, weights = data.truths[these, head], data.weights[these].copy()
    share = float(np.average(truth, weights=weights))
    weights[truth == 1] *= (1 / max(share, 0.005) - 1) ** BALANCE
    model = LogisticRegression(
        C=REGULARISATION, solver="liblinear", dual=True, max_iter=60, random_state=SEED
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(narrow[these], truth, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def foretell(data: Set) -> Numbers:
    """(examples, heads): logits of every example by heads that did not see its voice."""
    out = np.zeros((len(data.examples), len(HEADS)))
    for fold in range(FOLDS):
        held_out = data.folds == fold
        weights = fit(data, ~held_out)
        out[held_out] = data.matrix[held_out] @ weights[:-1] + weights[-1]
        print(f"fold {fold + 1} of {FOLDS}", flush=True)
    return out


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is learned from foretold logits."""

    slope: Numbers
    offset: Numbers
    thresholds: Numbers
    priority: Numbers


def calibrate(data: Set, logits: Numbers, these: NDArray[np.bool_]) -> Calibration:
    """Platt's curve, threshold and priority from the examples `these`."""
    social = these & data.is_social
    curves = [_platt(logits[social, head], data.truths[social, head]) for head in range(len(HEADS))]
    slope, offset = np.array(curves).T
    chances = sigmoid(logits * slope + offset)
    corpora = np.array([example.corpus for example in data.examples])
    ordinary = [these & (corpora == corpus) for corpus in ORDINARY]
    thresholds = [
        _threshold(
            label,
            chances[social, head],
            data.truths[social, head] == 1,
            [chances[here, head] for here in ordinary],
        )
        for head, label in enumerate(LABELS)
    ]
    model = LogisticRegression(C=0.3, max_iter=3000)
    truth = data.truths[social][:, len(LABELS) :].argmax(axis=1)
    model.fit(np.clip(logits[social] * slope + offset, -6, 6), truth)
    order = [int(place) for place in model.classes_]
    priority = np.concatenate([model.coef_.T, model.intercept_[None]])[:, np.argsort(order)]
    return Calibration(slope, offset, np.array(thresholds), priority)


def sigmoid(logits: Numbers) -> Numbers:
    """Chances from log-odds."""
    chances: Numbers = 0.5 * (1 + np.tanh(0.5 * logits))
    return chances


def _platt(logits: Numbers, truth: Integers) -> tuple[float, float]:
    model = LogisticRegression(C=100.0, max_iter=500).fit(logits[:, None], truth)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _threshold(label: str, chances: Numbers, truth: NDArray[np.bool_], ordinary: Sequence[Numbers]) -> float:
    """The cut with the best F whose alarms stay below their share in each corpus of ordinary comments."""
    quiet = 1 - ALARMS.get(label, ALARMS_ELSE)
    lowest = max(float(np.quantile(one, quiet)) for one in ordinary) if label in messages.RARE else 0.0
    lowest = max(lowest, 0.0 if label in RECALL_FIRST else LEAST)
    cuts = np.append(np.linspace(0.04, 0.9, 173), lowest + 1e-3)
    cuts = np.sort(cuts[cuts > lowest])
    given = chances[None, :] >= cuts[:, None]
    right = (given & truth).sum(axis=1)
    miss = RECALL_FIRST.get(label, 1.0) ** 2
    f = (1 + miss) * right / (given.sum(axis=1) + miss * truth.sum())
    smooth = np.convolve(np.pad(f, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return round(float(cuts[int(smooth.argmax())]), 3)


def outcome(data: Set, logits: Numbers) -> tuple[Numbers, NDArray[np.bool_], Integers]:
    """Chances, given labels and priority of each example, calibrated on the other folds."""
    chances = np.zeros_like(logits[:, : len(LABELS)])
    given = np.zeros(chances.shape, dtype=np.bool_)
    priority = np.zeros(len(chances), dtype=np.int64)
    for fold in range(FOLDS):
        here = data.folds == fold
        known = calibrate(data, logits, ~here)
        calibrated = logits[here] * known.slope + known.offset
        chances[here] = sigmoid(calibrated[:, : len(LABELS)])
        given[here] = chances[here] >= known.thresholds
        priority[here] = (np.clip(calibrated, -6, 6) @ known.priority[:-1] + known.priority[-1]).argmax(
            axis=1
        )
    return chances, given, priority


def report(data: Set, chances: Numbers, given: NDArray[np.bool_], priority: Integers) -> dict[str, Any]:
    """Scores on the messages of social French, alarms on ordinary comments."""
    social = data.is_social
    corpora = np.array([example.corpus for example in data.examples])
    truth = data.truths == 1
    out: dict[str, Any] = {"labels": {}, "alarms": {}}
    for head, label in enumerate(LABELS):
        scored = scores(truth[social, head], given[social, head])
        scored["ece"] = round(calibration_error(chances[social, head], truth[social, head]), 3)
        out["labels"][label] = scored
    for corpus in ORDINARY:
        here = given[corpora == corpus]
        out["alarms"][corpus] = {
            label: round(float(here[:, LABELS.index(label)].mean()), 4) for label in messages.RARE
        }
    for corpus in (messages.PSYTAR, messages.VAERS, messages.PHEE):
        here, head = corpora == corpus, LABELS.index("adverse_reaction")
        out["labels"][f"adverse_reaction, {corpus}"] = scores(truth[here, head], given[here, head])
    wanted = data.truths[social][:, len(LABELS) :].argmax(axis=1)
    out["priority"] = {name: scores(wanted == n, priority[social] == n) for n, name in enumerate(PRIORITIES)}
    out["priority"]["accuracy"] = round(float((wanted == priority[social]).mean()), 3)
    return out


def scores(truth: NDArray[np.bool_], given: NDArray[np.bool_]) -> dict[str, float]:
    """n, precision, recall and F1 of one label."""
    right, positive, said = int((truth & given).sum()), int(truth.sum()), int(given.sum())
    precision, recall = right / said if said else 1.0, right / positive if positive else 1.0
    f1 = 2 * right / (positive + said) if positive + said else 1.0
    return {"n": positive, "precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3)}


def calibration_error(chances: Numbers, truth: NDArray[np.bool_]) -> float:
    """Expected calibration error in ten bins of equal width."""
    bins = np.minimum((chances * 10).astype(np.int64), 9)
    gaps = np.bincount(bins, weights=chances - truth, minlength=10)
    return float(np.abs(gaps).sum() / len(chances))


def write(data: Set, weights: Matrix, known: Calibration, held_out: dict[str, Any]) -> None:
    """The two files that the package ships."""
    hashed = weights[: rows()]
    told = np.flatnonzero(np.abs(hashed).max(axis=1) > 0)
    dense = weights[rows() : rows() + len(DENSE)] * DENSE_SCALE
    signals = weights[rows() + len(DENSE) : -1] * SIGNAL_SCALE
    np.savez_compressed(
        WEIGHTS / f"{NAME}.npz",
        rows=told.astype(np.int32),
        table=hashed[told].astype(np.float16),
        dense=dense.astype(np.float16),
        signals=signals.astype(np.float16),
        bias=weights[-1].astype(np.float32),
        slope=known.slope.astype(np.float32),
        offset=known.offset.astype(np.float32),
        thresholds=known.thresholds.astype(np.float32),
        priority=known.priority.astype(np.float32),
    )
    header = {
        "name": NAME,
        "version": VERSION,
        "labels": LABELS,
        "heads": HEADS,
        "priorities": PRIORITIES,
        "signals": columns(),
        "corpora": sorted({example.corpus for example in data.examples}),
        "held_out": held_out,
        "licence": "Apache-2.0",
    }
    text = json.dumps(header, indent=1, ensure_ascii=False) + "\n"
    (WEIGHTS / f"{NAME}.json").write_text(text, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpora", nargs="?", type=Path, default=opinions.CORPORA, help="folder of the corpora"
    )
    parser.add_argument("--dry", action="store_true", help="score only, write nothing")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    data = prepare(messages.learnable(arguments.corpora))
    logits = foretell(data)
    held_out = report(data, *outcome(data, logits))
    show(held_out)
    if not arguments.dry:
        everyone = np.ones(len(data.examples), dtype=np.bool_)
        write(data, fit(data, everyone), calibrate(data, logits, everyone), held_out)


def show(held_out: dict[str, Any]) -> None:
    """The scores as a table."""
    for label, scored in held_out["labels"].items():
        print(f"{label:36}", "  ".join(f"{name} {value}" for name, value in scored.items()))
    print("priority", json.dumps(held_out["priority"]))
    for corpus, alarms in held_out["alarms"].items():
        print(corpus, json.dumps({label: share for label, share in alarms.items() if share}))


if __name__ == "__main__":
    main()
