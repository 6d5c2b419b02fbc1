"""Corpora of the labels as examples: a mention, which labels it has or lacks, and how much it counts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from training import opinions, social
from veilleur import vocabulary
from veilleur.vocabulary import Mention, Rating, Sentiment

LABELS = tuple(sorted(vocabulary.LABELS))
SOCIAL = "social"
EXPERIENCES, FFT, PHASE_1 = opinions.EXPERIENCES, opinions.FFT, opinions.PHASE_1
PSYTAR, PHEE, VAERS, MLMA = "en_psytar", "en_phee", "en_vaers", "fr_en_mlma"
TOXICITY = ("insult", "threat", "hate")
RARE = tuple(label for label in LABELS if label not in {"praise", "complaint", "question", "off_topic"})
"""Labels that ordinary comments of patients and users practically never carry."""
MOST = {FFT: 2200, PHASE_1: 1000, PHEE: 1000, MLMA: 3000}
"""Examples taken of a large corpus, at most."""
WEIGHT = {
    SOCIAL: 1.0,
    EXPERIENCES: 0.4,
    FFT: 0.15,
    PHASE_1: 0.1,
    PSYTAR: 0.8,
    PHEE: 0.06,
    VAERS: 0.2,
    MLMA: 0.03,
}
"""What one example counts: the messages that were read for every label, in the language at stake, first."""
SEED = 20240501
_MOMENT = datetime(2026, 1, 15, 12, tzinfo=UTC)
_ASKED = {"positive": "Points positifs", "negative": "Points négatifs"}


@dataclass(frozen=True, slots=True)
class Example:
    """One text to learn from or to score on."""

    corpus: str
    group: str
    mention: Mention
    labels: dict[str, bool]
    """A label that is missing is not known."""
    priority: str = ""
    is_test: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)
    """The whole annotation of such a message."""


def everything(folder: Path = opinions.CORPORA) -> list[Example]:
    """All examples, the test rows of the opinions included and marked."""
    return [*development(), *ordinary(folder), *reactions(folder), *tweets(folder)]


def learnable(folder: Path = opinions.CORPORA) -> list[Example]:
    """Examples to learn from, large corpora thinned."""
    chance = np.random.default_rng(SEED)
    kept: dict[str, list[Example]] = {}
    for example in everything(folder):
        if not example.is_test:
            kept.setdefault(example.corpus, []).append(example)
    thinned = []
    for corpus, examples in kept.items():
        size = min(len(examples), MOST.get(corpus, len(examples)))
        chosen = sorted(chance.choice(len(examples), size, replace=False))
        thinned += [examples[number] for number in chosen]
    return thinned


def development() -> list[Example]:
    """The messages of people in public to learn from: every label is known."""
    return [social_example(message) for message in social.to_learn_from()]


def social_example(message: dict[str, Any]) -> Example:
    """One of those messages as an example."""
    return Example(
        SOCIAL,
        message["group"],
        _mention(
            message["id"],
            message["text"],
            language=message["lang"],
            question=_ASKED.get(message["field"], ""),
            rating=Rating(message["rating"], 1, 5) if message["rating"] else None,
        ),
        {label: label in message["labels"] for label in LABELS},
        message["priority"],
        raw=message,
    )


def ordinary(folder: Path = opinions.CORPORA) -> list[Example]:
    """Comments of patients and users: praise and complaint follow the polarity, rare labels are absent."""
    read = [*opinions.experiences(folder), *opinions.friends_and_family(folder), *opinions.phase_1(folder)]
    return [
        Example(
            row.corpus,
            row.group,
            _mention(
                f"{row.corpus}-{number}",
                row.text,
                title=row.title,
                language=row.language.value,
                question=row.question,
            ),
            dict.fromkeys(RARE, False) | _opinion(row.label),
            is_test=row.is_test,
        )
        for number, row in enumerate(read)
        if row.text.strip()
    ]


def _opinion(polarity: Sentiment) -> dict[str, bool]:
    if polarity is Sentiment.NEU:
        return {}
    return {"praise": polarity is Sentiment.POS, "complaint": polarity is Sentiment.NEG}


def reactions(folder: Path = opinions.CORPORA) -> list[Example]:
    """English texts on medicines: is there an adverse reaction? Nothing else is known of them."""
    return [
        Example(
            corpus,
            raw["group"],
            _mention(raw["id"], raw["text"], language="en"),
            {"adverse_reaction": bool(raw["label"]), **dict.fromkeys(TOXICITY, False)},
            is_test=raw["split"] == "dev",
        )
        for corpus in (PSYTAR, PHEE, VAERS)
        for raw in _records(folder, corpus)
    ]


def tweets(folder: Path = opinions.CORPORA) -> list[Example]:
    """Tweets marked for abuse: a group is hated, a person insulted; what is between is left open."""
    return [
        Example(MLMA, raw["id"], _mention(raw["id"], raw["text"], language=raw["lang"]), dict(_abuse(raw)))
        for raw in _records(folder, MLMA)
    ]


def _abuse(raw: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    hostility = set(raw["hostility"])
    if hostility == {"normal"}:
        yield from ((label, False) for label in TOXICITY)
    elif "hateful" in hostility and raw["group"] not in {"individual", "other", "left_wing_people"}:
        yield "hate", True
    elif hostility & {"abusive", "offensive"} and raw["group"] == "individual":
        yield from (("insult", True), ("hate", False))


def _mention(identity: str, text: str, **known: Any) -> Mention:
    language = known.pop("language")
    return Mention("corpus", identity, text, _MOMENT, language_hint=language, **known)


def _records(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
