"""How well aspects and their polarity are read, how they agree with others' themes, what they cost.

    python -m benchmarks.aspects

Scores the development messages of social French, those voices apart that nobody looked at while
the words were written; compares with the themes people gave NHS comments (train part) and with
the polarity authors gave French experiences (train part); prints one line of JSON at the end.
"""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from training import opinions, social
from veilleur.lexicon import Term
from veilleur.reading import Reader
from veilleur.reading.analyzer import Analyzer, Batch
from veilleur.reading.analyzers.aspects import ASPECTS, AspectAnalyzer
from veilleur.reading.features import features_of
from veilleur.testing import mention
from veilleur.vocabulary import Finding, Mention, Rating

HELD_OUT = frozenset(f"g1-{voice}" for voice in "hijkl")
"""Voices of g1 that were not read while the words were written."""
THEMES = {
    "Staff": ("accueil",),
    "Access": ("attente", "rendez_vous"),
    "Environment/ facilities": ("locaux", "hygiene"),
    "Communication": ("information", "ecoute"),
    "Care received": ("competence",),
    "Couldn't be improved": (),
}
SPEED_TEXTS = 20_000
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """Shares between 0 and 1; `expected` counts what people marked."""

    precision: float
    recall: float
    f1: float
    expected: int


def main() -> None:
    reader = Reader([AspectAnalyzer()])
    machine: dict[str, Any] = {"benchmark": "aspects"}
    messages = social.messages()
    found = _found(reader, [_message(message) for message in messages])
    for name, wanted in _parts().items():
        rows = [
            ({(a, p) for a, p in message["aspects"]}, pairs)
            for message, pairs in zip(messages, found, strict=True)
            if wanted(message)
        ]
        machine[name] = _print_scores(name, rows)
    machine["nhs"] = _themes(reader)
    machine["experiences"] = _experiences(reader)
    machine["microseconds"] = _speed([_message(message) for message in messages])
    print(json.dumps(machine))


def _parts() -> dict[str, Callable[[dict[str, Any]], bool]]:
    return {
        "g1, voices a-g (looked at)": lambda m: m["id"].startswith("g1") and m["group"] not in HELD_OUT,
        "g1, voices h-l (not looked at)": lambda m: m["group"] in HELD_OUT,
        "other batches (looked at in part)": lambda m: not m["id"].startswith("g1"),
    }


def _message(message: dict[str, Any]) -> Mention:
    rating = Rating(message["rating"], 1, 5) if message["rating"] else None
    return mention(message["text"], external_id=message["id"], rating=rating)


def _found(reader: Reader, mentions: Sequence[Mention]) -> list[set[Pair]]:
    found = []
    for reading in reader.read(mentions):
        pairs = (finding.label.partition(":") for finding in reading.findings)
        found.append({(aspect, polarity) for aspect, _, polarity in pairs})
    return found


def _print_scores(title: str, rows: list[tuple[set[Pair], set[Pair]]]) -> dict[str, object]:
    aspects = [({a for a, _ in true}, {a for a, _ in found}) for true, found in rows]
    print(f"\n{title}: {len(rows)} messages\n{'':18}n   precision  recall  F1")
    for aspect in ASPECTS:
        _print_line(aspect, score((true & {aspect}, found & {aspect}) for true, found in aspects))
    return {"aspect": _summary("aspect", aspects), "pair": _summary("aspect, polarity", rows)}


def _summary(title: str, rows: Sequence[tuple[set[Any], set[Any]]]) -> list[float]:
    """Micro and macro F1; macro is the mean over what occurs at all."""
    micro = score(rows)
    keys = sorted({key for true, _ in rows for key in true})
    each = [score((true & {key}, found & {key}) for true, found in rows).f1 for key in keys]
    macro = sum(each) / len(each)
    _print_line(title, micro)
    print(f"{'':18}macro F1 {macro:.3f}")
    return [round(value, 3) for value in (micro.precision, micro.recall, micro.f1, macro)]


def _print_line(title: str, one: Score) -> None:
    print(f"{title:16}{one.expected:4}   {one.precision:.2f}       {one.recall:.2f}    {one.f1:.3f}")


