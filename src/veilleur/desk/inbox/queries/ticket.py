"""The page of one ticket, ready to show: the message, why it is here, who did what."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.inbox.actions import last_standing
from veilleur.desk.inbox.attendance import NoteDraft
from veilleur.desk.inbox.care import Distress, care_of, distress_of
from veilleur.desk.inbox.conversion import PRIORITIES, reading_of, ticket_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.explanations import (
    labels_of,
    language_name,
    marks_of,
    sentence_of,
    sentiment_name,
)
from veilleur.desk.inbox.holds import HoldShown, holds_of
from veilleur.desk.inbox.models import DecisionRow, MentionRow, MentionVersion, Seen, TicketRow
from veilleur.desk.inbox.note_drafts import draft_of
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.alike import Alike, others_of
from veilleur.desk.inbox.queries.clock import Clock, clock_of
from veilleur.desk.inbox.queries.filters import COUNT_CAP, Filters
from veilleur.desk.inbox.queries.history import Line, decisions_of, history_of
from veilleur.desk.inbox.queries.listing import Stars, stars_of
from veilleur.desk.inbox.queries.turning import capped, ids_beyond, spot_of
from veilleur.desk.inbox.segments import Mark, Segment, segments
from veilleur.desk.inbox.team.queries import OnTicket, on_ticket
from veilleur.triage import sentences
from veilleur.vocabulary import Act, Priority, Reading, Status

MOST_SHOWN = 5
"""How many other messages of the author, or of the thread, stand at the side."""

_LONGEST_DIFF = 4_000
"""Words; beyond, an earlier wording is shown whole."""
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Other:
    """Another message, in a line."""

    ticket_id: int
    text: str
    moment: datetime
    precision: str
    stars: Stars | None


@dataclass(frozen=True, slots=True)
class AlikeBox:
    """The other messages that say the same."""

    group: Alike
    to_do: str
    """How many of the group are to handle, as shown."""
    newest: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of a wording: `kept`, `added` or `removed`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """An earlier wording, and what became of it in the next one."""

    number: int
    collected_at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """That the words of a message are not kept any more: since when, and why."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class TicketPage:
    """What the pane of the ticket shows."""

    id: int
    version: int
    title: str
    segments: tuple[Segment, ...]
    marks: tuple[Mark, ...]
    stars: Stars | None
    feeling: str
    feeling_sentence: str
    labels: tuple[str, ...]
    """What the message is, label by label, with how sure the reading is."""
    language: str
    language_code: str
    mention: MentionRow
    """The facts as its source gave them: author, network, place, question, dates."""
    source_name: str
    watches: tuple[str, ...]
    """Names of the watches that it answers."""
    url: str
    """Where it stands on the web; empty when the address is not one that may be followed."""
    alike: AlikeBox | None
    """The messages that say the same; None when no other does."""
    others: tuple[Other, ...]
    others_count: str
    thread: tuple[Other, ...]
    erased: Erased | None
    holds: tuple[HoldShown, ...]
    """What keeps it whatever the rule."""
    wordings: tuple[Wording, ...]
    distress: Distress | None
    """That its text may distress, and how this person wishes to be spared."""
    note_draft: NoteDraft | None
    """The note that this person was writing."""
    queue: str
    priority: str
    due_at: datetime | None
    clock: Clock | None
    """What is owed and until when; None when nothing is."""
    reasons: tuple[str, ...]
    status: str
    status_name: str
    snoozed_until: datetime | None
    outcome: str
    assignee: User | None
    first_seen: Seen | None
    history: tuple[Line, ...]
    colleagues: tuple[User, ...]
    team: OnTicket
    """Notes, tags, fields, and the macros it may run."""
    undoable: int | None
    """Id of the decision that this person may undo now."""
    newer: int | None
    older: int | None
    """Neighbours in the list as it is filtered: ticket ids."""

    @property
    def is_closed(self) -> bool:
        """Whether the work is done."""
        return self.status == Status.CLOSED

    @property
    def is_to_do(self) -> bool:
        """Whether it waits for somebody."""
        return self.status in {Status.NEW, Status.OPEN}


