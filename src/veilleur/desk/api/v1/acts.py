"""Endpoints that act on tickets: the acts of the inbox, each with the version that the caller saw."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.api.door import CONFIGURE, READ, WORK, Call
from veilleur.desk.api.problems import invalid
from veilleur.desk.api.v1.words import Reason, Strict, Text
from veilleur.desk.api.versions import GUARDED, tag, version_of
from veilleur.desk.inbox import actions, holds
from veilleur.desk.inbox.models import DecisionRow, TicketRow

router = Router(tags=["Acts on tickets"])
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Moments beyond these are slips."""


class Assign(Strict):
    """To whom."""

    to: int | None = Field(description="Id of a member; null for nobody.")


class Snooze(Strict):
    """Until when."""

    until: AwareDatetime = Field(gt=FIRST, lt=LAST, description="A moment to come, with its time zone.")


class Close(Strict):
    """How it ended."""

    outcome: Literal["answered", "nothing", "elsewhere", "not_ours"]


class Correct(Strict):
    """What the machine should have read."""

    analyzer: Literal["sentiment", "language"]
    label: Literal["pos", "neg", "neu", "mixed", "fr", "en", "other"]
    reason: Annotated[Text, Field(max_length=300)] = ""


class WriteNote(Strict):
    """What to tell colleagues."""

    text: Annotated[Text, Field(min_length=1, max_length=5000)]


class WhyHeld(Strict):
    """Why it is kept."""

    reason: Reason = Field(description="A sentence that somebody can understand next year; name nobody.")


class Done(Schema):
    """What an act changed."""

    decision: int | None = Field(description="Its id: what `undo` takes; null where nothing can be undone.")
    act: str
    at: datetime
    ticket: int
    version: int = Field(description="Of the ticket now; also its `ETag`.")
    status: str


class HeldNow(Schema):
    """A hold that stands, or was lifted."""

    id: int
    lifted_at: datetime | None


@router.post("/tickets/{int:ticket}/assign", auth=WORK, response=Done, openapi_extra=GUARDED)
def assign(request: Call, response: HttpResponse, ticket: int, said: Assign) -> Done:
    """Gives the ticket to somebody, or to nobody."""
    place, version, to = request.auth, version_of(request), None
    _require_known(place, ticket)
    if said.to is not None:
        to = next((one for one in colleagues(place.organisation) if one.pk == said.to), None)
        if to is None:
            raise invalid("to", "This person does not work here.")
    return _done(response, actions.assign(place, ticket, version, to=to, now=timezone.now()))


@router.post("/tickets/{int:ticket}/snooze", auth=WORK, response=Done, openapi_extra=GUARDED)
def snooze(request: Call, response: HttpResponse, ticket: int, said: Snooze) -> Done:
    """Puts the ticket away for a while."""
    now = timezone.now()
    return _done(
        response, actions.snooze(request.auth, ticket, version_of(request), until=said.until, now=now)
    )


@router.post("/tickets/{int:ticket}/close", auth=WORK, response=Done, openapi_extra=GUARDED)
def close(request: Call, response: HttpResponse, ticket: int, said: Close) -> Done:
    """Ends the work on the ticket."""
    version, now = version_of(request), timezone.now()
    return _done(response, actions.close(request.auth, ticket, version, outcome=said.outcome, now=now))


@router.post("/tickets/{int:ticket}/reopen", auth=WORK, response=Done, openapi_extra=GUARDED)
def reopen(request: Call, response: HttpResponse, ticket: int) -> Done:
    """Takes the ticket up again."""
    return _done(response, actions.reopen(request.auth, ticket, version_of(request), now=timezone.now()))


@router.post("/tickets/{int:ticket}/correct", auth=WORK, response=Done, openapi_extra=GUARDED)
def correct(request: Call, response: HttpResponse, ticket: int, said: Correct) -> Done:
    """Says what the machine should have read; the ticket is sorted again."""
    version, now = version_of(request), timezone.now()
    return _done(response, actions.correct(request.auth, ticket, version, **said.model_dump(), now=now))


@router.post("/tickets/{int:ticket}/note", auth=WORK, response=Done)
def note(request: Call, response: HttpResponse, ticket: int, said: WriteNote) -> Done:
    """Tells colleagues something. A note adds and never conflicts: no version is asked."""
    return _done(response, actions.add_note(request.auth, ticket, text=said.text, now=timezone.now()))


@router.post("/decisions/{int:decision}/undo", auth=WORK, response=Done)
def undo(request: Call, response: HttpResponse, decision: int) -> Done:
    """Puts back what one's own last act changed."""
    return _done(response, actions.undo(request.auth, decision, now=timezone.now()))


@router.post("/tickets/{int:ticket}/seen", auth=READ, response={204: None})
def seen(request: Call, ticket: int) -> HttpResponse:
    """Notes that the token's maker had the message before their eyes."""
    actions.see(request.auth, ticket, now=timezone.now())
    return HttpResponse(status=204)


@router.post("/tickets/{int:ticket}/hold", auth=WORK, response=HeldNow)
def hold(request: Call, ticket: int, said: WhyHeld) -> HeldNow:
    """Keeps a message whatever the rule of retention."""
    made = holds.hold(request.auth, ticket, reason=said.reason, now=timezone.now())
    return HeldNow(id=made.pk, lifted_at=None)


@router.post("/holds/{int:hold_id}/lift", auth=CONFIGURE, response=HeldNow)
def lift(request: Call, hold_id: int) -> HeldNow:
    """Lets the rule have its way with a message again."""
    now = timezone.now()
    holds.lift(request.auth, hold_id, now=now)
    return HeldNow(id=hold_id, lifted_at=now)


def _require_known(place: Workplace, ticket: int) -> None:
    """Another organisation's ticket does not exist, whatever else is wrong."""
    if not TicketRow.objects.filter(organisation=place.organisation, pk=ticket).exists():
        raise Http404


def _done(response: HttpResponse, decision: DecisionRow) -> Done:
    ticket = TicketRow.objects.only("version", "status").get(pk=decision.ticket_id)
    tag(response, ticket.version)
    return Done(
        decision=decision.pk,
        act=decision.act,
        at=decision.at,
        ticket=ticket.pk,
        version=ticket.version,
        status=ticket.status,
    )
