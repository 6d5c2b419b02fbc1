"""Reads about replies, ready to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.explanations import marks_of
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.listing import Stars, stars_of
from veilleur.desk.inbox.queries.ticket import Change, changes, followable
from veilleur.desk.inbox.segments import Segment, segments
from veilleur.desk.replies.judging import (
    Case,
    Judged,
    case_of,
    is_approved,
    judged,
    needs_second_reader,
    overrides_of,
)
from veilleur.desk.replies.models import (
    ENDED,
    GuestLink,
    Reply,
    ReplyStep,
    SafetyDecision,
    State,
    Step,
    Template,
)
from veilleur.desk.replies.steps import ticket_to_answer
from veilleur.replies import rewritten
from veilleur.replies.reworded import allowed
from veilleur.vocabulary import Span

PAGE = 30
VIEWS: dict[str, tuple[State, ...]] = {
    "approve": (State.TO_APPROVE,),
    "draft": (State.DRAFT, State.APPROVED),
    "queue": (State.QUEUED, State.LEAVING),
    "trouble": (State.FAILED, State.UNKNOWN),
    "sent": (State.SENT,),
}


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier wording, and what became of it."""

    number: int
    by: str
    at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class StepShown:
    """One line of the history."""

    by: str
    words: str
    rule: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyPage:
    """What the page of a reply shows."""

    ticket: TicketRow
    case: Case
    message: tuple[Segment, ...]
    stars: Stars | None
    reply: Reply | None
    text: str
    result: Judged
    second_reader: bool
    """The house wants somebody else to read it."""
    approved: bool
    is_mine: bool
    """This person wrote the present wording."""
    proposal: str
    """The whole text with every breach in its neutral wording; empty when there is nothing to rewrite."""
    safety: SafetyDecision | None
    versions: tuple[Version, ...]
    steps: tuple[StepShown, ...]
    earlier: tuple[Reply, ...]
    """Replies to the same message that have ended."""
    templates: tuple[Template, ...]
    has_model: bool
    """Whether a model may reword drafts."""
    guests: tuple[GuestLink, ...]
    """Links that still serve."""

    @property
    def by_hand(self) -> bool:
        """Whether somebody publishes it on the network: no connector does."""
        return not self.ticket.source.connector

    @property
    def is_open(self) -> bool:
        """Whether the text may still change."""
        return self.reply is None or self.reply.is_written

    @property
    def can_leave(self) -> bool:
        """Whether nothing holds it back any more."""
        return self.result.may_leave and (self.approved or not self.second_reader)

    @property
    def web_address(self) -> str:
        """Where the message stands on the web; empty when the address is not one that may be followed."""
        return followable(self.ticket.mention.url)


def reply_page(place: Workplace, ticket_id: int, author: str = "") -> ReplyPage:
    """The page that answers one message; `Http404` for one that is not of this organisation."""
    ticket = ticket_to_answer(place, ticket_id)
    case = case_of(ticket)
    replies = list(Reply.objects.filter(ticket=ticket).select_related("template").order_by("-pk"))
    reply = next((one for one in replies if one.state not in ENDED), None)
    if reply is not None:
        reply.mention_digest = ticket.mention.digest  # what was approved before it changed is void
    text = reply.text if reply else ""
    result = judged(case, text, overrides_of(reply) if reply else (), author)
    templates = Template.objects.filter(organisation=place.organisation, is_retired=False).order_by("name")
    return ReplyPage(
        ticket=ticket,
        case=case,
        message=segments(ticket.mention.text, marks_of(case.reading, ticket.mention.text)),
        stars=stars_of(ticket.mention, ticket.rating_share),
        reply=reply,
        text=text,
        result=result,
        second_reader=needs_second_reader(case, result),
        approved=reply is not None and is_approved(reply),
        is_mine=reply is not None and reply.author_id == place.user.pk,
        proposal=_proposal(case, text, result, reply.language if reply else "fr"),
        safety=SafetyDecision.objects.filter(ticket=ticket).first(),
        versions=tuple(_versions(reply)) if reply else (),
        steps=tuple(_steps(reply or replies[0])) if replies else (),
        earlier=tuple(one for one in replies if one.state in ENDED),
        templates=tuple(templates),
        has_model=allowed() is not None,
        guests=tuple(_guests(reply)) if reply else (),
    )


