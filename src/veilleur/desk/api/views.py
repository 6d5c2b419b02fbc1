"""Pages about programs: tokens, subscriptions, and the log of what was delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.api import subscription_actions as actions
from veilleur.desk.api.forms import SubscriptionForm, TokenForm
from veilleur.desk.api.queries import subscription_page, subscriptions_of, tokens_of
from veilleur.desk.api.signing import secret_of
from veilleur.desk.api.tokens import make_token, revoke_token
from veilleur.errors import ActRefused


@at_work(May.CONFIGURE)
@require_GET
def programs(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Which programs act here, and which are told of what."""
    context = {"tokens": tokens_of(place, timezone.now()), "subscriptions": subscriptions_of(place)}
    return render(request, "api/programs.html", context)


@at_work(May.CONFIGURE)
@never_cache
def add_token(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new token; its text is shown in the answer, and never again."""
    form, now = TokenForm(place, request.POST or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            token, text = make_token(place, **form.asked(now), now=now)
        except ActRefused as refused:
            form.add_error("scopes", str(refused))
        else:
            return render(request, "api/secret.html", {"name": token.name, "secret": text, "kind": "token"})
    return render(request, "api/add_token.html", {"form": form})


@at_work(May.CONFIGURE)
@require_POST
def revoke(request: HttpRequest, place: Workplace, api_token: int) -> HttpResponse:
    """Nobody acts by it any more."""
    done = _("Revoked: it opens nothing any more.")
    return _acted(request, place, lambda now: revoke_token(place, api_token, now=now), done)


@at_work(May.CONFIGURE)
@never_cache
def add_subscription(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Another address that is told; its secret is shown in the answer."""
    form = SubscriptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.subscribe(place, **form.asked(), now=timezone.now())
        context = {"name": made.name, "secret": secret_of(made.salt), "kind": "subscription"}
        return render(request, "api/secret.html", context)
    return render(request, "api/add_subscription.html", {"form": form})


@at_work(May.CONFIGURE)
@require_GET
def subscription(request: HttpRequest, place: Workplace, subscription: int) -> HttpResponse:
    """One subscription and the log of its deliveries."""
    return render(request, "api/subscription.html", {"page": subscription_page(place, subscription)})


@at_work(May.CONFIGURE)
@require_POST
def switch(request: HttpRequest, place: Workplace, subscription: int) -> HttpResponse:
    """Stops telling an address, or goes on."""
    is_on = request.POST.get("now") == "on"
    done = _("It is told again, from where it stopped.") if is_on else _("It is told nothing for now.")
    act = lambda now: actions.switch(place, subscription, is_on=is_on, now=now)  # noqa: E731
    return _acted(request, place, act, done)


@at_work(May.CONFIGURE)
@require_POST
def unsubscribe(request: HttpRequest, place: Workplace, subscription: int) -> HttpResponse:
    """Tells an address nothing any more."""
    done = _("This subscription is gone.")
    return _acted(request, place, lambda now: actions.unsubscribe(place, subscription, now=now), done)


@at_work(May.CONFIGURE)
@require_POST
def deliver_again(request: HttpRequest, place: Workplace, delivery: int) -> HttpResponse:
    """Sends one delivery again."""
    done = _("It is delivered again now.")
    return _acted(request, place, lambda now: actions.deliver_again(place, delivery, now=now), done)


def _acted(request: HttpRequest, place: Workplace, act: Callable[[Any], Any], done: str) -> HttpResponse:
    """Back to where the person was, with a sentence."""
    try:
        act(timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("api:programs", organisation=place.organisation.slug)
