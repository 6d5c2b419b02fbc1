"""How well personal data are found, and what it costs.

    python -m benchmarks.personal_data [--errors] [FILE…]

Scores the development messages of `tests/corpus/social_fr` (or the files of it that are
named), makes valid and invalid numbers, counts what is found in real texts (train parts of
`training/corpora`, where the publishers have taken most personal data out), times the
analyzer, and ends with one line of JSON.
A span is *exact* when both ends agree, *near* when it overlaps one of its type.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import social
from veilleur.reading import Reader
from veilleur.reading.analyzers.personal import keys
from veilleur.reading.analyzers.personal_data import PersonalDataAnalyzer
from veilleur.vocabulary import Mention

CORPORA = Path(__file__).parents[1] / "training/corpora"
REAL = ("fr_public_services_experiences", "en_nhs_fft_v6", "en_nhs_phase1")
TIMED = 20_000
MOMENT = datetime(2026, 1, 15, tzinfo=UTC)

Place = tuple[int, int, str]


@dataclass(slots=True)
class Count:
    """What was there, what was found, and how much of either agrees."""

    gold: int = 0
    found: int = 0
    exact: int = 0
    near_found: int = 0
    near_gold: int = 0

    def row(self) -> dict[str, float]:
        """Shares between 0 and 1, rounded."""
        shares = {
            "precision": self.exact / max(1, self.found),
            "recall": self.exact / max(1, self.gold),
            "near_precision": self.near_found / max(1, self.found),
            "near_recall": self.near_gold / max(1, self.gold),
        }
        return {"n": self.gold, "found": self.found} | {
            name: round(value, 3) for name, value in shares.items()
        }


@dataclass(slots=True)
class Table:
    """Counts by type."""

    counts: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))

    def add(self, gold: Sequence[Place], found: Sequence[Place]) -> None:
        """Adds one message."""
        for label in {place[2] for place in (*gold, *found)}:
            here = [place for place in gold if place[2] == label]
            there = [place for place in found if place[2] == label]
            count = self.counts[label]
            count.gold += len(here)
            count.found += len(there)
            count.exact += len(set(here) & set(there))
            count.near_found += sum(any(_overlap(a, b) for b in here) for a in there)
            count.near_gold += sum(any(_overlap(a, b) for b in there) for a in here)


def _overlap(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def places(message: dict[str, Any]) -> list[Place]:
    """Where the labelled stretches stand: each next one of the same words further on."""
    found: list[Place] = []
    used: Counter[str] = Counter()
    for part in message["personal_data"]:
        start = message["text"].find(part["text"], used[part["text"]])
        used[part["text"]] = start + 1
        found.append((start, start + len(part["text"]), part["type"]))
    return found


def mention(text: str, number: int) -> Mention:
    return Mention("bench", str(number), text, MOMENT)


def read(reader: Reader, texts: Iterable[str]) -> list[list[Place]]:
    """Start, end and type of what is found in each text."""
    readings = reader.read([mention(text, number) for number, text in enumerate(texts)])
    return [[(f.span.start, f.span.end, f.label) for f in reading.findings if f.span] for reading in readings]


def score(reader: Reader, messages: Sequence[dict[str, Any]], *, errors: bool) -> Table:
    """By type, and once more with practitioners' names and lines beside all others (`ANY_…`)."""
    table = Table()
    for message, found in zip(messages, read(reader, [one["text"] for one in messages]), strict=True):
        gold = places(message)
        table.add(gold, found)
        table.add([_any(place) for place in gold], [_any(place) for place in found])
        if errors:
            _tell(message, gold, found)
    return table


def _any(place: Place) -> Place:
    return place[0], place[1], "ANY_" + place[2].removeprefix("PRO_")


def _tell(message: dict[str, Any], gold: list[Place], found: list[Place]) -> None:
    for sign, some in (("-", set(gold) - set(found)), ("+", set(found) - set(gold))):
        for start, end, label in sorted(some):
            context = message["text"][max(0, start - 45) : end + 30].replace("\n", "⏎")
            print(f"{message['id']} {sign} {label:10} {message['text'][start:end]!r}   … {context}")


SEED, GENERATED = 20260115, 400
FRAMES = ("mon numéro : {} merci", "voici {}, svp", "({})", "Bonjour\n{}\nCordialement", "c'est le {}.")


