"""Rebuilds `src/veilleur/reading/weights/sentiment.*` from the opinion corpora.

    python -m training.sentiment [FOLDER]

The same corpora give the same bytes. The score it prints (and ships in the header) comes from
cross-validation inside the training part; the test part is never read here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold

from training import opinions, pairs
from training.opinions import Row
from veilleur.reading.features import DENSE, Features, extract, rows
from veilleur.reading.heads import LAYERS, Head, judge, softmax, whole, word_scale
from veilleur.reading.parts import PARTS, parts
from veilleur.reading.wordbook import CHARACTER_WEIGHT
from veilleur.text.words import split, stretches
from veilleur.vocabulary import Sentiment

LABELS = ("neg", "neu", "pos")
VERSION = "1"
WEIGHTS = Path(__file__).parents[1] / "src/veilleur/reading/weights"
CORPUS_WEIGHT = {
    opinions.EXPERIENCES: 3.0,
    opinions.FFT: 1.0,
    opinions.PHASE_1: 0.4,
    opinions.OWN: 5.0,
}
"""What one row counts: French is rare, the oldest corpus is noisy, our sentences are few."""
BALANCE = 0.7
"""0 leaves the classes of a corpus as they are, 1 makes them equal."""
REGULARISATION = 0.5
DENSE_SCALE = 0.5
FOLDS = 5
SEED = 20240501
_LYING_STARS = {Sentiment.POS: 0.0, Sentiment.NEG: 1.0}
"""One in four of our sentences carries the opposite stars: irony does, and the words must win."""
SMALLEST = 2e-3
"""Weights nearer to 0 are dropped: they say nothing and cost bytes."""

Matrix: TypeAlias = Any  # scipy ships no types
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from, as numbers."""

    rows: list[Row]
    matrix: Matrix
    labels: NDArray[np.int64]
    weights: Numbers


def main() -> None:
    folder = _arguments().corpora
    examples = prepare(learnable(folder))
    folds = list(
        GroupKFold(FOLDS, shuffle=True, random_state=SEED).split(
            examples.labels, groups=[row.group for row in examples.rows]
        )
    )
    heads = [fit(examples, train) for train, _ in folds]
    logits = np.zeros((len(examples.rows), len(LABELS)))
    for head, (_, held_out) in zip(heads, folds, strict=True):
        logits[held_out] = np.log(_chances(head, [examples.rows[i] for i in held_out]))
    sharpness = find_sharpness(logits, examples)
    scores = score(logits, examples)
    mixture = learn_mixture(examples.rows, folds, [replace(head, sharpness=sharpness) for head in heads])
    final = replace(fit(examples, np.arange(len(examples.rows))), sharpness=sharpness)
    write(final, mixture, scores)
    print(json.dumps(scores, indent=2))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpora", nargs="?", type=Path, default=opinions.CORPORA, help="folder of the corpora"
    )
    return parser.parse_args()


def learnable(folder: Path) -> list[Row]:
    """All training rows, half of them without the question, the stars or the title they came with."""
    kept = opinions.training_part(
        [
            *opinions.experiences(folder),
            *opinions.friends_and_family(folder),
            *opinions.phase_1(folder),
            *opinions.own_sentences(),
        ]
    )
    chance = np.random.default_rng(SEED)
    dice = chance.random((len(kept), 3))
    return [
        _hide(row, stars, question, title) for row, (stars, question, title) in zip(kept, dice, strict=True)
    ]


def _hide(row: Row, stars: float, question: float, title: float) -> Row:
    if row.corpus == opinions.OWN:
        return replace(row, rating_share=_LYING_STARS.get(row.label)) if stars < 0.25 else row
    hidden = row
    if stars < 0.5:
        hidden = replace(hidden, rating_share=None)
    if question < 0.4:
        hidden = replace(hidden, asked=row.blinded().asked)
    return hidden.untitled() if title < 0.5 else hidden


def prepare(learned: list[Row]) -> Examples:
    """Rows with their features and weights."""
    labels = np.array([LABELS.index(row.label.value) for row in learned])
    corpora = np.array([row.corpus for row in learned])
    weights = np.array([CORPUS_WEIGHT[row.corpus] for row in learned])
    for corpus in CORPUS_WEIGHT:
        here = corpora == corpus
        for label in range(len(LABELS)):
            these = here & (labels == label)
            if these.any():
                weights[these] *= (here.sum() / these.sum() / len(LABELS)) ** BALANCE
    return Examples(learned, design(features_of(learned), LAYERS), labels, weights)


def features_of(read: Sequence[Row]) -> Features:
    """Features of the rows as the analyzer would see them."""
    texts = [row.full_text for row in read]
    return extract(split(texts), texts, [row.context for row in read])