def ticket_page(place: Workplace, ticket_id: int, filters: Filters, *, is_alone: bool = False) -> TicketPage:
    """The page of one ticket; `Http404` for one that is not of this organisation.

    `is_alone`: without what stands around the message, which focus mode does not show.
    """
    ticket = _ticket(place, ticket_id)
    mention = ticket.mention
    policy, language = policy_of(place.organisation), get_language() or "fr"
    reading = corrected(reading_of(mention.reading), corrections_of([mention])[mention.pk])
    marks = marks_of(reading, mention.text)
    around = _NOTHING_AROUND if is_alone else _around(place, ticket, filters)
    return TicketPage(
        id=ticket.pk,
        version=ticket.version,
        title=mention.title,
        segments=segments(mention.text, marks),
        marks=marks,
        stars=stars_of(mention, ticket.rating_share),
        feeling=sentiment_name(ticket.sentiment),
        feeling_sentence="" if mention.erased_at else _feeling_sentence(reading),
        labels=labels_of(reading),
        language=language_name(ticket.language),
        language_code=ticket.language if ticket.language in {"fr", "en"} else "",
        mention=mention,
        source_name=ticket.source.name,
        url=followable(mention.url),
        thread=tuple(map(_other, conversation(mention))),
        erased=_erased(mention),
        holds=holds_of(place, mention),
        distress=distress_of(reading, partial(care_of, place.user)),
        queue=policy.queue_name(ticket.queue, language),
        priority=priority_name(ticket.priority),
        due_at=ticket.due_at if ticket.to_do else None,
        clock=clock_of(ticket, policy, timezone.now()),
        reasons=tuple(sentences(ticket_of(ticket).reasons, policy, language)),
        status=ticket.status,
        status_name=ticket.get_status_display(),
        snoozed_until=ticket.snoozed_until,
        outcome=ticket.get_outcome_display() if ticket.outcome else "",
        assignee=ticket.assignee,
        team=on_ticket(place, ticket),
        colleagues=tuple(colleagues(place.organisation)),
        **around,
    )


_NOTHING_AROUND: dict[str, Any] = {
    "watches": (), "alike": None, "others": (), "others_count": "0", "wordings": (), "note_draft": None,
    "first_seen": None, "history": (), "undoable": None, "newer": None, "older": None,
}  # fmt: skip


def _around(place: Workplace, ticket: TicketRow, filters: Filters) -> dict[str, Any]:
    """What stands around the message: the list, the author, what was done, what this person writes."""
    mention, decisions = ticket.mention, decisions_of(ticket)
    others, others_count = _others(mention)
    newer, older = neighbours(place, ticket, filters)
    return {
        "watches": tuple(mention.hits.order_by("watch__name").values_list("watch__name", flat=True)),
        "alike": _alike(place, ticket),
        "others": others,
        "others_count": others_count,
        "wordings": _wordings(mention),
        "note_draft": draft_of(place, ticket),
        "first_seen": _first_seen(ticket),
        "history": history_of(ticket, decisions),
        "undoable": _undoable(place, decisions),
        "newer": newer,
        "older": older,
    }


def _ticket(place: Workplace, ticket_id: int) -> TicketRow:
    tickets = TicketRow.objects.select_related("mention__reading", "source", "assignee")
    ticket = tickets.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    return ticket


def neighbours(place: Workplace, ticket: TicketRow, filters: Filters) -> tuple[int | None, int | None]:
    """Ids of the tickets before and after this one in the filtered list, even when it left that list."""
    spot = spot_of(ticket)
    before = ids_beyond(place, filters, spot, 1, upward=True)
    after = ids_beyond(place, filters, spot, 1)
    return next(iter(before.ids), None), next(iter(after.ids), None)


def next_after(place: Workplace, ticket_id: int, filters: Filters) -> int | None:
    """Where to go once this ticket is decided: the one after it, else the one before."""
    newer, older = neighbours(place, _ticket(place, ticket_id), filters)
    return older or newer


