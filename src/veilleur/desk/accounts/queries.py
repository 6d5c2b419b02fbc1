"""Reads about people and organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from veilleur.desk.accounts import deeds
from veilleur.desk.accounts.models import AuditLine, Membership, Organisation, User

AUDIT_PAGE = 50


def organisations_of(user: User) -> list[Organisation]:
    """The organisations a person belongs to, by name."""
    return list(Organisation.objects.filter(memberships__user=user).order_by("name"))


def colleagues(organisation: Organisation) -> list[User]:
    """Everybody active in an organisation, by name."""
    return list(
        User.objects.filter(memberships__organisation=organisation, is_active=True).order_by("name", "id")
    )


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the page of members."""

    name: str
    email: str
    role: str


def people(organisation: Organisation) -> list[Person]:
    """The members of an organisation with their role in words."""
    rows = Membership.objects.select_related("user").filter(organisation=organisation).order_by("user__name")
    return [Person(row.user.name, row.user.email, row.get_role_display()) for row in rows]


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line of the audit page."""

    number: int
    at: datetime
    actor: str
    deed: str
    """The act in words of the active language."""
    target: str
    details: list[tuple[str, str]]
    """(name, value) pairs in words, as `deed` and `target` are."""


def trail(
    organisation: Organisation, *, before: int | None = None, actor: str = "", act: str = ""
) -> list[TrailLine]:
    """One page of the trail, newest first, older than the line number `before`."""
    lines = AuditLine.objects.filter(organisation=organisation)
    if before is not None:
        lines = lines.filter(number__lt=before)
    if actor:
        lines = lines.filter(actor__icontains=actor)
    if act:
        lines = lines.filter(act=act)
    return [_shown(line) for line in lines.order_by("-number")[:AUDIT_PAGE]]


def _shown(line: AuditLine) -> TrailLine:
    return TrailLine(
        number=line.number,
        at=line.at,
        actor=line.actor,
        deed=deeds.words(line.act),
        target=deeds.target_words(line.target),
        details=deeds.detail_words(line.details),
    )
