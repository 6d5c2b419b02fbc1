"""Endpoints of replies: judged by the same guard, in the same states, as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.door import ANSWER, APPROVE, DECLARE, READ, Call
from veilleur.desk.api.problems import require_valid
from veilleur.desk.api.v1.pages import Cursor, latest_first
from veilleur.desk.api.v1.tickets import person
from veilleur.desk.api.v1.words import A_PAGE, Page, Person, Reason, Size, Strict, Text
from veilleur.desk.api.versions import GUARDED, HEADER, tag, version_of
from veilleur.desk.jobs import enqueue
from veilleur.desk.replies import actions, beginning
from veilleur.desk.replies.checking import checked
from veilleur.desk.replies.forms import CheckForm
from veilleur.desk.replies.jobs import look_for, send_now
from veilleur.desk.replies.judging import Told, case_of, judged, needs_second_reader
from veilleur.desk.replies.models import Reply, State, Template
from veilleur.desk.replies.queries import VIEWS, ReplyPage, reply_page
from veilleur.desk.replies.rulebooks import rulebook_of
from veilleur.desk.replies.steps import ticket_to_answer

router = Router(tags=["Replies"])
LONGEST = actions.LONGEST
Wording = Annotated[Text, Field(max_length=LONGEST)]
Shown = Annotated[Text, Field(max_length=120, description="The name shown under the message; kept nowhere.")]


class Check(Strict):
    """A text to judge; nothing of it is kept."""

    text: Annotated[Wording, Field(min_length=1)]
    kind: Literal["reply", "post", "profile", "page"] = "reply"
    actor: Text = Field("", description="Who publishes: a key of docs/reference/lint.md; empty: every rule.")
    network: Annotated[Text, Field(max_length=40)] = ""
    review: Wording = Field("", description="What it answers.")
    author: Shown = ""
    on: date | None = Field(None, description="Judged on this day; today when null.")


class JudgeText(Strict):
    """A reply to judge; nothing of it is kept."""

    text: Wording
    author: Shown = ""


class Draft(Strict):
    """What to begin with."""

    template: int | None = Field(None, ge=1, description="Id of a wording of the house; null: a proposal.")


class Write(Strict):
    """The text as it shall be."""

    text: Wording


class Because(Strict):
    """Why."""

    reason: Reason


class Override(Because):
    """Which breach to answer for, and why."""

    rule: Annotated[Text, Field(max_length=80)]


class Publish(Strict):
    """Where it can be seen."""

    url: Annotated[Text, Field(max_length=1000)] = ""


class Safety(Strict):
    """Whether the message is a case of pharmacovigilance, and why."""

    outcome: Literal["case", "not_case"]
    reason: Reason


class BreachShown(Schema):
    """One rule that the text breaks: where, why, and what to write instead."""

    rule: str
    severity: str
    words: str
    start: int
    end: int
    message: str
    advice: str
    reference: str
    href: str
    answered_by: list[str]
    missing: int = Field(description="How many people must still answer for it before the text may leave.")


class Judgement(Schema):
    """What the rules say of a text."""

    verdict: str
    may_leave: bool = Field(description="Whether nothing but a second reading holds it back.")
    needs_second_reader: bool
    needs_safety_decision: bool
    breaches: list[BreachShown]
    length: str


class ReplyShown(Schema):
    """One reply, as it stands."""

    id: int
    version: int
    ticket: int
    state: str
    text: str
    language: str
    author: Person | None
    created_at: datetime
    updated_at: datetime
    leaves_at: datetime | None
    sent_at: datetime | None
    url: str
    failure: str


class StepDone(Schema):
    """What somebody did to a reply."""

    by: str
    words: str
    rule: str
    reason: str
    at: datetime


class Answering(Schema):
    """The reply under way to one message, what the rules say of it, and what came before."""

    ticket: int
    reply: ReplyShown | None
    judgement: Judgement
    is_approved: bool
    can_leave: bool
    by_hand: bool = Field(description="No connector publishes here: a person does, and says so.")
    proposal: str = Field(description="The text with every breach in its neutral wording; may be empty.")
    steps: list[StepDone]
    earlier: list[ReplyShown]


class WordingShown(Schema):
    """A wording of the house."""

    id: int
    name: str
    language: str
    text: str


@router.post("/check", auth=READ, response=Judgement)
def check_text(request: Call, said: Check) -> Judgement:
    """Judges a text by the rules of the house."""
    form = CheckForm({name: value for name, value in said.model_dump().items() if value is not None})
    require_valid(form)
    result = checked(rulebook_of(request.auth.organisation), form.cleaned_data)
    holds = any(not one.is_answered for one in result.told)
    return Judgement(
        verdict="compliant" if result.is_lawful else "to correct",
        may_leave=not holds,
        needs_second_reader=False,
        needs_safety_decision=False,
        breaches=list(map(_breach, result.told)),
        length=result.length,
    )


@router.post("/tickets/{int:ticket}/judge", auth=READ, response=Judgement)
def judge_text(request: Call, ticket: int, said: JudgeText) -> Judgement:
    """Judges a text as the reply to a message: with the message, its thread and the name shown."""
    case = case_of(ticket_to_answer(request.auth, ticket))
    result = judged(case, said.text, author=said.author)
    return Judgement(
        verdict=result.verdict,
        may_leave=result.may_leave,
        needs_second_reader=needs_second_reader(case, result),
        needs_safety_decision=result.needs_safety,
        breaches=list(map(_breach, result.told)),
        length=result.length,
    )


@router.get("/replies", auth=READ, response=Page[ReplyShown])
def list_replies(
    request: Call,
    view: Literal["approve", "draft", "queue", "trouble", "sent"] = "approve",
    cursor: Cursor = "",
    limit: Size = A_PAGE,
) -> Page[ReplyShown]:
    """Replies by where they stand, the latest changed first."""
    rows = Reply.objects.filter(organisation=request.auth.organisation, state__in=VIEWS[view])
    found, following = latest_first(rows.select_related("author"), "updated_at", cursor, limit)
    return Page[ReplyShown](items=list(map(_shown, found)), next=following)


@router.get("/wordings", auth=READ, response=list[WordingShown])
def list_wordings(request: Call) -> list[WordingShown]:
    """The wordings of the house."""
    rows = Template.objects.filter(organisation=request.auth.organisation, is_retired=False).order_by("name")
    return [WordingShown(id=row.pk, name=row.name, language=row.language, text=row.text) for row in rows]


@router.get("/tickets/{int:ticket}/reply", auth=READ, response=Answering)
def read_reply(request: Call, response: HttpResponse, ticket: int) -> Answering:
    """The reply to one message; its `ETag` is the version of the reply under way."""
    return _answering(response, reply_page(request.auth, ticket))


NEWLY: dict[str, Any] = {"parameters": [HEADER | {"required": False}]}


@router.post("/tickets/{int:ticket}/reply", auth=ANSWER, response=Answering, openapi_extra=NEWLY)
def draft_reply(request: Call, response: HttpResponse, ticket: int, said: Draft) -> Answering:
    """Drafts a reply; `If-Match` is needed where one is under way, whose text is replaced."""
    place, version = request.auth, version_of(request) if "If-Match" in request.headers else None
    answered = ticket_to_answer(place, ticket, May.ANSWER)
    if version is None and Reply.objects.filter(ticket=answered).exclude(state__in=_ENDED).exists():
        version_of(request)
    beginning.begin(place, answered, version=version, template=said.template, model=False, now=timezone.now())
    return _answering(response, reply_page(place, ticket))


_ENDED = (State.SENT, State.DROPPED)


@router.post("/tickets/{int:ticket}/safety", auth=DECLARE, response={204: None})
def decide_safety(request: Call, ticket: int, said: Safety) -> HttpResponse:
    """Says whether a message that may tell of an adverse reaction is a case."""
    is_case = said.outcome == "case"
    actions.decide_safety(request.auth, ticket, is_case=is_case, reason=said.reason, now=timezone.now())
    return HttpResponse(status=204)


@router.post("/replies/{int:reply}/write", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def write_reply(request: Call, response: HttpResponse, reply: int, said: Write) -> ReplyShown:
    """Changes the text: what was approved no longer holds."""
    return _acted(request, response, reply, actions.write, text=said.text)


@router.post("/replies/{int:reply}/submit", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def ask_approval(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Asks for a second reading."""
    return _acted(request, response, reply, actions.submit)


