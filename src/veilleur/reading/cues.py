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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import prod
from typing import Any

from daachorse import CharwiseDoubleArrayAhoCorasick

from veilleur.lexicon import Mark, Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.reading.analyzer import Batch, Subject

TOPICS = ("danger", "toxicity")
_BESIDE = 24
"""Characters in which `<name` and `>name` are searched."""
_AROUND = 70
_WIDE = frozenset({"", "*"})
"""Reaches that take in much of a text: worth a look first whether it can hold the list at all."""
_IDIOM = "idiom"
_OPTIONAL = re.compile(r"(\w)\?")
_MACRO = re.compile(r"@(\w+)")
_QUOTED = re.compile(r'"[^"\n]{2,400}"')
_MASKED = re.compile(r"(?<=\w)[aeiouy](?=\w)")
_LEET = str.maketrans("aeio", "4310")
_NO_PART = re.compile(r"[^\w*#]|_")
_STRETCH = re.compile(r" [^*#]*")
"""Words of an expression up to its next `*` or `#`."""
_GAPS = bytes(code if chr(code).isalnum() else ord(" ") for code in range(256))
"""Every character of ASCII that is neither a letter nor a digit, to a blank (for `bytes.translate`)."""


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


class Sieve:
    """Tells by one scan of which lists a text holds nothing, by a stretch of each expression."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        """Takes templates by the name of their list."""
        lists_with: defaultdict[str, set[str]] = defaultdict(set)
        for name, templates in lists.items():
            for words in _spelled_out(";".join(templates)):
                lists_with[_telling(words)].add(name)
        unsaid = lists_with.pop("", set())
        self._names = frozenset(lists.keys() - unsaid)
        self._lists_with = tuple(lists_with.values())
        self._automaton = CharwiseDoubleArrayAhoCorasick(list(lists_with))

    def absent(self, text: str) -> frozenset[str]:
        """Names of lists that `text` (normalised) holds nothing of; none when it is not all ASCII."""
        if not text.isascii():
            return frozenset()
        # Between two words of an expression stand one to three such characters: here always one blank.
        spaced = f" {text.encode().translate(_GAPS).decode()} "
        spaced = spaced.replace("  ", " ").replace("  ", " ")
        present: set[str] = set()
        for _, _, number in self._automaton.find_overlapping(spaced):
            present |= self._lists_with[number]
        return self._names - present


class Around:
    """A text in which neighbours are searched."""

    def __init__(self, text: str, sieve: Sieve) -> None:
        """Looks at nothing yet."""
        self.text = text
        self._sieve = sieve

    @cached_property
    def absent(self) -> frozenset[str]:
        """Lists that the text surely holds nothing of."""
        return self._sieve.absent(self.text)


class Topic:
    """The cues of one topic and how they are weighed; its table is read when it is asked for."""

    def __init__(self, name: str) -> None:
        """Reads the lists of the topic `name`."""
        self.name = name
        self._lists: Mapping[str, list[str]] = _toml("neighbours.toml")
        self._weighing: Mapping[str, Any] = _toml(f"{name}.toml")
        self._enough: float = self._weighing["enough"]
        self._unlikely: Mapping[str, Mapping[str, float]] = self._weighing.get("unlikely", {})
        self._also: Mapping[str, Mapping[str, str]] = self._weighing.get("also", {})
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
        for name in self._named(frozenset("<>")) | self._named(_WIDE):
            self._pattern(name)

    def said(self, subject: Subject) -> list[Said]:
        """What the marks of `subject` amount to, by label."""
        marks = [mark for mark in subject.marks_of(self.name) if mark.term.kind not in self._idioms]
        if not marks:
            return []
        around = Around(subject.text.text, self._sieve)
        return [self._said(around, label, own) for label, own in self._evidence(around, marks).items()]

    @cached_property
    def _idioms(self) -> frozenset[str]:
        """Kinds of the marks that only hide what they cover."""
        return frozenset(str(number) for number, cue in enumerate(self.rows) if cue.label == _IDIOM)

    @cached_property
    def _sieve(self) -> Sieve:
        """For the lists that are searched in much of a text."""
        return Sieve({name: self._lists[name] for name in self._named(_WIDE)})

    def _named(self, reaches: frozenset[str]) -> set[str]:
        """The lists that are searched in one of `reaches`."""
        needs = (need for cue in self.rows for need in (*cue.needs, *cue.unless))
        named = {need.name for need in needs if need.reach in reaches}
        if "*" in reaches:
            named.update(name for lists in self._unlikely.values() for name in lists)
        if "" in reaches:
            named.update(also["near"] for also in self._also.values())
        return named - {"quoted"}

    def _evidence(self, around: Around, marks: Iterable[Mark]) -> dict[str, list[Evidence]]:
        by_label: dict[str, list[Evidence]] = {}
        for mark in marks:
            cue = self.rows[int(mark.term.kind)]
            if (held := self._held(around, cue, mark)) is None:
                continue
            by_label.setdefault(cue.label, []).append(held)
            also = self._also.get(cue.label)
            if also and self._search(around, Need("", also["near"]), mark):
                by_label.setdefault(also["label"], []).append(held)
        return by_label

    def _held(self, around: Around, cue: Cue, mark: Mark) -> Evidence | None:
        """The cue with the neighbours it needs, or `None` when one lacks or forbids it."""
        start, end = mark.start, mark.end
        for need in cue.needs:
            found = self._search(around, need, mark)
            if found is None:
                return None
            if need.reach != "*":
                start, end = min(start, found[0]), max(end, found[1])
        for need in cue.unless:
            if self._search(around, need, mark):
                return None
        return Evidence(cue, start, end)

    def _search(self, around: Around, need: Need, mark: Mark) -> tuple[int, int] | None:
        if need.name == "quoted":
            return _quotes_around(around.text, mark)
        if need.reach in _WIDE and need.name in around.absent:
            return None
        low, high = _window(need.reach, mark, len(around.text))
        match = self._pattern(need.name).search(around.text, low, high)
        return match.span() if match else None

    def _said(self, around: Around, label: str, evidence: Sequence[Evidence]) -> Said:
        weights = {one.cue.words: one.cue.weight for one in evidence}.values()
        score = 1 - prod(1 - weight for weight in weights)
        for name, factor in self._unlikely.get(label, {}).items():
            if name not in around.absent and self._pattern(name).search(around.text):
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


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """Templates once more; `*` stands for the rest of a word, `#` for a number of at most four figures."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_branches(words))})(?!\w)")


