"""What a rule may ask of a message and its reading: one small frozen class per condition.

Each has `holds(facts)`. Conditions know nothing of particular analyzers: `Finds` asks for an
analyzer and a label by name, so that a new analyzer needs no new condition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from veilleur.vocabulary import Finding, Mention, Reading

_NO_TIME = timedelta(0)


@dataclass(slots=True)
class Facts:
    """One message under judgement; what several rules ask for is computed once."""

    mention: Mention
    reading: Reading
    now: datetime
    """Moment of first awareness (aware): ages and due times are counted from it."""
    by_analyzer: dict[str, list[Finding]] = field(init=False)
    length: int = field(init=False)
    """Characters of the title and the text, blanks at the ends left out."""
    share: float | None = field(init=False)
    """The rating on its own scale: 0 worst, 1 best; `None` without a rating."""
    age: timedelta = field(init=False)
    """From the publication to first awareness; zero for a date in the future."""

    def __post_init__(self) -> None:
        mention = self.mention
        self.by_analyzer = {}
        for finding in self.reading.findings:
            self.by_analyzer.setdefault(finding.analyzer, []).append(finding)
        self.length = len(mention.title.strip()) + len(mention.text.strip())
        self.share = mention.rating.share if mention.rating else None
        self.age = max(self.now - mention.moment, _NO_TIME)

    @property
    def language(self) -> str:
        """The language that was read (the surest), `"other"` when nobody could tell."""
        found = self.by_analyzer.get("language")
        return min((-finding.score, finding.label) for finding in found)[1] if found else "other"


class Condition(Protocol):
    """One thing that must be true for a rule to apply."""

    def holds(self, facts: Facts) -> bool:
        """Whether the message meets the condition; never raises."""


@dataclass(frozen=True, slots=True)
class Finds:
    """An analyzer found something: one of `labels` (any label when empty), at least so sure."""

    analyzer: str
    labels: frozenset[str] = frozenset()
    min_score: float = 0.0

    def holds(self, facts: Facts) -> bool:
        """True when at least one finding fits."""
        for finding in facts.by_analyzer.get(self.analyzer, ()):
            if finding.score >= self.min_score and (not self.labels or finding.label in self.labels):
                return True
        return False

    def fitting(self, facts: Facts) -> list[Finding]:
        """The findings that fit, in no particular order."""
        return [
            finding
            for finding in facts.by_analyzer.get(self.analyzer, ())
            if finding.score >= self.min_score and (not self.labels or finding.label in self.labels)
        ]


@dataclass(frozen=True, slots=True)
class Lacks:
    """Nothing that fits `found` was found."""

    found: Finds

    def holds(self, facts: Facts) -> bool:
        """True when no finding fits."""
        return not self.found.holds(facts)


@dataclass(frozen=True, slots=True)
class InLanguage:
    """The message is written in one of `languages` (`"other"` when nobody could tell)."""

    languages: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """True for the language that was read."""
        return facts.language in self.languages


@dataclass(frozen=True, slots=True)
class RatingBetween:
    """The rating lies between two shares of its own scale, ends included (0 worst, 1 best)."""

    low: float = 0.0
    high: float = 1.0

    def holds(self, facts: Facts) -> bool:
        """False when there is no rating."""
        return facts.share is not None and self.low <= facts.share <= self.high


@dataclass(frozen=True, slots=True)
class HasRating:
    """There is a rating, or there is none."""

    expected: bool

    def holds(self, facts: Facts) -> bool:
        """True when the presence of a rating is as expected."""
        return (facts.share is not None) is self.expected


@dataclass(frozen=True, slots=True)
class LengthBetween:
    """Title and text together count between `low` and `high` characters, ends included."""

    low: int = 0
    high: int | None = None

    def holds(self, facts: Facts) -> bool:
        """True when the length lies between the two."""
        return self.low <= facts.length and (self.high is None or facts.length <= self.high)


@dataclass(frozen=True, slots=True)
class AgeBetween:
    """The message was published at least `low` and less than `high` before first awareness.

    A date in the future counts as an age of zero.
    """

    low: timedelta = _NO_TIME
    high: timedelta | None = None

    def holds(self, facts: Facts) -> bool:
        """True when the age lies between the two."""
        return self.low <= facts.age and (self.high is None or facts.age < self.high)


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """The message has been with us for at least `low`: it matters when tickets are sorted again."""

    low: timedelta

    def holds(self, facts: Facts) -> bool:
        """True when it was collected that long ago."""
        return facts.now - facts.mention.collected_at >= self.low


@dataclass(frozen=True, slots=True)
class NamedIn:
    """A named field of the message is one of `names` (folded: case does not count)."""

    field: str
    names: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """True for an equal name."""
        value: str = getattr(facts.mention, self.field)
        return value.strip().casefold() in self.names


@dataclass(frozen=True, slots=True)
class QuestionContains:
    """The question that the message answers contains one of `parts` (folded)."""

    parts: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """False when there is no question."""
        question = facts.mention.question.casefold()
        return bool(question) and any(part in question for part in self.parts)