@router.post("/replies/{int:reply}/approve", auth=APPROVE, response=ReplyShown, openapi_extra=GUARDED)
def approve_reply(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Lets a colleague's text leave."""
    return _acted(request, response, reply, actions.approve)


@router.post("/replies/{int:reply}/return", auth=APPROVE, response=ReplyShown, openapi_extra=GUARDED)
def return_reply(request: Call, response: HttpResponse, reply: int, said: Because) -> ReplyShown:
    """Gives the text back to its author, with a word."""
    return _acted(request, response, reply, actions.send_back, reason=said.reason)


@router.post("/replies/{int:reply}/override", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def override_breach(request: Call, response: HttpResponse, reply: int, said: Override) -> ReplyShown:
    """Takes responsibility for a breach of this very wording."""
    return _acted(request, response, reply, actions.override, rule=said.rule, reason=said.reason)


@router.post("/replies/{int:reply}/send", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def send_reply(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Decides that it leaves: the guard is asked once more, then the worker sends it."""
    return _acted(request, response, reply, send_now)


@router.post("/replies/{int:reply}/hold", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def hold_reply(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Takes back what has not left yet."""
    return _acted(request, response, reply, actions.hold)


@router.post("/replies/{int:reply}/drop", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def drop_reply(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Gives up a reply that has not left."""
    return _acted(request, response, reply, actions.drop)


@router.post("/replies/{int:reply}/publish", auth=ANSWER, response=ReplyShown, openapi_extra=GUARDED)
def publish_reply(request: Call, response: HttpResponse, reply: int, said: Publish) -> ReplyShown:
    """Says that a person published it, and where."""
    return _acted(request, response, reply, actions.publish_by_hand, url=said.url)


@router.post("/replies/{int:reply}/look", auth=ANSWER, response=ReplyShown)
def look_for_reply(request: Call, response: HttpResponse, reply: int) -> ReplyShown:
    """Lets the worker look on the network for a reply whose outcome nobody knows."""
    found = _reply(request.auth, reply)
    enqueue(look_for, found.pk)
    tag(response, found.version)
    return _shown(found)


def _acted(
    request: Call, response: HttpResponse, reply: int, act: Callable[..., Reply], **said: Any
) -> ReplyShown:
    found = _reply(request.auth, reply)
    done = act(request.auth, found.pk, version_of(request), **said, now=timezone.now())
    tag(response, done.version)
    return _shown(done)


def _reply(place: Workplace, pk: int) -> Reply:
    found = Reply.objects.select_related("author").filter(organisation=place.organisation, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _answering(response: HttpResponse, page: ReplyPage) -> Answering:
    if page.reply is not None:
        tag(response, page.reply.version)
    result = page.result
    return Answering(
        ticket=page.ticket.pk,
        reply=_shown(page.reply) if page.reply else None,
        judgement=Judgement(
            verdict=result.verdict,
            may_leave=result.may_leave,
            needs_second_reader=page.second_reader,
            needs_safety_decision=result.needs_safety,
            breaches=list(map(_breach, result.told)),
            length=result.length,
        ),
        is_approved=page.approved,
        can_leave=page.can_leave,
        by_hand=page.by_hand,
        proposal=page.proposal,
        steps=[
            StepDone(by=one.by, words=one.words, rule=one.rule, reason=one.reason, at=one.at)
            for one in page.steps
        ],
        earlier=list(map(_shown, page.earlier)),
    )


COLUMNS = (
    "id", "version", "state", "text", "language", "created_at", "updated_at", "leaves_at", "sent_at", "url",
    "failure",
)  # fmt: skip


def _shown(reply: Reply) -> ReplyShown:
    told = {name: getattr(reply, name) for name in COLUMNS}
    return ReplyShown(**told, ticket=reply.ticket_id, author=person(reply.author))


def _breach(told: Told) -> BreachShown:
    return BreachShown(
        rule=told.rule,
        severity=told.severity.value,
        words=told.words,
        start=told.start,
        end=told.end,
        message=told.message,
        advice=told.advice,
        reference=told.reference,
        href=told.href,
        answered_by=list(told.answered_by),
        missing=told.missing,
    )
