"""The page of members: who works here, as what, in which teams; who is invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts import actions, invitations, queries
from veilleur.desk.accounts.forms import InvitationForm, RoleForm
from veilleur.desk.accounts.letters import send_invitation
from veilleur.desk.accounts.models import Membership
from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.errors import ActRefused


@at_work(May.ADMINISTER)
@require_GET
def members(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Who works here, with which role."""
    return _page(request, place, InvitationForm(place.organisation))


@at_work(May.ADMINISTER)
@require_POST
def invite(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Asks a person to join, by letter where letters leave, else by a link to hand over."""
    form = InvitationForm(place.organisation, request.POST)
    if not form.is_valid():
        return _page(request, place, form, status=422)
    try:
        invitation, token = invitations.invite(place, **form.arguments(), now=timezone.now())
    except ActRefused as refused:
        form.add_error("email", str(refused))
        return _page(request, place, form, status=422)
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    if send_invitation(invitation, link):
        messages.success(request, _("The invitation is on its way to %s.") % invitation.email)
        return redirect("members", organisation=place.organisation.slug)
    # Shown once, on no page that could be opened again.
    return _page(request, place, InvitationForm(place.organisation), link=link, invited=invitation.email)


@at_work(May.ADMINISTER)
@require_POST
def revoke_invitation(request: HttpRequest, place: Workplace, invitation: int) -> HttpResponse:
    """Takes an invitation back."""
    invitations.revoke(place, invitation, now=timezone.now())
    messages.success(request, _("The invitation is taken back: its link leads nowhere."))
    return redirect("members", organisation=place.organisation.slug)


@at_work(May.ADMINISTER)
@require_POST
def change_role(request: HttpRequest, place: Workplace, member: int) -> HttpResponse:
    """Gives a member another role."""
    form = RoleForm(place.organisation, request.POST)
    get_object_or_404(Membership, organisation=place.organisation, pk=member)

    def act() -> None:
        if not form.is_valid():
            raise ActRefused(form.sentence())
        actions.change_role(place, member, **form.arguments(), now=timezone.now())

    return done(request, place, act, _("The role is changed."))


@at_work(May.ADMINISTER)
@require_POST
def second_factor(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Asks a second factor of everybody, or no longer."""
    is_asked = request.POST.get("asked") == "1"
    said = (
        _("Everybody is asked for a second factor.")
        if is_asked
        else _("The second factor is each one’s choice.")
    )
    now = timezone.now()
    return done(request, place, lambda: actions.ask_second_factor(place, is_asked=is_asked, now=now), said)


def done(
    request: HttpRequest, place: Workplace, act: Callable[[], Any], said: str, to: str = "members"
) -> HttpResponse:
    """Act → the page, with a sentence."""
    try:
        act()
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect(to, organisation=place.organisation.slug)


def _page(
    request: HttpRequest, place: Workplace, form: InvitationForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "people": queries.people(place),
        "invitations": queries.invitations_of(place.organisation, timezone.now()),
        "roles": queries.role_choices(place.organisation),
        "form": form,
        "can_mail": settings.CAN_MAIL,
        **more,
    }
    return render(request, "accounts/members.html", context, status=status)
