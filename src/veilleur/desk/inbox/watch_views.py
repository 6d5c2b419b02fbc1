"""Pages of watches: the list, the editor with its preview."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox import watch_actions as actions
from veilleur.desk.inbox.asking import EXAMPLES
from veilleur.desk.inbox.models import Watch
from veilleur.desk.inbox.watch_forms import WatchForm
from veilleur.desk.inbox.watching import preview, whole_query
from veilleur.errors import ActRefused, QueryInvalid
from veilleur.listening.queries import mistake


@at_work(May.READ)
@require_GET
def watches(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What is listened for, and how much of it there was."""
    rows = (
        Watch.objects.filter(organisation=place.organisation).annotate(count=Count("hits")).order_by("name")
    )
    return render(request, "inbox/watches.html", {"watches": rows})


@at_work(May.CONFIGURE)
def add_watch(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new watch."""
    return _edit(request, place, Watch(organisation=place.organisation))


@at_work(May.CONFIGURE)
def watch(request: HttpRequest, place: Workplace, watch: int) -> HttpResponse:
    """An existing one."""
    return _edit(request, place, get_object_or_404(Watch, organisation=place.organisation, pk=watch))


def _edit(request: HttpRequest, place: Workplace, known: Watch) -> HttpResponse:
    form = WatchForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid() and _keep(form, place):
        messages.success(request, _("Kept: what is stored is being looked through."))
        return redirect("inbox:watches", organisation=place.organisation.slug)
    return render(request, "inbox/watch.html", {"form": form, "watch": known, "examples": EXAMPLES})


def _keep(form: WatchForm, place: Workplace) -> bool:
    try:
        actions.keep_watch(place, form.save(commit=False))
    except ActRefused as refused:
        form.add_error("name", str(refused))
        return False
    return True


@at_work(May.CONFIGURE)
@require_POST
def preview_watch(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What a query would have brought so far; htmx asks for it while the person types."""
    query, excluded = request.POST.get("query", "").strip(), request.POST.get("excluded", "")
    context: dict[str, object] = {}
    if query:
        try:
            context["preview"] = preview(place, whole_query(query, excluded, place.organisation))
        except QueryInvalid as invalid:
            context["problem"] = mistake(invalid, get_language() or "fr")
    return render(request, "inbox/parts/preview.html", context)


@at_work(May.CONFIGURE)
@require_POST
def drop_watch(request: HttpRequest, place: Workplace, watch: int) -> HttpResponse:
    """Listens for it no more; its messages stay."""
    found = get_object_or_404(Watch, organisation=place.organisation, pk=watch)
    actions.drop_watch(place, found)
    messages.success(request, _("This watch is gone; the messages stay."))
    return redirect("inbox:watches", organisation=place.organisation.slug)
