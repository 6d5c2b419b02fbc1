"""The door as we built it: accepting an invitation, and seeing where one is signed in."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from veilleur.desk.accounts import invitations, sessions
from veilleur.desk.accounts.actions import note_change
from veilleur.desk.accounts.forms import WelcomeForm
from veilleur.desk.accounts.models import Invitation, User
from veilleur.errors import ActRefused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the link joins: with a new account, or with the one they have and are signed in to."""
    blocked: HttpResponse | None = ratelimit.consume_or_429(request, action="invitation", limit_get=True)
    if blocked is not None:
        return blocked
    found = invitations.found(token, now=timezone.now())
    if found is None:
        return render(request, "accounts/invitation_over.html", status=404)
    if User.objects.filter(email=found.email).exists():
        return _known(request, found, token)
    return _new(request, found, token)


def _known(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    """Somebody who has an account joins once they are signed in to it: the link alone opens nothing."""
    is_theirs = isinstance(request.user, User) and request.user.email == found.email
    if request.method == "POST" and is_theirs:
        try:
            invitations.accept(token, now=timezone.now())
        except ActRefused as refused:
            messages.error(request, str(refused))
            return redirect("home")
        messages.success(request, _("You have joined %s.") % found.organisation.name)
        return redirect("start", organisation=found.organisation.slug)
    context = {"invitation": found, "is_known": True, "is_theirs": is_theirs}
    return render(request, "accounts/invitation.html", context)


def _new(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    form = WelcomeForm(found.email, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/invitation.html", {"invitation": found, "form": form})
    said = form.cleaned_data
    try:
        user = invitations.accept(token, name=said["name"], password=said["password"], now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
        return redirect("account_login")
    record_authentication(request, user, "password", reauthenticated=True)  # they have just chosen it
    answer: HttpResponse = perform_login(request, user)
    return answer


@require_GET
@login_required
def session_list(request: HttpRequest) -> HttpResponse:
    """Where the reader is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    shown = sessions.sessions_of(request.user, request.session.session_key)
    return render(request, "accounts/sessions.html", {"sessions": shown})


@require_POST
@login_required
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """Ends one session of the reader."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    if not sessions.end_session(request.user, session):
        raise Http404
    note_change(request.user, "end_session")
    messages.success(request, _("That session is ended."))
    return redirect("sessions")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Ends all sessions of the reader but this one."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    count = sessions.end_others(request.user, request.session.session_key)
    note_change(request.user, "end_session")
    said = ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
    messages.success(request, said % {"count": count})
    return redirect("sessions")