def _guests(reply: Reply) -> list[GuestLink]:
    return list(reply.guest_links.filter(ended_at=None, expires_at__gt=timezone.now()).order_by("pk")[:50])


def reply_of(place: Workplace, pk: int) -> Reply:
    """A reply of this organisation; `Http404` when it is none."""
    found = Reply.objects.filter(organisation=place.organisation, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _proposal(case: Case, text: str, result: Judged, language: str) -> str:
    breaches = [
        breach
        for breach in result.judgement.breaches
        if any(one.rule == breach.rule for one in result.blocking)
    ]
    return rewritten(text, breaches, case.book, language) if breaches else ""


def part_rewritten(case: Case, reply: Reply, where: Span, rule: str, author: str = "") -> str:
    """The text with one breach in its neutral wording; as it is when that breach is not there any more."""
    found = judged(case, reply.text, author=author).judgement.breaches
    breaches = [breach for breach in found if breach.rule == rule and breach.span == where]
    return rewritten(reply.text, breaches, case.book, reply.language) if breaches else reply.text


def _versions(reply: Reply) -> list[Version]:
    rows = list(reply.versions.order_by("number"))
    texts = [row.text for row in rows]
    before = ["", *texts]
    return [
        Version(row.number, row.by_name, row.at, tuple(changes(before[place], row.text)))
        for place, row in enumerate(rows)
    ][::-1]


def _steps(reply: Reply) -> list[StepShown]:
    rows: Sequence[ReplyStep] = list(reply.steps.order_by("-at", "-pk"))
    return [StepShown(row.by_name, str(Step(row.step).label), row.rule, row.reason, row.at) for row in rows]


@dataclass(frozen=True, slots=True)
class ViewShown:
    """One view of the list with how many replies it holds."""

    key: str
    name: str
    count: int


def views_of(organisation: Organisation) -> list[ViewShown]:
    """The views at the top of the list."""
    names = {
        "approve": _("To approve"),
        "draft": _("Being written"),
        "queue": _("About to leave"),
        "trouble": _("To look into"),
        "sent": _("Sent"),
    }
    counts = dict(
        Reply.objects.filter(organisation=organisation)
        .values_list("state")
        .annotate(count=Count("pk"))
        .values_list("state", "count")
    )
    return [
        ViewShown(key, names[key], sum(counts.get(state, 0) for state in states))
        for key, states in VIEWS.items()
    ]


def replies_of(organisation: Organisation, view: str) -> Paginator[Reply]:
    """The replies of one view, the newest first."""
    rows = Reply.objects.filter(organisation=organisation, state__in=VIEWS[view])
    rows = rows.select_related("ticket__mention", "ticket__source", "author").order_by("-updated_at", "-pk")
    return Paginator(rows, PAGE)


@dataclass(frozen=True, slots=True)
class TemplateShown:
    """A wording of the house with what became of it."""

    template: Template
    used: int
    sent: int
    unchanged: int
    """Sent word for word."""
    raised: int
    """Messages whose author gave a better rating afterwards."""


def templates_of(organisation: Organisation) -> list[TemplateShown]:
    """The library, with usage and outcome."""
    rows = Template.objects.filter(organisation=organisation).annotate(
        used=Count("replies"), sent=Count("replies", filter=Q(replies__state=State.SENT))
    )
    return [
        TemplateShown(row, row.used, row.sent, *_outcomes(row)) for row in rows.order_by("is_retired", "name")
    ]


def _outcomes(template: Template) -> tuple[int, int]:
    unchanged = raised = 0
    sent = template.replies.filter(state=State.SENT).select_related("ticket__mention")
    for reply in sent.prefetch_related("ticket__mention__versions"):
        unchanged += reply.text.strip() == template.text.strip()
        raised += _is_raised(reply)
    return unchanged, raised


def _is_raised(reply: Reply) -> bool:
    """Whether the author gave a better rating once it was answered."""
    mention = reply.ticket.mention
    if reply.sent_at is None or mention.collected_at <= reply.sent_at:
        return False
    before = [one for one in mention.versions.all() if one.collected_at <= reply.sent_at]
    answered = max(before, key=lambda one: one.number, default=None)
    if answered is None or answered.rating_value is None or mention.rating_value is None:
        return False
    better = (mention.rating_best or 0) - (mention.rating_worst or 0)
    return (mention.rating_value - answered.rating_value) * better > 0
