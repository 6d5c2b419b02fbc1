"""Who may do what: one place, and 404 for whoever does not belong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from veilleur.desk.accounts.models import Mandate, Membership, Organisation, Role, User, WithRole
from veilleur.desk.accounts.second_factor import is_missing

P = ParamSpec("P")


class May(Enum):
    """What an act needs."""

    ENTER = "enter"
    """The figures of the summary: whoever belongs to the house."""
    READ = "read"
    WORK = "work"
    ANSWER = "answer"
    APPROVE = "approve"
    MODERATE = "moderate"
    DECLARE = "declare"
    EXPORT = "export"
    CONFIGURE = "configure"
    ADMINISTER = "administer"


WITH_TEXT = frozenset({May.READ, May.WORK, May.ANSWER, May.APPROVE, May.MODERATE, May.DECLARE, May.CONFIGURE})
"""What nobody can do without seeing what people wrote."""
_MEMBER = frozenset(May) - {May.CONFIGURE, May.ADMINISTER}
ALLOWED: dict[str, frozenset[May]] = {
    Role.READER: frozenset({May.ENTER, May.READ}),
    Role.MEMBER: _MEMBER,
    Role.MANAGER: frozenset(May),
    Role.APPROVER: frozenset({May.ENTER, May.READ, May.APPROVE}),
    Role.MODERATOR: frozenset({May.ENTER, May.READ, May.WORK, May.MODERATE}),
    Role.OFFICER: frozenset({May.ENTER, May.READ, May.WORK, May.DECLARE, May.EXPORT}),
    Role.OBSERVER: frozenset({May.ENTER}),
}


def rights_with(ticked: Iterable[May]) -> frozenset[May]:
    """The rights that were ticked and what they cannot do without."""
    rights = frozenset(ticked)
    return rights | {May.ENTER} | ({May.READ} if rights & WITH_TEXT else frozenset())


def rights_of(holder: WithRole) -> frozenset[May]:
    """What a membership, an invitation or a mandate allows."""
    if holder.own_role is None:
        return ALLOWED[holder.role]
    # A right that an older Veilleur knew and this one does not is no right.
    return rights_with(may for may in May if may.value in holder.own_role.rights)


@dataclass(frozen=True, slots=True)
class Workplace:
    """One person at work in one organisation: what every view and action receives."""

    organisation: Organisation
    user: User
    rights: frozenset[May]

    def allows(self, may: May) -> bool:
        """Whether the role of this person includes `may`."""
        return may in self.rights

    @property
    def can_read(self) -> bool:
        """For templates: may this person see what people wrote?"""
        return self.allows(May.READ)

    @property
    def can_work(self) -> bool:
        """For templates: may this person act on tickets?"""
        return self.allows(May.WORK)

    @property
    def can_answer(self) -> bool:
        """For templates: may this person write replies?"""
        return self.allows(May.ANSWER)

    @property
    def can_approve(self) -> bool:
        """For templates: may this person let the replies of others leave?"""
        return self.allows(May.APPROVE)

    @property
    def can_moderate(self) -> bool:
        """For templates: may this person ask a network for acts?"""
        return self.allows(May.MODERATE)

    @property
    def can_declare(self) -> bool:
        """For templates: may this person decide what is a case?"""
        return self.allows(May.DECLARE)

    @property
    def can_export(self) -> bool:
        """For templates: may this person take figures and messages away as files?"""
        return self.allows(May.EXPORT)

    @property
    def acts_on_messages(self) -> bool:
        """For templates: is there anything this person may do under a message?"""
        return self.can_work or self.can_answer or self.can_approve

    @property
    def can_configure(self) -> bool:
        """For templates: may this person change sources and rules?"""
        return self.allows(May.CONFIGURE)

    @property
    def can_administer(self) -> bool:
        """For templates: may this person decide who works here, and read the trail?"""
        return self.allows(May.ADMINISTER)


def workplace_of(user: User, slug: str) -> Workplace:
    """The workplace of `user` in the organisation `slug`: their own, or that of a client of their agency.

    Raises `Http404` for an organisation that does not exist **and** for one the person does
    not belong to: the two must look the same.
    """
    memberships = Membership.objects.select_related("organisation", "own_role")
    membership = memberships.filter(user=user, organisation__slug=slug).first()
    if membership is not None:
        return Workplace(membership.organisation, user, rights_of(membership))
    mandates = mandates_of(user).filter(client__slug=slug)
    rights = [lent_rights(mandate, user) for mandate in mandates]
    lent = frozenset[May]().union(*rights)
    if not lent:
        raise Http404
    return Workplace(mandates[0].client, user, lent)


def mandates_of(user: User) -> QuerySet[Mandate]:
    """What clients lend to the agencies of a person."""
    mandates = Mandate.objects.select_related("client", "own_role")
    return mandates.filter(agency__memberships__user=user).order_by("pk")


def lent_rights(mandate: Mandate, user: User) -> frozenset[May]:
    """What a client lends to one person of its agency; never the right to decide who works there."""
    memberships = Membership.objects.select_related("own_role")
    at_agency = memberships.filter(organisation=mandate.agency_id, user=user).first()
    if at_agency is None or not holds(at_agency, mandate.needed):
        return frozenset()
    return rights_of(mandate) - {May.ADMINISTER}


def holds(holder: WithRole, right: str) -> bool:
    """Whether a membership includes a right, given by its value."""
    return right in {may.value for may in rights_of(holder)}


def at_work(
    may: May = May.READ,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Workplace, P], HttpResponseBase]], Callable[..., HttpResponseBase]
]:
    """Wraps a view of an organisation: signs in, finds the workplace, checks the second factor and the right.

    The wrapped view takes `(request, place, **url parameters)` and runs in the time zone of
    the organisation (the middleware puts the zone back after the answer). It stands above every
    other decorator, so that a stranger gets 404 whatever the method.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, Workplace, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(
            request: HttpRequest, organisation: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
            place = workplace_of(request.user, organisation)
            if is_missing(place.organisation, place.user):
                return redirect("mfa_index")
            if not place.allows(may):
                raise PermissionDenied
            request.workplace = place  # type: ignore[attr-defined]
            timezone.activate(place.organisation.time_zone)
            return view(request, place, *args, **kwargs)

        return guarded

    return decorate
