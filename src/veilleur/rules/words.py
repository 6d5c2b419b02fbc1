"""A text that leaves as words, and what each word stands for.

Concepts (`data/concepts.toml`) put words of both languages into classes: a person addressed, a part of the
body, a payment, a threat. What is learned of a class holds for its words that nobody wrote an example of.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from veilleur.text.normalise import Normalised
from veilleur.text.sentences import bounds

_WORD = re.compile(r":\w+:|\w+'|\w+(?:-\w+)*|[^\w\s]")
_LONGEST = 5_000
"""Words that are judged of one text: more is no reply and no post."""
_SHAPES = (
    ("number", re.compile(re.escape("<number>"))),
    ("you verb", re.compile(r"\w{3,}ez")),
    ("participle", re.compile(r"\w{3,}(?:e|i|u|is|it|es|ee|ees|ie|us)")),
    ("future", re.compile(r"\w{3,}(?:erons|rez|rons|ra|ront)")),
    ("imperfect", re.compile(r"\w{3,}(?:ais|ait|iez|ions|aient)")),
    ("past", re.compile(r"\w{3,}ed")),
)
"""What the shape of a word says of it: coarse, and only ever weighed beside the rest."""
NUMBER = "<number>"
NAMED, ECHOED, CAPITAL, GIVEN = "named", "echoed", "capital", "given"
"""Tags of words that stand in the display name, in the review that is answered, that begin with a capital
letter within a sentence, or are first names there or at its beginning."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of one sentence of a normalised text, and what they stand for."""

    words: tuple[str, ...]
    """Numbers are `NUMBER`, all alike."""
    tags: tuple[tuple[str, ...], ...]
    """By word: concepts and shapes in the order of the alphabet, then what its place says."""
    expressions: frozenset[str]
    """Concepts of expressions of several words."""
    places: tuple[tuple[int, int], ...]
    """By word: where it stands in the normalised text."""


def sentences(text: Normalised, name: frozenset[str], review: frozenset[str]) -> list[Sentence]:
    """The sentences of a text; `name` and `review` hold the words it might repeat."""
    found, left = [], _LONGEST
    for start, end in bounds(text.text):
        matches = list(_WORD.finditer(text.text, start, end))[:left]
        left -= len(matches)
        words = tuple([_said(match[0]) for match in matches])
        places = tuple([match.span() for match in matches])
        capital = [at > 0 and _is_capital(text, place) for at, (place, _end) in enumerate(places)]
        found.append(
            Sentence(
                words,
                tuple(
                    [
                        _placed_tags(word, name, review, is_first=not at, capital=here)
                        if here or not at or word in name or word in review
                        else tags_of(word)
                        for at, (word, here) in enumerate(zip(words, capital, strict=True))
                    ]
                ),
                _expressions(text.text[start:end]),
                places,
            )
        )
    return found


def _said(word: str) -> str:
    return NUMBER if word[0].isdigit() else word


def words_of(text: str, shortest: int) -> frozenset[str]:
    """The different words of a normalised text that have at least `shortest` letters."""
    return frozenset(word for word in re.findall(r"\w+", text) if len(word) >= shortest)


def _is_capital(text: Normalised, place: int) -> bool:
    if not text.layers:  # every character stands where it was written
        return text.original[place].isupper()
    return text.written(place, place + 1)[:1].isupper()


def _placed_tags(
    word: str, name: frozenset[str], review: frozenset[str], *, is_first: bool, capital: bool
) -> tuple[str, ...]:
    """The tags of a word with what its place says."""
    given = (capital or is_first) and word in _first_names()
    here = ((CAPITAL, capital), (GIVEN, given), (NAMED, word in name), (ECHOED, word in review))
    return (*tags_of(word), *(tag for tag, holds in here if holds))


@lru_cache(maxsize=1 << 16)
def tags_of(word: str) -> tuple[str, ...]:
    """The concepts and shapes of a normalised word.

    >>> tags_of("vos"), tags_of("dent")
    (('your',), ('body',))
    """
    known = _concepts()
    tags = set(known.words.get(word, ()))
    for size in range(2, len(word) + 1):
        tags |= known.beginnings.get(word[:size], frozenset())
    if "-" in word:
        tags |= {tag for part in word.split("-") for tag in known.words.get(part, ())}
    return tuple(sorted(tags | {name for name, shape in _SHAPES if shape.fullmatch(word)}))


def _expressions(text: str) -> frozenset[str]:
    known = _concepts()
    return frozenset(known.expressions[match[0]] for match in known.several.finditer(text))


@cache
def _first_names() -> frozenset[str]:
    """Common first names, normalised, without those that are words as well."""
    return frozenset((files(__package__) / "data/names.txt").read_text(encoding="utf-8").split())


@dataclass(frozen=True, slots=True)
class _Concepts:
    words: dict[str, frozenset[str]]
    beginnings: dict[str, frozenset[str]]
    expressions: dict[str, str]
    several: re.Pattern[str]
    """Any expression of several words."""


@cache
def _concepts() -> _Concepts:
    raw = tomllib.loads((files(__package__) / "data/concepts.toml").read_text(encoding="utf-8"))
    words: defaultdict[str, set[str]] = defaultdict(set)
    beginnings: defaultdict[str, set[str]] = defaultdict(set)
    expressions: dict[str, str] = {}
    for concept, entries in raw.items():
        for entry in entries:
            if " " in entry:
                expressions[entry.removesuffix("*")] = concept
            elif entry.endswith("*"):
                beginnings[entry[:-1]].add(concept)
            else:
                words[entry].add(concept)
    several = "|".join(re.escape(one) for one in sorted(expressions, key=len, reverse=True))
    return _Concepts(
        {word: frozenset(tags) for word, tags in words.items()},
        {word: frozenset(tags) for word, tags in beginnings.items()},
        expressions,
        re.compile(rf"(?<!\w)(?:{several})"),
    )
