"""Learning a panel: one linear head per judgement over the shared features and the panel's signals.

Heads are scored and calibrated out of fold: no text is judged by a head, a calibration or a
threshold that saw a text of the same voice.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from training.messages import SOCIAL, Example
from training.opinions import Row
from training.sentiment import DENSE_SCALE, WEIGHTS, design
from veilleur.lexicon import Term
from veilleur.reading import Reader
from veilleur.reading.analyzer import Analyzer, Batch
from veilleur.reading.analyzers.adverse import AdverseAnalyzer
from veilleur.reading.analyzers.aspects import AspectAnalyzer
from veilleur.reading.analyzers.danger import DangerAnalyzer
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.misinformation import MisinformationAnalyzer
from veilleur.reading.analyzers.personal_data import PersonalDataAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.reading.analyzers.toxicity import ToxicityAnalyzer
from veilleur.reading.features import DENSE, features_of, rows
from veilleur.reading.signals import NAME as SIGNALS
from veilleur.reading.signals import terms
from veilleur.text.words import Floats
from veilleur.vocabulary import Finding

FOLDS = 5
SEED = 20240501
SIGNAL_SCALE = 0.6
"""What a signal counts beside a word, for the regularisation."""
BALANCE = 0.7
"""0 leaves a label as rare as it is, 1 makes having it and lacking it equal."""
RARITY = 0.8
"""What a hashed row counts, for the regularisation, for each unit of its rarity (a logarithm)."""
SMALLEST = 0.015
"""Weights nearer to 0 are dropped."""
RAREST = 3
"""Texts that must hold a hashed row before it is learned."""

Matrix: TypeAlias = Any  # scipy ships no types
Numbers: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Set:
    """Examples as numbers."""

    examples: Sequence[Example | Row]
    matrix: Matrix
    """(examples, hashed rows + dense numbers + signals)."""
    truths: Integers
    """(examples, heads): 1, 0, or -1 for not known."""
    weights: Numbers
    folds: Integers

    @property
    def is_social(self) -> Flags:
        """The messages read for every label: they alone are scored and calibrated on."""
        return np.array([example.corpus == SOCIAL for example in self.examples])


class _Marks:
    """Only the words of an analyzer: its verdicts are worked out as signals."""

    version = "0"

    def __init__(self, analyzer: Analyzer) -> None:
        self.name, self.terms = analyzer.name, analyzer.terms

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        return [()] * len(batch)


class _Harvest:
    """An analyzer that keeps what the heads would read."""

    name = SIGNALS
    version = "0"

    def __init__(self, signals: Callable[[Batch], Floats]) -> None:
        self.parts: list[Matrix] = []
        self.signals = signals

    def terms(self) -> Iterable[Term]:
        return terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        cued = sparse.csr_matrix(self.signals(batch) * np.float32(SIGNAL_SCALE))
        features = batch.once(features_of)
        self.parts.append(sparse.hstack([design(features, len(features.around_rows)), cued]).tocsr())
        return [()] * len(batch)


def matrix_of(examples: Sequence[Example], signals: Callable[[Batch], Floats]) -> Matrix:
    """What the heads read of each example."""
    harvest = _Harvest(signals)
    makers = (
        DrugAnalyzer, ReactionAnalyzer, DangerAnalyzer, ToxicityAnalyzer, MisinformationAnalyzer,
        PersonalDataAnalyzer, AspectAnalyzer, AdverseAnalyzer,
    )  # fmt: skip
    beside = [_Marks(make()) for make in makers]
    Reader([*beside, harvest]).read([example.mention for example in examples])
    return sparse.vstack(harvest.parts).tocsr()


def deal(examples: Sequence[Example | Row]) -> Integers:
    """A fold for each example; a voice stays in one, each batch of voices is dealt evenly."""
    chance = np.random.default_rng(SEED)
    keys = [_batch(example) for example in examples]
    voices: dict[str, set[str]] = {}
    for key, example in zip(keys, examples, strict=True):
        voices.setdefault(key, set()).add(example.group)
    folds: dict[tuple[str, str], int] = {}
    for key, names in sorted(voices.items()):
        start = int(chance.integers(FOLDS))
        for place, number in enumerate(chance.permutation(len(names))):
            folds[key, sorted(names)[number]] = (place + start) % FOLDS
    return np.array([folds[key, example.group] for key, example in zip(keys, examples, strict=True)])


def _batch(example: Example | Row) -> str:
    return f"{SOCIAL} {example.group.partition('-')[0]}" if example.corpus == SOCIAL else example.corpus


def fit(data: Set, train: Flags) -> Numbers:
    """(columns + 1, heads): weights learned from the examples `train`, the bias last."""
    counts = np.bincount(data.matrix[train].indices, minlength=data.matrix.shape[1])
    kept = np.flatnonzero((counts >= RAREST) | (np.arange(len(counts)) >= rows()))
    kept = kept[kept != rows() - 1]
    scale = np.where(kept < rows(), RARITY * rarity(data, train)[kept], 1.0)
    narrow = (data.matrix[:, kept] @ sparse.diags(scale)).astype(np.float64).tocsr()
    heads = range(data.truths.shape[1])
    learned = Parallel(n_jobs=2)(
        delayed(_fit_head)(narrow, data.truths[:, h], data.weights, train) for h in heads
    )
    out = np.zeros((data.matrix.shape[1] + 1, len(heads)))
    hashed = kept < rows()
    for head, (found, bias) in enumerate(learned):
        weights = found * scale
        out[kept, head] = np.where(hashed & (np.abs(weights) < SMALLEST), 0, weights)
        out[-1, head] = bias
    return out


def rarity(data: Set, train: Flags) -> Numbers:
    """(columns,): how rare each column is in the messages of social French among `train`, as a logarithm."""
    texts = data.matrix[train & data.is_social]
    counts = np.bincount(texts.indices, minlength=texts.shape[1])
    rare: Numbers = np.maximum(np.log((texts.shape[0] + 1) / (counts + 1)), 0.2)
    return rare


REGULARISATION = 3.0


def _fit_head(narrow: Matrix, truths: Integers, weights: Numbers, train: Flags) -> tuple[Numbers, float]:
    these = np.flatnonzero(train & (truths >= 0))
    truth, counted = truths[these], weights[these].copy()
    if not truth.any():
        return np.zeros(narrow.shape[1]), -6.0
    share = float(np.average(truth, weights=counted))
    counted[truth == 1] *= (1 / max(share, 0.005) - 1) ** BALANCE
    model = LogisticRegression(
        C=REGULARISATION, solver="liblinear", dual=True, max_iter=60, random_state=SEED
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(narrow[these], truth, sample_weight=counted)
    return model.coef_[0], float(model.intercept_[0])


def foretell(data: Set) -> Numbers:
    """(examples, heads): logits of every example by heads that did not see its voice."""
    out = np.zeros(data.truths.shape)
    for fold in range(FOLDS):
        held_out = data.folds == fold
        weights = fit(data, ~held_out)
        out[held_out] = data.matrix[held_out] @ weights[:-1] + weights[-1]
    return out


def curves(data: Set, logits: Numbers, these: Flags) -> tuple[Numbers, Numbers]:
    """Slope and offset of each head (Platt 1999), from the messages of social French among `these`."""
    scored = these & data.is_social
    pairs = [platt(logits[scored, head], data.truths[scored, head]) for head in range(logits.shape[1])]
    slope, offset = np.array(pairs).T
    return slope, offset


def platt(logits: Numbers, truth: Integers) -> tuple[float, float]:
    """Slope and offset of one head (Platt 1999); texts of which the truth is not known count for nothing."""
    known = truth >= 0
    if not (truth[known] == 1).any():
        return 1.0, 0.0
    model = LogisticRegression(C=100.0, max_iter=500).fit(logits[known, None], truth[known])
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def sigmoid(logits: Numbers) -> Numbers:
    """Chances from log-odds."""
    chances: Numbers = 0.5 * (1 + np.tanh(0.5 * logits))
    return chances


def best_cut(chances: Numbers, truth: Flags, *, miss: float = 1.0, lowest: float = 0.0) -> float:
    """The cut with the best F score (a miss counting `miss` times an alarm) above `lowest`."""
    cuts = np.append(np.linspace(0.04, 0.9, 173), lowest + 1e-3)
    cuts = np.sort(cuts[cuts > lowest])
    given = chances[None, :] >= cuts[:, None]
    right = (given & truth).sum(axis=1)
    f = (1 + miss**2) * right / np.maximum(given.sum(axis=1) + miss**2 * truth.sum(), 1)
    smooth = np.convolve(np.pad(f, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return round(float(cuts[int(smooth.argmax())]), 3)


def scores(truth: Flags, given: Flags) -> dict[str, float]:
    """n, precision, recall and F1 of one label."""
    right, positive, said = int((truth & given).sum()), int(truth.sum()), int(given.sum())
    precision, recall = right / said if said else 1.0, right / positive if positive else 1.0
    f1 = 2 * right / (positive + said) if positive + said else 1.0
    return {"n": positive, "precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3)}


def calibration_error(chances: Numbers, truth: Flags) -> float:
    """Expected calibration error in ten bins of equal width."""
    bins = np.minimum((chances * 10).astype(np.int64), 9)
    gaps = np.bincount(bins, weights=chances - truth, minlength=10)
    return float(np.abs(gaps).sum() / len(chances))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is learned from foretold logits: one number per head."""

    slope: Numbers
    offset: Numbers
    thresholds: Numbers


