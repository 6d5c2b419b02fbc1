"""How well claims to be checked are found, how often real comments raise one, and what it costs.

    python -m benchmarks.misinformation

Voices g5-a to g5-g of the development messages were before the eyes of whoever wrote the words; the others
were not. Prints a table for each question and one line of JSON.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from training.social import messages
from veilleur.reading import Reader
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.misinformation import NAME, MisinformationAnalyzer
from veilleur.testing import mention

CORPORA = Path(__file__).parents[1] / "training/corpora"
REAL = ("en_nhs_fft_v6", "en_nhs_phase1", "fr_public_services_experiences")
SEEN = frozenset(f"g5-{voice}" for voice in "abcdefg")
TEXTS = 20_000

SETS: dict[str, Callable[[str], bool]] = {
    "g5, voices a-g (seen)": lambda group: group in SEEN,
    "g5, voices h-l (unseen)": lambda group: group.startswith("g5") and group not in SEEN,
    "g1 (reviews)": lambda group: group.startswith("g1"),
    "all but g5 a-g": lambda group: group not in SEEN,
}


def flagged(reader: Reader, texts: Sequence[str]) -> list[bool]:
    """Whether each text holds a claim."""
    readings = reader.read([mention(text, external_id=str(number)) for number, text in enumerate(texts)])
    return [bool(reading.findings) for reading in readings]


def score(reader: Reader, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Precision, recall and F1 of the label on whole messages."""
    truth = [NAME in row["labels"] for row in rows]
    found = flagged(reader, [row["text"] for row in rows])
    right = sum(one and other for one, other in zip(truth, found, strict=True))
    precision, recall = right / max(1, sum(found)), right / max(1, sum(truth))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    figures = {"precision": precision, "recall": recall, "f1": f1}
    return {"messages": len(rows), "with": sum(truth), "found": sum(found)} | {
        name: round(value, 3) for name, value in figures.items()
    }


def real_texts(name: str) -> Iterator[str]:
    """Texts of a corpus, without its test part."""
    with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        yield from (
            row["text"] for row in rows if row.get("part", row.get("split")) != "test" and row["text"]
        )


def cost(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Microseconds of CPU for each text, the shared scan left out; seconds to load."""
    started = time.process_time()
    analyzer = MisinformationAnalyzer()
    reader = Reader([analyzer])
    load = time.process_time() - started
    texts = [row["text"] for row in rows]
    many = [mention(texts[number % len(texts)], external_id=str(number)) for number in range(TEXTS)]
    batches: list[Batch] = [reader._batch(many[start : start + 512]) for start in range(0, TEXTS, 512)]  # noqa: SLF001
    started = time.process_time()
    for batch in batches:
        analyzer.analyze(batch)
    each = 1e6 * (time.process_time() - started) / TEXTS
    return {"load_seconds": round(load, 3), "microseconds_per_text": round(each, 1)}


def main() -> None:
    """Prints the tables and the line."""
    reader, rows = Reader([MisinformationAnalyzer()]), messages()
    scores = {
        name: score(reader, [row for row in rows if chosen(row["group"])]) for name, chosen in SETS.items()
    }
    table = Table("messages", *next(iter(scores.values())), title="claims to be checked")
    for name, figures in scores.items():
        table.add_row(name, *map(str, figures.values()))
    alarms = {name: flagged(reader, list(real_texts(name))) for name in REAL}
    real = Table("real texts", "texts", "alarms", title="false alarms at most")
    for name, found in alarms.items():
        real.add_row(name, f"{len(found):,}", str(sum(found)))
    console = Console()
    console.print(table, real)
    counted = {name: [len(found), sum(found)] for name, found in alarms.items()}
    print(json.dumps({"benchmark": NAME, "scores": scores, "real": counted} | cost(rows)))


if __name__ == "__main__":
    main()
