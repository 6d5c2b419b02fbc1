"""Cues: expressions that speak for a label, what must stand near them, what takes them back.

A table of cues (`data/<topic>.tsv`) has five columns: label, weight, needs, unless, words.
The words are templates: `veux (plus|pas) vivre` stands for two expressions, `mots?` for both
numbers, `@name` for a list given on a line of its own, `;` parts templates, and a line with the
label `idiom` hides what it covers. What may stand near is a named list of
`data/neighbours.toml`, searched in reach of the cue: `<name` just before it, `>name` just after
it, `name` around it, `*name` anywhere in the message.

Cues of one label add up as independent evidence, 1 - (1 - w)(1 - w')…; lists that make a
label unlikely (news, prevention, laughter…) multiply the sum. What the cues of a message
amount to is one of the signals that the trained labels read; from `enough` (in
`data/<topic>.toml`) on, cues show where a label is said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import prod
from typing import Any

from veilleur.lexicon import Mark, Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.reading.analyzer import Batch, Subject

TOPICS = ("danger", "toxicity")
_BESIDE = 24
"""Characters in which `<name` and `>name` are searched."""
_AROUND = 70
_IDIOM = "idiom"
_OPTIONAL = re.compile(r"(\w)\?")
_MACRO = re.compile(r"@(\w+)")
_QUOTED = re.compile(r'"[^"\n]{2,400}"')
_MASKED = re.compile(r"(?<=\w)[aeiouy](?=\w)")
_LEET = str.maketrans("aeio", "4310")


@dataclass(frozen=True, slots=True)
class Need:
    """One list of neighbours and where it is searched: before, after, around or anywhere."""

    reach: str
    name: str


@dataclass(frozen=True, slots=True)
class Cue:
    """One row of a table."""

    label: str
    weight: float
    needs: tuple[Need, ...]
    unless: tuple[Need, ...]
    masked: bool
    words: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A cue that holds in a text: `[start, end)` of the normalised text."""

    cue: Cue
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Said:
    """What all cues of one label in a message amount to."""

    label: str
    score: float
    """0 to 1; in view of what makes the label unlikely."""
    is_enough: bool
    evidence: tuple[Evidence, ...]


