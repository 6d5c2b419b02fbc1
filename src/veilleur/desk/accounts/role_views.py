"""Pages of roles, teams and agencies."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts import mandates, queries, roles, teams
from veilleur.desk.accounts.forms import MandateForm, OwnRoleForm, TeamForm
from veilleur.desk.accounts.member_views import done
from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.errors import ActRefused


@at_work(May.ADMINISTER)
@require_GET
def role_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What each role allows."""
    return render(request, "accounts/roles.html", {"roles": queries.roles_of(place.organisation)})


@at_work(May.ADMINISTER)
def role(request: HttpRequest, place: Workplace, role: int | None = None) -> HttpResponse:
    """A role of the organisation, new or to change."""
    found = roles.role_of(place.organisation, role) if role is not None else None
    initial = {"name": found.name, "rights": found.rights} if found else None
    form = OwnRoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            roles.keep_role(place, **form.arguments(), role=found, now=timezone.now())
        except ActRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The role is kept."))
            return redirect("roles", organisation=place.organisation.slug)
    return render(request, "accounts/role.html", {"form": form, "role": found})


@at_work(May.ADMINISTER)
@require_POST
def drop_role(request: HttpRequest, place: Workplace, role: int) -> HttpResponse:
    """Removes a role that nobody has."""
    now = timezone.now()
    return done(
        request, place, lambda: roles.drop_role(place, role, now=now), _("The role is removed."), "roles"
    )


@at_work(May.ADMINISTER)
@require_GET
def team_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The teams and who is in them."""
    return render(request, "accounts/teams.html", {"teams": queries.teams_of(place.organisation)})


@at_work(May.ADMINISTER)
def team(request: HttpRequest, place: Workplace, team: int | None = None) -> HttpResponse:
    """A team, new or to change."""
    found = teams.team_of(place.organisation, team) if team is not None else None
    initial = {"name": found.name, "members": found.members.all()} if found else None
    form = TeamForm(place.organisation, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            teams.keep_team(place, **form.arguments(), team=found, now=timezone.now())
        except ActRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The team is kept."))
            return redirect("teams", organisation=place.organisation.slug)
    return render(request, "accounts/team.html", {"form": form, "team": found})


@at_work(May.ADMINISTER)
@require_POST
def drop_team(request: HttpRequest, place: Workplace, team: int) -> HttpResponse:
    """Removes a team; its people stay."""
    now = timezone.now()
    return done(
        request, place, lambda: teams.drop_team(place, team, now=now), _("The team is removed."), "teams"
    )


@at_work(May.ADMINISTER)
def agencies(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The agencies that work here, the clients one works for, and the code that clients ask for."""
    form = MandateForm(place.organisation, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            mandates.give(place, **form.arguments(), now=timezone.now())
        except ActRefused as refused:
            form.add_error("code", str(refused))
        else:
            messages.success(request, _("The agency may work here."))
            return redirect("agencies", organisation=place.organisation.slug)
    context = {
        "form": form,
        "given": queries.mandates_given(place.organisation),
        "held": queries.mandates_held(place.organisation),
        "code": mandates.agency_code(place.organisation),
    }
    return render(request, "accounts/agencies.html", context)


@at_work(May.ADMINISTER)
@require_POST
def end_mandate(request: HttpRequest, place: Workplace, mandate: int) -> HttpResponse:
    """Ends a mandate."""
    now = timezone.now()
    said = _("The mandate is ended: nobody of the agency enters any more.")
    return done(request, place, lambda: mandates.end(place, mandate, now=now), said, "agencies")
