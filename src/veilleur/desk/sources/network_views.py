"""Pages about networks: which there are, how a source is connected, how it fares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.sources import network_actions as actions
from veilleur.desk.sources.connections import settings_of
from veilleur.desk.sources.diagnosis import diagnosis_of
from veilleur.desk.sources.models import Source
from veilleur.desk.sources.network_forms import NetworkForm, RhythmForm
from veilleur.desk.sources.network_queries import card_of, fetches_of, listened_card, networks, past_of
from veilleur.desk.sources.sign_in_actions import disconnect as forget
from veilleur.desk.sources.sign_in_queries import sign_in_card
from veilleur.desk.sources.sign_in_views import callback_address
from veilleur.errors import ActRefused, InvalidInput
from veilleur.listening.connector import Connector, connectors, signs_in


@at_work(May.CONFIGURE)
@require_GET
def gallery(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every network there is a connector for, and what it gives."""
    asked = request.GET.get("source", "")
    source = _source(place, asked) if asked else None
    return render(request, "sources/networks.html", {"networks": networks(), "source": source})


@at_work(May.CONFIGURE)
def add(request: HttpRequest, place: Workplace, connector: str) -> HttpResponse:
    """A new source on a network."""
    made = _connector(connector)
    form = NetworkForm(made, request.POST or None, initial={"name": made.title.say(get_language() or "fr")})
    if request.method == "POST" and form.is_valid():
        source = actions.add_network(place, connector, form.cleaned_data["name"], form.told())
        return _connected(request, place, source, _("Connected: the network is being asked."))
    context = {"form": form, "network": card_of(made), "callback": _callback(request, made)}
    return render(request, "sources/connect.html", context)


def _connected(request: HttpRequest, place: Workplace, source: Source, done: str) -> HttpResponse:
    """On to the sign-in when nothing comes without one."""
    card = sign_in_card(source, timezone.now())
    is_left = card is not None and card.is_over
    messages.success(request, _("Kept: one step is left.") if is_left else done)
    page = "sources:sign_in" if is_left else "sources:source"
    return redirect(page, organisation=place.organisation.slug, source=source.key)


def _callback(request: HttpRequest, made: type[Connector]) -> str:
    return callback_address(request) if signs_in(made) else ""


@at_work(May.CONFIGURE)
def change(request: HttpRequest, place: Workplace, source: str, connector: str) -> HttpResponse:
    """Other settings, or another network, for a source."""
    found, made = _source(place, source), _connector(connector)
    known = settings_of(found) if found.connector == connector else None
    form = NetworkForm(made, request.POST or None, known=known, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        actions.change_network(place, found, connector, form.cleaned_data["name"], form.told())
        return _connected(request, place, found, _("Kept."))
    context = {"form": form, "network": card_of(made), "source": found, "callback": _callback(request, made)}
    return render(request, "sources/connect.html", context)


@at_work(May.READ)
@require_GET
def source_page(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """How one source fares, and what its network gives."""
    return _page(request, _source(place, source))


def _page(request: HttpRequest, found: Source, rhythm: RhythmForm | None = None) -> HttpResponse:
    how = getattr(found, "listening", None)
    if rhythm is None and how is not None:
        known = {"every": max(1, how.every // 60), "most_a_day": how.most_a_day, "is_live": how.is_live}
        rhythm = RhythmForm(initial=known)
    made = connectors().get(found.connector)
    card = listened_card(found) if found.connector else None
    context = {
        "source": found,
        "card": card,
        "signed_in": card.sign_in if card else None,
        "network": card_of(made) if made else None,
        "how": how,
        "past": past_of(found),
        "hook": request.build_absolute_uri(reverse("hook", args=[how.hook])) if how and how.hook else "",
        "fetches": fetches_of(found),
        "rhythm": rhythm,
    }
    return render(request, "sources/source.html", context)


@at_work(May.READ)
@require_GET
def past(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """How far the past has been brought; the page asks again until it is."""
    found = _source(place, source)
    context = {"source": found, "past": past_of(found), "is_asked_again": True}
    return render(request, "sources/parts/past.html", context)


@at_work(May.CONFIGURE)
@require_GET
def diagnosis(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """Asks the network now what it says of us; htmx asks for it."""
    language = get_language() or "fr"
    found = diagnosis_of(_source(place, source))
    remarks = [(remark.is_good, remark.words.say(language)) for remark in found]
    return render(request, "sources/parts/diagnosis.html", {"remarks": remarks})


@at_work(May.CONFIGURE)
@require_POST
def pause(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """Stops asking, or begins again."""
    found = _source(place, source)
    is_paused = request.POST.get("now") == "on"
    done = _("Paused.") if is_paused else _("Listening again.")
    return _act(request, place, found, lambda: actions.pause(place, found, is_paused=is_paused), done)


@at_work(May.WORK)
@require_POST
def ask(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """Asks at once."""
    found = _source(place, source)
    return _act(request, place, found, lambda: actions.ask_now(place, found), _("It is being asked."))


@at_work(May.CONFIGURE)
@require_POST
def rhythm(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """How often, and how much at most."""
    found, form = _source(place, source), RhythmForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    return _act(
        request, place, found, lambda: actions.set_rhythm(place, found, **form.cleaned_data), _("Kept.")
    )


@at_work(May.CONFIGURE)
@require_POST
def disconnect(request: HttpRequest, place: Workplace, source: str) -> HttpResponse:
    """Forgets the account and its secrets; the messages stay."""
    found = _source(place, source)
    done = _("Disconnected: its secrets are wiped, its messages stay.")
    return _act(request, place, found, lambda: forget(found, by=place.user.email), done)


def _act(
    request: HttpRequest, place: Workplace, source: Source, act: Callable[[], Any], done: str
) -> HttpResponse:
    try:
        act()
    except (ActRefused, InvalidInput) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("sources:source", organisation=place.organisation.slug, source=source.key)


def _source(place: Workplace, key: str) -> Source:
    rows = Source.objects.select_related("listening", "grant", "organisation")
    return get_object_or_404(rows, organisation=place.organisation, key=key)


def _connector(name: str) -> type[Connector]:
    made = connectors().get(name)
    if made is None:
        raise Http404
    return made
