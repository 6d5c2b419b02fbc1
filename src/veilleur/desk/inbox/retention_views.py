"""Pages about how long words are kept: the rule of the house, holds, the erasure of an author."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox import authors, holds
from veilleur.desk.inbox.forms import FilterForm
from veilleur.desk.inbox.jobs import erase_due
from veilleur.desk.inbox.retention import Trial, rule_of, save_rule, tried
from veilleur.desk.inbox.retention_forms import ReasonForm, RetentionForm, initial
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


@at_work(May.CONFIGURE)
def retention(request: HttpRequest, place: Workplace) -> HttpResponse:
    """How long texts are kept: read it, see what a change would erase, keep it."""
    house, trial = place.organisation, None
    form = RetentionForm(initial=initial(rule_of(house)))
    if request.method == "POST":
        form = RetentionForm(request.POST)
        if form.is_valid():
            if "save" in request.POST and form.was_tried():
                return _saved(request, place, form)
            trial, form = tried(house, form.rule(), timezone.now()), form.after_trial()
    return _page(request, place, form, trial)


def _saved(request: HttpRequest, place: Workplace, form: RetentionForm) -> HttpResponse:
    save_rule(place, form.rule())
    enqueue(erase_due, place.organisation.pk)
    messages.success(request, _("The rule is saved, and is being carried out."))
    return redirect("inbox:retention", organisation=place.organisation.slug)


def _page(request: HttpRequest, place: Workplace, form: RetentionForm, trial: Trial | None) -> HttpResponse:
    requests = authors.requests_of(place.organisation)
    context = {"form": form, "trial": trial, "requests": requests[: authors.LISTED]}
    return render(request, "inbox/retention.html", context)


@at_work(May.WORK)
@require_POST
def hold(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Keeps a message whatever the rule."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.sentence())
        return _to_ticket(request, place, ticket)
    try:
        holds.hold(place, ticket, **form.arguments(), now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("This message is held: nothing erases it."))
    return _to_ticket(request, place, ticket)


@at_work(May.CONFIGURE)
@require_POST
def lift(request: HttpRequest, place: Workplace, hold: int) -> HttpResponse:
    """Lets the rule have its way with a message again."""
    ticket = holds.ticket_of(place, hold)
    try:
        holds.lift(place, hold, now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The hold is lifted: the rule holds for this message again."))
    return _to_ticket(request, place, ticket)


def _to_ticket(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    query = FilterForm(request.GET).filters().query()
    path = reverse("inbox:ticket", kwargs={"organisation": place.organisation.slug, "ticket": ticket})
    return redirect(f"{path}?{query}" if query else path)


@at_work(May.CONFIGURE)
def erase_author(request: HttpRequest, place: Workplace, author: str) -> HttpResponse:
    """What the erasure of an author would do, and the erasure."""
    page = authors.erase_page(place, author)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            authors.erase_author(place, author, **form.arguments(), now=timezone.now())
        except ActRefused as refused:
            form.add_error(None, str(refused))
        else:
            enqueue(erase_due, place.organisation.pk)
            messages.success(request, _("What this author said is being erased."))
            return redirect("inbox:retention", organisation=place.organisation.slug)
    return render(request, "inbox/erase_author.html", {"page": page, "form": form})
