"""Views that people keep: a name for what the list is narrowed to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.forms import FilterForm, SavedViewForm
from veilleur.desk.inbox.models import SavedView
from veilleur.desk.inbox.queries.listing import count_of, saved_views
from veilleur.desk.inbox.view_actions import drop_view as drop
from veilleur.desk.inbox.view_actions import is_theirs, own_view
from veilleur.desk.inbox.view_actions import keep_view as keep
from veilleur.errors import ActRefused


@at_work(May.READ)
@require_GET
def saved(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Those that this person sees: to rename, to share, to remove."""
    rows = [(view, _form_of(view), is_theirs(place, view)) for view in saved_views(place)]
    return render(request, "inbox/saved.html", {"rows": rows})


def _form_of(view: SavedView) -> SavedViewForm:
    told = {"name": view.name, "is_shared": view.owner_id is None}
    return SavedViewForm(initial=told, prefix=f"view{view.pk}")


@at_work(May.READ)
@require_POST
def keep_view(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Keeps what the list is narrowed to now."""
    form = SavedViewForm(request.POST)
    filters = FilterForm(QueryDict(request.POST.get("query", ""))).filters()
    view = SavedView(organisation=place.organisation, query=filters.query())
    done = _("Kept: it stands at the side.")
    _write(request, place, view, form, done)
    return _to(place, view.query)


@at_work(May.READ)
@require_POST
def change_view(request: HttpRequest, place: Workplace, view: int) -> HttpResponse:
    """Another name, or for others too."""
    found = own_view(place, view)
    _write(request, place, found, SavedViewForm(request.POST, prefix=f"view{view}"), _("Kept."))
    return redirect("inbox:saved", organisation=place.organisation.slug)


@at_work(May.READ)
@require_POST
def drop_view(request: HttpRequest, place: Workplace, view: int) -> HttpResponse:
    """Forgets a view; its messages stay where they are."""
    found = own_view(place, view)
    drop(place, found)
    messages.success(request, _("This view is gone; the messages stay."))
    return redirect("inbox:saved", organisation=place.organisation.slug)


@at_work(May.READ)
@require_GET
def view_count(request: HttpRequest, place: Workplace, view: int) -> HttpResponse:
    """How many messages it shows; asked for once the page stands."""
    found = get_object_or_404(saved_views(place), pk=view)
    return render(request, "inbox/parts/count.html", {"count": count_of(place, found)})


def _write(request: HttpRequest, place: Workplace, view: SavedView, form: SavedViewForm, done: str) -> None:
    if not form.is_valid():
        messages.error(request, form.sentence())
        return
    try:
        keep(place, view, **form.cleaned_data)
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)


def _to(place: Workplace, query: str) -> HttpResponse:
    response = redirect("inbox:list", organisation=place.organisation.slug)
    if query:
        response["Location"] += f"?{query}"
    return response
