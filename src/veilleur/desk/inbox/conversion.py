"""The nouns of the house as rows, and back: what goes in comes out, field by field."""

from __future__ import annotations

from datetime import datetime

from veilleur.desk.inbox.columns import (
    finding_of,
    list_columns,
    mention_columns,
    reading_columns,
    reason_of,
    ticket_columns,
)
from veilleur.desk.inbox.models import MentionRow, ReadingRow, TicketRow
from veilleur.vocabulary import Mention, Precision, Priority, QueueName, Rating, Reading, Ticket

PRIORITIES = tuple(Priority)


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
        parent=row.parent,
        published_at=row.published_at,
        precision=Precision(row.precision),
        rating=_rating_of(row),
    )


def _rating_of(row: MentionRow) -> Rating | None:
    if row.rating_value is None or row.rating_worst is None or row.rating_best is None:
        return None
    return Rating(row.rating_value, row.rating_worst, row.rating_best)


def reading_row(reading: Reading, *, mention_id: int) -> ReadingRow:
    """A row, not yet saved."""
    return ReadingRow(mention_id=mention_id, **reading_columns(reading))


def reading_of(row: ReadingRow) -> Reading:
    """The reading a row holds."""
    return Reading(row.digest, row.reader, tuple(finding_of(record) for record in row.findings))


def ticket_row(
    ticket: Ticket,
    mention: Mention,
    reading: Reading,
    *,
    mention_row: MentionRow,
    now: datetime,
) -> TicketRow:
    """A new ticket, not yet saved, for a mention that is; `now` is when it was made."""
    return TicketRow(
        organisation_id=mention_row.organisation_id,
        source_id=mention_row.source_id,
        mention_id=mention_row.pk,
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
        reasons=tuple(reason_of(record) for record in row.reasons),
        near_at=row.near_at,
    )
