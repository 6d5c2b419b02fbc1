"""Removing somebody from an organisation: here, above the people, since what they had in hand is freed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.leaving import remove_member
from veilleur.errors import ActRefused


@at_work(May.ADMINISTER)
@require_POST
def remove(request: HttpRequest, place: Workplace, member: int) -> HttpResponse:
    """Removes somebody from the organisation."""
    try:
        freed = remove_member(place, member, now=timezone.now())
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        said = ngettext(
            "This person works here no more; %(count)d message waits for somebody.",
            "This person works here no more; %(count)d messages wait for somebody.",
            freed,
        )
        messages.success(request, said % {"count": freed})
    return redirect("start" if _left(place) else "members", organisation=place.organisation.slug)


def _left(place: Workplace) -> bool:
    """Whether it was oneself."""
    return not place.user.memberships.filter(organisation=place.organisation).exists()
