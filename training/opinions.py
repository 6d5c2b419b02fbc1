"""The opinion corpora as rows: a text, what is known beside it, and the polarity people gave it."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from veilleur.reading.features import Context
from veilleur.reading.questions import Asked, asked
from veilleur.text import normalise
from veilleur.vocabulary import Language, Sentiment

CORPORA = Path(__file__).parent / "corpora"
EXPERIENCES = "fr_public_services_experiences"
FFT = "en_nhs_fft_v6"
PHASE_1 = "en_nhs_phase1"
OWN = "own_sentences"

_PHASE_1_ASKED = {
    "Trust A - Q1": Asked.IMPROVE,
    "Trust A - Q2": Asked.GOOD,
    "Trust C - Q1": Asked.GOOD,
    "Trust C - Q2": Asked.IMPROVE,
}
"""What the numbered questions asked, as their answers show ("Couldn't be improved" and its share)."""
_RESPONDENT = re.compile(r"_-_Q\d+$")


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text."""

    corpus: str
    group: str
    """Rows of one respondent share it: they never stand on both sides of a split."""
    text: str
    title: str
    language: Language
    label: Sentiment
    asked: Asked = Asked.OPEN
    question: str = ""
    rating_share: float | None = None
    is_test: bool = False
    health: bool = True
    """False for the French experiences that are about other public services."""

    @property
    def full_text(self) -> str:
        """Normalised title and text, as the analyzer reads them."""
        return "\n".join(normalise(part).text for part in (self.title, self.text) if part)

    @property
    def context(self) -> Context:
        """What the features are told beside the words."""
        return Context(self.language, self.asked, self.rating_share)

    def blinded(self) -> Row:
        """The same text as if it came without question and stars."""
        return replace(self, asked=Asked.OPEN, question="", rating_share=None)

    def untitled(self) -> Row:
        """The same text as if it came without its title."""
        return replace(self, title="")


def experiences(folder: Path = CORPORA) -> list[Row]:
    """French experiences of public services, polarity stated by their authors."""
    return [_row(EXPERIENCES, raw, health=raw.get("health", False)) for raw in _records(folder, EXPERIENCES)]


def friends_and_family(folder: Path = CORPORA) -> list[Row]:
    """Answers of NHS patients, five-level polarity folded to three; unlabelled rows are left out."""
    return [
        replace(
            _row(FFT, raw),
            asked=asked(raw["question"]),
            question=raw["question"],
            rating_share=(5 - raw["rating"]) / 4 if "rating" in raw else None,
        )
        for raw in _records(folder, FFT)
        if "label" in raw
    ]


def phase_1(folder: Path = CORPORA) -> list[Row]:
    """Older NHS answers. Those marked neutral are left out: Trust B marked its thanks so.

    "Nothing" under a question for what was good is left out too: the marks contradict it.
    """
    rows = (
        replace(_row(PHASE_1, raw), asked=_PHASE_1_ASKED.get(raw["question"], Asked.OPEN))
        for raw in _records(folder, PHASE_1)
        if raw.get("label") in {"pos", "neg"}
    )
    nothing = re.compile(r"\W*(?:nothing|no|none|not? .{0,12})\W*")
    return [row for row in rows if row.asked is not Asked.GOOD or not nothing.fullmatch(row.full_text)]


def own_sentences(folder: Path = CORPORA) -> list[Row]:
    """Short sentences written for Veilleur, mostly French."""
    return [_written(OWN, line) for line in tab_separated(folder / f"{OWN}.tsv")]


def written_cases(path: Path) -> list[Row]:
    """The four-class sentences under `tests/corpus/`, with question and stars where given."""
    return [replace(_written(path.stem, line), is_test=True) for line in tab_separated(path)]


def tab_separated(path: Path) -> list[dict[str, str]]:
    """Records of a tab-separated file without quoting, its first line naming the columns."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def training_part(rows: Iterable[Row]) -> list[Row]:
    """Rows that may be learned from."""
    return [row for row in rows if not row.is_test]


def test_part(rows: Iterable[Row]) -> list[Row]:
    """Rows that may only be scored."""
    return [row for row in rows if row.is_test]


def _records(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield {key: value for key, value in json.loads(line).items() if value is not None}


def _written(corpus: str, line: dict[str, str]) -> Row:
    stars = line.get("stars")
    return Row(
        corpus=corpus,
        group=f"{corpus}-{line['text']}",
        text=line["text"],
        title="",
        language=Language(line["language"]),
        label=Sentiment(line["label"]),
        asked=asked(line["question"]),
        question=line["question"],
        rating_share=(int(stars) - 1) / 4 if stars else None,
    )


def _row(corpus: str, raw: dict[str, Any], *, health: bool = True) -> Row:
    return Row(
        corpus=corpus,
        group=_RESPONDENT.sub("", raw["id"]),
        text=raw["text"],
        title=raw.get("title", ""),
        language=Language(raw["lang"]),
        label=Sentiment(raw["label"].removeprefix("very_")),
        is_test=raw["split"] == "test",
        health=health,
    )
