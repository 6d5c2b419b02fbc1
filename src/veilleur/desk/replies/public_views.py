"""« Vérifier un texte » for anybody, when the administrator opens it: rate-limited, nothing stored."""

from __future__ import annotations

from allauth.core import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from veilleur.desk.replies.checking import checked
from veilleur.desk.replies.forms import CheckForm
from veilleur.rules import Rulebook

_BOOK = Rulebook()


def check(request: HttpRequest) -> HttpResponse:
    """One text, one judgement, by the rules of the packs as they are shipped."""
    if not settings.PUBLIC_CHECK:
        raise Http404
    form = CheckForm(request.POST or None)
    result = None
    if request.method == "POST":
        blocked: HttpResponse | None = ratelimit.consume_or_429(request, action="check")
        if blocked is not None:
            return blocked
        if form.is_valid():
            result = checked(_BOOK, form.cleaned_data)
    return render(request, "replies/check.html", {"form": form, "result": result, "is_public": True})