def design(features: Features, layers: int) -> Matrix:
    """The matrix whose product with a head's columns is what `heads.judge` computes.

    `layers` of `around_rows` are read.
    """
    around_rows = features.around_rows[:layers]
    scale, units, of = word_scale(features), features.units, features.unit_of
    word = np.arange(len(features.words))
    piece, places = stretches(units.first_position[of], units.sizes()[of])
    words = np.concatenate([word] * (1 + len(around_rows)))
    pieces = np.concatenate([piece] * len(units.character_rows))
    columns = np.concatenate([units.rows[of], around_rows.ravel(), units.character_rows[:, places].ravel()])
    values = np.concatenate([scale[words], np.float32(CHARACTER_WEIGHT) * scale[pieces]])
    owners = features.words.owner[np.concatenate([words, pieces])]
    kept = columns != rows() - 1
    shape = (len(features.dense), rows())
    counted = sparse.csr_matrix((values[kept], (owners[kept], columns[kept])), shape=shape)
    return sparse.hstack([counted, sparse.csr_matrix(features.dense * np.float32(DENSE_SCALE))]).tocsr()


def fit(examples: Examples, train: NDArray[np.int64]) -> Head:
    """A head learned from the rows `train`."""
    model = LogisticRegression(C=REGULARISATION, max_iter=80, tol=1e-3)
    model.fit(examples.matrix[train], examples.labels[train], sample_weight=examples.weights[train])
    columns = model.coef_.T.astype(np.float32)
    table = np.where(np.abs(columns[: rows()]) < SMALLEST, 0, columns[: rows()])
    dense = columns[rows() :] * np.float32(DENSE_SCALE)
    bias = model.intercept_.astype(np.float32)
    return Head("sentiment", VERSION, LABELS, whole(table), dense, bias, 1.0)


def _chances(head: Head, read: list[Row]) -> Numbers:
    return judge(head, features_of(read)).chances.astype(np.float64)


def find_sharpness(logits: Numbers, examples: Examples) -> float:
    """The factor of the logits that gives held-out labels the highest likelihood."""

    def loss(factor: float) -> float:
        chances = softmax((logits * factor).astype(np.float32))
        right = np.log(chances[np.arange(len(chances)), examples.labels] + 1e-9)
        return -float(np.average(right, weights=examples.weights))

    return round(float(minimize_scalar(loss, bounds=(0.3, 3.0), method="bounded").x), 3)


def score(logits: Numbers, examples: Examples) -> dict[str, dict[str, float]]:
    """Macro-F1 and accuracy per corpus, on held-out folds of the training part."""
    corpora = np.array([row.corpus for row in examples.rows])
    guesses = logits.argmax(axis=1)
    out = {}
    for corpus in CORPUS_WEIGHT:
        here = corpora == corpus
        truth = examples.labels[here]
        f1 = f1_score(truth, guesses[here], labels=np.unique(truth), average="macro")
        accuracy = accuracy_score(truth, guesses[here])
        poles = here & (examples.labels != LABELS.index("neu"))
        right = (logits[poles, LABELS.index("pos")] > logits[poles, LABELS.index("neg")]) == (
            examples.labels[poles] == LABELS.index("pos")
        )
        out[corpus] = {
            "rows": int(here.sum()),
            "macro_f1": round(f1, 3),
            "accuracy": round(accuracy, 3),
            "pos_or_neg": round(float(right.mean()), 3),
        }
    return out


def learn_mixture(
    learned: list[Row], folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], heads: Sequence[Head]
) -> Numbers:
    """Weights of `PARTS`, then the bias, of “this text is mixed”, from pairs of held-out texts."""
    numbers, truths = [], []
    for number, (head, (_, held_out)) in enumerate(zip(heads, folds, strict=True)):
        texts, truth = pairs.make([learned[i] for i in held_out], SEED + number)
        features = features_of(texts)
        numbers.append(parts(features, judge(head, features), LABELS.index("neg"), LABELS.index("pos")))
        truths.append(truth)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(np.concatenate(numbers), np.concatenate(truths))
    return np.concatenate([model.coef_[0], model.intercept_])


def write(head: Head, mixture: Numbers, scores: dict[str, dict[str, float]]) -> None:
    """The two files that the package ships."""
    WEIGHTS.mkdir(exist_ok=True)
    np.savez_compressed(
        WEIGHTS / f"{head.name}.npz",
        table=head.table.lines[head.table.index].astype(np.float16),
        dense=head.dense.astype(np.float16),
        bias=head.bias,
        mixture=mixture.astype(np.float32),
    )
    header = {
        "name": head.name,
        "version": head.version,
        "labels": head.labels,
        "sharpness": head.sharpness,
        "corpora": list(CORPUS_WEIGHT),
        "held_out": scores,
        "dense": DENSE,
        "parts": PARTS,
        "licence": "Apache-2.0",
    }
    (WEIGHTS / f"{head.name}.json").write_text(
        json.dumps(header, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
