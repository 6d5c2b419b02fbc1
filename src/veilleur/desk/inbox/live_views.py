"""What open windows ask by themselves: what changed, who is there, what to show anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox import attending, note_drafts
from veilleur.desk.inbox.attendance import Doing
from veilleur.desk.inbox.forms import APART, FilterForm, NoteForm
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.attendance import around, stamps
from veilleur.desk.inbox.queries.fresh import MOST_ASKED, fresh_rows
from veilleur.desk.inbox.queries.listing import views_beside
from veilleur.desk.inbox.queries.live import WINDOWS, Changes, latest, mark_written
from veilleur.errors import ActRefused

WINDOW = 40
"""Longest name that a window gives itself."""


@at_work(May.READ)
@require_GET
@never_cache
def live(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What changed since the event that the window knows: a short stream of events, then its end.

    The browser asks again after `retry`, with the id of the last event it had: nobody holds a thread.
    """
    said = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    mark = mark_written(said)
    changes = WINDOWS.changes(place.organisation, mark or latest())
    present = stamps(WINDOWS.present(place.organisation), place.user)
    window = f"{place.user.pk}.{request.GET.get('window', '')[:WINDOW]}"
    lines = [f"retry: {round(1000 * WINDOWS.pause(window))}", f"id: {changes.mark.written()}"]
    body = "\n".join([*lines, *_events(changes, present), "", ""])
    return HttpResponse(body, content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _events(changes: Changes, present: dict[str, str]) -> Iterator[str]:
    """One event: an id and no word of what anybody wrote."""
    told: dict[str, Any] = {
        "versions": changes.versions,
        "before": changes.before,
        "many": changes.are_many,
        "present": present,
    }
    yield "event: state"
    yield f"data: {json.dumps(told, separators=(',', ':'))}"


@at_work(May.READ)
@require_GET
def fresh(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The rows of some messages as they are now, for the list that the address describes."""
    filters = FilterForm(request.GET, groups_alike=not request.COOKIES.get(APART)).filters()
    asked = [int(one) for one in request.GET.get("tickets", "").split(",") if _is_number(one)]
    top = request.GET.get("top", "")
    found = fresh_rows(place, filters, asked[:MOST_ASKED], int(top) if _is_number(top) else None)
    beside = views_beside(place, filters) if "counts" in request.GET else ()
    return render(
        request, "inbox/parts/fresh.html", {"fresh": found, "beside": beside, "query": filters.query()}
    )


@at_work(May.READ)
@require_POST
def attend(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """The window says that the message is open in it, and learns who else has it; nothing when it knows."""
    doing = request.POST.get("doing", "")
    doing = doing if doing in Doing.values else Doing.READING
    version = request.POST.get("version", "")
    now = timezone.now()
    try:
        attending.attend(place, ticket, Doing(doing), now=now)
    except OperationalError:  # the database is busy: a colleague is not seen for some seconds
        return HttpResponse(status=204)
    row = get_object_or_404(TicketRow, organisation=place.organisation, pk=ticket)
    shown = around(place, row, int(version) if _is_number(version) else row.version, doing, now=now)
    if shown.known == request.POST.get("known"):
        return HttpResponse(status=204)
    return render(request, "inbox/parts/attendance.html", {"around": shown})


@at_work(May.WORK)
@require_POST
def claim(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Takes a message for a while; who has taken it already gives it back."""
    try:
        is_mine = attending.claim_or_release(place, ticket, now=timezone.now())
    except ActRefused as refused:
        messages.warning(request, str(refused))
    else:
        said = _("Taken: your colleagues see it.") if is_mine else _("Given back.")
        messages.success(request, said)
    query = FilterForm(request.GET).filters().query()
    answer = redirect("inbox:ticket", organisation=place.organisation.slug, ticket=ticket)
    answer["Location"] += f"?{query}" if query else ""
    return answer


@at_work(May.WORK)
@require_POST
def note_draft(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Keeps a note while it is typed; `drop` gives it up."""
    form = NoteForm(request.POST)
    form.fields["text"].required = False
    if not form.is_valid():
        return HttpResponse(form.sentence(), status=422, content_type="text/plain; charset=utf-8")
    now = timezone.now()
    text = "" if "drop" in request.POST else form.cleaned_data["text"]
    note_drafts.keep_draft(place, ticket, text, now=now)
    if "drop" in request.POST:
        messages.info(request, _("The draft is gone."))
        return redirect("inbox:ticket", organisation=place.organisation.slug, ticket=ticket)
    return render(request, "inbox/parts/note_kept.html", {"kept_at": now if text.strip() else None})


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
