"""Agencies and their clients: a client lends a role to people of an agency, and takes it back."""

from __future__ import annotations

from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import require_administrator, told_role
from veilleur.desk.accounts.models import HouseRole, Mandate, Organisation
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.errors import ActRefused

_SIGNER = Signer(salt="veilleur.agency")


def agency_code(organisation: Organisation) -> str:
    """What an agency gives its clients: it names the agency, and nobody can guess that of another."""
    return _SIGNER.sign(organisation.slug)


def agency_of(code: str) -> Organisation | None:
    """The agency that a code names; None for a code of nobody."""
    try:
        slug = _SIGNER.unsign(code.strip())
    except BadSignature:
        return None
    return Organisation.objects.filter(slug=slug).first()


@transaction.atomic
def give(
    place: Workplace,
    agency: Organisation,
    *,
    needed: May,
    role: str,
    own_role: HouseRole | None = None,
    now: datetime,
) -> Mandate:
    """Lets whoever holds `needed` at the agency work here with a role; both trails say so."""
    require_administrator(place)
    if agency.pk == place.organisation.pk:
        raise ActRefused(_("An organisation is not its own agency."))
    mandate, _is_new = Mandate.objects.update_or_create(
        client=place.organisation,
        agency=agency,
        defaults={
            "needed": needed.value,
            "role": role,
            "own_role": own_role,
            "given_at": now,
            "given_by_name": str(place.user),
        },
    )
    target, actor = f"mandate:{mandate.pk}", place.user.email
    told = {"organisation": agency.name, "role": told_role(mandate), "right": needed.value}
    audit.record(place.organisation, actor, "accounts.give_mandate", target, told, at=now)
    told = {"organisation": place.organisation.name, "role": told_role(mandate)}
    audit.record(agency, actor, "accounts.receive_mandate", target, told, at=now)
    return mandate


@transaction.atomic
def end(place: Workplace, mandate_id: int, *, now: datetime) -> None:
    """Ends a mandate, by the client or by the agency: from this moment nobody of the agency enters."""
    require_administrator(place)
    mandate = Mandate.objects.select_related("client", "agency").filter(pk=mandate_id).first()
    if mandate is None or place.organisation.pk not in {mandate.client_id, mandate.agency_id}:
        raise Http404
    target, actor = f"mandate:{mandate.pk}", place.user.email
    for one, other in ((mandate.client, mandate.agency), (mandate.agency, mandate.client)):
        told = {"organisation": other.name}
        audit.record(one, actor, "accounts.end_mandate", target, told, at=now)
    mandate.delete()
