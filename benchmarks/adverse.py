"""How well adverse reactions are read as cases.

    python -m benchmarks.adverse [held_out]

Without an argument: the learnable messages, each read with weights that never heard its voice (five
folds; only the thresholds of the case heads saw all of them). With `held_out`: the shipped weights on
the messages that nothing is learned from. Then alarms on comments that speak of no medicine, and
what the case and its spans cost.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training import adverse, messages, opinions, social
from training.adverse import gold
from training.messages import Example, social_example
from veilleur.reading import Reader
from veilleur.reading.adverse import AdverseReaction, Who, cases, told_in
from veilleur.reading.adverse.heads import HEADS, looks_of
from veilleur.reading.adverse.judge import judge
from veilleur.reading.adverse.tagger import reactions_of
from veilleur.reading.adverse.weights import Weights
from veilleur.reading.analyzer import Batch
from veilleur.reading.features import features_of
from veilleur.reading.signals import signals_of
from veilleur.vocabulary import Mention

SURE = 0.5
ROUNDS = 5
MOST = 2000


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
        right = sum(any(a < end and start < b for a, b in said) for start, end in true)
        hits = sum(any(a < end and start < b for a, b in true) for start, end in said)
        self.right += right
        self.said += len(said) - hits + right
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


Cases = dict[str, AdverseReaction]
"""Id of a message → its case; without those that name no product."""


def out_of_fold() -> tuple[list[dict[str, Any]], Cases]:
    """All learnable messages, read with weights that never heard their voices."""
    known = adverse.known()
    found = adverse.foretold_spans(known.sheet)
    products = adverse.products_of(known)
    flat = [one for several in products for one in several]
    heads = adverse.folded(flat)
    wholes, _, cuts = adverse.wholes(known, found)
    limits = {**adverse.limits_of(flat, heads), **cuts, "happened": found.threshold}
    weights = [Weights(adverse.VERSION, *learned, limits) for learned in zip(heads, wholes, strict=True)]
    said = [dict(zip(HEADS, chances, strict=True)) for chances in known.chances.tolist()]
    spans = found.told(known.sheet)
    judged = [judge(known.subjects, known.looks, said, spans, one) for one in weights]
    folds = known.folds.tolist()
    read = {
        one.raw["id"]: judged[fold][row]
        for row, (one, fold) in enumerate(zip(known.told, folds, strict=True))
    }
    return social.to_learn_from(), read


def as_shipped(told: list[dict[str, Any]]) -> Cases:
    """The cases of messages, read as anybody's."""
    mentions = [social_example(message).mention for message in told]
    found = [case for batch, _ in Reader.default().batches(mentions) for case in batch.once(cases)]
    return {message["id"]: case for message, case in zip(told, found, strict=True) if case is not None}


def score(told: list[dict[str, Any]], read: Cases) -> dict[str, Tally]:
    """A tally for every label."""
    tallies: dict[str, Tally] = {}

    def tally(name: str) -> Tally:
        return tallies.setdefault(name, Tally())

    for one in told:
        case, truth, name = read.get(one["id"]), one["adr"] or {}, one["id"]
        for label, said, true in _flags(truth, case):
            tally(label).add([name] * said, [name] * true)
        for kind, said_spans, true_spans in _spans(one, case):
            tally(f"{kind}, overlap").add_spans(said_spans, true_spans)
            tally(f"{kind}, exact").add(
                ((name, span) for span in said_spans), ((name, span) for span in true_spans)
            )
        if case and case.suspected and truth.get("adr"):
            tally("reaction spans of right cases").add_spans(*_reactions(one, case))
    return tallies


def _flags(truth: dict[str, Any], case: AdverseReaction | None) -> Iterator[tuple[str, bool, bool]]:
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


def _notes(kind: str, notes: Iterable[Any], true: Iterable[str]) -> Iterator[tuple[str, bool, bool]]:
    said, wanted = {note.name for note in notes}, set(true)
    for name in said | wanted:
        yield f"{kind} {name}", name in said, name in wanted


Places = list[tuple[int, int]]


