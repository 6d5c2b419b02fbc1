"""Rebuilds `src/veilleur/text/data/languages.tsv`: which words are French, which English.

    python training/languages.py CORPORA

CORPORA holds `opinions/*.jsonl.gz` and `toxicity/*.jsonl.gz`; only rows whose `split` is
`train` are read. A word's weight is the log of how much more often a French message than
an English one holds it: positive is French. The result is the same to the byte.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from veilleur.text import normalise
from veilleur.text.languages import words

TABLE = Path(__file__).resolve().parents[1] / "src/veilleur/text/data/languages.tsv"
LONGEST_TEXT = 600
FEWEST = {"fr": 2, "en": 5}
SMALLEST_WEIGHT = 0.7
LARGEST_WEIGHT = 4.0
SMOOTHING = 2e-4


def messages(corpora: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of every training row."""
    for path in sorted([*corpora.glob("opinions/*.jsonl.gz"), *corpora.glob("toxicity/*.jsonl.gz")]):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = map(json.loads, lines)
            yield from ((row["lang"], row["text"]) for row in rows if row["split"] == "train")


def count(corpora: Path) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """How many messages of each language hold each word, and how many messages there are."""
    found: dict[str, Counter[str]] = {"fr": Counter(), "en": Counter()}
    size: Counter[str] = Counter()
    for language, text in messages(corpora):
        if language in found:
            found[language].update(set(words(normalise(text[:LONGEST_TEXT]).text)))
            size[language] += 1
    return found, size


def weights(found: dict[str, Counter[str]], size: Counter[str]) -> dict[str, float]:
    """Log ratio of the shares, for words seen often enough to tell."""
    often = {word for language, least in FEWEST.items() for word, n in found[language].items() if n >= least}
    share = {
        language: {word: found[language][word] / size[language] + SMOOTHING for word in often}
        for language in found
    }
    ratios = {word: math.log(share["fr"][word] / share["en"][word]) for word in sorted(often)}
    return {word: max(-LARGEST_WEIGHT, min(LARGEST_WEIGHT, ratio)) for word, ratio in ratios.items()}


def main() -> None:
    table = weights(*count(Path(sys.argv[1])))
    lines = (f"{word}\t{weight:.1f}\n" for word, weight in table.items() if abs(weight) >= SMALLEST_WEIGHT)
    TABLE.write_text("".join(lines), encoding="utf-8")
    print(f"{TABLE.name}: {sum(1 for w in table.values() if abs(w) >= SMALLEST_WEIGHT)} words")


if __name__ == "__main__":
    main()
