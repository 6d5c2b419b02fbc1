"""The words of a message are erased; its row stays, so that counts hold and nothing comes twice.

Of a message go title, text, author, address, earlier wordings, and what quotes them: the grounds, places
and concepts of findings, the words in the reasons of its ticket. There stay source, id, digest, dates,
rating, labels, decisions, notes and replies of the house, and the trail. A ticket that waited is closed:
nobody can handle what cannot be read.

One batch is one transaction under the lock of the source, which storing takes, too: a message is never
erased and brought up to date at once. What is held (`holds`) is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from veilleur.desk.accounts import audit
from veilleur.desk.inbox.columns import Columns, only_rules, without_words
from veilleur.desk.inbox.models import (
    AuthorErasure,
    DecisionRow,
    ErasedBecause,
    LegalHold,
    MentionRow,
    MentionVersion,
    Outcome,
    ReadingRow,
    StatusChoice,
    TicketRow,
)
from veilleur.desk.sources.models import Source
from veilleur.vocabulary import Act

BATCH = 200
"""Messages in one transaction: a fraction of a second, so that the desk never waits long to write."""
NO_WORDS: Columns = {"title": "", "text": "", "author": "", "url": ""}


def kept(mentions: QuerySet[MentionRow]) -> QuerySet[MentionRow]:
    """Those that are kept whatever the rule."""
    return mentions.filter(_is_held())


def free(mentions: QuerySet[MentionRow]) -> QuerySet[MentionRow]:
    """Those that nothing holds."""
    return mentions.filter(~_is_held())


def _is_held() -> Exists:
    return Exists(LegalHold.objects.filter(mention=OuterRef("pk"), lifted_at=None))


@transaction.atomic
def erase_some(
    source: Source,
    mentions: QuerySet[MentionRow],
    why: ErasedBecause,
    now: datetime,
    request: AuthorErasure | None = None,
) -> int:
    """Erases at most `BATCH` of `mentions`, messages of `source` that have words; returns how many it took.

    `request`: what an author asked for, which counts them.
    """
    Source.objects.select_for_update().get(pk=source.pk)
    ids = list(free(mentions).order_by("pk").values_list("pk", flat=True)[:BATCH])
    tickets = _locked(ids)
    if not tickets:
        return 0
    _erase_words([ticket.mention_id for ticket in tickets], why, now)
    _close(tickets, why, now)
    if request is not None:
        AuthorErasure.objects.filter(pk=request.pk).update(erased=F("erased") + len(tickets))
    told = {"count": len(tickets), "why": why.value}
    audit.record(source.organisation, audit.JOB, "inbox.erase", f"source:{source.key}", told, at=now)
    return len(tickets)


def _locked(ids: Sequence[int]) -> list[TicketRow]:
    """The tickets of these messages, locked; without those that somebody began to hold meanwhile."""
    locked = list(TicketRow.objects.select_for_update(of=("self",)).filter(mention__in=ids).order_by("pk"))
    still = set(free(MentionRow.objects.filter(pk__in=ids)).values_list("pk", flat=True))
    return [ticket for ticket in locked if ticket.mention_id in still]


def _erase_words(ids: Sequence[int], why: ErasedBecause, now: datetime) -> None:
    MentionVersion.objects.filter(mention__in=ids).delete()
    MentionRow.objects.filter(pk__in=ids).update(**NO_WORDS, erased_at=now, erased_because=why)
    readings = list(ReadingRow.objects.filter(mention__in=ids))
    for reading in readings:
        reading.findings = without_words(reading.findings)
    ReadingRow.objects.bulk_update(readings, ["findings"])


def _close(tickets: Sequence[TicketRow], why: ErasedBecause, now: datetime) -> None:
    """Ends the work; who closed a ticket earlier is not written over."""
    DecisionRow.objects.bulk_create(
        DecisionRow(ticket=ticket, act=Act.ERASE, at=now, details={"why": why.value, "from": ticket.status})
        for ticket in tickets
    )
    for ticket in tickets:
        ticket.reasons = only_rules(ticket.reasons)
        ticket.version += 1
    TicketRow.objects.bulk_update(tickets, ["reasons", "version"])
    left = TicketRow.objects.filter(pk__in=[one.pk for one in tickets]).exclude(status=StatusChoice.CLOSED)
    left.update(**closed(now))


def closed(now: datetime) -> Columns:
    """Columns of a ticket whose message cannot be read."""
    return {
        "status": StatusChoice.CLOSED,
        "outcome": Outcome.NOTHING,
        "closed_at": now,
        "snoozed_until": None,
        "due_at": None,
        "near_at": None,
    }
