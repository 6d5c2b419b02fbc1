"""Rebuilds `src/veilleur/reading/weights/adverse.json.gz`: which products and reactions a case is about.

    python -m training.adverse

Learns from the messages of social French in which a product is named. Thresholds come from five
folds that keep each voice on one side; what the case heads say of a message is foretold, too.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training import cases, messages
from training.panels import Flags, matrix_of
from veilleur.lexicon import Mark
from veilleur.reading.adverse.evidence import Evidence, Look, of_product, of_reaction
from veilleur.reading.adverse.heads import looks_of
from veilleur.reading.adverse.marks import Named
from veilleur.reading.adverse.weights import Heads
from veilleur.reading.analyzer import Batch, Subject

TARGET = Path(__file__).parents[1] / "src/veilleur/reading/weights/adverse.json.gz"
VERSION = "2"
FOLDS = 5
STRENGTH = {"reaction": 0.15, "product": 0.15}
"""Inverse of the regularisation: small, because the words are many and the messages few."""
RAREST = 2
SMALLEST = 0.01


@dataclass(frozen=True)
class Example:
    """One thing to learn from: its evidence, what is true of it, and whose voice it is."""

    evidence: Evidence
    truths: dict[str, bool]
    group: str


def looked_at(told: Sequence[messages.Example]) -> list[tuple[Subject, Look]]:
    """The messages (all of them name a product) as the analyzer sees them."""
    seen: list[tuple[Subject, Look]] = []

    def look(batch: Batch) -> NDArray[np.float32]:
        seen.extend((batch.subjects[row], found) for row, found in looks_of(batch))
        return np.zeros((len(batch), 1), dtype=np.float32)

    matrix_of(told, look)
    return seen


def places(text: str, parts: Iterable[str]) -> list[tuple[int, int]]:
    """Where each part stands, the second one of two equal parts at its second place."""
    found: list[tuple[int, int]] = []
    for part in parts:
        start = text.find(part)
        while start >= 0 and (start, start + len(part)) in found:
            start = text.find(part, start + 1)
        if start >= 0:
            found.append((start, start + len(part)))
    return found


def gold(message: Mapping[str, Any], name: str, *, suspected: bool = False) -> list[tuple[int, int]]:
    """Places of the annotated `drugs` or `reactions`."""
    parts = (message["adr"] or {name: []})[name]
    wanted = [part["text"] for part in parts if not suspected or part["suspected"]]
    return places(message["text"], wanted)


def meets(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    """Whether a span shares a character with one of the others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def of_parts(
    told: list[Mapping[str, Any]], seen_by: list[tuple[Subject, Look]], chances: NDArray[np.float64]
) -> tuple[list[Example], list[Example]]:
    """Candidate reactions of messages that tell of one, and products of all."""
    reactions: list[Example] = []
    products: list[Example] = []
    for one, (subject, seen), chance in zip(told, seen_by, chances, strict=True):
        happened, drugs = gold(one, "reactions"), gold(one, "drugs")
        suspects = gold(one, "drugs", suspected=True)

        def true(part: Mark | Named, among: list[tuple[int, int]], subject: Subject = subject) -> bool:
            span = subject.text.span(part.start, part.end)
            return meets((span.start, span.end), among)

        reactions += (
            Example(of_reaction(seen, mark, chance), {"happened": true(mark, happened)}, one["group"])
            for mark in seen.found.reactions
        )
        products += (
            Example(
                of_product(seen, named, chance),
                {"suspected": true(named, suspects), "meant": true(named, drugs)},
                one["group"],
            )
            for named in seen.found.products
        )
    return reactions, products


def fit(examples: list[Example], names: Sequence[str], strength: float) -> Heads:
    """Logistic heads over the evidence of `examples`."""
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = vectorizer.fit_transform([one.evidence for one in examples])
    common = np.asarray((matrix != 0).sum(axis=0)).ravel() >= RAREST
    columns, bias = [], []
    for name in names:
        truths = np.array([one.truths[name] for one in examples])
        if truths.any():
            model = LogisticRegression(C=strength, max_iter=2000, class_weight=None).fit(
                matrix[:, common], truths
            )
            columns.append(model.coef_[0])
            bias.append(float(model.intercept_[0]))
        else:
            columns.append(np.zeros(int(common.sum())))
            bias.append(-6.0)
    kept = vectorizer.get_feature_names_out()[common]
    rows = np.round(np.column_stack(columns), 3)
    heavy = np.abs(rows).max(axis=1) >= SMALLEST
    place = {str(key): row for row, key in enumerate(kept[heavy])}
    return Heads(tuple(names), np.array(bias), place, rows[heavy])


def folded(examples: list[Example], names: Sequence[str], strength: float) -> NDArray[np.float64]:
    """(examples, names): chances given by heads that never heard the voice."""
    chances = np.zeros((len(examples), len(names)))
    groups = [one.group for one in examples]
    for train, test in GroupKFold(FOLDS).split(groups, groups=groups):
        heads = fit([examples[index] for index in train], names, strength)
        for index in test:
            chances[index] = list(heads.chances(examples[index].evidence).values())
    return chances


def threshold(chances: NDArray[np.float64], truths: Flags) -> float:
    """The limit with the best F score, in steps of a hundredth."""

    def score(limit: float) -> float:
        said = chances >= limit
        right = float((said & truths).sum())
        return float(2 * right / max(1.0, truths.sum() + said.sum()))

    return max((round(step / 100, 2) for step in range(8, 90)), key=score)


def learn() -> dict[str, Any]:
    """Heads and thresholds, ready to be written."""
    told, names = cases.gated(messages.development())
    surely = cases.told_surely(told, names)
    reactions, products = of_parts([one.raw for one in told], looked_at(told), surely)
    sides = ("suspected", "meant")
    limits = _limits(reactions, ("happened",), folded(reactions, ("happened",), STRENGTH["reaction"]))
    limits |= _limits(products, sides, folded(products, sides, STRENGTH["product"]))
    return {
        "version": VERSION,
        "thresholds": limits,
        "reaction": _plain(fit(reactions, ("happened",), STRENGTH["reaction"])),
        "product": _plain(fit(products, sides, STRENGTH["product"])),
    }


def _limits(examples: list[Example], names: Sequence[str], chances: NDArray[np.float64]) -> dict[str, float]:
    limits: dict[str, float] = {}
    for column, name in enumerate(names):
        truths = np.array([one.truths[name] for one in examples])
        limits[name] = threshold(chances[:, column], truths)
    return limits


def _plain(heads: Heads) -> dict[str, Any]:
    table = {name: heads.table[row].tolist() for name, row in sorted(heads.rows.items())}
    return {"names": heads.names, "bias": np.round(heads.bias, 3).tolist(), "table": table}


def main() -> None:
    content = json.dumps(learn(), separators=(",", ":"), ensure_ascii=False)
    TARGET.write_bytes(gzip.compress(content.encode(), 9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} kB", json.loads(content)["thresholds"])


if __name__ == "__main__":
    main()
