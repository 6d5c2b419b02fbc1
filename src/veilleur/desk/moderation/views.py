"""Pages of acts on the network: the acts themselves, and the list of those that are not done yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.forms import FilterForm
from veilleur.desk.moderation import actions, jobs
from veilleur.desk.moderation.forms import AskForm, BackForm, FlagForm, ListForm, ReasonForm, StandingForm
from veilleur.desk.moderation.models import NetworkAct, Verb
from veilleur.desk.moderation.queries import acts_of, ask_page, on_network, ticket_of, views_of
from veilleur.errors import ActRefused, Outdated

asked_for = require_http_methods(["GET", "HEAD", "POST"])


@at_work(May.READ)
@require_GET
def act_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Acts that are under way or failed; those that are done."""
    form = ListForm(request.GET)
    view = form.cleaned_data["view"] if form.is_valid() else ""
    present = view or "open"
    page = acts_of(place, present, request.GET.get("page"))
    context = {"views": views_of(place.organisation), "page": page, "present": present}
    return render(request, "moderation/list.html", context)


@at_work(May.READ)
@require_GET
def standing(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """The part of the page of a message that tells how it stands on its network."""
    form = StandingForm(request.GET)
    version = form.cleaned_data["version"] if form.is_valid() else None
    context = {"network": on_network(place, ticket, version), "query": _query(request)}
    return render(request, "moderation/parts/on_network.html", context)


@at_work(May.MODERATE)
@asked_for
def hide(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Takes a message out of the public's sight, once what comes first was read."""
    return _asked(request, place, ticket, Verb.HIDE, AskForm)


@at_work(May.MODERATE)
@require_POST
def show(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Puts a hidden message back."""
    return _asked(request, place, ticket, Verb.SHOW, AskForm)


@at_work(May.CONFIGURE)
@asked_for
def remove(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Deletes a message for good, with a reason."""
    return _asked(request, place, ticket, Verb.REMOVE, ReasonForm)


@at_work(May.MODERATE)
@asked_for
def flag(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Tells those who run the network about a message."""
    return _asked(request, place, ticket, Verb.FLAG, FlagForm)


@at_work(May.MODERATE)
@require_POST
def again(request: HttpRequest, place: Workplace, act: int) -> HttpResponse:
    """Lets an act leave at once."""
    return _moved(request, place, act, jobs.again, _("It is tried again now."))


@at_work(May.MODERATE)
@require_POST
def drop(request: HttpRequest, place: Workplace, act: int) -> HttpResponse:
    """Takes an act back, or gives it up."""
    return _moved(request, place, act, actions.drop, _("Nothing more is asked of the network."))


def _asked(
    request: HttpRequest, place: Workplace, ticket: int, verb: Verb, form_class: type[AskForm]
) -> HttpResponse:
    """The page that says what comes first, or form → act → the message."""
    if request.method != "POST":
        form = form_class(initial={"version": ticket_of(place, ticket).version})
        return _ask_page(request, place, ticket, verb, form)
    form = form_class(request.POST)
    if not form.is_valid():
        return _ask_page(request, place, ticket, verb, form)
    try:
        jobs.request(place, ticket, verb=verb, now=timezone.now(), **form.cleaned_data)
    except ActRefused as refused:
        _say(request, refused)
    else:
        messages.success(request, _done(verb))
    return redirect(_ticket_address(request, place, ticket))


def _ask_page(request: HttpRequest, place: Workplace, ticket: int, verb: Verb, form: AskForm) -> HttpResponse:
    page = ask_page(place, ticket)
    context = {"page": page, "form": form, "verb": verb.value, "query": _query(request)}
    return render(request, "moderation/ask.html", context)


def _done(verb: Verb) -> str:
    return {
        Verb.HIDE: _("It will be hidden in a few seconds."),
        Verb.SHOW: _("It will be shown in a few seconds."),
        Verb.REMOVE: _("It will be removed in a few seconds."),
        Verb.FLAG: _("It will be flagged in a few seconds."),
    }[verb]


def _moved(
    request: HttpRequest, place: Workplace, act: int, move: Callable[..., Any], done: str
) -> HttpResponse:
    found = NetworkAct.objects.filter(organisation=place.organisation, pk=act).first()
    if found is None:
        raise Http404
    form = BackForm(request.POST)
    try:
        move(place, act, now=timezone.now())
    except ActRefused as refused:
        _say(request, refused)
    else:
        messages.success(request, done)
    if form.is_valid() and form.cleaned_data["back"] == "list":
        return redirect("moderation:list", organisation=place.organisation.slug)
    return redirect(_ticket_address(request, place, found.ticket_id))


def _say(request: HttpRequest, refused: ActRefused) -> None:
    level = messages.WARNING if isinstance(refused, Outdated) else messages.ERROR
    messages.add_message(request, level, str(refused))


def _query(request: HttpRequest) -> str:
    """The filters of the list that the person came from."""
    return FilterForm(request.GET).filters().query()


def _ticket_address(request: HttpRequest, place: Workplace, ticket: int) -> str:
    path = reverse("inbox:ticket", kwargs={"organisation": place.organisation.slug, "ticket": ticket})
    query = _query(request)
    return f"{path}?{query}" if query else path
