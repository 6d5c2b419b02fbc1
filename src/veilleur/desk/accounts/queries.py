"""Reads about people and organisations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import F, FilteredRelation, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts import deeds
from veilleur.desk.accounts.models import (
    AuditLine,
    HouseRole,
    Invitation,
    Mandate,
    Membership,
    Organisation,
    Role,
    Team,
    User,
    WithRole,
)
from veilleur.desk.accounts.permissions import (
    ALLOWED,
    May,
    Workplace,
    holds,
    lent_rights,
    mandates_of,
)
from veilleur.desk.accounts.second_factor import PROOFS

AUDIT_PAGE = 50


def organisations_of(user: User) -> list[Organisation]:
    """Where a person may work, by name: their organisations, and the clients of their agencies."""
    rows = Membership.objects.select_related("organisation", "own_role").filter(user=user)
    mandates = rows.annotate(
        client=F("organisation__mandates_held__client"), needed=F("organisation__mandates_held__needed")
    )
    found, lent = set(), set()
    for row in mandates:
        found.add(row.organisation)
        if row.client is not None and holds(row, row.needed):
            lent.add(row.client)
    # Most people work for no agency: every page asks this, and only agencies pay for a second question.
    if lent:
        found |= set(Organisation.objects.filter(pk__in=lent))
    return sorted(found, key=lambda one: (one.name.casefold(), one.pk))


def works_at(user: User, organisation: Organisation) -> bool:
    """Whether a person works in an organisation, for themselves or for its agency."""
    if user.memberships.filter(organisation=organisation).exists():
        return True
    mandates = mandates_of(user).filter(client=organisation)
    return any(lent_rights(mandate, user) for mandate in mandates)


def colleagues(organisation: Organisation) -> list[User]:
    """Everybody active who works in an organisation, by name; those of its agencies, too."""
    ours = Q(organisation__mandates_held__client=organisation)
    rows = Membership.objects.select_related("user", "own_role").annotate(
        mandate=FilteredRelation("organisation__mandates_held", condition=ours), needed=F("mandate__needed")
    )
    here = Q(organisation=organisation) | Q(mandate__isnull=False)
    found = {
        row.user
        for row in rows.filter(here, user__is_active=True)
        if row.organisation_id == organisation.pk or holds(row, row.needed)
    }
    return sorted(found, key=lambda one: (one.name, one.pk))


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the page of members."""

    id: int
    name: str
    email: str
    role: str
    role_code: str
    """As the choice of roles has it."""
    teams: str
    has_second_factor: bool
    is_me: bool


def people(place: Workplace) -> list[Person]:
    """The members of an organisation with their role in words."""
    rows = Membership.objects.select_related("user", "own_role").prefetch_related("teams")
    members = list(rows.filter(organisation=place.organisation).order_by("user__name", "pk"))
    proven = set(
        Authenticator.objects.filter(type__in=PROOFS, user__in=[row.user_id for row in members]).values_list(
            "user_id", flat=True
        )
    )
    return [
        Person(
            id=row.pk,
            name=row.user.name,
            email=row.user.email,
            role=row.role_name,
            role_code=role_code(row),
            teams=", ".join(sorted(team.name for team in row.teams.all())),
            has_second_factor=row.user_id in proven,
            is_me=row.user_id == place.user.pk,
        )
        for row in members
    ]


def role_code(holder: WithRole) -> str:
    """A role as one word of a form: `member`, `own-12`."""
    return f"own-{holder.own_role_id}" if holder.own_role_id else holder.role


def role_choices(organisation: Organisation) -> list[tuple[str, str]]:
    """(code, words) of the roles of the house and of those of the organisation."""
    own = HouseRole.objects.filter(organisation=organisation).order_by("name")
    return [*((role.value, str(role.label)) for role in Role), *((f"own-{one.pk}", one.name) for one in own)]


@dataclass(frozen=True, slots=True)
class RoleShown:
    """One role on the page of roles."""

    id: int | None
    """None for a role that comes with the house."""
    name: str
    rights: tuple[str, ...]
    people: int


RIGHTS: dict[May, Promise] = {
    May.ENTER: _("see the figures"),
    May.READ: _("see what people wrote"),
    May.WORK: _("sort, assign, note and close messages"),
    May.ANSWER: _("write and send replies"),
    May.APPROVE: _("approve the replies of others"),
    May.MODERATE: _("hide, show and flag messages on their network"),
    May.DECLARE: _("decide what is a case of pharmacovigilance"),
    May.EXPORT: _("take figures and messages away as files"),
    May.CONFIGURE: _("set sources, rules and how long texts are kept"),
    May.ADMINISTER: _("decide who works here, and read the trail"),
}
"""What each right allows, in words."""


def roles_of(organisation: Organisation) -> list[RoleShown]:
    """The roles of the house, then those of the organisation, with how many people have each."""
    members = Membership.objects.filter(organisation=organisation).values_list("role", "own_role")
    # A membership with a role of the organisation has a role of the house beneath it that does not count.
    holders = Counter(f"own-{own}" if own else role for role, own in members)
    shipped = [RoleShown(None, str(role.label), _words(ALLOWED[role]), holders[role.value]) for role in Role]
    own = HouseRole.objects.filter(organisation=organisation).order_by("name")
    known = {may.value: may for may in May}
    return shipped + [
        RoleShown(
            one.pk,
            one.name,
            _words(known[right] for right in one.rights if right in known),
            holders[f"own-{one.pk}"],
        )
        for one in own
    ]


def _words(rights: Iterable[May]) -> tuple[str, ...]:
    held = frozenset(rights)
    return tuple(str(words) for may, words in RIGHTS.items() if may in held)


def invitations_of(organisation: Organisation, now: datetime) -> list[Invitation]:
    """Invitations that wait for an answer, the latest first."""
    waiting = Invitation.objects.select_related("own_role").filter(
        organisation=organisation, expires_at__gt=now
    )
    return list(waiting.order_by("-invited_at")[:200])


def teams_of(organisation: Organisation) -> list[Team]:
    """The teams of an organisation with their people."""
    teams = Team.objects.filter(organisation=organisation).prefetch_related("members__user")
    return list(teams.order_by("name"))


def mandates_given(organisation: Organisation) -> list[Mandate]:
    """The agencies that work for an organisation."""
    given = Mandate.objects.select_related("agency", "own_role").filter(client=organisation)
    return list(given.order_by("agency__name"))


def mandates_held(organisation: Organisation) -> list[Mandate]:
    """The clients that an agency works for."""
    held = Mandate.objects.select_related("client", "own_role").filter(agency=organisation)
    return list(held.order_by("client__name")[:500])


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