def priority_name(rank: int) -> str:
    """How soon somebody must look, in words."""
    return {
        Priority.IMMEDIATE: _("at once"),
        Priority.TODAY: _("today"),
        Priority.NORMAL: _("in the days to come"),
        Priority.NONE: _("no hurry"),
    }[PRIORITIES[rank]]


def _first_seen(ticket: TicketRow) -> Seen | None:
    return Seen.objects.select_related("person").filter(ticket=ticket).order_by("at", "pk").first()


def _alike(place: Workplace, ticket: TicketRow) -> AlikeBox | None:
    found = others_of(place, ticket)
    return AlikeBox(found.group, found.to_do, tuple(map(_other, found.newest))) if found else None


def _erased(mention: MentionRow) -> Erased | None:
    if mention.erased_at is None:
        return None
    return Erased(mention.erased_at, mention.get_erased_because_display())


def _feeling_sentence(reading: Reading) -> str:
    return next((sentence_of(finding) for finding in reading.of("sentiment")), "")


def _others(mention: MentionRow) -> tuple[tuple[Other, ...], str]:
    """The newest other messages of the same pseudonym, and how many there are."""
    if not mention.author:
        return (), "0"
    same = MentionRow.objects.filter(organisation_id=mention.organisation_id, author=mention.author)
    same = same.exclude(pk=mention.pk)
    newest = list(same.select_related("ticket").order_by("-ticket__position")[:MOST_SHOWN])
    count = len(newest) if len(newest) < MOST_SHOWN else same[:COUNT_CAP].count()
    return tuple(map(_other, newest)), capped(count, COUNT_CAP)


def followable(url: str) -> str:
    """The address when it is one of the web; empty for any other."""
    return url if url.startswith(("https://", "http://")) else ""


def conversation(mention: MentionRow) -> list[MentionRow]:
    """The messages of the same conversation, oldest first; empty when it stands alone.

    The opener and the replies are two questions: one with "or" would walk every message on SQLite.
    """
    here = MentionRow.objects.select_related("ticket").filter(
        organisation_id=mention.organisation_id, source_id=mention.source_id
    )
    others = here.exclude(pk=mention.pk)
    opener = list(others.filter(external_id=mention.thread)) if mention.thread else []
    replies = others.filter(thread=mention.thread or mention.external_id).exclude(
        pk__in=[one.pk for one in opener]
    )
    return [*opener, *replies.order_by("ticket__position")[: 4 * MOST_SHOWN]]


def _other(mention: MentionRow) -> Other:
    text = mention.title or mention.text or (_("Text erased") if mention.erased_at else "")
    return Other(
        ticket_id=mention.ticket.pk,
        text=text if len(text) <= 120 else f"{text[:119]}…",
        moment=mention.ticket.moment,
        precision=mention.precision,
        stars=stars_of(mention, mention.ticket.rating_share),
    )


def _wordings(mention: MentionRow) -> tuple[Wording, ...]:
    versions = list(MentionVersion.objects.filter(mention=mention).order_by("number"))
    texts = [_whole(version) for version in versions] + [_whole(mention)]
    return tuple(
        Wording(version.number, version.collected_at, tuple(changes(old, new)))
        for version, (old, new) in zip(versions, pairwise(texts), strict=True)
    )


def _whole(wording: MentionRow | MentionVersion) -> str:
    return f"{wording.title}\n{wording.text}" if wording.title else wording.text


def changes(old: str, new: str) -> Iterator[Change]:
    """What was removed from `old` and added in `new`, word by word, in the order of the text."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(before) + len(after) > _LONGEST_DIFF:
        yield Change("removed", old)
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield Change("kept", "".join(before[start:end]))
            continue
        if end > start:
            yield Change("removed", "".join(before[start:end]))
        if new_end > new_start:
            yield Change("added", "".join(after[new_start:new_end]))


def _undoable(place: Workplace, decisions: Sequence[DecisionRow]) -> int | None:
    last = last_standing(decisions)
    mine = last is not None and last.by_id == place.user.pk and last.act != Act.ROUTE
    return last.pk if last is not None and mine and place.can_work else None
