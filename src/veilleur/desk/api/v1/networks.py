"""Endpoints of acts on messages where they were said: hide, show, remove, flag."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from veilleur.desk.api.door import CONFIGURE, MODERATE, READ, Call
from veilleur.desk.api.problems import invalid
from veilleur.desk.api.v1.pages import Cursor, latest_first
from veilleur.desk.api.v1.words import A_PAGE, Page, Size, Strict, Text
from veilleur.desk.api.versions import GUARDED, tag, version_of
from veilleur.desk.moderation import actions, jobs
from veilleur.desk.moderation.forms import LONGEST
from veilleur.desk.moderation.models import Ground, NetworkAct, Verb
from veilleur.desk.moderation.precautions import precautions_of
from veilleur.desk.moderation.queries import VIEWS, on_network, ticket_of
from veilleur.errors import ActRefused

router = Router(tags=["Acts on networks"])
Warned = Annotated[bool, Field(description="You read the precautions of this message.")]


class Ask(Strict):
    """Whether the precautions were read."""

    is_warned: Warned = False


class AskWithReason(Ask):
    """Why it is removed or flagged."""

    ground: Literal[
        "insult",
        "defamation",
        "threat",
        "hate",
        "personal_data",
        "secrecy",
        "fake",
        "spam",
        "off_topic",
        "other",
    ]
    words: Text = Field("", max_length=LONGEST, description="In your words; a flag carries them.")


class ActShown(Schema):
    """One act on one message."""

    id: int
    ticket: int
    verb: str
    state: str
    ground: str
    words: str
    by: str
    at: datetime
    leaves_at: datetime | None
    ended_at: datetime | None
    failure: str


class Standing(Schema):
    """How a message stands on its network, as far as the house knows, and what can be done."""

    ticket: int
    version: int
    last: str = Field(description="The last act that succeeded; empty: it stands as its author left it.")
    since: datetime | None
    possible: list[str] = Field(description="What the caller may ask for now.")
    hint: str
    precautions: list[str] = Field(description="What comes first: answer `is_warned` once it was read.")
    acts: list[ActShown] = Field(description="Under way, or failed.")


@router.get("/tickets/{int:ticket}/network", auth=READ, response=Standing)
def read_standing(request: Call, response: HttpResponse, ticket: int) -> Standing:
    """How one message stands on its network."""
    page = on_network(request.auth, ticket)
    tag(response, page.version)
    ids = [act.id for act in page.acts]
    rows = NetworkAct.objects.filter(pk__in=ids).order_by("-asked_at", "-pk")
    mention = ticket_of(request.auth, ticket).mention
    return Standing(
        ticket=page.ticket_id,
        version=page.version,
        last=page.standing.verb.value if page.standing.verb else "",
        since=page.standing.since,
        possible=sorted(page.verbs),
        hint=page.hint,
        precautions=[str(one.title) for one in precautions_of(mention)],
        acts=list(map(_shown, rows)),
    )


@router.get("/network-acts", auth=READ, response=Page[ActShown])
def list_acts(
    request: Call,
    view: Literal["open", "done"] = "open",
    cursor: Cursor = "",
    limit: Size = A_PAGE,
) -> Page[ActShown]:
    """Acts under way or failed, or those that are done; the latest asked for first."""
    rows = NetworkAct.objects.filter(organisation=request.auth.organisation, state__in=VIEWS[view])
    found, following = latest_first(rows, "asked_at", cursor, limit)
    return Page[ActShown](items=list(map(_shown, found)), next=following)


@router.post("/tickets/{int:ticket}/hide", auth=MODERATE, response=ActShown, openapi_extra=GUARDED)
def hide(request: Call, ticket: int, said: Ask) -> ActShown:
    """Takes a message out of the public's sight."""
    return _asked(request, ticket, Verb.HIDE, said)


@router.post("/tickets/{int:ticket}/show", auth=MODERATE, response=ActShown, openapi_extra=GUARDED)
def show(request: Call, ticket: int, said: Ask) -> ActShown:
    """Puts a hidden message back."""
    return _asked(request, ticket, Verb.SHOW, said)


@router.post("/tickets/{int:ticket}/remove", auth=CONFIGURE, response=ActShown, openapi_extra=GUARDED)
def remove(request: Call, ticket: int, said: AskWithReason) -> ActShown:
    """Deletes a message for good."""
    return _asked(request, ticket, Verb.REMOVE, said)


@router.post("/tickets/{int:ticket}/flag", auth=MODERATE, response=ActShown, openapi_extra=GUARDED)
def flag(request: Call, ticket: int, said: AskWithReason) -> ActShown:
    """Tells those who run the network about a message."""
    return _asked(request, ticket, Verb.FLAG, said)


@router.post("/network-acts/{int:act}/again", auth=MODERATE, response=ActShown)
def again(request: Call, act: int) -> ActShown:
    """Lets an act that failed, or waits, leave at once."""
    return _shown(jobs.again(request.auth, act, now=timezone.now()))


@router.post("/network-acts/{int:act}/drop", auth=MODERATE, response=ActShown)
def drop(request: Call, act: int) -> ActShown:
    """Takes an act back, or gives it up."""
    return _shown(actions.drop(request.auth, act, now=timezone.now()))


def _asked(request: Call, ticket: int, verb: Verb, said: Ask) -> ActShown:
    place = request.auth
    ticket_of(place, ticket)
    version = version_of(request)
    if isinstance(said, AskWithReason):
        try:
            actions.require_reason(said.ground, said.words)
        except ActRefused as refused:
            raise invalid("words", str(refused)) from refused
    return _shown(jobs.request(place, ticket, version, verb=verb, now=timezone.now(), **said.model_dump()))


def _shown(act: NetworkAct) -> ActShown:
    return ActShown(
        id=act.pk,
        ticket=act.ticket_id,
        verb=act.verb,
        state=act.state,
        ground=Ground(act.ground).value if act.ground else "",
        words=act.words,
        by=act.asked_by_name,
        at=act.asked_at,
        leaves_at=act.leaves_at,
        ended_at=act.ended_at,
        failure=act.failure,
    )
