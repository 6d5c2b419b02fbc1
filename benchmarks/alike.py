"""How many made copies of real messages are found, and which real messages are taken for copies.

    python benchmarks/alike.py [--texts 300] [--show]

Every different message of the corpora is sketched in turn, as the desk does. Then copies of some of
them are made, of each length and with each edit, and looked up. Prints a table and one line of JSON;
`--show` prints the pairs of real messages that were grouped, for a person to judge.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from veilleur.reputation.likeness import Sketch, sketches

SEED = 20261122
CORPORA = Path(__file__).resolve().parent.parent / "training" / "corpora"
ZIPPED = ("fr_public_services_experiences", "en_nhs_fft_v6", "en_nhs_phase1")
LENGTHS = ((8, 11), (12, 19), (20, 39), (40, 999))
NAMES = ("Marie", "Karim", "Lefèvre", "Sophie")
OTHER_WORDS = ("hier", "vraiment", "hôpital", "docteur", "service", "demain")
Edit = Callable[[str, random.Random], str]


def texts() -> list[str]:
    """Every different message of the corpora."""
    return sorted(set(_texts()))


def _texts() -> Iterator[str]:
    for name in ZIPPED:
        with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)
    for path in sorted((CORPORA / "social_fr").glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)


def one_word(text: str, dice: random.Random, *, dropped: bool = False) -> str:
    """Another word in the place of one, or none."""
    words = text.split()
    place = dice.randrange(len(words))
    words[place : place + 1] = [] if dropped else [dice.choice(OTHER_WORDS)]
    return " ".join(words)


EDITS: dict[str, Edit] = {
    "passed on, link, emoji, @name": lambda text, dice: (
        f"RT @{dice.choice(NAMES)}: {text} 😡 https://t.co/{dice.random()} @{dice.choice(NAMES)}"
    ),
    "case, punctuation": lambda text, _dice: text.upper().replace(".", " !").replace(",", ""),
    "a name added": lambda text, dice: f"{text} {dice.choice(NAMES)}",
    "a greeting added": lambda text, _dice: f"Bonjour, {text}",
    "one word dropped": lambda text, dice: one_word(text, dice, dropped=True),
    "one word changed": one_word,
    "two words changed": lambda text, dice: one_word(one_word(text, dice), dice),
}


class Groups:
    """As the desk keeps them: the first text with a wording holds its keys."""

    def __init__(self) -> None:
        self.of_key: dict[tuple[int, int], tuple[int, int]] = {}

    def like(self, sketch: Sketch) -> int | None:
        """The text that says the same."""
        met = {self.of_key[key] for key in enumerate(sketch.keys) if key in self.of_key}
        near = [(sketch.distance(one), first) for one, first in met if sketch.is_like(one)]
        return min(near)[1] if near else None

    def add(self, number: int, sketch: Sketch) -> int | None:
        """The text that said the same before; otherwise this one is the first to."""
        first = self.like(sketch)
        if first is None:
            for key in enumerate(sketch.keys):
                self.of_key.setdefault(key, (sketch.fingerprint, number))
        return first


def recall(
    groups: Groups, real: Sequence[str], known: Sequence[Sketch], count: int
) -> dict[str, list[float]]:
    """Share of the copies that are found to say the same as their original, by edit and length."""
    dice = random.Random(SEED)
    chosen = []
    for low, high in LENGTHS:
        fit = [number for number, one in enumerate(known) if low <= one.words <= high]
        chosen.append(dice.sample(fit, count))
    found: dict[str, list[float]] = {}
    for name, edit in EDITS.items():
        for numbers in chosen:
            copies = sketches([edit(real[number], dice) for number in numbers])
            # Of an original that is a copy itself, the first one counts.
            hits = sum(
                groups.like(copy) == groups.like(known[number]) is not None
                for number, copy in zip(numbers, copies, strict=True)
            )
            found.setdefault(name, []).append(hits / count)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--texts", type=int, default=300, help="copies of each length with each edit")
    parser.add_argument("--show", action="store_true", help="print the real messages that were grouped")
    options = parser.parse_args()
    real = texts()
    started = time.perf_counter()
    known = sketches(real)
    microseconds = 1e6 * (time.perf_counter() - started) / len(real)
    groups = Groups()
    pairs = [
        (first, number) for number, one in enumerate(known) if (first := groups.add(number, one)) is not None
    ]
    near = [
        (first, number) for first, number in pairs if known[first].fingerprint != known[number].fingerprint
    ]
    found = recall(groups, real, known, options.texts)
    table = Table("edit", *(f"{low}-{high} words" for low, high in LENGTHS), title="copies found")
    for name, shares in found.items():
        table.add_row(name, *(f"{share:.0%}" for share in shares))
    Console(width=110).print(table)
    if options.show:
        for first, number in near:
            print(f"--- {real[first]!r}\n    {real[number]!r}")
    record = {"benchmark": "alike", "texts": len(real), "grouped": len(pairs), "near": len(near)}
    print(json.dumps({**record, "microseconds": round(microseconds, 1), "found": found}))


if __name__ == "__main__":
    main()
