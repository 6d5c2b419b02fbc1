"""Endpoints about how long words are kept, and the figures of a period."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from veilleur.desk.api.door import CONFIGURE, ENTER, Call
from veilleur.desk.api.problems import require_valid
from veilleur.desk.api.v1.words import Reason, Strict, Text
from veilleur.desk.inbox import authors
from veilleur.desk.inbox.jobs import erase_due
from veilleur.desk.inbox.models import AuthorErasure
from veilleur.desk.inbox.retention import Rule, rule_of, save_rule, tried
from veilleur.desk.inbox.retention_forms import LONGEST
from veilleur.desk.jobs import enqueue
from veilleur.desk.reports.forms import SummaryForm
from veilleur.desk.reports.queries import Figures, figures
from veilleur.desk.reports.rollups import names_met
from veilleur.reputation import Figure

router = Router()
KEEPING, SUMMARY = ["Retention"], ["Summary"]


class Keeping(Strict):
    """Days after which words are erased; null: never."""

    gone_days: Annotated[int, Field(ge=0, le=LONGEST)] | None = Field(
        description="After a message is gone from its network."
    )
    any_days: Annotated[int, Field(ge=1, le=LONGEST)] | None = Field(
        description="After any message was published."
    )


class Share(Schema):
    """So many messages of one source, for one reason."""

    source: str
    why: str
    count: str


class Trial(Schema):
    """What a rule would erase today."""

    count: str
    held: str = Field(description="How many it would erase were they not held.")
    shares: list[Share]


class EraseAuthor(Strict):
    """Who asked to be forgotten, and why it is done."""

    author: Annotated[Text, Field(min_length=1, max_length=120)] = Field(description="The pseudonym.")
    reason: Annotated[Reason, Field(min_length=10, max_length=300)] = Field(description="Name nobody.")


class Erasure(Schema):
    """What an author asked for."""

    id: int
    author: str = Field(description="While something of theirs is still here.")
    by: str
    at: datetime
    erased: int


class FigureShown(Schema):
    """One figure, what it rests on, and the same for the period before."""

    value: float | None
    n: int
    before: float | None
    before_n: int


class Step(Schema):
    """One step of the period."""

    since: date
    until: date
    messages: int
    rating: float | None
    answered: int
    sentiments: dict[str, int]
    queues: dict[str, int]


class Summary(Schema):
    """The figures of one period; null where there is no message at all."""

    since: date | None
    until: date | None
    messages: FigureShown | None
    rating: FigureShown | None = Field(description="Out of five.")
    sentiments: dict[str, FigureShown]
    queues: dict[str, FigureShown]
    response_rate: FigureShown | None
    median_delay: FigureShown | None = Field(description="Hours.")
    long_delay: FigureShown | None = Field(description="Hours within which nine in ten were answered.")
    steps: list[Step]


class Asking(Strict):
    """Which period, and what it is narrowed to; two days win over a usual period."""

    period: Literal["", "30", "90", "365", "all"] = ""
    since: date | None = Field(None, alias="from")
    until: date | None = Field(None, alias="to")
    network: Annotated[Text, Field(max_length=120)] = ""
    place: Annotated[Text, Field(max_length=200)] = ""


@router.get("/retention", auth=CONFIGURE, response=Keeping, tags=KEEPING)
def read_retention(request: Call) -> Keeping:
    """How long words are kept."""
    return _keeping(rule_of(request.auth.organisation))


@router.post("/retention/try", auth=CONFIGURE, response=Trial, tags=KEEPING)
def try_retention(request: Call, said: Keeping) -> Trial:
    """What a rule would erase today; nothing is changed."""
    found = tried(request.auth.organisation, Rule(said.gone_days, said.any_days), timezone.now())
    shares = [Share(source=one.source, why=one.why, count=one.count) for one in found.shares]
    return Trial(count=found.count, held=found.held, shares=shares)


@router.put("/retention", auth=CONFIGURE, response=Keeping, tags=KEEPING)
def change_retention(request: Call, said: Keeping) -> Keeping:
    """Changes the rule, which is then carried out: try it first."""
    rule = Rule(said.gone_days, said.any_days)
    save_rule(request.auth, rule)
    enqueue(erase_due, request.auth.organisation.pk)
    return _keeping(rule)


@router.get("/erasures", auth=CONFIGURE, response=list[Erasure], tags=KEEPING)
def list_erasures(request: Call) -> list[Erasure]:
    """What authors asked for, the latest first."""
    rows = authors.requests_of(request.auth.organisation)[: authors.LISTED]
    return [
        Erasure(id=row.pk, author=row.author, by=row.by_name, at=row.at, erased=row.erased) for row in rows
    ]


@router.post("/erasures", auth=CONFIGURE, response={201: Erasure}, tags=KEEPING)
def erase_author(request: Call, said: EraseAuthor) -> Erasure:
    """Erases what an author said; what is held stays until the hold is lifted."""
    place = request.auth
    made = authors.erase_author(place, said.author, reason=said.reason, now=timezone.now())
    enqueue(erase_due, place.organisation.pk)
    return _erasure(made)


@router.get("/summary", auth=ENTER, response=Summary, tags=SUMMARY)
def read_summary(request: Call, asked: Query[Asking]) -> Summary:
    """What the public said over a period, in figures."""
    place = request.auth
    form = SummaryForm(names_met(place.organisation), asked.model_dump(by_alias=True, mode="json"))
    require_valid(form)
    found = figures(place, form.asked())
    return _summary(found) if found else _NO_MESSAGE


_NO_MESSAGE = Summary(
    since=None, until=None, messages=None, rating=None, sentiments={}, queues={}, response_rate=None,
    median_delay=None, long_delay=None, steps=[],
)  # fmt: skip


def _erasure(row: AuthorErasure) -> Erasure:
    return Erasure(id=row.pk, author=row.author, by=row.by_name, at=row.at, erased=row.erased)


def _keeping(rule: Rule) -> Keeping:
    return Keeping(gone_days=rule.gone_days, any_days=rule.any_days)


def _figure(figure: Figure) -> FigureShown:
    return FigureShown(value=figure.value, n=figure.n, before=figure.before, before_n=figure.before_n)


def _summary(found: Figures) -> Summary:
    told = found.summary
    return Summary(
        since=found.period.first,
        until=found.period.last,
        messages=_figure(told.messages),
        rating=_figure(told.rating),
        sentiments={feeling.value: _figure(figure) for feeling, figure in told.sentiments.items()},
        queues={queue: _figure(figure) for queue, figure in told.queues.items()},
        response_rate=_figure(told.response_rate),
        median_delay=_figure(told.median_delay),
        long_delay=_figure(told.long_delay),
        steps=[
            Step(
                since=point.days.first,
                until=point.days.last,
                messages=point.tally.messages,
                rating=point.tally.rating,
                answered=point.tally.answered,
                sentiments={name: count for name, count in point.tally.sentiments.items() if name},
                queues=dict(point.tally.queues),
            )
            for point in found.points
        ],
    )
