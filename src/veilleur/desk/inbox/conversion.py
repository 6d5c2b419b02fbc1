"""The nouns of the house as rows, and back: what goes in comes out, field by field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from veilleur.desk.inbox.models import MentionRow, ReadingRow, TicketRow
from veilleur.vocabulary import (
    Because,
    Concept,
    Finding,
    Mention,
    Precision,
    Priority,
    QueueName,
    Rating,
    Reading,
    Reason,
    Span,
    Ticket,
    Why,
)

PRIORITIES = tuple(Priority)

WRITTEN_AS_IS = (
    "external_id",
    "digest",
    "title",
    "text",
    "author",
    "url",
    "network",
    "place",
    "question",
    "language_hint",
    "thread",
    "published_at",
)
"""Columns of `MentionRow` that hold the attribute of `Mention` of the same name, unchanged."""


def mention_columns(mention: Mention) -> dict[str, Any]:
    """What a mention says, as columns of `MentionRow`: all but its owner and `collected_at`.

    Two mentions with equal columns need no writing when one replaces the other.
    """
    columns = {name: getattr(mention, name) for name in WRITTEN_AS_IS}
    columns["precision"] = mention.precision.value
    return columns | rating_columns(mention.rating)


def rating_columns(rating: Rating | None) -> dict[str, float | None]:
    """The three columns of a rating; all None when nobody gave one."""
    if rating is None:
        return {"rating_value": None, "rating_worst": None, "rating_best": None}
    return {
        "rating_value": float(rating.value),
        "rating_worst": float(rating.worst),
        "rating_best": float(rating.best),
    }


def mention_row(mention: Mention, *, organisation_id: int, source_id: int) -> MentionRow:
    """A row, not yet saved."""
    return MentionRow(
        organisation_id=organisation_id,
        source_id=source_id,
        collected_at=mention.collected_at,
        **mention_columns(mention),
    )


def mention_of(row: MentionRow) -> Mention:
    """The mention a row holds. Reads `row.source`: use `select_related("source")` for many."""
    return Mention(
        source=row.source.key,
        external_id=row.external_id,
        text=row.text,
        collected_at=row.collected_at,
        title=row.title,
        author=row.author,
        url=row.url,
        network=row.network,
        place=row.place,
        question=row.question,
        language_hint=row.language_hint,
        thread=row.thread,
        published_at=row.published_at,
        precision=Precision(row.precision),
        rating=_rating_of(row),
    )


def _rating_of(row: MentionRow) -> Rating | None:
    if row.rating_value is None or row.rating_worst is None or row.rating_best is None:
        return None
    return Rating(row.rating_value, row.rating_worst, row.rating_best)


def reading_columns(reading: Reading) -> dict[str, Any]:
    """What was read, as columns of `ReadingRow`."""
    return {
        "digest": reading.digest,
        "reader": reading.reader,
        "findings": [finding_record(finding) for finding in reading.findings],
    }


def reading_row(reading: Reading, *, mention_id: int) -> ReadingRow:
    """A row, not yet saved."""
    return ReadingRow(mention_id=mention_id, **reading_columns(reading))


def reading_of(row: ReadingRow) -> Reading:
    """The reading a row holds."""
    return Reading(row.digest, row.reader, tuple(finding_of(record) for record in row.findings))


def finding_record(finding: Finding) -> dict[str, Any]:
    """A finding as JSON, without the keys that would be empty."""
    record: dict[str, Any] = {
        "analyzer": finding.analyzer,
        "label": finding.label,
        "score": finding.score,
        "because": finding.why.because.value,
    }
    if finding.why.grounds:
        record["grounds"] = list(finding.why.grounds)
    if finding.span is not None:
        record["span"] = [finding.span.start, finding.span.end]
    if finding.concept is not None:
        record["concept"] = [finding.concept.id, finding.concept.label, finding.concept.group]
    return record


def finding_of(record: dict[str, Any]) -> Finding:
    """The finding that `finding_record` wrote."""
    span, concept = record.get("span"), record.get("concept")
    return Finding(
        analyzer=record["analyzer"],
        label=record["label"],
        score=record["score"],
        why=Why(Because(record["because"]), tuple(record.get("grounds", ()))),
        span=span and Span(*span),
        concept=concept and Concept(*concept),
    )


def ticket_columns(ticket: Ticket) -> dict[str, Any]:
    """What a ticket asks for, as columns of `TicketRow`."""
    return {
        "queue": ticket.queue,
        "priority": ticket.priority.rank,
        "due_at": ticket.due_at,
        "reasons": [{"rule": reason.rule, "details": dict(reason.details)} for reason in ticket.reasons],
    }


def list_columns(mention: Mention, reading: Reading) -> dict[str, Any]:
    """The columns of `TicketRow` that repeat the mention and its reading for the list."""
    sentiment = reading.sentiment
    return {
        "moment": mention.moment,
        "language": reading.language.value,
        "sentiment": sentiment.value if sentiment else "",
        "network": mention.network,
        "place": mention.place,
        "rating_share": mention.rating.share if mention.rating else None,
    }


def ticket_row(
    ticket: Ticket,
    mention: Mention,
    reading: Reading,
    *,
    organisation_id: int,
    source_id: int,
    mention_id: int,
    now: datetime,
) -> TicketRow:
    """A new ticket, not yet saved; `now` is when it was made."""
    return TicketRow(
        organisation_id=organisation_id,
        source_id=source_id,
        mention_id=mention_id,
        opened_at=now,
        **ticket_columns(ticket),
        **list_columns(mention, reading),
    )


def ticket_of(row: TicketRow) -> Ticket:
    """The ticket a row holds."""
    return Ticket(
        queue=QueueName(row.queue),
        priority=PRIORITIES[row.priority],
        due_at=row.due_at,
        reasons=tuple(Reason(reason["rule"], reason["details"]) for reason in row.reasons),
    )
