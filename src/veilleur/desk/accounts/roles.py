"""Roles of an organisation's own: a name and ticked rights."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import require_administrator, require_an_administrator
from veilleur.desk.accounts.models import HouseRole, Invitation, Mandate, Membership, Organisation
from veilleur.desk.accounts.permissions import May, Workplace, rights_with
from veilleur.errors import ActRefused

MOST = 50
"""Roles that one organisation may write."""


def role_of(organisation: Organisation, role_id: int) -> HouseRole:
    """A role of an organisation; `Http404` when it has none such."""
    role = HouseRole.objects.filter(organisation=organisation, pk=role_id).first()
    if role is None:
        raise Http404
    return role


@transaction.atomic
def keep_role(
    place: Workplace, *, name: str, rights: Collection[May], role: HouseRole | None = None, now: datetime
) -> HouseRole:
    """Writes a role, or changes what one allows: for everybody who has it, at once."""
    require_administrator(place)
    organisation = Organisation.objects.select_for_update().get(pk=place.organisation.pk)
    others = HouseRole.objects.filter(organisation=organisation)
    if role is None and others.count() >= MOST:
        raise ActRefused(_("There are too many roles: remove one that nobody has."))
    if others.filter(name__iexact=name).exclude(pk=role.pk if role else 0).exists():
        raise ActRefused(_("There is already a role of this name."))
    held = sorted(may.value for may in rights_with(rights))
    kept = role or HouseRole(organisation=organisation)
    kept.name, kept.rights = name, held
    kept.save()
    require_an_administrator(organisation)
    told = {"name": name, "rights": ", ".join(held)}
    audit.record(organisation, place.user.email, "accounts.keep_role", f"role:{kept.pk}", told, at=now)
    return kept


@transaction.atomic
def drop_role(place: Workplace, role_id: int, *, now: datetime) -> None:
    """Removes a role that nobody has."""
    require_administrator(place)
    role = role_of(place.organisation, role_id)
    holders = (Membership, Invitation, Mandate)
    if any(holder.objects.filter(own_role=role).exists() for holder in holders):
        raise ActRefused(_("Somebody has this role: give them another one first."))
    told = {"name": role.name}
    audit.record(place.organisation, place.user.email, "accounts.drop_role", f"role:{role.pk}", told, at=now)
    role.delete()
