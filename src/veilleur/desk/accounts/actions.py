"""What changes people and organisations: one act, one transaction, one line in the trail."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import HouseRole, Membership, Organisation, Role, User, WithRole
from veilleur.desk.accounts.permissions import May, Workplace, rights_of
from veilleur.desk.accounts.sessions import end_others
from veilleur.errors import ActRefused


@transaction.atomic
def found_organisation(
    slug: str, name: str, *, language: str = "fr", time_zone: str = "Europe/Paris", by: str = audit.JOB
) -> Organisation:
    """Makes an organisation; harmless when one with this slug exists (it is returned unchanged)."""
    organisation, is_new = Organisation.objects.get_or_create(
        slug=slug, defaults={"name": name, "language": language, "time_zone": time_zone}
    )
    if is_new:
        organisation.full_clean()
        audit.record(organisation, by, "accounts.found", f"organisation:{slug}", {"name": name})
    return organisation


@transaction.atomic
def admit(
    organisation: Organisation,
    email: str,
    name: str,
    role: str = Role.MEMBER,
    *,
    own_role: HouseRole | None = None,
    password: str | None,
    by: str,
) -> User:
    """Makes the person if needed and gives them `role`, or a role of the organisation, in it.

    `password` is only used for a person who is new.
    """
    user = User.objects.filter(email=email.lower()).first() or User.objects.create_user(
        email, password, name=name, language=organisation.language
    )
    membership, is_new = Membership.objects.get_or_create(
        user=user, organisation=organisation, defaults={"role": role, "own_role": own_role}
    )
    if is_new or (membership.role, membership.own_role) != (role, own_role):
        membership.role, membership.own_role = role, own_role
        membership.save(update_fields=["role", "own_role"])
        told = {"email": user.email, "role": told_role(membership)}
        audit.record(organisation, by, "accounts.admit", f"user:{user.pk}", told)
    return user


def told_role(holder: WithRole) -> str:
    """A role as the trail says it: its code, or the name that the organisation gave it."""
    return holder.own_role.name if holder.own_role else holder.role


def require_administrator(place: Workplace) -> None:
    """Refuses whoever may not decide who works here."""
    if not place.allows(May.ADMINISTER):
        raise ActRefused(_("Only who administers this organisation may change this."))


@transaction.atomic
def change_role(
    place: Workplace, member_id: int, *, role: str, own_role: HouseRole | None = None, now: datetime
) -> Membership:
    """Gives a member another role; somebody who administers is always left."""
    require_administrator(place)
    member = locked_member(place.organisation, member_id)
    before = told_role(member)
    member.role, member.own_role = role, own_role
    member.save(update_fields=["role", "own_role"])
    require_an_administrator(place.organisation)
    told = {"email": member.user.email, "was": before, "role": told_role(member)}
    audit.record(
        place.organisation, place.user.email, "accounts.role", f"user:{member.user_id}", told, at=now
    )
    return member


@transaction.atomic
def part_with(place: Workplace, member_id: int, *, now: datetime) -> User:
    """Ends a membership; what else this asks for, the inbox does (`inbox.leaving`)."""
    require_administrator(place)
    member = locked_member(place.organisation, member_id)
    user = member.user
    member.delete()
    require_an_administrator(place.organisation)
    told = {"email": user.email}
    audit.record(place.organisation, place.user.email, "accounts.leave", f"user:{user.pk}", told, at=now)
    return user


def locked_member(organisation: Organisation, member_id: int) -> Membership:
    """A member, while every other change of members of the organisation waits; `Http404` for a stranger."""
    # Two administrators who remove each other at once must not both succeed.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    member = Membership.objects.select_related("user", "own_role").filter(
        organisation=organisation, pk=member_id
    )
    found = member.first()
    if found is None:
        raise Http404
    return found


def require_an_administrator(organisation: Organisation) -> None:
    """Refuses what would leave an organisation that nobody administers."""
    members = Membership.objects.select_related("own_role").filter(
        organisation=organisation, user__is_active=True
    )
    if not any(May.ADMINISTER in rights_of(member) for member in members.iterator()):
        raise ActRefused(
            _("Nobody would administer this organisation any more: give somebody that role first.")
        )


@transaction.atomic
def ask_second_factor(place: Workplace, *, is_asked: bool, now: datetime) -> None:
    """Says whether everybody needs a second factor to see this organisation."""
    require_administrator(place)
    organisation = Organisation.objects.select_for_update().get(pk=place.organisation.pk)
    if organisation.requires_second_factor == is_asked:
        return
    organisation.requires_second_factor = is_asked
    organisation.save(update_fields=["requires_second_factor"])
    verb = "ask_second_factor" if is_asked else "waive_second_factor"
    audit.record(
        organisation,
        place.user.email,
        f"accounts.{verb}",
        f"organisation:{organisation.slug}",
        at=now,
    )


@transaction.atomic
def note_change(user: User, verb: str, *, by: str = "") -> None:
    """Notes in each organisation of a person what changed in their account: `accounts.<verb>`."""
    for membership in Membership.objects.select_related("organisation").filter(user=user):
        target = f"user:{user.pk}"
        audit.record(
            membership.organisation, by or user.email, f"accounts.{verb}", target, {"email": user.email}
        )


@transaction.atomic
def rescue(user: User, password: str, *, by: str) -> None:
    """Gives a new password to somebody who lost their means to sign in, and forgets their second factors."""
    Authenticator.objects.filter(user=user).delete()
    user.set_password(password)
    user.save(update_fields=["password"])
    end_others(user, None)
    note_change(user, "rescue", by=by)


@transaction.atomic
def choose_language(user: User, language: str) -> None:
    """Sets the language a person reads the desk in; noted in each of their organisations."""
    user.language = language
    user.full_clean(exclude=["password"])
    user.save(update_fields=["language"])
    for membership in Membership.objects.select_related("organisation").filter(user=user):
        audit.record(
            membership.organisation,
            user.email,
            "accounts.language",
            f"user:{user.pk}",
            {"language": language},
        )
