"""What the labels are read from beside the words: cues, medicines beside symptoms, numbers, shouting.

A cue is a short list of expressions that say one thing (« je sais où tu habites » is a threat
word). Cues, medicines and symptoms are found by the one scan; here they become numbers of a
text, alone and together ("a medicine within 50 characters of a symptom, and no denial"), whatever
the medicine, the symptom and the language are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from veilleur.lexicon import Term
from veilleur.lexicon.index import Index
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers import drugs, reactions
from veilleur.reading.analyzers.personal_data import personal_data_in
from veilleur.reading.characters import characters_of
from veilleur.reading.claimed import claimed_in
from veilleur.reading.cues import TOPICS, said_in, topic
from veilleur.reading.features import Features, features_of
from veilleur.text.words import Floats, Integers, split

NAME = "labels"
"""Owner of the cue words in the shared scan."""
NEAR, CLOSE = 120, 50
"""Characters between a medicine and a symptom that one sentence often, or nearly always, holds."""
MOST = 4
"""A cue that comes more often says no more."""
_OTHERS = (drugs.NAME, reactions.NAME)
"""Owners of what is found beside the cues."""

_BESIDE_REACTION = (
    "causal", "side_effect", "denied", "fear", "leaflet", "hearsay", "self", "relative", "withdrawal",
    "inefficacy", "benefit", "asking", "serious",
)  # fmt: skip
"""Cues that say what a medicine and a symptom in one message have to do with each other."""
_PERSONAL = (
    "NAME", "PHONE", "EMAIL", "ADDRESS", "DOB", "ID", "IBAN", "NIR", "RPPS", "URL", "PRO_NAME", "PRO_PHONE",
    "PRO_EMAIL",
)  # fmt: skip
"""Types of personal data that say something of a message; others count as `ID`."""
_SHAPES = ("web page", "date", "clock", "money", "percent", "capitals", "hash signs", "dots")
_HOST = re.compile(r"\.(?<=\w\.)(?:com|fr|org|net)\b")
"""The end of a host; its point comes first, because points are quickly found."""
_FIGURE = re.compile(r"\d[\d .,:/%€-]*(?:[kh]\d*|k?€|euros?)?")
"""A number with what may belong to it: the only places where the next patterns are searched."""
_DATE = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d\d){1,2}\b")
_CLOCK = re.compile(r"\b\d{1,2} ?[h:] ?(?:\d\d)?\b")
_MONEY = re.compile(r"\d ?(?:euros?\b|€|k€)")
_PERCENT = re.compile(r"\d ?%")


@dataclass(frozen=True, slots=True)
class Signals:
    """What the labels read beside `Features`."""

    dense: Floats
    """(texts, `len(columns())`)."""
    kinds: Integers
    """(places,): what was found, as an index in `kinds()`; texts in order."""
    words: Integers
    """(places,): the word each found thing starts with."""


@cache
def cues() -> tuple[str, ...]:
    """Names of the cues."""
    return tuple(_catalogue())


@cache
def kinds() -> tuple[str, ...]:
    """Everything that can be found in a text: cues, then medicines and symptoms."""
    return (*cues(), *_OTHERS)


@cache
def columns() -> tuple[str, ...]:
    """Names of the numbers in `Signals.dense`."""
    return (
        *kinds(),
        "medicine and symptom", "near", "close", "symptom first", "product and trouble", "long with both",
        *(f"both, {cue}" for cue in _BESIDE_REACTION),
        *(f"trouble, {cue}" for cue in _BESIDE_REACTION),
        *(f"{one} + {other}" for one, other in _pairs()),
        *(f"said: {label}" for label in _said_labels()),
        *(f"said enough: {label}" for label in _said_labels()),
        "claim",
        *_PERSONAL,
        *_SHAPES,
    )  # fmt: skip


def terms() -> Iterator[Term]:
    """The words of all cues."""
    for cue, expressions in _catalogue().items():
        yield from (Term(expression, kind=cue) for expression in expressions)


@cache
def _catalogue() -> dict[str, tuple[str, ...]]:
    sections = {name: section for name, section in _lists().items() if "expressions" in section}
    return {name: tuple(dict.fromkeys(section["expressions"])) for name, section in sections.items()}


@cache
def _pairs() -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in _lists()["together"]["pairs"])


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(files("veilleur.reading").joinpath("data/cues.toml").read_text("utf-8"))


def signals_of(batch: Batch) -> Signals:
    """The signals of a batch under reading: ask for them with `batch.once(signals_of)`."""
    features = batch.once(features_of)
    table = _found(batch)
    counts = _everyday(features, len(batch))
    np.add.at(counts, (table[:, 0], table[:, 1]), 1)
    dense = np.concatenate(
        [
            np.log1p(np.minimum(counts, MOST)),
            _together(counts, table),
            _said(batch),
            _claims(batch),
            _personal(batch),
            _shapes(batch),
        ],
        axis=1,
        dtype=np.float32,
    )
    return Signals(dense, table[:, 1], _first_words(table, features))


def _everyday(features: Features, texts: int) -> Floats:
    """(texts, kinds): how many everyday words of each cue."""
    words, many = features.words, len(kinds())
    places, said = _everyday_words().found(words.hashes)
    counts = np.bincount(words.owner[places] * many + said, minlength=texts * many)
    return counts.reshape(texts, many).astype(np.float32)


@cache
def _everyday_words() -> Index:
    """The everyday words of cues, each of one cue alone; their values are its number."""
    told = {word: number for number, cue in enumerate(cues()) for word in _lists()[cue].get("words", ())}
    return Index.of(split([" ".join(told)]).hashes, np.array(list(told.values()), dtype=np.int32))


@cache
def _kind_numbers() -> dict[str, int]:
    return {kind: number for number, kind in enumerate(kinds())}


def _found(batch: Batch) -> Integers:
    """(places, 4): text, index in `kinds()`, start and end of all cues, medicines and symptoms.

    Places are counted in title and text together.
    """
    numbers = _kind_numbers()
    flat: list[int] = []
    for row, subject in enumerate(batch):
        shift = subject.shift
        for mark in subject.marks_of(NAME):
            flat += (row, numbers[mark.term.kind], mark.start + shift, mark.end + shift)
        for owner in _OTHERS:
            last = -1
            for mark in subject.marks_of(owner):
                if mark.start != last:  # of words at one place, the first
                    last = mark.start
                    flat += (row, numbers[owner], last + shift, mark.end + shift)
    return np.fromiter(flat, dtype=np.int64, count=len(flat)).reshape(-1, 4)


def _together(counts: Floats, table: Integers) -> Floats:
    """(texts, …): what stands together in a text."""
    column = _kind_numbers()
    has, (beside, one, other) = counts > 0, _together_columns()
    medicine, symptom = has[:, column[drugs.NAME]], has[:, column[reactions.NAME]]
    both = medicine & symptom
    trouble = (medicine | has[:, column["product"]]) & (symptom | has[:, column["bodily"]])
    gaps, first = _gaps(table, len(counts))
    many = counts[:, column[reactions.NAME]] > 2
    out = np.stack([both, gaps < NEAR, gaps < CLOSE, first > 0, trouble, both & many], axis=1)
    said = has[:, beside]
    pairs = has[:, one] & has[:, other]
    return np.concatenate([out, both[:, None] & said, trouble[:, None] & said, pairs], axis=1).astype(
        np.float32
    )


@cache
def _together_columns() -> tuple[Integers, Integers, Integers]:
    """Columns of the cues beside a reaction, and of the first and the second of each pair."""
    column = _kind_numbers()
    pairs = [[column[cue] for cue in pair] for pair in zip(*_pairs(), strict=True)]
    beside = [column[cue] for cue in _BESIDE_REACTION]
    return np.array(beside), np.array(pairs[0]), np.array(pairs[1])


def _gaps(table: Integers, texts: int) -> tuple[Floats, Floats]:
    """Per text: characters between the nearest medicine and symptom, and whether the symptom comes first."""
    numbers = _kind_numbers()
    gaps = np.full(texts, np.inf, dtype=np.float32)
    first = np.zeros(texts, dtype=np.float32)
    # What is found beside the cues has the last numbers, and is a medicine or a symptom.
    telling = table[table[:, 1] >= len(cues())]
    if not len(telling):
        return gaps, first
    telling = telling[np.lexsort((telling[:, 2], telling[:, 0]))]
    one, next_one = telling[:-1], telling[1:]
    linked = (one[:, 0] == next_one[:, 0]) & (one[:, 1] != next_one[:, 1])
    one, next_one = one[linked], next_one[linked]
    np.minimum.at(gaps, one[:, 0], (next_one[:, 2] - one[:, 3]).astype(np.float32))
    np.maximum.at(first, one[:, 0], (one[:, 1] == numbers[reactions.NAME]).astype(np.float32))
    return gaps, first


@cache
def _said_labels() -> tuple[str, ...]:
    return tuple(label for name in TOPICS for label in topic(name).labels)


def _said(batch: Batch) -> Floats:
    """(texts, 2 labels): what the cues of danger and toxicity amount to, and whether that is enough."""
    places = {label: place for place, label in enumerate(_said_labels())}
    out = np.zeros((len(batch), 2 * len(places)), dtype=np.float32)
    for row, said in enumerate(batch.once(said_in)):
        for one in said:
            out[row, places[one.label]] = one.score
            out[row, places[one.label] + len(places)] = one.is_enough
    return out


def _claims(batch: Batch) -> Floats:
    """(texts, 1): how plain the plainest health claim is."""
    claimed = [max((found.score for found in findings), default=0.0) for findings in batch.once(claimed_in)]
    return np.array(claimed, dtype=np.float32)[:, None]


def _personal(batch: Batch) -> Floats:
    """(texts, types): how many stretches of each type, as a logarithm."""
    places = {name: place for place, name in enumerate(_PERSONAL)}
    out = np.zeros((len(batch), len(places)), dtype=np.float32)
    for row, findings in enumerate(batch.once(personal_data_in)):
        for found in findings:
            out[row, places.get(found.label, places["ID"])] += 1
    return np.log1p(out)


def _shapes(batch: Batch) -> Floats:
    """(texts, shapes): dates, hours and prices, and how loud each text is."""
    written = batch.once(characters_of)
    texts = [subject.text.text for subject in batch]
    out = np.zeros((len(batch), len(_SHAPES)), dtype=np.float32)
    out[:, 0] = [_has_page(text) for text in texts]
    for row in np.flatnonzero(written.digits).tolist():
        out[row, 1:5] = _figures(texts[row])
    out[:, 5] = written.capitals * 3 / (written.sizes + 10)
    out[:, 6] = np.minimum(written.hashes, 3) / 3
    out[:, 7] = np.minimum([text.count("..") for text in texts], 3) / 3
    return out


def _figures(text: str) -> tuple[bool, bool, bool, bool]:
    """Whether a text names a date, an hour, a sum, a share."""
    figures = " | ".join(_FIGURE.findall(text))
    return (
        _DATE.search(figures) is not None,
        _CLOCK.search(figures) is not None,
        ("€" in figures or "euro" in figures) and _MONEY.search(figures) is not None,
        "%" in figures and _PERCENT.search(figures) is not None,
    )


def _has_page(text: str) -> bool:
    return "http:" in text or "https:" in text or "www." in text or _HOST.search(text) is not None


def _first_words(table: Integers, features: Features) -> Integers:
    """The word each place starts with."""
    words = features.words
    if not len(words):
        return np.zeros(len(table), dtype=np.int64)
    starts = words.layout.offsets[table[:, 0]] + table[:, 2]
    return np.clip(np.searchsorted(words.starts, starts, side="right") - 1, 0, len(words) - 1)
