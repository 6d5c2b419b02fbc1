"""Rebuilds the weights of a case's parts: which products and which words tell of a reaction.

    python -m training.adverse [--dry]

Writes `weights/adverse.json.gz` (products) and `weights/tagger.*` (reactions). Learns from the
messages of social French in which a product is named. Thresholds come from five folds that keep
each voice on one side; what the case heads say of a message is foretold, too.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from training import cases, messages, tagger
from training.panels import FOLDS, Flags, Integers, Numbers, best_cut, foretell, matrix_of, outcome, sigmoid
from training.tagger import Place, Sheet
from veilleur.reading.adverse.evidence import Evidence, Looks, of_products
from veilleur.reading.adverse.heads import HEADS, every_look
from veilleur.reading.adverse.marks import Named
from veilleur.reading.adverse.tagger import Spans, Told
from veilleur.reading.adverse.tagger import places as places_of
from veilleur.reading.adverse.weights import Heads, whole_numbers
from veilleur.reading.analyzer import Batch, Subject

TARGET = Path(__file__).parents[1] / "src/veilleur/reading/weights/adverse.json.gz"
VERSION = "3"
STRENGTH = 0.15
"""Inverse of the regularisation: small, because the words are many and the messages few."""
RAREST = 2
SMALLEST = 0.01


@dataclass(frozen=True)
class Example:
    """One thing to learn from: its evidence, what is true of it, and in which fold."""

    evidence: Evidence
    truths: dict[str, bool]
    fold: int


@dataclass(frozen=True)
class Known:
    """The messages that name a product, as the analyzer sees them, and what is foretold of them."""

    told: list[messages.Example]
    subjects: list[Subject]
    chances: Numbers
    """(messages, HEADS)."""
    folds: Integers

    @property
    def surely(self) -> Numbers:
        """(messages,): how surely each tells of a reaction."""
        surely: Numbers = self.chances[:, [HEADS.index("adr"), HEADS.index("reaction")]].max(axis=1)
        return surely

    @cached_property
    def looks(self) -> Looks:
        """Everything their judgement looks at."""
        return every_look(Batch(self.subjects))

    @cached_property
    def sheet(self) -> Sheet:
        """Their words."""
        happened = [gold(one.raw, "reactions") for one in self.told]
        return tagger.sheet(self.subjects, self.surely, happened, self.folds, np.ones(len(self.told)))


def known() -> Known:
    """Reads the messages, and foretells what the case heads say of each."""
    told, names = cases.gated(messages.development())
    data = cases.prepare(told, names)
    chances, _ = outcome(data, foretell(data), cases.MISSES, cases.LEAST)
    return Known(told, subjects_of(told), chances, data.folds)


def subjects_of(told: Sequence[messages.Example]) -> list[Subject]:
    """The messages as the analyzer is given them."""
    subjects: list[Subject] = []

    def look(batch: Batch) -> NDArray[np.float32]:
        subjects.extend(batch)
        return np.zeros((len(batch), 1), dtype=np.float32)

    matrix_of(told, look)
    return subjects


def places(text: str, parts: Iterable[str]) -> list[Place]:
    """Where each part stands, the second one of two equal parts at its second place."""
    found: list[Place] = []
    for part in parts:
        start = text.find(part)
        while start >= 0 and (start, start + len(part)) in found:
            start = text.find(part, start + 1)
        if start >= 0:
            found.append((start, start + len(part)))
    return found


def gold(message: Mapping[str, Any], name: str, *, suspected: bool = False) -> list[Place]:
    """Places of the annotated `drugs` or `reactions`."""
    parts = (message["adr"] or {name: []})[name]
    wanted = [part["text"] for part in parts if not suspected or part["suspected"]]
    return places(message["text"], wanted)


def meets(span: Place, others: Iterable[Place]) -> bool:
    """Whether a span shares a character with one of the others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def products_of(messages_known: Known) -> list[list[Example]]:
    """The products of each message: whether they are meant, whether they are suspected."""
    looks = messages_known.looks
    texts = looks.products.text
    surely = messages_known.surely[texts].tolist()
    told = iter(of_products(looks, np.arange(len(texts)), surely))
    out = []
    columns = (messages_known.told, messages_known.subjects, looks.found, messages_known.folds.tolist())
    for one, subject, found, fold in zip(*columns, strict=True):
        named = gold(one.raw, "drugs"), gold(one.raw, "drugs", suspected=True)
        truths = [_truths(subject, part, *named) for part in found.products]
        out.append([Example(next(told), truth, fold) for truth in truths])
    return out


def _truths(subject: Subject, part: Named, meant: list[Place], suspected: list[Place]) -> dict[str, bool]:
    span = subject.text.span(part.start, part.end)
    place = span.start, span.end
    return {"suspected": meets(place, suspected), "meant": meets(place, meant)}


SIDES = ("suspected", "meant")


def fit(examples: Sequence[Example]) -> Heads:
    """Logistic heads over the evidence of products."""
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = vectorizer.fit_transform([one.evidence for one in examples])
    common = np.asarray((matrix != 0).sum(axis=0)).ravel() >= RAREST
    models = [
        LogisticRegression(C=STRENGTH, max_iter=2000).fit(
            matrix[:, common], [one.truths[name] for one in examples]
        )
        for name in SIDES
    ]
    names = vectorizer.get_feature_names_out()[common]
    rows = np.round(np.column_stack([model.coef_[0] for model in models]), 3)
    heavy = np.abs(rows).max(axis=1) >= SMALLEST
    place = {str(name): row for row, name in enumerate(names[heavy])}
    return Heads(SIDES, np.array([model.intercept_[0] for model in models]), place, rows[heavy])


