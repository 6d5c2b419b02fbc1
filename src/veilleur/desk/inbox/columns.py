"""The nouns of the house as plain columns and JSON: what their rows hold, without a database.

No Django here: the process that reads beside an import loads this module, and starts quickly.
`conversion` makes rows of these columns, and nouns of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from veilleur.vocabulary import Because, Concept, Finding, Mention, Rating, Reading, Reason, Span, Ticket, Why

Columns = dict[str, Any]

WRITTEN_AS_IS = (
    "external_id",
    "title",
    "text",
    "author",
    "url",
    "network",
    "place",
    "question",
    "language_hint",
    "thread",
    "parent",
    "published_at",
)
"""Columns of `MentionRow` that hold the attribute of `Mention` of the same name, unchanged."""


def mention_columns(mention: Mention, digest: str = "") -> Columns:
    """What a mention says, as columns of `MentionRow`: all but its owner and `collected_at`.

    `digest` spares its computation to who knows it. Two mentions with equal columns need no
    writing when one replaces the other.
    """
    columns = {name: getattr(mention, name) for name in WRITTEN_AS_IS}
    columns["digest"] = digest or mention.digest
    columns["precision"] = mention.precision.value
    return columns | rating_columns(mention.rating)


def rating_columns(rating: Rating | None) -> Columns:
    """The three columns of a rating; all None when nobody gave one."""
    if rating is None:
        return {"rating_value": None, "rating_worst": None, "rating_best": None}
    return {
        "rating_value": float(rating.value),
        "rating_worst": float(rating.worst),
        "rating_best": float(rating.best),
    }


def reading_columns(reading: Reading) -> Columns:
    """What was read, as columns of `ReadingRow`."""
    return {
        "digest": reading.digest,
        "reader": reading.reader,
        "findings": [finding_record(finding) for finding in reading.findings],
    }


def finding_record(finding: Finding) -> Columns:
    """A finding as JSON, without the keys that would be empty.

    >>> why = Why(Because.TERM, ("mal",))
    >>> finding_record(Finding("reactions", "pain", 0.5, why, Span(0, 3)))["span"]
    [0, 3]
    """
    record: Columns = {
        "analyzer": finding.analyzer,
        "label": finding.label,
        "score": finding.score,
        "because": finding.why.because,  # a string: JSON has its value
    }
    if finding.why.grounds:
        record["grounds"] = list(finding.why.grounds)
    if finding.span is not None:
        record["span"] = [finding.span.start, finding.span.end]
    if finding.concept is not None:
        record["concept"] = [finding.concept.id, finding.concept.label, finding.concept.group]
    return record


QUOTING = frozenset({"grounds", "span", "concept"})
"""Of a finding as JSON, what tells the words of the author: a concept is the medicine that was named."""


def without_words(findings: Iterable[Columns]) -> list[Columns]:
    """Findings as JSON, without what quotes the author.

    >>> without_words([{"analyzer": "reactions", "label": "pain", "grounds": ["mal"], "span": [0, 3]}])
    [{'analyzer': 'reactions', 'label': 'pain'}]
    """
    return [{name: value for name, value in one.items() if name not in QUOTING} for one in findings]


def finding_of(record: Columns) -> Finding:
    """The finding that `finding_record` wrote."""
    span, concept = record.get("span"), record.get("concept")
    return Finding(
        analyzer=record["analyzer"],
        label=record["label"],
        score=record["score"],
        why=Why(Because(record["because"]), tuple(record.get("grounds", ()))),
        span=Span(*span) if span else None,
        concept=Concept(*concept) if concept else None,
    )


def ticket_columns(ticket: Ticket) -> Columns:
    """What a ticket asks for, as columns of `TicketRow`."""
    return {
        "queue": ticket.queue,
        "priority": ticket.priority.rank,
        "due_at": ticket.due_at,
        "near_at": ticket.near_at,
        "reasons": [reason_record(reason) for reason in ticket.reasons],
    }


def reason_record(reason: Reason) -> Columns:
    """A reason as JSON."""
    return {"rule": reason.rule, "details": dict(reason.details)}


def only_rules(reasons: Iterable[Columns]) -> list[Columns]:
    """Reasons as JSON, without what fills their sentences: it quotes the author."""
    return [{"rule": record["rule"], "details": {}} for record in reasons]


def reason_of(record: Columns) -> Reason:
    """The reason that `reason_record` wrote."""
    return Reason(record["rule"], record["details"])


def list_columns(mention: Mention, reading: Reading) -> Columns:
    """The columns of `TicketRow` that repeat the mention and its reading for the list."""
    return facts_columns(mention) | read_columns(reading)


def facts_columns(mention: Mention) -> Columns:
    """Of `list_columns`, those that the mention says by itself."""
    return {
        "moment": mention.moment,
        "network": mention.network,
        "place": mention.place,
        "rating_share": mention.rating.share if mention.rating else None,
    }


def read_columns(reading: Reading) -> Columns:
    """Of `list_columns`, those that were read."""
    sentiment = reading.sentiment
    return {"language": reading.language.value, "sentiment": sentiment.value if sentiment else ""}