def generated(reader: Reader) -> dict[str, dict[str, float]]:
    """Shares found of valid numbers in many writings, and of the same ones with a wrong key."""
    chance = random.Random(SEED)
    shares: dict[str, dict[str, float]] = {}
    for label, make in MAKERS.items():
        made = [make(chance) for _ in range(GENERATED)]
        valid = [chance.choice(FRAMES).format(good) for good, _ in made]
        shares[label] = {"valid": _share(reader, valid, label)}
        wrong = [chance.choice(FRAMES).format(bad) for _, bad in made if bad]
        if wrong:
            shares[label]["wrong_key"] = _share(reader, wrong, label)
    return shares


def _share(reader: Reader, texts: Sequence[str], label: str) -> float:
    hits = sum(any(one[2].endswith(label) for one in found) for found in read(reader, texts))
    return round(hits / len(texts), 3)


def _digits(chance: random.Random, size: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(size))


def _nir(chance: random.Random) -> tuple[str, str]:
    department = chance.choice(["2A", "2B", *(f"{number:02}" for number in range(1, 96))])
    parts = [chance.choice("12"), _digits(chance, 2), f"{chance.randint(1, 12):02}", department]
    parts += [f"{chance.randint(1, 990):03}", f"{chance.randint(1, 999):03}"]
    key = keys.nir_key("".join(parts))
    gap = chance.choice(["", " ", ".", "-", "\u00a0"])
    return gap.join([*parts, f"{key:02}"]), gap.join([*parts, f"{key % 97 + 1:02}"])


def _luhn(prefix: str, number: str) -> tuple[str, str]:
    good = next(number + key for key in "0123456789" if keys.luhn(number + key))
    return f"{prefix} {good}", f"{prefix} {good[:-1]}{(int(good[-1]) + 1) % 10}"


def _phone(chance: random.Random) -> tuple[str, str]:
    pairs = [_digits(chance, 2) for _ in range(4)]
    start = chance.choice(["0", "+33", "+33 ", "0033 ", "+33 (0)"]) + chance.choice("1234567")
    return chance.choice([" ", ".", "-", "", "/"]).join([start, *pairs]), ""


def _mail(chance: random.Random) -> tuple[str, str]:
    words = [chance.choice(["lea", "j", "martin", "le-bihan", "x_y", "Paul"]) for _ in range(2)]
    host = chance.choice(["example.fr", "mail.example.org", "ex-ample.com"])
    return f"{chance.choice(['.', '', '+']).join(words)}{_digits(chance, 2)}@{host}", ""


MAKERS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "NIR": _nir,
    "RPPS": lambda chance: _luhn("RPPS", "10" + _digits(chance, 8)),
    "FINESS": lambda chance: _luhn("FINESS", chance.choice("123456789") + _digits(chance, 7)),
    "PHONE": _phone,
    "EMAIL": _mail,
}


def false_alarms(reader: Reader, name: str, *, errors: bool) -> dict[str, float]:
    """Findings by type for 1,000 real texts."""
    with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows if row["split"] != "test"]
    counts: Counter[str] = Counter()
    for text, found in zip(texts, read(reader, texts), strict=True):
        counts.update({label for *_, label in found})
        if errors:
            for start, end, label in found:
                print(f"{name} {label:10} {text[start:end]!r}   … {text[max(0, start - 40) : end + 25]!r}")
    return {label: round(1000 * n / len(texts), 1) for label, n in sorted(counts.items())}


def cost(texts: Sequence[str]) -> float:
    """Microseconds a text that the analyzer itself adds, its share of the scan included."""
    many = [mention(texts[number % len(texts)], number) for number in range(TIMED)]
    spent = []
    for analyzers in ([], [PersonalDataAnalyzer()]):
        reader = Reader(analyzers)
        reader.read(many[:500])
        start = time.process_time()
        reader.read(many)
        spent.append(time.process_time() - start)
    return round(1e6 * (spent[1] - spent[0]) / TIMED, 1)


def main(arguments: list[str]) -> None:
    errors = "--errors" in arguments
    files = [Path(one) for one in arguments if not one.startswith("--")]
    messages = [one for path in files for one in social.read(path)] or social.messages()
    reader = Reader([PersonalDataAnalyzer()])
    table = score(reader, messages, errors=errors)
    rows = {label: count.row() for label, count in sorted(table.counts.items())}
    for label, row in rows.items():
        print(f"{label:12}", "  ".join(f"{name} {value:<6}" for name, value in row.items()))
    if "--alarms" in arguments or not files:
        alarms = {name: false_alarms(reader, name, errors=errors) for name in REAL}
        microseconds = cost([one["text"] for one in messages])
        whole = {"types": rows, "generated": generated(reader), "per_thousand_real": alarms}
        print(json.dumps(whole | {"microseconds": microseconds}))


if __name__ == "__main__":
    main(sys.argv[1:])