def folded(examples: Sequence[Example]) -> list[Heads]:
    """For each fold, heads that never heard its voices."""
    return [fit([one for one in examples if one.fold != fold]) for fold in range(FOLDS)]


def limits_of(examples: Sequence[Example], heads: Sequence[Heads]) -> dict[str, float]:
    """The threshold of each head, from chances that are foretold."""
    chances = np.concatenate([heads[one.fold].chances([one.evidence]) for one in examples])
    return {
        name: threshold(chances[:, column], np.array([one.truths[name] for one in examples]))
        for column, name in enumerate(SIDES)
    }


def threshold(chances: Numbers, truths: Flags) -> float:
    """The limit with the best F score, in steps of a hundredth."""

    def score(limit: float) -> float:
        said = chances >= limit
        right = float((said & truths).sum())
        return float(2 * right / max(1.0, truths.sum() + said.sum()))

    return max((round(step / 100, 2) for step in range(8, 90)), key=score)


@dataclass(frozen=True)
class Foretold:
    """Reactions of each message, by a tagger that did not hear its voice."""

    spans: Spans
    truth: Flags
    chances: Numbers
    threshold: float

    def told(self, sheet: Sheet) -> list[list[Told]]:
        """The spans of each message, as the analyzer is given them."""
        out: list[list[Told]] = [[] for _ in sheet.subjects]
        starts, ends = places_of(sheet.read, self.spans)
        columns = (self.spans.text, starts, ends, self.chances)
        for text, *told in zip(*(column.tolist() for column in columns), strict=True):
            out[text].append(Told(*told))
        return out


def foretold_spans(sheet: Sheet) -> Foretold:
    """Candidate spans out of fold, and the threshold that suits them best."""
    spans = tagger.spans_of(sheet)
    truth = tagger.right(sheet, spans)
    chances = tagger.judged(sheet, spans, truth)
    reactions = sum(map(len, sheet.happened))
    limit = tagger.best_threshold(chances, truth, reactions, tagger.met_by(sheet, spans))
    return Foretold(spans, truth, chances, limit)


Whole = dict[str, tuple[float, ...]]


def wholes(learnable: Known, found: Foretold) -> tuple[list[Whole], Whole, dict[str, float]]:
    """How a message and its surest span decide together: for each fold without it, for all, and from when."""
    told, folds = learnable.told, learnable.folds
    surest = np.zeros(len(told))
    np.maximum.at(surest, found.spans.text, found.chances)
    adr, reaction = (learnable.chances[:, HEADS.index(name)].tolist() for name in ("adr", "reaction"))
    numbers = np.array([whole_numbers(*one) for one in zip(adr, reaction, surest.tolist(), strict=True)])
    by_fold: list[Whole] = [{} for _ in range(FOLDS)]
    everyone: Whole = {}
    limits = {}
    for name, truth in cases_told(told).items():
        said = np.zeros(len(told))
        for fold in range(FOLDS):
            weights = by_fold[fold][name] = _together(numbers[folds != fold], truth[folds != fold])
            said[folds == fold] = sigmoid(numbers[folds == fold] @ weights[:-1] + weights[-1])
        everyone[name] = _together(numbers, truth)
        limits[name] = best_cut(said, truth, miss=cases.MISSED.get(name, 1.0))
    return by_fold, everyone, limits


def cases_told(told: Sequence[messages.Example]) -> dict[str, Flags]:
    """Which messages tell a case, and which a reaction."""
    raws = [one.raw["adr"] or cases.NO_CASE for one in told]
    return {
        "adr": np.array([bool(raw["adr"]) for raw in raws]),
        "reaction": np.array([bool(raw["criteria"].get("reaction")) for raw in raws]),
    }


def _together(numbers: Numbers, truth: Flags) -> tuple[float, ...]:
    model = LogisticRegression(C=1.0, max_iter=500).fit(numbers, truth)
    return tuple(np.round([*model.coef_[0], model.intercept_[0]], 4).tolist())


def write_parts(examples: Sequence[Example], whole: Whole, limits: Mapping[str, float]) -> None:
    """The file of what decides on products and on whole messages."""
    heads = fit(examples)
    table = {name: heads.table[row].tolist() for name, row in sorted(heads.rows.items())}
    content = {
        "version": VERSION,
        "thresholds": {**limits_of(examples, folded(examples)), **limits},
        "whole": whole,
        "product": {"names": heads.names, "bias": np.round(heads.bias, 3).tolist(), "table": table},
    }
    packed = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    TARGET.write_bytes(gzip.compress(packed, 9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} kB", content["thresholds"])


def main() -> None:
    learnable = known()
    sheet = learnable.sheet
    found = foretold_spans(sheet)
    scored = tagger.scores(sheet, found.spans, found.chances >= found.threshold)
    print("reactions, out of fold:", scored, "threshold", found.threshold)
    if "--dry" in sys.argv:
        return
    everyone = np.ones(len(sheet.states), dtype=np.bool_)
    span = tagger.fit_span(found.spans.numbers, found.truth)
    header = {"version": VERSION, "held_out": scored}
    tagger.write(tagger.fit(sheet, everyone), sheet.columns, span, header)
    flat = [one for products in products_of(learnable) for one in products]
    _, whole, limits = wholes(learnable, found)
    write_parts(flat, whole, {**limits, "happened": found.threshold})


if __name__ == "__main__":
    main()
