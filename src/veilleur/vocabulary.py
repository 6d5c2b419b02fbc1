"""The nouns of the house: frozen dataclasses that every room passes to the next.

Conventions that hold everywhere:

* every `datetime` is aware; what is stored is UTC, what is shown is in the reader's zone;
* offsets count Unicode code points of the text **as its author wrote it**, half open: `[start, end)`;
* scores are between 0 and 1 and say how sure the finding is, not how grave;
* nothing here knows a database, a network or a web page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

QueueName = NewType("QueueName", str)


class Language(StrEnum):
    """The language a message is written in, as far as this product reads."""

    FR = "fr"
    EN = "en"
    OTHER = "other"


class Sentiment(StrEnum):
    """Polarity of a whole message."""

    POS = "pos"
    NEG = "neg"
    NEU = "neu"
    MIXED = "mixed"


class Precision(StrEnum):
    """How much of a date its source told us."""

    DAY = "day"
    SECOND = "second"


class Priority(StrEnum):
    """How soon a person must look; the order of the members is the order of urgency."""

    IMMEDIATE = "immediate"
    TODAY = "today"
    NORMAL = "normal"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the most urgent; usable as a sort key."""
        return list(Priority).index(self)


LABELS = (
    "praise",
    "complaint",
    "question",
    "appointment",
    "adverse_reaction",
    "insult",
    "threat",
    "hate",
    "defamation_fact",
    "misinformation",
    "advertising_spam",
    "personal_data",
    "health_data_identifiable",
    "crisis_suicide",
    "emergency_medical",
    "child_protection",
    "violence",
    "fake_review_suspect",
    "off_topic",
)
"""What a message may be; several hold at once. Their meaning: docs/reference/labels.md."""

ASPECTS = (
    "accueil",
    "attente",
    "ecoute",
    "competence",
    "information",
    "prix",
    "hygiene",
    "rendez_vous",
    "locaux",
    "resultat",
    "suivi",
    "remboursement",
)
"""What people judge of care, in the words of the trade in France."""

CRITERIA = ("reporter", "patient", "product", "reaction")
"""The four things without which an adverse reaction is no case yet."""

SERIOUSNESS = (
    "death",
    "life_threatening",
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "medically_important",
)
"""What makes an adverse reaction serious (ICH E2A, II B)."""

SITUATIONS = (
    "pregnancy",
    "breastfeeding",
    "overdose",
    "misuse",
    "offlabel",
    "medication_error",
    "inefficacy",
    "withdrawal",
    "occupational",
    "quality_defect",
)
PRODUCT_TYPES = ("vaccine", "device", "cosmetic", "supplement")
SPECIAL = (*SITUATIONS, "incomplete_case", *PRODUCT_TYPES)
"""What a pharmacovigilance officer is told beside the reaction, or without one."""


class Status(StrEnum):
    """Where a ticket stands in the work of the team."""

    NEW = "new"
    OPEN = "open"
    SNOOZED = "snoozed"
    PENDING = "pending"
    """Waits for somebody outside, whether or not a date is set at which it comes back."""
    CLOSED = "closed"


class Act(StrEnum):
    """What a person (or the policy, for `ROUTE`) did to a ticket."""

    ROUTE = "route"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    CLOSE = "close"
    REOPEN = "reopen"
    CORRECT = "correct"
    NOTE = "note"
    UNDO = "undo"
    HIDE = "hide"
    SHOW = "show"
    REMOVE = "remove"
    FLAG = "flag"
    HOLD = "hold"
    LIFT = "lift"
    ERASE = "erase"
    WAIT = "wait"
    TAG = "tag"
    FILL = "fill"
    MACRO = "macro"
    NEAR = "near"
    LATE = "late"
    MOVE = "move"


ON_NETWORK = frozenset({Act.HIDE, Act.SHOW, Act.REMOVE, Act.FLAG})
"""Acts on the message itself, where it was said; the others change the ticket."""
ON_HOLD = frozenset({Act.HOLD, Act.LIFT})
"""Acts that say whether the words of the message may be erased; they leave the ticket as it is."""
ON_CLOCK = frozenset({Act.NEAR, Act.LATE})
"""What the clock of a ticket said; nobody did it, and nothing changed."""


