"""Thanks in bulk: what would be answered, and the decision."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.replies.thanks import give, thanks_of


@at_work(May.ANSWER)
def thanks(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Ratings without a word, each with what it would be answered and when."""
    now = timezone.now()
    if request.method != "POST":
        return render(request, "replies/thanks.html", {"thanks": thanks_of(place, now)})
    asked = [int(one) for one in request.POST.getlist("chosen") if one.isdecimal() and len(one) < 18]
    leaving, waiting = give(place, asked, now)
    said = [
        ngettext("%(count)d reply leaves.", "%(count)d replies leave.", leaving) % {"count": leaving},
        ngettext("%(count)d waits for a person.", "%(count)d wait for a person.", waiting)
        % {"count": waiting},
    ]
    messages.success(request, " ".join(said))
    return redirect("replies:list", organisation=place.organisation.slug)
