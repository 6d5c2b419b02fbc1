"""Pages about time: when the house works, what it promises, who is there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.hours import actions
from veilleur.desk.hours.queries import calendar_of, closed_ahead, presence_of, presences, promises_of
from veilleur.desk.inbox.hours_forms import CalendarForm, PresenceForm, PromiseForm, calendar_initial
from veilleur.desk.inbox.jobs import sort_again
from veilleur.desk.inbox.queries.clock import closed_day
from veilleur.desk.inbox.queries.promised import Times, promises_shown, queue_choices, times_of
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


@at_work(May.CONFIGURE)
def calendar(request: HttpRequest, place: Workplace) -> HttpResponse:
    """When the house works: hours, public holidays, its own days."""
    house, now = place.organisation, timezone.now()
    known = calendar_of(house)
    form = CalendarForm(house.time_zone, request.POST or None, initial=calendar_initial(known))
    if request.method == "POST" and form.is_valid():
        actions.save_calendar(place, form.calendar())
        enqueue(sort_again, house.pk)
        messages.success(
            request, _("The working hours are saved. Messages nobody has touched are being counted again.")
        )
        return redirect("inbox:calendar", organisation=house.slug)
    context = {
        "form": form,
        "is_open": known.is_open(now),
        "opens_at": known.next_opening(now),
        "closed": list(map(closed_day, closed_ahead(known, now, get_language() or "fr"))),
    }
    return render(request, "inbox/calendar.html", context)


@at_work(May.CONFIGURE)
def promises(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What the house promises; a new promise is tried on a message that arrives now, then kept."""
    house, trial = place.organisation, None
    form = PromiseForm(queue_choices(house), request.POST or None)
    if request.method == "POST" and form.is_valid():
        if "save" not in request.POST:
            trial = times_of(form.promise(), promises_of(house), timezone.now())
        elif _kept(place, form):
            messages.success(request, _("Promised. Messages nobody has touched are being counted again."))
            return redirect("inbox:promises", organisation=house.slug)
    return _promises_page(request, place, form, trial)


def _kept(place: Workplace, form: PromiseForm) -> bool:
    try:
        actions.promise(place, form.promise())
    except ActRefused as refused:
        form.add_error(None, str(refused))
        return False
    enqueue(sort_again, place.organisation.pk)
    return True


def _promises_page(
    request: HttpRequest, place: Workplace, form: PromiseForm, trial: Times | None
) -> HttpResponse:
    shown = promises_shown(place.organisation, timezone.now())
    return render(request, "inbox/promises.html", {"form": form, "trial": trial, "promises": shown})


@at_work(May.CONFIGURE)
@require_POST
def withdraw(request: HttpRequest, place: Workplace, promise: int) -> HttpResponse:
    """Promises something no more."""
    actions.withdraw(place, promise)
    enqueue(sort_again, place.organisation.pk)
    messages.success(request, _("This promise is withdrawn."))
    return redirect("inbox:promises", organisation=place.organisation.slug)


@at_work(May.WORK)
def presence(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Who takes messages that are shared out; each says it for themselves."""
    mine = presence_of(place.organisation, place.user)
    initial = {"is_present": mine.is_present, "capacity": mine.capacity}
    form = PresenceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.be_present(place, **form.arguments())
        messages.success(request, _("Your presence is noted."))
        return redirect("inbox:presence", organisation=place.organisation.slug)
    context = {"form": form, "people": presences(place.organisation)}
    return render(request, "inbox/presence.html", context)
