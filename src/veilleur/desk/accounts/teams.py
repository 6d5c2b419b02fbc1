"""Teams: people of one organisation who work together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import require_administrator
from veilleur.desk.accounts.models import Membership, Organisation, Team
from veilleur.desk.accounts.permissions import Workplace
from veilleur.errors import ActRefused

MOST = 100
"""Teams of one organisation."""


def team_of(organisation: Organisation, team_id: int) -> Team:
    """A team of an organisation; `Http404` when it has none such."""
    team = Team.objects.filter(organisation=organisation, pk=team_id).first()
    if team is None:
        raise Http404
    return team


@transaction.atomic
def keep_team(
    place: Workplace, *, name: str, members: Iterable[Membership], team: Team | None = None, now: datetime
) -> Team:
    """Makes a team, or changes its name and who is in it."""
    require_administrator(place)
    organisation = Organisation.objects.select_for_update().get(pk=place.organisation.pk)
    others = Team.objects.filter(organisation=organisation)
    if team is None and others.count() >= MOST:
        raise ActRefused(_("There are too many teams: remove one."))
    if others.filter(name__iexact=name).exclude(pk=team.pk if team else 0).exists():
        raise ActRefused(_("There is already a team of this name."))
    kept = team or Team(organisation=organisation)
    kept.name = name
    kept.save()
    people = [member for member in members if member.organisation_id == organisation.pk]
    kept.members.set(people)
    told = {"name": name, "people": len(people)}
    audit.record(organisation, place.user.email, "accounts.keep_team", f"team:{kept.pk}", told, at=now)
    return kept


@transaction.atomic
def drop_team(place: Workplace, team_id: int, *, now: datetime) -> None:
    """Removes a team; its people stay."""
    require_administrator(place)
    team = team_of(place.organisation, team_id)
    told = {"name": team.name}
    audit.record(place.organisation, place.user.email, "accounts.drop_team", f"team:{team.pk}", told, at=now)
    team.delete()
