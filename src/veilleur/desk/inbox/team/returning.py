"""What waits for somebody outside comes back when its author writes again, or edits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from veilleur.desk.accounts import audit
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.columns import Columns
from veilleur.desk.inbox.models import MentionRow, StatusChoice, TicketRow
from veilleur.desk.sources.models import Source
from veilleur.vocabulary import Act

WHY = "author_wrote"


def come_back(source: Source, new: Sequence[Columns], now: datetime) -> int:
    """Takes up what waited for the authors of new messages, in the same conversations; returns how many.

    The new messages are stored; its caller holds the lock of the source.
    """
    said = {(one["thread"], one["author"]) for one in new if one["thread"] and one["author"]}
    waiting = TicketRow.objects.filter(organisation=source.organisation_id, status=StatusChoice.PENDING)
    if not said or not waiting.exists():
        return 0
    threads, written = {thread for thread, _author in said}, {one["external_id"] for one in new}
    here = MentionRow.objects.filter(organisation=source.organisation_id, source=source)
    here = here.filter(ticket__status=StatusChoice.PENDING)
    # Two questions, each of which an index answers.
    found = [*here.filter(external_id__in=threads), *here.filter(thread__in=threads)]
    answered = {
        mention.pk
        for mention in found
        if mention.external_id not in written
        and (mention.thread or mention.external_id, mention.author) in said
    }
    locked = TicketRow.objects.select_for_update(of=("self",)).select_related("organisation")
    back = list(locked.filter(mention__in=answered, status=StatusChoice.PENDING).order_by("pk"))
    for ticket in back:
        actions.come_back(ticket, WHY, now)
    return len(back)


def note_edit(ticket: TicketRow, now: datetime) -> None:
    """Tells the trail that an edit brought back what waited; the history knows it already."""
    told = {"why": "edited"}
    audit.record(
        ticket.organisation, audit.JOB, f"inbox.{Act.REOPEN.value}", f"ticket:{ticket.pk}", told, at=now
    )