def _branches(words: Sequence[str]) -> Iterator[str]:
    """Their patterns, those of one first letter as one: each place of a text is then tried with fewer.

    Templates that may begin with several letters stay in their order, and all others with them.
    """
    if any(template[0] in "(*" or template[1:2] == "?" for template in words):
        yield from map(_as_pattern, words)
        return
    by_first: defaultdict[str, list[str]] = defaultdict(list)
    for template in words:
        by_first[template[0] if template[0].isalpha() else ""].append(template)
    yield from map(_as_pattern, by_first.pop("", ()))
    for first, group in by_first.items():
        yield f"{first}(?:{'|'.join(_as_pattern(template[1:]) for template in group)})"


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
    for words in _spelled_out(cue.words):
        yield words
        if cue.masked:
            yield from _maskings(words)


def _spelled_out(templates: str) -> Iterator[str]:
    """What templates parted by `;` stand for."""
    for template in templates.split(";"):
        yield from spelled_out(_OPTIONAL.sub(r"(\1|)", template))


def _telling(words: str) -> str:
    """The longest stretch of an expression that stands wherever the expression does; empty for none."""
    written = " ".join(_NO_PART.sub(" ", words).split())
    longest: str = max(_STRETCH.findall(f" {written} "), key=len)
    return longest if longest.strip() else ""


def _maskings(words: str) -> Iterator[str]:
    """« c0nnard », « c*nnard », « conn@rd »: one vowel as a figure or as a sign."""
    for vowel in _MASKED.finditer(words):
        before, after = words[: vowel.start()], words[vowel.end() :]
        yield f"{before} {after}"
        if (figure := vowel[0].translate(_LEET)) != vowel[0]:
            yield before + figure + after
