"""Rebuilds `src/veilleur/reading/weights/adverse.json.gz` from the development messages.

    python -m training.adverse

Learns from `m1` and `m3` (medicines) and `g2`, `g3`, `g4` (other topics); `m2` is never read
here. Thresholds come from five folds that keep each voice on one side.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training.social import messages
from veilleur.lexicon import Mark
from veilleur.reading.adverse.evidence import Evidence, Look, look, of_message, of_product, of_reaction
from veilleur.reading.adverse.marks import Named, find
from veilleur.reading.adverse.weights import Heads
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.analyzers.adverse import AdverseAnalyzer
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.reading.reader import Reader
from veilleur.testing import mention
from veilleur.vocabulary import SITUATIONS

TARGET = Path(__file__).parents[1] / "src/veilleur/reading/weights/adverse.json.gz"
LEARNT_FROM = ("m1", "m3", "g2", "g3", "g4")
VERSION = "1"
FOLDS = 5
STRENGTH = {"message": 0.08, "reaction": 0.15, "product": 0.15}
"""Inverse of the regularisation: small, because the words are many and the messages few."""
RAREST = 2
SMALLEST = 0.01
RECALL_WEIGHT = {"adr": 2.0}
"""Beta of the F score a threshold is chosen by; 1 where not said: a missed case costs more."""
CRITERIA = ("reporter", "patient", "reaction")
PEOPLE = ("author", "relative", "others")
MESSAGE = ("adr", *CRITERIA, *PEOPLE, *SITUATIONS)

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Example:
    """One thing to learn from: its evidence, what is true of it, and whose voice it is."""

    evidence: Evidence
    truths: dict[str, bool]
    group: str


class Collector(AdverseAnalyzer):
    """Stands where the analyzer stands and keeps the subjects it is shown."""

    def __init__(self) -> None:
        self.subjects: list[Subject] = []

    def analyze(self, batch: Batch) -> Sequence[Sequence[Any]]:
        """No findings: only remembers."""
        self.subjects += batch.subjects
        return [() for _ in batch]


def subjects(texts: Iterable[str]) -> list[Subject]:
    """The texts as an analyzer sees them."""
    collector = Collector()
    Reader([DrugAnalyzer(), ReactionAnalyzer(), collector]).read([mention(text) for text in texts])
    return collector.subjects


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


def gold(message: dict[str, Any], name: str, *, suspected: bool = False) -> list[tuple[int, int]]:
    """Places of the annotated `drugs` or `reactions`."""
    parts = (message["adr"] or {name: []})[name]
    wanted = [part["text"] for part in parts if not suspected or part["suspected"]]
    return places(message["text"], wanted)


def meets(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    """Whether a span shares a character with one of the others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def message_truths(message: dict[str, Any]) -> dict[str, bool]:
    """What holds of a whole message."""
    case = message["adr"] or {"adr": False, "criteria": {}, "who": "none", "special": []}
    criteria = {name: bool(case["criteria"].get(name)) for name in CRITERIA}
    people = {who: case["who"] == who for who in PEOPLE}
    return {
        "adr": case["adr"],
        **criteria,
        **people,
        **{name: name in case["special"] for name in SITUATIONS},
    }


def of_messages(told: list[dict[str, Any]], looks: list[Look]) -> list[Example]:
    """Messages to learn from."""
    pairs = zip(told, looks, strict=True)
    return [Example(of_message(seen), message_truths(one), one["group"]) for one, seen in pairs]


def of_parts(
    told: list[dict[str, Any]], seen_by: list[tuple[Subject, Look]], chances: NDArray[np.float64]
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


def threshold(chances: NDArray[np.float64], truths: Flags, beta: float) -> float:
    """The limit with the best F score, in steps of a hundredth."""

    def score(limit: float) -> float:
        said = chances >= limit
        right = float((said & truths).sum())
        return float((1 + beta**2) * right / max(1.0, beta**2 * truths.sum() + said.sum()))

    return max((round(step / 100, 2) for step in range(8, 90)), key=score)


def learn(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Heads and thresholds, ready to be written."""
    shown = zip(told, subjects(one["text"] for one in told), strict=True)
    pairs = [(one, subject, found) for one, subject in shown if (found := find(subject))]
    told = [one for one, _, _ in pairs]
    seen_by = [(subject, look(subject.text.text, found)) for _, subject, found in pairs]
    of_all = of_messages(told, [seen for _, seen in seen_by])
    chances = folded(of_all, MESSAGE, STRENGTH["message"])
    limits = _limits(of_all, MESSAGE, chances)
    told_of = np.maximum(chances[:, 0], chances[:, MESSAGE.index("reaction")])
    reactions, products = of_parts(told, seen_by, told_of)
    limits |= _limits(reactions, ("happened",), folded(reactions, ("happened",), STRENGTH["reaction"]))
    sides = ("suspected", "meant")
    limits |= _limits(products, sides, folded(products, sides, STRENGTH["product"]))
    return {
        "version": VERSION,
        "thresholds": limits,
        "message": _plain(fit(of_all, MESSAGE, STRENGTH["message"])),
        "reaction": _plain(fit(reactions, ("happened",), STRENGTH["reaction"])),
        "product": _plain(fit(products, sides, STRENGTH["product"])),
    }


def _limits(examples: list[Example], names: Sequence[str], chances: NDArray[np.float64]) -> dict[str, float]:
    limits: dict[str, float] = {}
    for column, name in enumerate(names):
        truths = np.array([one.truths[name] for one in examples])
        limits[name] = threshold(chances[:, column], truths, RECALL_WEIGHT.get(name, 1.0))
    return limits


def _plain(heads: Heads) -> dict[str, Any]:
    table = {name: heads.table[row].tolist() for name, row in sorted(heads.rows.items())}
    return {"names": heads.names, "bias": np.round(heads.bias, 3).tolist(), "table": table}


def main() -> None:
    told = [one for one in messages() if one["id"].startswith(LEARNT_FROM)]
    content = json.dumps(learn(told), separators=(",", ":"), ensure_ascii=False)
    TARGET.write_bytes(gzip.compress(content.encode(), 9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} kB", json.loads(content)["thresholds"])


if __name__ == "__main__":
    main()
