"""How well adverse reactions are read as cases.

    python -m benchmarks.adverse [m2]

Without an argument: five folds by voice over `m1` and `m3`, the messages the words and weights
were made with. With `m2`: the shipped weights on the part that nobody looked at. Then alarms on texts
that tell of no medicine: `g1`, `g5`, NHS comments and French experiences; and the cost per text.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.model_selection import GroupKFold

from training import opinions
from training.adverse import LEARNT_FROM, gold, learn, subjects
from training.social import messages
from veilleur.reading.adverse import AdverseReaction, Who, case_of
from veilleur.reading.adverse.weights import Weights, parse, shipped
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.adverse import AdverseAnalyzer

OPEN, UNSEEN = ("m1", "m3"), ("m2",)
SURE = 0.5
ROUNDS = 5


@dataclass(slots=True)
class Tally:
    """Right, said and true ones of one label."""

    right: int = 0
    said: int = 0
    true: int = 0

    def add(self, said: Iterable[Any], true: Iterable[Any]) -> None:
        """Counts two sets."""
        said, true = set(said), set(true)
        self.right += len(said & true)
        self.said += len(said)
        self.true += len(true)

    def add_spans(self, said: Sequence[tuple[int, int]], true: Sequence[tuple[int, int]]) -> None:
        """Counts spans that overlap, each true one once."""
        self.right += sum(any(a < end and start < b for a, b in said) for start, end in true)
        hits = sum(any(a < end and start < b for a, b in true) for start, end in said)
        self.said += (
            len(said) - hits + sum(any(a < end and start < b for a, b in said) for start, end in true)
        )
        self.true += len(true)

    def row(self) -> dict[str, float]:
        """n, precision, recall and F1."""
        precision, recall = self.right / max(1, self.said), self.right / max(1, self.true)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return {
            "n": self.true,
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(f1, 3),
        }


Told = list[dict[str, Any]]
Cases = list[AdverseReaction | None]


def read(told: Told, weights: Weights) -> Cases:
    """The case of each message."""
    return [case_of(subject, weights) for subject in subjects(one["text"] for one in told)]


def across_folds(told: Told, others: Told) -> tuple[Told, Cases]:
    """Every message read with weights that never heard its voice."""
    groups = [one["group"] for one in told]
    order: Told = []
    cases: Cases = []
    for train, test in GroupKFold(5).split(groups, groups=groups):
        weights = parse(json.dumps(learn([*(told[i] for i in train), *others])).encode())
        held = [told[i] for i in test]
        order += held
        cases += read(held, weights)
    return order, cases


def score(told: Told, cases: Cases) -> dict[str, Tally]:
    """A tally for every label."""
    tallies: dict[str, Tally] = {}

    def tally(name: str) -> Tally:
        return tallies.setdefault(name, Tally())

    for one, case in zip(told, cases, strict=True):
        truth = one["adr"] or {}
        name = one["id"]
        for label, said, true in _flags(truth, case):
            tally(label).add([name] * said, [name] * true)
        tally("drug spans").add_spans(_spans(case, "products"), gold(one, "drugs"))
        tally("suspected drug spans").add_spans(_spans(case, "suspects"), gold(one, "drugs", suspected=True))
        tally("reaction spans").add_spans(_spans(case, "reactions"), gold(one, "reactions"))
    return tallies


def _flags(truth: dict[str, Any], case: AdverseReaction | None) -> Iterable[tuple[str, bool, bool]]:
    yield "adr", bool(case and case.suspected), bool(truth.get("adr"))
    for name, true in truth.get("criteria", {}).items():
        yield f"criterion {name}", bool(case and getattr(case.criteria, name) >= SURE), true
    who = truth.get("who", "none")
    said = case.who if case else Who.NONE
    for one in Who:
        yield f"who {one}", said == one, who == one
    yield "serious", bool(case and case.serious), bool(truth.get("serious"))
    yield from _notes("seriousness", case.seriousness if case else (), truth.get("seriousness", ()))
    yield from _notes("special", case.special if case else (), truth.get("special", ()))


def _notes(kind: str, notes: Iterable[Any], true: Iterable[str]) -> Iterable[tuple[str, bool, bool]]:
    said, wanted = {note.name for note in notes}, set(true)
    for name in said | wanted:
        yield f"{kind} {name}", name in said, name in wanted


def _spans(case: AdverseReaction | None, which: str) -> list[tuple[int, int]]:
    if case is None:
        return []
    parts = case.reactions if which == "reactions" else case.products
    return [(one.span.start, one.span.end) for one in parts if which != "suspects" or one.suspected]


def alarms(texts: list[str]) -> dict[str, Any]:
    """How many of `texts` are called a case, of how many."""
    cases = [case_of(subject) for subject in subjects(texts)]
    called = sum(bool(case and case.suspected) for case in cases)
    return {"texts": len(texts), "alarms": called, "share": round(called / max(1, len(texts)), 4)}


def cost(texts: list[str]) -> float:
    """Microseconds per text that the analyzer itself takes, all words already found."""
    batch = Batch(subjects(texts))
    analyzer = AdverseAnalyzer()
    analyzer.analyze(batch)
    started = time.process_time()
    for _ in range(ROUNDS):
        analyzer.analyze(Batch(batch.subjects))
    return round((time.process_time() - started) / ROUNDS / len(texts) * 1e6, 1)


def main(arguments: list[str]) -> None:
    everything = messages()

    def part(prefixes: tuple[str, ...]) -> Told:
        return [one for one in everything if one["id"].startswith(prefixes)]

    if arguments == ["m2"]:
        told = part(UNSEEN)
        tallies = score(told, read(told, shipped()))
    else:
        others = part(tuple(set(LEARNT_FROM) - set(OPEN)))
        tallies = score(*across_folds(part(OPEN), others))
    print(f"{'':32}{'n':>6}{'P':>8}{'R':>8}{'F1':>8}")
    for name, tally in sorted(tallies.items()):
        row = tally.row()
        print(f"{name:32}{row['n']:6}{row['precision']:8.3f}{row['recall']:8.3f}{row['f1']:8.3f}")
    rows = [*opinions.experiences(opinions.CORPORA), *opinions.friends_and_family(opinions.CORPORA)]
    kept = opinions.training_part(rows)
    by_corpus = {
        name: [row.text for row in kept if row.corpus == name] for name in Counter(row.corpus for row in kept)
    }
    by_corpus |= {name: [one["text"] for one in part((name,))] for name in ("g1", "g5")}
    found = {name: alarms(texts) for name, texts in by_corpus.items()}
    speed = {name: cost(texts[:2000]) for name, texts in by_corpus.items()}
    speed["m1 m3"] = cost([one["text"] for one in part(OPEN)])
    print(json.dumps({"alarms": found, "microseconds": speed}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
