"""What queries ask of one message and its reading, each thing worked out once."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, tzinfo
from functools import cached_property

from veilleur.listening.queries.expressions import MOST_DISTANCE, MOST_STARS, Or, Phrase, Place, Word
from veilleur.listening.queries.names import POLARITIES, SIGNS
from veilleur.listening.queries.words import words_of
from veilleur.vocabulary import Finding, Mention, Reading

_GAP = MOST_DISTANCE + 1
"""Places between the title and the text, so that neither a phrase nor NEAR reaches across."""
_LINK = re.compile(r"https?://\w|\bwww\.\w", re.IGNORECASE)
_SHOWN_BY = {
    "drugs": "drug",
    "reactions": "reaction",
    "aspects": "aspect",
    "personal_data": "personal_data",
}
"""Analyzer → what a message has when it found something."""
_LETTERS = re.compile(r"[a-z0-9]")
_NOBODYS = re.compile(r"PRO_\w+|product_problem")
"""Labels of findings that are neither personal data nor a reaction."""

Stretch = tuple[int, int]
"""Number of the first word, and that behind the last one."""


class Words:
    """The words of a text by what they are: where each of them stands."""

    __slots__ = ("_sorted", "count", "places")

    def __init__(self, *texts: str) -> None:
        """The words of `texts`, which lie far apart."""
        self.places: dict[str, list[int]] = {}
        self._sorted: list[str] = []
        start = self.count = 0
        for text in texts:
            words = words_of(text)
            for number, word in enumerate(words, start):
                self.places.setdefault(word, []).append(number)
            self.count += len(words)
            start += len(words) + _GAP

    def has(self, word: Word) -> bool:
        """Whether the word, or one that begins so, is there."""
        return bool(self._beginning(word.text)) if word.is_prefix else word.text in self.places

    def _beginning(self, prefix: str) -> list[str]:
        if not self._sorted:
            self._sorted = sorted(self.places)
        first = last = bisect_left(self._sorted, prefix)
        while last < len(self._sorted) and self._sorted[last].startswith(prefix):
            last += 1
        return self._sorted[first:last]

    def numbers(self, word: Word) -> list[int]:
        """Where the word stands, in order."""
        if not word.is_prefix:
            return self.places.get(word.text, [])
        return sorted(place for text in self._beginning(word.text) for place in self.places[text])

    def stretches(self, place: Place) -> list[Stretch]:
        """Every stretch of words that answers, in order."""
        if isinstance(place, Or):
            parts = (part for part in place.parts if isinstance(part, Word | Phrase | Or))
            return sorted({stretch for part in parts for stretch in self.stretches(part)})
        if isinstance(place, Phrase):
            return list(self._phrases(place))
        return [(number, number + 1) for number in self.numbers(place)]

    def _phrases(self, phrase: Phrase) -> Iterator[Stretch]:
        if not all(map(self.has, phrase.words)):
            return
        first, *others = map(self.numbers, phrase.words)
        following = [(offset, frozenset(numbers)) for offset, numbers in enumerate(others, 1)]
        for start in first:
            if all(start + offset in numbers for offset, numbers in following):
                yield start, start + len(phrase.words)

    def has_text(self, text: Word | Phrase) -> bool:
        """Whether the word is there, or the words of the phrase side by side."""
        return self.has(text) if isinstance(text, Word) else any(True for _ in self._phrases(text))

    def has_near(self, left: Place, right: Place, distance: int) -> bool:
        """Whether the two places have stretches at most `distance` words apart, in any order."""
        before, after = self.stretches(left), self.stretches(right)
        return _follows(before, after, distance) or _follows(after, before, distance)


def _follows(before: list[Stretch], after: list[Stretch], distance: int) -> bool:
    starts = [start for start, _ in after]
    for _, end in before:
        at = bisect_left(starts, end)
        if at < len(starts) and starts[at] - end < distance:
            return True
    return False


@dataclass
class Facts:
    """One message under a set of queries."""

    mention: Mention
    reading: Reading
    zone: tzinfo
    with_author: bool = False
    """Whether the pseudonym counts as words of the message."""
    tags: tuple[str, ...] = ()
    """Names of the tags that a house put on the message."""
    _fields: dict[str, Words] = field(default_factory=dict, init=False)

    @cached_property
    def words(self) -> Words:
        """Those of the title and the text, and of the pseudonym where it counts."""
        author = (self.mention.author,) if self.with_author else ()
        return Words(self.mention.title, self.mention.text, *author)

    @cached_property
    def day(self) -> date:
        """When it was published, else collected."""
        return self.mention.moment.astimezone(self.zone).date()

    @cached_property
    def stars(self) -> int:
        """The rating in whole stars out of five; 0 without a rating."""
        return _stars(self.mention)

    @cached_property
    def marks(self) -> frozenset[tuple[str, str]]:
        """Every (field, value) of `names.CHOICES` that holds."""
        return frozenset(_marks(self.mention, self.reading))

    def words_in(self, name: str) -> Words:
        """The words of one of the fields that hold words."""
        found = self._fields.get(name)
        if found is None:
            found = self._fields[name] = Words(getattr(self.mention, name))
        return found

    def is_whole(self, name: str, text: Word | Phrase) -> bool:
        """Whether a field is these words and nothing more."""
        return is_all_of(self.words_in(name), text)

    def is_tagged(self, text: Word | Phrase) -> bool:
        """Whether one of the tags is these words and nothing more."""
        return any(is_all_of(Words(tag), text) for tag in self.tags)


def is_all_of(words: Words, text: Word | Phrase) -> bool:
    """Whether `words` are those of `text` and nothing more.

    >>> is_all_of(Words("À rappeler"), Phrase((Word("a"), Word("rappel", is_prefix=True))))
    True
    """
    length = len(text.words) if isinstance(text, Phrase) else 1
    return words.count == length and words.has_text(text)


def mark(field: str, value: str) -> str:
    """The word by which an index knows what a message has, without anything but letters and digits.

    >>> mark("aspect", "attente-"), mark("rating", "3")
    ('aspectattenteneg', 'rating3')
    """
    name, sign = (value[:-1], value[-1]) if value[-1:] in POLARITIES else (value, "")
    return "".join(_LETTERS.findall(field + name)) + POLARITIES.get(sign, "")


def marks_of(mention: Mention, reading: Reading) -> str:
    """Everything that a query may ask of a message beside its words and its dates, for an index.

    >>> from datetime import UTC, datetime
    >>> from veilleur.reading import read
    >>> mention = Mention("avis", "1", "Merci !", collected_at=datetime(2026, 3, 3, tzinfo=UTC))
    >>> {"langfr", "ratingnone"} <= set(marks_of(mention, read([mention])[0]).split())
    True
    """
    stars = _stars(mention)
    rated = {("rating", str(stars))} if stars else set()
    return " ".join(sorted({mark(field, value) for field, value in rated | set(_marks(mention, reading))}))


def _stars(mention: Mention) -> int:
    """As the inbox rounds them: half a star is one."""
    rating = mention.rating
    return math.floor(rating.share * (MOST_STARS - 1) + 1.5) if rating else 0


def _marks(mention: Mention, reading: Reading) -> Iterator[tuple[str, str]]:
    yield "lang", reading.language
    if reading.sentiment:
        yield "sentiment", reading.sentiment
    yield ("has", "rating") if mention.rating else ("rating", "none")
    for name in ("title", "author", "place", "thread"):
        if getattr(mention, name).strip():
            yield "has", name
    if _LINK.search(mention.title) or _LINK.search(mention.text):
        yield "has", "link"
    for finding in reading.findings:
        yield from _marks_of(finding)


def _marks_of(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "label", finding.label
    shown = _SHOWN_BY.get(finding.analyzer)
    if shown and not _NOBODYS.fullmatch(finding.label):
        yield "has", shown
    if finding.analyzer == "aspects":
        aspect, _colon, polarity = finding.label.partition(":")
        yield "aspect", aspect
        yield "aspect", aspect + SIGNS.get(polarity, "")
