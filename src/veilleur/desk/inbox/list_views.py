"""Lists of words that watches and searches share."""

from __future__ import annotations

import re

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.forms import WordListForm
from veilleur.desk.inbox.jobs import scan_watch
from veilleur.desk.inbox.models import Watch, WordList
from veilleur.desk.jobs import enqueue


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
    if request.method == "POST" and form.is_valid() and _keep(form, place, users):
        messages.success(request, _("Kept."))
        return redirect("inbox:lists", organisation=place.organisation.slug)
    return render(request, "inbox/word_list.html", {"form": form, "list": known, "users": users})


def _keep(form: WordListForm, place: Workplace, users: list[Watch]) -> bool:
    """The watches that use it look through the past again."""
    try:
        with transaction.atomic():
            kept = form.save()
            told = {"name": kept.name, "words": kept.words}
            audit.record(place.organisation, place.user.email, "inbox.word_list", f"list:{kept.pk}", told)
            Watch.objects.filter(pk__in=[watch.pk for watch in users]).update(scanned_at=None)
            for watch in users:
                enqueue(scan_watch, watch.pk)
    except IntegrityError:
        form.add_error("name", _("There is already a list of this name."))
        return False
    return True


@at_work(May.CONFIGURE)
@require_POST
def drop_list(request: HttpRequest, place: Workplace, word_list: int) -> HttpResponse:
    """Forgets a list that no watch uses."""
    found = get_object_or_404(WordList, organisation=place.organisation, pk=word_list)
    users = users_of(found)
    if users:
        names = ", ".join(watch.name for watch in users)
        messages.error(request, _("Watches use this list: %s. Change them first.") % names)
        return redirect("inbox:lists", organisation=place.organisation.slug)
    with transaction.atomic():
        told = {"name": found.name}
        audit.record(place.organisation, place.user.email, "inbox.drop_list", f"list:{found.pk}", told)
        found.delete()
    messages.success(request, _("This list is gone."))
    return redirect("inbox:lists", organisation=place.organisation.slug)


def users_of(known: WordList) -> list[Watch]:
    """The watches whose query names a list."""
    named = re.compile(rf"liste?:[\"«“ ]*{re.escape(known.name)}(?![\w-])", re.IGNORECASE)
    watches = Watch.objects.filter(organisation=known.organisation).order_by("name")
    return [watch for watch in watches if named.search(f"{watch.query} {watch.excluded}")]