class Because(StrEnum):
    """The kind of ground a finding stands on."""

    TERM = "term"
    """Words of a lexicon were found; `grounds` are these words as written."""
    NGRAMS = "ngrams"
    """A trained weight decided; `grounds` are the pieces of text that weighed most."""
    RATING = "rating"
    """The stars spoke; `grounds` is the rating as given, for instance `"1/5"`."""
    QUESTION = "question"
    """The question that the text answers decided; `grounds` is that question."""
    PERSON = "person"
    """A person corrected the machine; `grounds` is the person's stated reason."""


def _require_aware(moment: datetime | None, name: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{name} must carry a time zone: {moment!r}")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of the author's text: code points `start` (included) to `end` (excluded).

    >>> Span(3, 6).of("un café")
    'caf'
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def of(self, text: str) -> str:
        """The characters of `text` that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating on its own scale; `worst` may be the larger number (the NHS asks 1 = very good).

    >>> Rating(value=2, worst=5, best=1).share
    0.75
    """

    value: float
    worst: float
    best: float

    def __post_init__(self) -> None:
        low, high = sorted((self.worst, self.best))
        if low == high:
            raise ValueError(f"a scale needs two ends: {self.worst} and {self.best}")
        if not low <= self.value <= high:
            raise ValueError(f"{self.value} is outside the scale {low} to {high}")

    @property
    def share(self) -> float:
        """0 at the worst end, 1 at the best one."""
        return (self.value - self.worst) / (self.best - self.worst)


@dataclass(frozen=True, slots=True)
class Mention:
    """One public message about somebody who cares for health, as its source gave it.

    Identity is (`source`, `external_id`) within an organisation. An edited message keeps
    its identity and becomes a new version: `digest` tells the versions apart.
    """

    source: str
    """Key of the source within the organisation, for instance `"services-publics-plus"`."""
    external_id: str
    """The source's own identifier, or one derived from the content when it has none."""
    text: str
    """The message as written: never trimmed, folded or corrected."""
    collected_at: datetime
    """When Veilleur received it (aware, UTC): the moment of first awareness."""
    title: str = ""
    author: str = ""
    """Pseudonym of the author. A real handle is pseudonymised before it gets here."""
    url: str = ""
    network: str = ""
    """Where it was said, in the words of the public: « CPAM », "FFT", "Google"."""
    place: str = ""
    """Which of the organisation's places or services it is about."""
    question: str = ""
    """The question it answers ("What could we do better?"): « Rien » means different things."""
    language_hint: str = ""
    """What the source says of the language (BCP 47), never trusted blindly."""
    thread: str = ""
    """`external_id` of the message that opened the thread; empty when it stands alone."""
    parent: str = ""
    """`external_id` of the message it answers; empty when it answers none, or nobody knows."""
    published_at: datetime | None = None
    """When it was published (aware, UTC). Known to the day only: noon UTC of that day, so
    that the day is the same in every zone from UTC−12 to UTC+11."""
    precision: Precision = Precision.SECOND
    rating: Rating | None = None

    def __post_init__(self) -> None:
        _require_aware(self.published_at, "published_at")
        _require_aware(self.collected_at, "collected_at")
        if not self.source or not self.external_id:
            raise ValueError("a mention needs a source and an external_id")

    @property
    def moment(self) -> datetime:
        """The time that sorts messages: of publication, else of collection."""
        return self.published_at or self.collected_at

    @property
    def digest(self) -> str:
        """Hex SHA-256 of what the public sees; two versions of a message differ here."""
        rating = self.rating and (self.rating.value, self.rating.worst, self.rating.best)
        parts = (self.title, self.text, str(rating or ""))
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Concept:
    """What a term means, in a named terminology: `id` is prefixed (`HP:0002315`, `BDPM-BRAND:doliprane`)."""

    id: str
    label: str
    group: str = ""
    """What it belongs to, or empty: for a reaction one of the neutral groups (`nervous`, `skin`…),
    for a drug its ATC code."""


@dataclass(frozen=True, slots=True)
class Why:
    """The ground of a finding, enough to write one sentence for a person."""

    because: Because
    grounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one analyzer saw: what, where, how sure and why."""

    analyzer: str
    label: str
    score: float
    why: Why
    span: Span | None = None
    """`None` when it is a judgement on the whole text."""
    concept: Concept | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score must lie between 0 and 1: {self.score!r}")


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the reader saw in one version of one mention."""

    digest: str
    """`Mention.digest` of the version that was read."""
    reader: str
    """Names and versions of the analyzers, for instance `"language/1 sentiment/1"`:
    another value means that the mention should be read again."""
    findings: tuple[Finding, ...] = ()

    def of(self, analyzer: str) -> tuple[Finding, ...]:
        """The findings of one analyzer, in the order of the text."""
        return tuple(finding for finding in self.findings if finding.analyzer == analyzer)

    @property
    def language(self) -> Language:
        """The language found; `OTHER` when nobody looked."""
        return next((Language(f.label) for f in self.of("language")), Language.OTHER)

    @property
    def sentiment(self) -> Sentiment | None:
        """The polarity found; `None` when nobody could tell (no words at all)."""
        return next((Sentiment(f.label) for f in self.of("sentiment")), None)


@dataclass(frozen=True, slots=True)
class Words:
    """One wording in each language of the house: language code → text. French is always there."""

    by_language: Mapping[str, str]

    def say(self, language: str) -> str:
        """The wording for a language code such as `"fr"` or `"en-gb"`; French when there is none.

        >>> Words({"fr": "Satisfaits", "en": "Satisfied"}).say("en-gb")
        'Satisfied'
        """
        return self.by_language.get(language[:2].lower(), self.by_language["fr"])


class Severity(StrEnum):
    """What a broken rule asks for; the order of the members is the order of gravity."""

    BLOCKER = "blocker"
    """Goes out only when two people say so, with their reasons."""
    ERROR = "error"
    """Goes out corrected, or with somebody's reason."""
    WARNING = "warning"
    """A person reads it again."""
    INFO = "info"
    """Advice."""

    @property
    def rank(self) -> int:
        """0 for the gravest; usable as a sort key."""
        return list(Severity).index(self)


class Mark(StrEnum):
    """How well the ground of a rule is known."""

    READ = "V"
    """The text itself was read."""
    REPORTED = "S"
    """Read in a secondary source."""
    GENERAL = "G"
    """General knowledge, not verified: never blocks alone."""


class Kind(StrEnum):
    """What a text that leaves is."""

    REPLY = "reply"
    POST = "post"
    PROFILE = "profile"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text on its way to the public, and what is known around it."""

    text: str
    kind: Kind = Kind.POST
    actor: str = ""
    """Who publishes, a key of `rules.actors()`; empty when nobody knows: then every rule binds."""
    language: str = ""
    """`"fr"`, `"en"`, or empty: then it is read from the text."""
    network: str = ""
    review: str = ""
    """What a reply answers."""
    author: str = ""
    """The display name under that review: it is compared, never stored."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from."""

    title: str
    mark: Mark
    href: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that a text breaks, where, why, and what to write instead."""

    rule: str
    severity: Severity
    span: Span
    message: str
    reference: Reference
    advice: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket stands where it does: a rule of the policy and what filled it.

    The sentence itself lives in the policy, in each language of the house.
    """

    rule: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The work a mention asks for: where it waits, how urgent, until when, and why."""

    queue: QueueName
    priority: Priority
    due_at: datetime | None
    """Aware, UTC; `None` when nothing is asked."""
    reasons: tuple[Reason, ...]
    near_at: datetime | None = None
    """From when on the due time is near; `None` when nothing is asked."""

    def __post_init__(self) -> None:
        _require_aware(self.due_at, "due_at")
        _require_aware(self.near_at, "near_at")


@dataclass(frozen=True, slots=True)
class Decision:
    """One act of one person on one ticket, as the history shows it."""

    act: Act
    by: str
    """Display name of the person; empty for the policy itself."""
    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    """What changed, from → to, in plain strings."""

    def __post_init__(self) -> None:
        _require_aware(self.at, "at")