def calibrate(
    data: Set, logits: Numbers, these: Flags, misses: Sequence[float], lowest: float
) -> Calibration:
    """Curves and cuts from the messages of social French among `these`.

    `misses` says for each head how many times a miss costs more than an alarm; no cut lies below `lowest`.
    """
    slope, offset = curves(data, logits, these)
    chances = sigmoid(logits * slope + offset)
    social = these & data.is_social
    cuts = [
        best_cut(chances[social, head], data.truths[social, head] == 1, miss=miss, lowest=lowest)
        for head, miss in enumerate(misses)
    ]
    return Calibration(slope, offset, np.array(cuts))


def outcome(data: Set, logits: Numbers, misses: Sequence[float], lowest: float) -> tuple[Numbers, Flags]:
    """Chances and yes or no of each example, calibrated on the other folds."""
    chances, given = np.zeros_like(logits), np.zeros(logits.shape, dtype=np.bool_)
    for fold in range(FOLDS):
        here = data.folds == fold
        known = calibrate(data, logits, ~here, misses, lowest)
        chances[here] = sigmoid(logits[here] * known.slope + known.offset)
        given[here] = chances[here] >= known.thresholds
    return chances, given


def scored(names: Sequence[str], truth: Flags, chances: Numbers, given: Flags) -> dict[str, dict[str, float]]:
    """Scores and calibration error of each head; the arrays are (messages, heads)."""
    return {
        name: scores(truth[:, head], given[:, head])
        | {"ece": round(calibration_error(chances[:, head], truth[:, head]), 3)}
        for head, name in enumerate(names)
    }