def score(rows: Iterable[tuple[set[Any], set[Any]]]) -> Score:
    """Precision, recall and F1 over sets of (expected, found); a share of nothing is 0."""
    hits = given = expected = 0
    for true, found in rows:
        hits, given, expected = hits + len(true & found), given + len(found), expected + len(true)
    precision = hits / given if given else 0.0
    recall = hits / expected if expected else 0.0
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both else 0.0, expected)


def _themes(reader: Reader) -> dict[str, list[float]]:
    """Per theme: how many comments have one of its aspects, beside how many of all comments do."""
    rows = [row for row in _nhs() if row["theme"] in THEMES]
    found = _found(reader, [mention(row["text"]) for row in rows])
    out = {}
    print(f"\nNHS comments by theme ({len(rows)})")
    print(f"{'':26}n   with aspect   elsewhere   same polarity   any aspect")
    for theme, aspects in THEMES.items():
        here, elsewhere = Counter[str](), Counter[str]()
        for row, pairs in zip(rows, found, strict=True):
            (here if row["theme"] == theme else elsewhere).update(_seen(row["label"], pairs, aspects))
        shares = (
            here["found"] / here["rows"],
            elsewhere["found"] / elsewhere["rows"],
            here["same"] / max(here["judged"], 1),
            here["any"] / here["rows"],
        )
        out[theme] = [round(share, 3) for share in shares]
        print(f"{theme:24}{here['rows']:5}   " + "         ".join(f"{share:.3f}" for share in shares))
    return out


def _seen(label: str, pairs: set[Pair], aspects: Sequence[str]) -> Iterable[str]:
    polarities = {polarity for aspect, polarity in pairs if aspect in aspects}
    yield "rows"
    yield from ["any"] * bool(pairs) + ["found"] * bool(polarities)
    if polarities and label != "neu":
        yield from ["judged"] + ["same"] * (label in polarities)


def _nhs() -> list[dict[str, Any]]:
    with gzip.open(opinions.CORPORA / f"{opinions.PHASE_1}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["split"] != "test" and "theme" in row and "label" in row]


def _experiences(reader: Reader) -> list[float]:
    """Of the aspects found in French experiences about health: share with the author's polarity."""
    rows = [row for row in opinions.training_part(opinions.experiences()) if row.health]
    found = _found(reader, [mention(row.text, title=row.title) for row in rows])
    told = [(row.label.value, p) for row, pairs in zip(rows, found, strict=True) for _, p in pairs]
    judged = [(label, p) for label, p in told if label in {"pos", "neg"}]
    same = sum(label == p for label, p in judged) / len(judged)
    share = sum(map(bool, found)) / len(rows)
    print(f"\nFrench experiences: {len(rows)}, with an aspect {share:.3f}, same polarity {same:.3f}")
    return [round(share, 3), round(same, 3)]


class _FeaturesOnly:
    """Asks for what the analyzers share and says nothing: its cost is not the aspects' own."""

    name, version = "shared", "1"

    def terms(self) -> Iterable[Term]:
        return ()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        batch.once(features_of)
        return [()] * len(batch)


def _speed(mentions: list[Mention]) -> float:
    """Microseconds of one core per message that the analyzer adds to what is shared anyway."""
    many = (mentions * (SPEED_TEXTS // len(mentions) + 1))[:SPEED_TEXTS]
    makers: list[list[Analyzer]] = [[_FeaturesOnly()], [_FeaturesOnly(), AspectAnalyzer()]]
    shared, all_of_it = (min(_cost(Reader(one), many) for _ in range(3)) for one in makers)
    print(f"\ncost: {all_of_it - shared:.0f} µs a message beside {shared:.0f} µs for what is shared")
    return round(all_of_it - shared, 1)


def _cost(reader: Reader, mentions: list[Mention]) -> float:
    begun = time.process_time()
    reader.read(mentions)
    return (time.process_time() - begun) / len(mentions) * 1e6


if __name__ == "__main__":
    main()