class Topic:
    """The cues of one topic and how they are weighed; its table is read when it is asked for."""

    def __init__(self, name: str) -> None:
        """Reads the lists of the topic `name`."""
        self.name = name
        self._lists: Mapping[str, list[str]] = _toml("neighbours.toml")
        self._weighing: Mapping[str, Any] = _toml(f"{name}.toml")
        self._enough: float = self._weighing["enough"]
        self._found: dict[str, re.Pattern[str]] = {}

    @cached_property
    def rows(self) -> tuple[Cue, ...]:
        """The table, read once."""
        return tuple(_rows(_data(f"{self.name}.tsv")))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels its cues speak for."""
        return tuple(sorted({cue.label for cue in self.rows} - {_IDIOM}))

    def terms(self) -> Iterator[Term]:
        """Every expression, its `kind` being the number of its row."""
        for number, cue in enumerate(self.rows):
            for words in sorted(set(_expressions(cue))):
                yield Term(words, kind=str(number))

    def check(self) -> None:
        """Raises `KeyError` when a row or a weight names a list of neighbours that does not exist."""
        named = {need.name for cue in self.rows for need in (*cue.needs, *cue.unless)}
        for lists in self._weighing.get("unlikely", {}).values():
            named |= set(lists)
        for name in named - {"quoted"}:
            self._pattern(name)

    def said(self, subject: Subject) -> list[Said]:
        """What the marks of `subject` amount to, by label."""
        if self.name not in subject.marks:
            return []
        return [self._said(subject, label, own) for label, own in self._evidence(subject).items()]

    def _evidence(self, subject: Subject) -> dict[str, list[Evidence]]:
        by_label: dict[str, list[Evidence]] = {}
        for mark in subject.marks_of(self.name):
            cue = self.rows[int(mark.term.kind)]
            if cue.label == _IDIOM or (held := self._held(subject, cue, mark)) is None:
                continue
            by_label.setdefault(cue.label, []).append(held)
            also = self._weighing.get("also", {}).get(cue.label)
            if also and self._search(subject, Need("", also["near"]), mark):
                by_label.setdefault(also["label"], []).append(held)
        return by_label

    def _held(self, subject: Subject, cue: Cue, mark: Mark) -> Evidence | None:
        """The cue with the neighbours it needs, or `None` when one lacks or forbids it."""
        start, end = mark.start, mark.end
        for need in cue.needs:
            place = self._search(subject, need, mark)
            if place is None:
                return None
            if need.reach != "*":
                start, end = min(start, place[0]), max(end, place[1])
        if any(self._search(subject, need, mark) for need in cue.unless):
            return None
        return Evidence(cue, start, end)

    def _search(self, subject: Subject, need: Need, mark: Mark) -> tuple[int, int] | None:
        text = subject.text.text
        if need.name == "quoted":
            return _quotes_around(text, mark)
        low, high = _window(need.reach, mark, len(text))
        match = self._pattern(need.name).search(text, low, high)
        return match.span() if match else None

    def _said(self, subject: Subject, label: str, evidence: Sequence[Evidence]) -> Said:
        weights = {one.cue.words: one.cue.weight for one in evidence}.values()
        score = 1 - prod(1 - weight for weight in weights)
        for name, factor in self._weighing.get("unlikely", {}).get(label, {}).items():
            if self._pattern(name).search(subject.text.text):
                score *= factor
        return Said(label, min(score, 0.99), score >= self._enough, tuple(evidence))

    def _pattern(self, name: str) -> re.Pattern[str]:
        if name not in self._found:
            self._found[name] = _any_of(self._lists[name])
        return self._found[name]


@cache
def topic(name: str) -> Topic:
    """One of `TOPICS`, read once per process."""
    return Topic(name)


def said_in(batch: Batch) -> list[list[Said]]:
    """What the cues of all topics say of each message: ask for it with `batch.once(said_in)`."""
    topics = [topic(name) for name in TOPICS]
    return [[said for one in topics for said in one.said(subject)] for subject in batch]


def _window(reach: str, mark: Mark, length: int) -> tuple[int, int]:
    if reach == "<":
        return max(0, mark.start - _BESIDE), mark.start
    if reach == ">":
        return mark.end, min(length, mark.end + _BESIDE)
    if reach == "*":
        return 0, length
    return max(0, mark.start - _AROUND), min(length, mark.end + _AROUND)


def _quotes_around(text: str, mark: Mark) -> tuple[int, int] | None:
    """The quotation that the mark stands in. Every kind of quotation mark is folded to `"`."""
    for match in _QUOTED.finditer(text):
        if match.start() < mark.start and mark.end <= match.end():
            return match.span()
    return None


def _data(name: str) -> str:
    return files("veilleur.reading").joinpath("data", name).read_text("utf-8")


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_data(name))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Templates once more; `*` stands for the rest of a word, `#` for a number of at most four figures."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_as_pattern, words))})(?!\w)")


def _as_pattern(template: str) -> str:
    escaped = re.escape(template).replace(r"\*", r"\w*").replace(r"\#", r"\d{1,4}").replace(r"\?", "?")
    grouped = escaped.replace(r"\(", "(?:").replace(r"\)", ")").replace(r"\|", "|")
    return grouped.replace(r"\ ", r"[\W_]{1,2}")


def _rows(table: str) -> Iterator[Cue]:
    macros: dict[str, str] = {}
    for line in table.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, _, choices = line.partition("\t")
            macros[name[1:]] = f"({choices})"
            continue
        label, weight, needs, unless, words = line.split("\t")
        label, _, masked = label.partition("*")
        filled = _MACRO.sub(lambda match: macros[match[1]], words)
        yield Cue(label, float(weight), _needs(needs), _needs(unless), masked == "masked", filled)


def _needs(column: str) -> tuple[Need, ...]:
    names = [] if column == "-" else column.split()
    return tuple(Need(n[0], n[1:]) if n[0] in "<>*" else Need("", n) for n in names)


def _expressions(cue: Cue) -> Iterator[str]:
    for template in cue.words.split(";"):
        for words in spelled_out(_OPTIONAL.sub(r"(\1|)", template)):
            yield words
            if cue.masked:
                yield from _maskings(words)


def _maskings(words: str) -> Iterator[str]:
    """« c0nnard », « c*nnard », « conn@rd »: one vowel as a figure or as a sign."""
    for vowel in _MASKED.finditer(words):
        before, after = words[: vowel.start()], words[vowel.end() :]
        yield f"{before} {after}"
        if (figure := vowel[0].translate(_LEET)) != vowel[0]:
            yield before + figure + after
