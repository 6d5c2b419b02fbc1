"""Endpoints about the organisation: who works here, where messages come from, what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine, Membership
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.door import ADMINISTER, CONFIGURE, ENTER, READ, WORK, Call
from veilleur.desk.api.v1.words import A_PAGE, Page, Person, Size, Text
from veilleur.desk.sources import network_actions
from veilleur.desk.sources.models import Source
from veilleur.desk.sources.network_queries import listened_card
from veilleur.errors import TrailBroken

router = Router(tags=["Organisation"])


class OrganisationShown(Schema):
    """Where the token works, in whose name, and what it may do."""

    slug: str
    name: str
    language: str
    time_zone: str
    you: Person
    scopes: list[str] = Field(description="What both the token and its maker may do now.")


class Member(Person):
    """Somebody who works here; role and address for who may administer."""

    role: str | None
    email: str | None


class SourceShown(Schema):
    """A place messages come from, and how it fares."""

    key: str
    name: str
    connector: str = Field(description="Empty: files, and replies by hand.")
    state: str
    trouble: str
    failure: str
    messages: int
    last_good_at: datetime | None
    last_new_at: datetime | None
    next_at: datetime | None


class TrailLine(Schema):
    """One act in the audit trail."""

    number: int
    at: datetime
    actor: str
    act: str
    target: str
    details: dict[str, Any]


class Verified(Schema):
    """What looking at the whole trail found."""

    is_intact: bool
    lines: int
    broken: str


@router.get("/organisation", auth=ENTER, response=OrganisationShown)
def read_organisation(request: Call) -> OrganisationShown:
    """The organisation of the token, and its maker."""
    place = request.auth
    house = place.organisation
    return OrganisationShown(
        slug=house.slug,
        name=house.name,
        language=house.language,
        time_zone=house.time_zone,
        you=Person(id=place.user.pk, name=str(place.user)),
        scopes=[may.value for may in May if place.allows(may)],
    )


@router.get("/members", auth=READ, response=list[Member])
def list_members(request: Call) -> list[Member]:
    """Who works here."""
    place = request.auth
    is_told = place.allows(May.ADMINISTER)
    rows = Membership.objects.select_related("user", "own_role").filter(organisation=place.organisation)
    return [
        Member(
            id=row.user.pk,
            name=str(row.user),
            role=row.role_name if is_told else None,
            email=row.user.email if is_told else None,
        )
        for row in rows.filter(user__is_active=True).order_by("user__name", "user")
    ]


@router.get("/sources", auth=READ, response=list[SourceShown])
def list_sources(request: Call) -> list[SourceShown]:
    """The sources, by name."""
    rows = Source.objects.select_related("listening", "grant").filter(organisation=request.auth.organisation)
    return [_source_shown(row) for row in rows.order_by("name", "pk")]


@router.get("/sources/{slug:source}", auth=READ, response=SourceShown)
def read_source(request: Call, source: str) -> SourceShown:
    """One source."""
    return _source_shown(_source(request.auth, source))


@router.post("/sources/{slug:source}/pause", auth=CONFIGURE, response=SourceShown)
def pause_source(request: Call, source: str) -> SourceShown:
    """Stops asking it."""
    return _acted(request, source, lambda place, row: network_actions.pause(place, row, is_paused=True))


@router.post("/sources/{slug:source}/resume", auth=CONFIGURE, response=SourceShown)
def resume_source(request: Call, source: str) -> SourceShown:
    """Begins again where it stopped."""
    return _acted(request, source, lambda place, row: network_actions.pause(place, row, is_paused=False))


@router.post("/sources/{slug:source}/ask", auth=WORK, response=SourceShown)
def ask_source(request: Call, source: str) -> SourceShown:
    """Asks it at once."""
    return _acted(request, source, network_actions.ask_now)


@router.get("/trail", auth=ADMINISTER, response=Page[TrailLine])
def list_trail(
    request: Call,
    cursor: Annotated[str, Field(pattern=r"^[0-9]{0,18}$")] = "",
    actor: Annotated[Text, Field(max_length=254)] = "",
    act: Annotated[Text, Field(max_length=64)] = "",
    limit: Size = A_PAGE,
) -> Page[TrailLine]:
    """Every act in the organisation, the latest first."""
    rows = AuditLine.objects.filter(organisation=request.auth.organisation)
    rows = rows.filter(number__lt=int(cursor)) if cursor else rows
    rows = rows.filter(actor__icontains=actor) if actor else rows
    rows = rows.filter(act=act) if act else rows
    found = list(rows.order_by("-number")[: limit + 1])
    following = str(found[limit - 1].number) if len(found) > limit else ""
    return Page[TrailLine](items=list(map(_line, found[:limit])), next=following)


@router.get("/trail/verification", auth=ADMINISTER, response=Verified)
def verify_trail(request: Call, response: HttpResponse) -> Verified:
    """Looks at the whole chain."""
    response["Cache-Control"] = "no-store"
    try:
        head = audit.verify(request.auth.organisation)
    except TrailBroken as broken:
        return Verified(is_intact=False, lines=0, broken=str(broken))
    return Verified(is_intact=True, lines=head.number if head else 0, broken="")


def _line(row: AuditLine) -> TrailLine:
    names = ("number", "at", "actor", "act", "target", "details")
    return TrailLine(**{name: getattr(row, name) for name in names})


def _source(place: Workplace, key: str) -> Source:
    rows = Source.objects.select_related("listening", "grant", "organisation")
    return get_object_or_404(rows, organisation=place.organisation, key=key)


def _acted(request: Call, key: str, act: Callable[[Workplace, Source], None]) -> SourceShown:
    act(request.auth, _source(request.auth, key))
    return _source_shown(_source(request.auth, key))


def _source_shown(row: Source) -> SourceShown:
    card = listened_card(row)
    return SourceShown(
        key=row.key,
        name=row.name,
        connector=row.connector,
        state=card.state if row.connector else "files",
        trouble=card.trouble,
        failure=card.failure,
        messages=card.messages,
        last_good_at=card.last_good_at,
        last_new_at=card.last_new_at,
        next_at=card.next_at,
    )
