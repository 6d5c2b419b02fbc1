"""Lists of words that watches and searches share."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox import list_actions as actions
from veilleur.desk.inbox.forms import WordListForm
from veilleur.desk.inbox.list_actions import users_of
from veilleur.desk.inbox.models import WordList
from veilleur.errors import ActRefused


@at_work(May.READ)
@require_GET
def lists(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every list, and the watches that use it."""
    rows = WordList.objects.filter(organisation=place.organisation).order_by("name")
    shown = [(row, len(row.words.splitlines()), users_of(row)) for row in rows]
    return render(request, "inbox/lists.html", {"rows": shown})


@at_work(May.CONFIGURE)
def add_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new list."""
    return _edit(request, place, WordList(organisation=place.organisation))


@at_work(May.CONFIGURE)
def word_list(request: HttpRequest, place: Workplace, word_list: int) -> HttpResponse:
    """An existing one."""
    return _edit(request, place, get_object_or_404(WordList, organisation=place.organisation, pk=word_list))


def _edit(request: HttpRequest, place: Workplace, known: WordList) -> HttpResponse:
    users = users_of(known) if known.pk else []
    form = WordListForm(request.POST or None, instance=known)
    form.fields["name"].disabled = bool(users)  # watches name it
    if request.method == "POST" and form.is_valid() and _keep(form, place):
        messages.success(request, _("Kept."))
        return redirect("inbox:lists", organisation=place.organisation.slug)
    return render(request, "inbox/word_list.html", {"form": form, "list": known, "users": users})


def _keep(form: WordListForm, place: Workplace) -> bool:
    try:
        actions.keep_list(place, form.save(commit=False))
    except ActRefused as refused:
        form.add_error("name", str(refused))
        return False
    return True


@at_work(May.CONFIGURE)
@require_POST
def drop_list(request: HttpRequest, place: Workplace, word_list: int) -> HttpResponse:
    """Forgets a list that no watch uses."""
    found = get_object_or_404(WordList, organisation=place.organisation, pk=word_list)
    try:
        actions.drop_list(place, found)
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("This list is gone."))
    return redirect("inbox:lists", organisation=place.organisation.slug)