def show(held_out: Mapping[str, Mapping[str, float]]) -> None:
    """The scores as a table."""
    for name, numbers in held_out.items():
        print(f"{name:36}", "  ".join(f"{key} {value}" for key, value in numbers.items()))


def write(
    name: str,
    weights: Numbers,
    known: Calibration,
    header: Mapping[str, Any],
    others: Mapping[str, Numbers] | None = None,
) -> None:
    """The two files that the package ships; `header` has `version`, `heads`, `columns` and `held_out`."""
    hashed = weights[: rows()]
    told = np.flatnonzero(np.abs(hashed).max(axis=1) > 0)
    dense = weights[rows() : rows() + len(DENSE)] * DENSE_SCALE
    signals = weights[rows() + len(DENSE) : -1] * SIGNAL_SCALE
    small = {"table": hashed[told], "dense": dense, "signals": signals}
    exact = {
        "bias": weights[-1],
        "slope": known.slope,
        "offset": known.offset,
        "thresholds": known.thresholds,
        **(others or {}),
    }
    arrays: dict[str, Any] = {"rows": told.astype(np.int32)}
    arrays |= {key: array.astype(np.float16) for key, array in small.items()}
    arrays |= {key: array.astype(np.float32) for key, array in exact.items()}
    np.savez_compressed(WEIGHTS / f"{name}.npz", **arrays)
    text = json.dumps({"name": name, **header, "licence": "Apache-2.0"}, indent=1, ensure_ascii=False) + "\n"
    (WEIGHTS / f"{name}.json").write_text(text, encoding="utf-8")
