"""The bell, the page behind it, what a person wants to be told; and files beside notes."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.team import attachments
from veilleur.desk.inbox.team import notifications as told
from veilleur.desk.inbox.team.forms import ChoiceForm
from veilleur.desk.inbox.team.models import Attachment, News, Notification


@at_work(May.READ)
@require_GET
def notifications(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What this person was told here, the latest first."""
    before = request.GET.get("before", "")
    page = told.told_page(place, int(before) if before.isascii() and before.isdigit() else None)
    return render(request, "inbox/team/notifications.html", {"page": page})


@at_work(May.READ)
@require_GET
def bell(request: HttpRequest, place: Workplace) -> HttpResponse:  # noqa: ARG001 - the template asks
    """How many wait; the header asks from time to time."""
    return render(request, "inbox/team/parts/bell.html")


@at_work(May.READ)
@require_POST
def read_all(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Everything is read."""
    told.read_all(place, timezone.now())
    messages.success(request, _("Everything is read."))
    return redirect("inbox:notifications", organisation=place.organisation.slug)


@at_work(May.READ)
@require_POST
def turn(request: HttpRequest, place: Workplace, notification: int) -> HttpResponse:  # noqa: ARG001
    """Read becomes unread, and the other way round."""
    mine = Notification.objects.filter(person=place.user)
    found = get_object_or_404(mine, organisation=place.organisation, pk=notification)
    told.turn(found, timezone.now())
    return redirect("inbox:notifications", organisation=place.organisation.slug)


@at_work(May.READ)
def choices(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What this person wants to be told, here and by e-mail."""
    present = told.choice_of(place)
    wanted = [kind for kind in News.values if kind not in present.muted]
    initial = {"told": wanted, "digest": present.digest}
    form = ChoiceForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        told.choose(place, **form.arguments())
        messages.success(request, _("Kept."))
        return redirect("inbox:notifications", organisation=place.organisation.slug)
    return render(request, "inbox/team/notification_choices.html", {"form": form})


@at_work(May.READ)
@require_GET
def attachment(request: HttpRequest, place: Workplace, attachment: int) -> HttpResponseBase:  # noqa: ARG001
    """A file beside a note: saved, never shown by the browser."""
    mine = Attachment.objects.filter(note__ticket__organisation=place.organisation)
    found = get_object_or_404(mine, pk=attachment)
    try:
        file = attachments.location(found).open("rb")
    except FileNotFoundError as missing:
        raise Http404 from missing
    answer = FileResponse(file, as_attachment=True, filename=found.name, content_type=found.media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
