"""Asking a guest, and the page that a guest sees: one reply, the message it answers, two buttons."""

from __future__ import annotations

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.replies import guests
from veilleur.desk.replies.forms import GuestForm, VerdictForm
from veilleur.desk.replies.models import GuestLink, Reply
from veilleur.desk.replies.queries import reply_of
from veilleur.errors import ActRefused


@at_work(May.APPROVE)
@require_POST
def ask_guest(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Makes a link and shows it once, to be handed over."""
    found, form = reply_of(place, reply), GuestForm(request.POST)
    if not form.is_valid():
        return _refused(request, place, found, form.sentence())
    try:
        link, token = guests.ask_guest(place, reply, **form.arguments(), now=timezone.now())
    except ActRefused as refused:
        return _refused(request, place, found, str(refused))
    address = request.build_absolute_uri(reverse("guest", args=[token]))
    return render(request, "replies/guest_link.html", {"link": link, "address": address, "reply": found})


def _refused(request: HttpRequest, place: Workplace, found: Reply, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=found.ticket_id)


@at_work(May.APPROVE)
@require_POST
def revoke_guest(request: HttpRequest, place: Workplace, link: int) -> HttpResponse:
    """Takes a link back."""
    ended = guests.revoke_guest(place, link, now=timezone.now())
    messages.success(request, _("The link is taken back: it leads nowhere."))
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=ended.reply.ticket_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """One reply for one guest, without an account, in the language of the house."""
    blocked: HttpResponse | None = ratelimit.consume_or_429(request, action="guest", limit_get=True)
    if blocked is not None:
        return blocked
    link = guests.open_link(token, now=timezone.now())
    if link is None:
        return render(request, "replies/guest_over.html", status=404)
    timezone.activate(link.organisation.time_zone)
    with translation.override(link.organisation.language):
        return _answered(request, link, token)


def _answered(request: HttpRequest, link: GuestLink, token: str) -> HttpResponse:
    form = VerdictForm(request.POST or None)
    problem = form.sentence() if request.method == "POST" else ""
    if request.method == "POST" and form.is_valid():
        try:
            guests.decide(token, **form.arguments(), now=timezone.now())
        except ActRefused as refused:
            problem = str(refused)
            link.reply.refresh_from_db()
        else:
            approved = form.cleaned_data["verdict"] == "approve"
            return render(request, "replies/guest_done.html", {"link": link, "approved": approved})
    context = {"link": link, "reply": link.reply, "mention": link.reply.ticket.mention, "problem": problem}
    return render(request, "replies/guest.html", context)
