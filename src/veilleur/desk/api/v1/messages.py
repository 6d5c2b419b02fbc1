"""A message and its reading, as the API tells them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ninja import Schema
from pydantic import Field

from veilleur.desk.api.v1.words import Text
from veilleur.desk.inbox.conversion import reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.models import MentionRow
from veilleur.engine.redacting import redacted
from veilleur.vocabulary import Finding


class Rating(Schema):
    """A rating on its own scale; `worst` may be the larger number."""

    value: float
    worst: float
    best: float


class Message(Schema):
    """One public message, in its latest wording."""

    id: int
    source: str = Field(description="Key of the source.")
    external_id: str
    network: str
    place: str
    title: Text
    text: Text
    author: str = Field(description="A pseudonym.")
    url: str
    question: str
    thread: str
    parent: str
    published_at: datetime | None
    precision: str = Field(description="`second`, or `day` when the hour is not known.")
    collected_at: datetime
    rating: Rating | None
    gone_at: datetime | None = Field(description="When it was seen to be on its network no more.")
    erased_at: datetime | None = Field(description="When its words were erased.")
    erased_because: str | None
    is_redacted: bool = Field(description="Whether personal data found in the words were replaced.")


class Span(Schema):
    """Code points of the text: `start` included, `end` excluded."""

    start: int
    end: int


class Concept(Schema):
    """What a term means, in a named terminology."""

    id: str
    label: str
    group: str


class FindingShown(Schema):
    """One thing that was read: what, where, how sure, why."""

    analyzer: str
    label: str
    score: float
    because: str
    grounds: list[str]
    span: Span | None
    concept: Concept | None


class MessageRead(Message):
    """A message with everything that was read in it, as people corrected it."""

    ticket: int
    findings: list[FindingShown] = Field(description="Without places and grounds where words are redacted.")


FIELDS = (
    "id", "external_id", "network", "place", "title", "text", "author", "url", "question", "thread", "parent",
    "published_at", "precision", "collected_at", "gone_at", "erased_at", "erased_because",
)  # fmt: skip


def messages_of(rows: Sequence[MentionRow], *, is_redacted: bool) -> list[Message]:
    """The messages of some rows; with placeholders for personal data when asked. Reads `row.source`."""
    said = [(row.title, row.text) for row in rows]
    if is_redacted:
        clean = iter(redacted([words for pair in said for words in pair]))
        said = list(zip(clean, clean, strict=True))
    return [_message(row, *words, is_redacted=is_redacted) for row, words in zip(rows, said, strict=True)]


def _message(row: MentionRow, title: str, text: str, *, is_redacted: bool) -> Message:
    told = {name: getattr(row, name) for name in FIELDS}
    told |= {"title": title, "text": text, "source": row.source.key, "is_redacted": is_redacted}
    if is_redacted:
        told["url"] = ""  # it leads to the name
    return Message(**told, rating=_rating(row))


def _rating(row: MentionRow) -> Rating | None:
    if row.rating_value is None or row.rating_worst is None or row.rating_best is None:
        return None
    return Rating(value=row.rating_value, worst=row.rating_worst, best=row.rating_best)


def message_read(row: MentionRow, *, is_redacted: bool) -> MessageRead:
    """A message and its reading. Reads `row.reading`, `row.source` and `row.ticket`."""
    reading = corrected(reading_of(row.reading), corrections_of([row])[row.pk])
    (message,) = messages_of([row], is_redacted=is_redacted)
    findings = _findings(reading.findings, is_redacted=is_redacted)
    return MessageRead(**message.model_dump(), ticket=row.ticket.pk, findings=findings)


def _findings(findings: Iterable[Finding], *, is_redacted: bool) -> list[FindingShown]:
    """Grounds quote the text, and places are those of the text as written: neither without it."""
    return [
        FindingShown(
            analyzer=one.analyzer,
            label=one.label,
            score=one.score,
            because=one.why.because.value,
            grounds=[] if is_redacted else list(one.why.grounds),
            span=None if is_redacted or one.span is None else Span(start=one.span.start, end=one.span.end),
            concept=None
            if one.concept is None
            else Concept(id=one.concept.id, label=one.concept.label, group=one.concept.group),
        )
        for one in findings
    ]
