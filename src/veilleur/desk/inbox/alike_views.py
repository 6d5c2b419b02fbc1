"""Pages about who says what again: the page of an author, and how the list shows what says the same."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.forms import APART, FilterForm
from veilleur.desk.inbox.queries.author import author_page

A_YEAR = 365 * 24 * 3600


@at_work(May.READ)
@require_GET
def author(request: HttpRequest, place: Workplace, author: str) -> HttpResponse:
    """What one author said here."""
    return render(request, "inbox/author.html", {"page": author_page(place, author), "query": ""})


@at_work(May.READ)
@require_POST
def fold(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Keeps in this browser whether messages that say the same are shown once."""
    query = FilterForm(request.GET).filters().query()
    path = reverse("inbox:list", kwargs={"organisation": place.organisation.slug})
    answer = redirect(f"{path}?{query}" if query else path)
    if "together" in request.POST:
        answer.delete_cookie(APART)
    else:
        answer.set_cookie(
            APART, "1", max_age=A_YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    return answer
