"""Who may do what: one place, three roles, and 404 for whoever does not belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from veilleur.desk.accounts.models import Membership, Organisation, Role, User

P = ParamSpec("P")


class May(Enum):
    """What an act needs."""

    READ = "read"
    WORK = "work"
    CONFIGURE = "configure"


ALLOWED: dict[str, frozenset[May]] = {
    Role.READER: frozenset({May.READ}),
    Role.MEMBER: frozenset({May.READ, May.WORK}),
    Role.MANAGER: frozenset(May),
}


@dataclass(frozen=True, slots=True)
class Workplace:
    """One person at work in one organisation: what every view and action receives."""

    organisation: Organisation
    user: User
    role: str

    def allows(self, may: May) -> bool:
        """Whether the role of this person includes `may`."""
        return may in ALLOWED[self.role]

    @property
    def can_work(self) -> bool:
        """For templates: may this person act on tickets?"""
        return self.allows(May.WORK)

    @property
    def can_configure(self) -> bool:
        """For templates: may this person change sources, policy and people?"""
        return self.allows(May.CONFIGURE)


def workplace_of(user: User, slug: str) -> Workplace:
    """The workplace of `user` in the organisation `slug`.

    Raises `Http404` for an organisation that does not exist **and** for one the person does
    not belong to: the two must look the same.
    """
    membership = (
        Membership.objects.select_related("organisation").filter(user=user, organisation__slug=slug).first()
    )
    if membership is None:
        raise Http404
    return Workplace(membership.organisation, user, membership.role)


def at_work(
    may: May = May.READ,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Workplace, P], HttpResponseBase]], Callable[..., HttpResponseBase]
]:
    """Wraps a view of an organisation: signs in, finds the workplace, checks the right.

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
            if not place.allows(may):
                raise PermissionDenied
            request.workplace = place  # type: ignore[attr-defined]
            timezone.activate(place.organisation.time_zone)
            return view(request, place, *args, **kwargs)

        return guarded

    return decorate
