"""Pages of an act on many tickets: what shall be done, what it would change, what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.inbox.forms import FilterForm
from veilleur.desk.inbox.team import bulk_acts, jobs
from veilleur.desk.inbox.team.bulk_queries import preview, standing
from veilleur.desk.inbox.team.forms import BeginForm, StepsForm
from veilleur.desk.inbox.team.models import BulkAct, BulkState, Macro
from veilleur.desk.inbox.team.selection import MOST, answering, ticked
from veilleur.desk.inbox.team.steps import Means, steps_of
from veilleur.desk.inbox.team.tags import tags_of
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


@at_work(May.WORK)
@require_POST
def begin(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What was selected in the list becomes an act to prepare; a macro says at once what it is."""
    filters = FilterForm(request.GET).filters()
    form = BeginForm(request.POST)
    asked = form.cleaned_data if form.is_valid() else {}
    if asked.get("all"):
        selection = answering(place, filters)
    else:
        selection = ticked(place, _numbers(request.POST.getlist("ticket")))
    try:
        act = bulk_acts.begin(place, selection, filters.query(), now=timezone.now())
        if asked.get("macro"):
            known = get_object_or_404(Macro, organisation=place.organisation, key=asked["macro"])
            bulk_acts.choose(place, act, steps_of(known.steps))
    except ActRefused as refused:
        messages.error(request, str(refused))
        return _to_list(place, filters.query())
    return redirect("inbox:bulk_act", organisation=place.organisation.slug, bulk=act.pk)


def _numbers(said: list[str]) -> list[int]:
    return [int(one) for one in said[: MOST + 1] if one.isascii() and one.isdigit() and len(one) < 19]


@at_work(May.WORK)
def bulk_act(request: HttpRequest, place: Workplace, bulk: int) -> HttpResponse:
    """What shall be done and what it would change; once it was started, what became of it."""
    act, now = bulk_acts.known(place, bulk), timezone.now()
    if act.state != BulkState.DRAFT:
        return render(request, "inbox/team/bulk_done.html", {"standing": standing(place, act, now)})
    initial = StepsForm.said(steps_of(act.steps), Means.of(place, now)) if act.steps else {}
    form = StepsForm(place, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            bulk_acts.choose(place, act, form.cleaned_data["steps"])
        except ActRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(f"{request.path}#preview")
    context = {
        "act": act,
        "form": form,
        "count": act.lines.count(),
        "most": MOST,
        "preview": preview(place, act, now) if act.steps and not form.errors else None,
        "tags": tags_of(place.organisation),
        "people": colleagues(place.organisation),
    }
    return render(request, "inbox/team/bulk.html", context)


@at_work(May.WORK)
@require_POST
def run(request: HttpRequest, place: Workplace, bulk: int) -> HttpResponse:
    """Carries it out: at once when it is short, else as a job."""
    act = bulk_acts.known(place, bulk)
    try:
        bulk_acts.start(place, act, now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        _carry_on(act)
    return redirect("inbox:bulk_act", organisation=place.organisation.slug, bulk=act.pk)


@at_work(May.WORK)
@require_POST
def undo(request: HttpRequest, place: Workplace, bulk: int) -> HttpResponse:
    """Puts the whole back."""
    act = bulk_acts.known(place, bulk)
    try:
        bulk_acts.start_undo(place, act, now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        _carry_on(act)
    return redirect("inbox:bulk_act", organisation=place.organisation.slug, bulk=act.pk)


def _carry_on(act: BulkAct) -> None:
    if act.lines.count() > bulk_acts.AT_ONCE:
        enqueue(jobs.carry_on, act.pk)
    else:
        bulk_acts.carry_on(act.pk)


@at_work(May.WORK)
@require_GET
def progress(request: HttpRequest, place: Workplace, bulk: int) -> HttpResponse:
    """How far it is; asked for again and again while it is under way."""
    act = bulk_acts.known(place, bulk)
    if act.state == BulkState.DRAFT:
        raise Http404
    return render(
        request, "inbox/team/parts/bulk_standing.html", {"standing": standing(place, act, timezone.now())}
    )


def _to_list(place: Workplace, query: str) -> HttpResponse:
    address = reverse("inbox:list", kwargs={"organisation": place.organisation.slug})
    return redirect(f"{address}?{query}" if query else address)