def _spans(one: dict[str, Any], case: AdverseReaction | None) -> Iterator[tuple[str, Places, Places]]:
    products = case.products if case else ()
    meant = [(part.span.start, part.span.end) for part in products]
    suspects = [(part.span.start, part.span.end) for part in products if part.suspected]
    yield "drug spans", meant, gold(one, "drugs")
    yield "suspected drug spans", suspects, gold(one, "drugs", suspected=True)
    yield "reaction spans", *_reactions(one, case)


def _reactions(one: dict[str, Any], case: AdverseReaction | None) -> tuple[Places, Places]:
    said = [(part.span.start, part.span.end) for part in case.reactions] if case else []
    return said, gold(one, "reactions")


def english() -> Tally:
    """Spans in sentences of English drug reviews, behind the medicine's name; no span is learned from."""
    tally = Tally()
    with gzip.open(opinions.CORPORA / "en_psytar_reactions.jsonl.gz", "rt", encoding="utf-8") as lines:
        places = {one["id"]: one["reactions"] for one in map(json.loads, lines)}
    known = [one for one in messages.reactions() if one.mention.external_id in places]
    named = {one.mention.external_id: f"{one.group.partition('.')[0]}: " for one in known}
    mentions = [replace(one.mention, text=named[one.mention.external_id] + one.mention.text) for one in known]
    for batch, _ in Reader.default().batches(mentions):
        for subject, case in zip(batch, batch.once(cases), strict=True):
            name = subject.mention.external_id
            before = len(named[name])
            said = (
                [(part.span.start - before, part.span.end - before) for part in case.reactions]
                if case
                else []
            )
            tally.add_spans(said, [(start, end) for start, end in places[name]])
    return tally


def ordinary() -> dict[str, list[Mention]]:
    """Comments that speak of no medicine: the part of each corpus that is learned from."""
    examples: dict[str, list[Example]] = {}
    for example in messages.ordinary(opinions.CORPORA):
        if not example.is_test:
            examples.setdefault(example.corpus, []).append(example)
    return {corpus: [one.mention for one in several[:MOST]] for corpus, several in examples.items()}


def alarms(mentions: list[Mention]) -> dict[str, float]:
    """How many of `mentions` are called a case."""
    found = [case for batch, _ in Reader.default().batches(mentions) for case in batch.once(cases)]
    called = sum(bool(case and case.suspected) for case in found)
    return {"texts": len(found), "alarms": called, "share": round(called / max(1, len(found)), 4)}


def cost(mentions: list[Mention]) -> dict[str, float]:
    """Microseconds for each text that names a product, beyond features and signals, by part."""
    batches = [batch for batch, _ in Reader.default().batches(mentions)]
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        spent: dict[str, float] = {}
        named = sum(_spend(Batch(batch.subjects), spent) for batch in batches)
        for part, seconds in spent.items():
            best[part] = min(best.get(part, seconds), seconds)
    rounded = {part: round(seconds / max(1, named) * 1e6, 1) for part, seconds in best.items()}
    return {"texts": len(mentions), "name a product": named, **rounded}


def _spend(batch: Batch, spent: dict[str, float]) -> int:
    batch.once(features_of)
    batch.once(signals_of)
    for part in (looks_of, told_in, reactions_of, cases):
        started = time.process_time()
        batch.once(part)
        spent[part.__name__] = spent.get(part.__name__, 0.0) + time.process_time() - started
    return len(batch.once(looks_of))


def main(arguments: list[str]) -> None:
    if arguments == ["held_out"]:
        told = social.held_out()
        tallies = score(told, as_shipped(told))
    else:
        tallies = score(*out_of_fold())
    print(f"{'':38}{'n':>6}{'P':>8}{'R':>8}{'F1':>8}")
    for name, tally in sorted(tallies.items()):
        row = tally.row()
        print(f"{name:38}{row['n']:6}{row['precision']:8.3f}{row['recall']:8.3f}{row['f1']:8.3f}")
    print("reaction spans in English drug reviews", english().row())
    found = {name: alarms(mentions) for name, mentions in ordinary().items()}
    speed = cost([example.mention for example in messages.development()[:MOST]])
    print(json.dumps({"alarms": found, "microseconds": speed}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
