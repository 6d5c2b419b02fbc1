"""Endpoints that read tickets, messages and their history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.api.door import READ, Call
from veilleur.desk.api.problems import invalid, require_valid
from veilleur.desk.api.v1.messages import Message, MessageRead, message_read, messages_of
from veilleur.desk.api.v1.words import A_PAGE, Page, Person, Showing, Size, Text
from veilleur.desk.api.versions import tag
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.conversion import PRIORITIES, ticket_of
from veilleur.desk.inbox.forms import LONGEST_SEARCH, FilterForm
from veilleur.desk.inbox.holds import held_among, holds_of
from veilleur.desk.inbox.models import MentionRow, Note, Seen, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.history import decisions_of, sentence_of
from veilleur.desk.inbox.queries.listing import last_spot, tickets_in_order
from veilleur.desk.inbox.queries.ticket import conversation
from veilleur.desk.inbox.queries.turning import ids_beyond, spot_written
from veilleur.desk.inbox.search import understood
from veilleur.listening.queries import mistake
from veilleur.triage import sentences

router = Router(tags=["Tickets"])
Digits = Annotated[str, Field(pattern=r"^([1-9][0-9]{0,17})?$")]


class Filtering(Showing):
    """The filters of the inbox; what is empty filters nothing."""

    q: Text = Field("", max_length=LONGEST_SEARCH, description="A query: see docs/reference/queries.md.")
    status: Literal["to_do", "new", "open", "snoozed", "closed", "all"] = "to_do"
    queue: Text = Field("", max_length=40)
    sentiment: Literal["", "neg", "mixed", "neu", "pos"] = ""
    language: Literal["", "fr", "en", "other"] = ""
    rating: Literal["", "1", "2", "3", "4", "5", "none"] = Field("", description="Stars of five.")
    assignee: Literal["", "me", "none"] = ""
    network: Text = Field("", max_length=120)
    place: Text = Field("", max_length=200)
    source: str = Field("", max_length=50, pattern=r"^[-a-zA-Z0-9_]*$", description="Key of a source.")
    watch: Digits = Field("", description="Id of a watch.")
    alike: Digits = Field("", description="Messages that say the same as the one whose `alike` this is.")
    author: Text = Field("", max_length=120)
    since: date | None = Field(None, alias="from", description="First day, in the zone of the organisation.")
    until: date | None = Field(None, alias="to", description="Last day.")
    sort: Literal["newest", "due"] = Field("newest", description="A search is always newest first.")
    cursor: str = Field("", pattern=r"^(p-?[0-9]{1,19}|d[0-9]{1,17}\.[0-9]{1,19})?$")
    limit: Size = A_PAGE

    def filters(self) -> Filters:
        """As the page of the inbox reads them."""
        told: dict[str, Any] = self.model_dump(by_alias=True, exclude={"limit", "redacted"}, mode="json")
        form = FilterForm({**told, "after": self.cursor}, groups_alike=False)
        require_valid(form)
        return form.filters()


class Why(Schema):
    """Why a ticket stands where it does."""

    rule: str = Field(description="Of the sorting rules of the house.")
    sentence: str


class Ticket(Schema):
    """The work that one message asks for."""

    id: int
    version: int = Field(description="Grows with every act; the `ETag` of the ticket.")
    status: str
    outcome: str
    queue: str
    priority: str
    due_at: datetime | None
    reasons: list[Why]
    assignee: Person | None
    snoozed_until: datetime | None
    opened_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    sentiment: str
    language: str
    alike: int | None = Field(description="Names the group of messages that say the same.")
    is_unread: bool = Field(description="Whether the token's maker never had it before their eyes.")
    is_held: bool = Field(description="Whether it is kept whatever the rule.")
    message: Message


class Other(Schema):
    """Another message of the same conversation."""

    ticket: int
    message: Message


class NoteShown(Schema):
    """What colleagues tell each other."""

    id: int
    author: str
    at: datetime
    text: str


class Decided(Schema):
    """One act in the history of a ticket, the latest first."""

    id: int
    act: str
    at: datetime
    by: str = Field(description="Empty for what no person did.")
    sentence: str
    is_undone: bool


class Hold(Schema):
    """Why a message is kept whatever the rule."""

    id: int
    reason: str
    by: str
    at: datetime
    can_be_lifted: bool


class TicketWhole(Ticket):
    """A ticket with its conversation and its history."""

    reading: MessageRead
    conversation: list[Other]
    notes: list[NoteShown]
    history: list[Decided]
    holds: list[Hold]
    watches: list[str] = Field(description="Names of the watches that it answers.")


@router.get("/tickets", auth=READ, response=Page[Ticket])
def list_tickets(request: Call, response: HttpResponse, asked: Query[Filtering]) -> Page[Ticket]:
    """Tickets, newest first. A page stays what it is while messages arrive: follow `next`."""
    place, filters = request.auth, asked.filters()
    mistaken = understood(filters.q, place.organisation).mistake
    if mistaken:
        raise invalid("q", mistake(mistaken, "en"))
    actions.wake_due(place.organisation, now=timezone.now())
    more = asked.limit + 1
    found = ids_beyond(place, filters, spot_written(filters.after), more, enough=more)
    tickets = tickets_in_order(found.ids[: asked.limit])
    last = last_spot(tickets, found, asked.limit)
    following = last.written(by_due_time=filters.by_due_time) if last else ""
    response["Cache-Control"] = "no-store"
    return Page[Ticket](items=tickets_shown(place, tickets, is_redacted=asked.redacted), next=following)


@router.get("/tickets/{int:ticket}", auth=READ, response=TicketWhole)
def read_ticket(request: Call, response: HttpResponse, ticket: int, asked: Query[Showing]) -> TicketWhole:
    """One ticket with its message, its conversation and what was done to it."""
    place = request.auth
    rows = TicketRow.objects.select_related("mention__reading", "mention__source", "source", "assignee")
    row = get_object_or_404(rows, organisation=place.organisation, pk=ticket)
    tag(response, row.version)
    (shown,) = tickets_shown(place, [row], is_redacted=asked.redacted)
    return TicketWhole(
        **shown.model_dump(),
        reading=message_read(row.mention, is_redacted=asked.redacted),
        conversation=_conversation(row.mention, is_redacted=asked.redacted),
        notes=_notes(row),
        history=_history(row),
        holds=_holds(place, row.mention),
        watches=list(row.mention.hits.order_by("watch__name").values_list("watch__name", flat=True)),
    )


@router.get("/messages/{int:message}", auth=READ, response=MessageRead)
def read_message(request: Call, message: int, asked: Query[Showing]) -> MessageRead:
    """One message and everything that was read in it."""
    rows = MentionRow.objects.select_related("reading", "source", "ticket")
    row = get_object_or_404(rows, organisation=request.auth.organisation, pk=message)
    return message_read(row, is_redacted=asked.redacted)


def tickets_shown(place: Workplace, tickets: list[TicketRow], *, is_redacted: bool) -> list[Ticket]:
    """Tickets as this caller sees them."""
    ids = [ticket.pk for ticket in tickets]
    seen = set(Seen.objects.filter(ticket__in=ids, person=place.user).values_list("ticket_id", flat=True))
    held = held_among(ticket.mention_id for ticket in tickets)
    for ticket in tickets:
        ticket.mention.source = ticket.source
    messages = messages_of([ticket.mention for ticket in tickets], is_redacted=is_redacted)
    policy = policy_of(place.organisation)
    return [
        Ticket(
            **{name: getattr(ticket, name) for name in COLUMNS},
            priority=PRIORITIES[ticket.priority].value,
            due_at=ticket.due_at if ticket.to_do else None,
            reasons=[
                Why(rule=reason.rule, sentence=sentence)
                for reason in ticket_of(ticket).reasons
                for sentence in sentences([reason], policy, "en")
            ],
            assignee=person(ticket.assignee),
            is_unread=ticket.pk not in seen,
            is_held=ticket.mention_id in held,
            message=message,
        )
        for ticket, message in zip(tickets, messages, strict=True)
    ]


COLUMNS = (
    "id", "version", "status", "outcome", "queue", "snoozed_until", "opened_at", "answered_at", "closed_at",
    "sentiment", "language", "alike",
)  # fmt: skip


def person(user: User | None) -> Person | None:
    """Somebody by name; None for nobody."""
    return Person(id=user.pk, name=str(user)) if user else None


def _conversation(mention: MentionRow, *, is_redacted: bool) -> list[Other]:
    rows = conversation(mention)
    for row in rows:
        row.source = mention.source
    messages = messages_of(rows, is_redacted=is_redacted)
    return [Other(ticket=row.ticket.pk, message=said) for row, said in zip(rows, messages, strict=True)]


def _notes(ticket: TicketRow) -> list[NoteShown]:
    return [
        NoteShown(id=note.pk, author=note.author_name, at=note.at, text=note.text)
        for note in Note.objects.filter(ticket=ticket).order_by("at", "pk")
    ]


def _history(ticket: TicketRow) -> list[Decided]:
    return [
        Decided(
            id=one.pk,
            act=one.act,
            at=one.at,
            by=one.by_name,
            sentence=sentence_of(one.act, one.details),
            is_undone=one.undone,
        )
        for one in decisions_of(ticket)
    ]


def _holds(place: Workplace, mention: MentionRow) -> list[Hold]:
    return [
        Hold(id=one.id, reason=one.reason, by=one.by, at=one.at, can_be_lifted=one.can_be_lifted)
        for one in holds_of(place, mention)
    ]
