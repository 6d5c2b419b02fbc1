"""Pages where a person signs in at a network, and the address that networks send people back to."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.sources import sign_in_actions as actions
from veilleur.desk.sources.models import Source
from veilleur.desk.sources.sign_in_queries import sign_in_card
from veilleur.errors import ActRefused, CredentialsRefused, InvalidInput, NetworkFailed
from veilleur.listening.connector import connectors

MOST_CODE = 4000
MOST_WORDS = 300


def callback_address(request: HttpRequest) -> str:
    """The address that a network must know of."""
    return request.build_absolute_uri(reverse("oauth_callback"))


@at_work(May.CONFIGURE)
def sign_in(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """What is asked of the network and why; sends the person there."""
    found = _source(place, source)
    if request.method != "POST":
        return _page(request, found)
    try:
        address = actions.begin(place, found, callback_address(request), request.session)
    except (ActRefused, NetworkFailed) as failed:
        messages.error(request, _("The network cannot be asked now: %s") % failed)
        return redirect("sources:sign_in", organisation=place.organisation.slug, source=found.key)
    return _leave(request, found, address)


def _leave(request: HttpRequest, source: Source, address: str) -> HttpResponse:
    """A page that moves on by itself: a form may not be sent on to another host (`form-action`)."""
    context = {"source": source, "network": _network(source), "address": address}
    answer = render(request, "sources/leaving.html", context)
    answer["Refresh"] = f"0; url={address}"
    answer["Cache-Control"] = "no-store"
    return answer


def _page(request: HttpRequest, source: Source, status: int = 200) -> HttpResponse:
    card = sign_in_card(source, timezone.now())
    if card is None:
        raise Http404
    context = {
        "source": source,
        "network": _network(source),
        "signed_in": card,
        "callback": callback_address(request),
    }
    return render(request, "sources/sign_in.html", context, status=status)


@never_cache
@login_required
@require_GET
def callback(request: HttpRequest) -> HttpResponseBase:
    """Where networks send people back to, with a code or an error."""
    state = request.GET.get("state", "")
    if not state:
        messages.error(request, _("Networks send people back to this address: there is nothing to see here."))
        return redirect("home")
    assert isinstance(request.user, User)  # noqa: S101 - login_required has just checked
    told = actions.state_of(request.user.pk, state)
    if told is None:
        raise Http404
    return _finish(request, organisation=told.organisation, source=told.source, told=told)


@at_work(May.CONFIGURE)
def _finish(request: HttpRequest, place: Workplace, source: str, told: actions.State) -> HttpResponse:
    found = _source(place, source)
    pending = actions.taken(told, request.session)
    if pending is None:
        messages.error(request, _("This sign-in took too long, or was used already: begin again."))
        return _page(request, found, status=403)
    trouble = _trouble(request, place, found, pending)
    if trouble:
        messages.error(request, trouble)
        return redirect("sources:sign_in", organisation=place.organisation.slug, source=found.key)
    messages.success(request, _("Signed in: the network is being asked."))
    return redirect("sources:source", organisation=place.organisation.slug, source=found.key)


def _trouble(request: HttpRequest, place: Workplace, source: Source, pending: actions.Pending) -> str:
    """What went wrong, in a sentence; empty when the sign-in is kept."""
    error, code = request.GET.get("error", ""), request.GET.get("code", "")
    if error or not 0 < len(code) <= MOST_CODE:
        return _refusal(error, request.GET.get("error_description", ""))
    try:
        actions.complete(place, source, pending, code)
    except CredentialsRefused as refused:
        said = _(
            "The network does not accept the application or its secret: look at the settings. It says: %s"
        )
        return said % refused
    except NetworkFailed as failed:
        return _("The network did not finish the sign-in: begin again. It says: %s") % failed
    except (ActRefused, InvalidInput) as refused:
        return str(refused)
    return ""


def _refusal(error: str, description: str) -> str:
    """What a network means by an error (RFC 6749, 4.1.2.1)."""
    match error:
        case "access_denied" | "user_denied" | "user_cancelled_login" | "user_cancelled_authorize":
            return _("Access was not allowed at the network: nothing was changed.")
        case "invalid_scope" | "unauthorized_scope_error":
            return _("The network does not give these rights to your application: ask it for them first.")
        case "server_error" | "temporarily_unavailable":
            return _("The network is out of order: begin again later.")
        case "":
            return _("The network sent you back without a code: begin again.")
        case _other:
            words = f"{error} {description}".strip()[:MOST_WORDS]
            return _("The network refused. It says: %s") % words


def _network(source: Source) -> str:
    made = connectors().get(source.connector)
    return made.title.say(get_language() or "fr") if made else source.connector


def _source(place: Workplace, key: str) -> Source:
    return get_object_or_404(
        Source.objects.select_related("organisation", "grant"), organisation=place.organisation, key=key
    )
