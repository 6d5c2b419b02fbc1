"""Pages about people: the door, the choice of an organisation, the audit trail."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts import audit, queries
from veilleur.desk.accounts.actions import choose_language
from veilleur.desk.accounts.forms import LanguageForm, TrailForm
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.errors import TrailBroken


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight to work when there is one organisation; else the choice."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    places = queries.organisations_of(request.user)
    if len(places) == 1:
        return redirect("start", organisation=places[0].slug)
    return render(request, "accounts/home.html")


@at_work(May.ENTER)
@require_GET
def start(request: HttpRequest, place: Workplace) -> HttpResponse:  # noqa: ARG001
    """The page a person begins with: the messages, or the figures alone."""
    to = "inbox:list" if place.can_read else "reports:summary"
    return redirect(to, organisation=place.organisation.slug)


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """The reader's own settings: the language of the desk."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    form = LanguageForm(request.POST or None, initial={"language": request.user.language})
    if request.method == "POST" and form.is_valid():
        choose_language(request.user, form.cleaned_data["language"])
        messages.success(request, _("Your preferences are saved."))
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form})


@at_work(May.ADMINISTER)
@require_GET
def trail(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every act in this organisation, newest first."""
    form = TrailForm(request.GET)
    filters = {key: value for key, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    lines = queries.trail(place.organisation, **filters)
    older = lines[-1].number if len(lines) == queries.AUDIT_PAGE else None
    return render(request, "accounts/trail.html", {"form": form, "lines": lines, "older": older})


@at_work(May.ADMINISTER)
@require_POST
def verify_trail(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Checks the chain and says what it found."""
    try:
        head = audit.verify(place.organisation)
    except TrailBroken as broken:
        messages.error(request, str(broken))
    else:
        count = head.number if head else 0
        intact = ngettext(
            "The trail is intact: %(count)d line.", "The trail is intact: %(count)d lines.", count
        )
        messages.success(request, intact % {"count": count})
    return redirect("trail", organisation=place.organisation.slug)
