"""How well danger and toxicity are read: on the development messages, and false alarms on real texts.

    python benchmarks/danger.py [--speed] [--show LABEL]

The words were written while looking at the voices a to h of the batches g2 and g3; the rows
“other voices” hold voices that were only ever scored. `--show` prints what is missed or falsely
found in a to h. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from training import opinions, social  # noqa: E402 - found beside this folder
from veilleur.reading import Reader  # noqa: E402
from veilleur.reading.analyzers.danger import DangerAnalyzer  # noqa: E402
from veilleur.reading.analyzers.toxicity import ToxicityAnalyzer  # noqa: E402
from veilleur.testing import mention  # noqa: E402
from veilleur.vocabulary import Mention  # noqa: E402

BATCH_OF = {
    "crisis_suicide": "g2",
    "emergency_medical": "g2",
    "child_protection": "g2",
    "violence": "g2",
    "insult": "g3",
    "threat": "g3",
    "hate": "g3",
}
SEEN = frozenset("abcdefgh")
Message = dict[str, Any]


def labels_of(texts: Sequence[str]) -> list[set[str]]:
    """The labels found in each text."""
    reader = Reader([DangerAnalyzer(), ToxicityAnalyzer()])
    readings = reader.read([mention(text) for text in texts])
    return [{finding.label for finding in reading.findings} for reading in readings]


def is_seen(message: Message) -> bool:
    """Whether the words were written while looking at the voice of this message."""
    return message["group"][-1] in SEEN and message["id"][:2] in {"g2", "g3"}


def shares(label: str, rows: Iterable[tuple[Message, set[str]]]) -> dict[str, float]:
    """Number of messages with the label, precision and recall."""
    pairs = [(label in message["labels"], label in found) for message, found in rows]
    right = sum(said and found for said, found in pairs)
    there, claimed = sum(said for said, _found in pairs), sum(found for _said, found in pairs)
    return {"n": there, "precision": right / max(1, claimed), "recall": right / max(1, there)}


def score(rows: list[tuple[Message, set[str]]]) -> list[dict[str, Any]]:
    """One row per label and set of voices."""
    table = []
    for label, batch in BATCH_OF.items():
        own = [row for row in rows if row[0]["id"].startswith(batch)]
        sets = {
            "seen voices": [row for row in own if is_seen(row[0])],
            "other voices": [row for row in own if not is_seen(row[0])],
            "all batches": rows,
        }
        table += [{"label": label, "set": name, **shares(label, part)} for name, part in sets.items()]
    return table


def alarms() -> dict[str, dict[str, float]]:
    """Share of real opinions in which each label is found (nearly all of it false)."""
    corpora = {
        "French experiences": opinions.experiences(),
        "NHS, friends and family": opinions.friends_and_family(),
        "NHS, older": opinions.phase_1(),
    }
    texts = {name: [row.text for row in rows if not row.is_test] for name, rows in corpora.items()}
    found = {name: labels_of(own) for name, own in texts.items()}
    return {
        name: {label: sum(label in one for one in rows) / len(rows) for label in BATCH_OF}
        for name, rows in found.items()
    }


def microseconds(texts: Sequence[str]) -> dict[str, float]:
    """Processor time per text of a bare reader, and what each analyzer adds, its scan included."""
    mentions = [mention(text) for text in texts]
    took = {"bare reader": _clock(Reader([]), mentions)}
    for analyzer in (DangerAnalyzer(), ToxicityAnalyzer()):
        reader = Reader([analyzer])
        took[analyzer.name] = _clock(reader, mentions) - took["bare reader"]
    return {name: round(seconds / len(mentions) * 1e6, 1) for name, seconds in took.items()}


def _clock(reader: Reader, mentions: Sequence[Mention]) -> float:
    reader.read(mentions[:512])
    started = time.process_time()
    reader.read(mentions)
    return time.process_time() - started


def _repeated(texts: list[str], size: int = 20_000) -> list[str]:
    return (texts * (size // len(texts) + 1))[:size]


def show(label: str, rows: Iterable[tuple[Message, set[str]]]) -> None:
    """What is missed or falsely found among the messages that may be looked at."""
    for message, found in rows:
        there = label in message["labels"]
        if is_seen(message) and there != (label in found):
            print("MISSED" if there else "FALSE ", message["id"], message["text"].replace("\n", " "))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--speed", action="store_true", help="also measure 20,000 texts")
    parser.add_argument("--show", choices=list(BATCH_OF), help="print the mistakes of a label")
    arguments = parser.parse_args()
    messages = social.messages()
    rows = list(zip(messages, labels_of([message["text"] for message in messages]), strict=True))
    if arguments.show:
        show(arguments.show, rows)
        return
    record: dict[str, Any] = {"quality": score(rows), "alarms": alarms()}
    if arguments.speed:
        kinds = {
            "development": [message["text"] for message in messages],
            "French experiences": [row.text for row in opinions.experiences() if not row.is_test],
        }
        record["microseconds"] = {name: microseconds(_repeated(texts)) for name, texts in kinds.items()}
    _print(record)
    print(json.dumps(record))


def _print(record: dict[str, Any]) -> None:
    quality = Table("label", "messages", "n", "precision", "recall")
    for row in record["quality"]:
        figures = (f"{row[name]:.3f}" for name in ("precision", "recall"))
        quality.add_row(row["label"], row["set"], str(row["n"]), *figures)
    false = Table("found in % of", *BATCH_OF)
    for name, shared in record["alarms"].items():
        false.add_row(name, *(f"{100 * share:.2f}" for share in shared.values()))
    console = Console(width=120)
    console.print(quality)
    console.print(false)


if __name__ == "__main__":
    main()
