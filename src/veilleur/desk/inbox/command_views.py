"""The command bar, and how a person wishes to be spared."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.care import MOST_BEFORE_PAUSE, care_of, choose_care
from veilleur.desk.inbox.queries.commands import LONGEST, commands


class CareForm(forms.Form):
    """How hard texts are shown to this person."""

    veils = forms.BooleanField(
        required=False,
        label=gettext_lazy("Cover texts that may distress until I ask for them"),
        help_text=gettext_lazy("Threats, hate, violence, suicidal distress, a child or a life in danger."),
    )
    pause_after = forms.IntegerField(
        min_value=0,
        max_value=MOST_BEFORE_PAUSE,
        label=gettext_lazy("Propose a pause after so many of them in an hour"),
        help_text=gettext_lazy("0: never. They are counted in this browser only: nobody else can see it."),
    )


@at_work(May.READ)
@require_GET
def go(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What fits the letters typed: choices for the bar, a page of links without script."""
    asked = request.GET.get("c", "").replace("\x00", "")[:LONGEST]
    said = request.GET.get("ticket", "")
    is_ticket = said.isascii() and said.isdigit() and len(said) <= 18
    found = commands(place, asked, int(said) if is_ticket else None)
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    template = "inbox/parts/choices.html" if is_part else "inbox/go.html"
    return render(request, template, {"commands": found, "asked": asked})


@at_work(May.READ)
def care(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A person's own setting: it holds wherever they work, and nobody else sees it."""
    known = care_of(place.user)
    form = CareForm(request.POST or None, initial={"veils": known.veils, "pause_after": known.pause_after})
    if request.method == "POST" and form.is_valid():
        choose_care(place.user, **form.cleaned_data)
        messages.success(request, _("Your preferences are saved."))
        return redirect("inbox:care", organisation=place.organisation.slug)
    return render(request, "inbox/care.html", {"form": form})
