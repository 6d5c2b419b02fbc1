"""Pages of tags, macros and fields: for who configures the house."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.team import field_actions, fields, tags, ticket_acts
from veilleur.desk.inbox.team.forms import DropTagForm, FieldForm, MacroForm, StepsForm, TagChangeForm
from veilleur.desk.inbox.team.jobs import drain
from veilleur.desk.inbox.team.models import CustomField, Macro, Tag
from veilleur.desk.inbox.team.steps import Means, sentences_of, steps_of
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


@at_work(May.CONFIGURE)
@require_GET
def tag_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every tag of the house: its name, its colour, what it is merged with."""
    known = Tag.objects.filter(organisation=place.organisation, leaves=False).order_by("key")
    rows = [
        (tag, TagChangeForm(instance=tag, prefix=f"tag{tag.pk}"), DropTagForm(place, prefix=f"drop{tag.pk}"))
        for tag in known
    ]
    return render(request, "inbox/team/tags.html", {"rows": rows})


@at_work(May.CONFIGURE)
@require_POST
def change_tag(request: HttpRequest, place: Workplace, tag: int) -> HttpResponse:
    """Another name or another colour."""
    known = _tag(place, tag)
    form = TagChangeForm(request.POST, instance=known, prefix=f"tag{tag}")
    if form.is_valid():
        try:
            tags.change(place, _tag(place, tag), **form.cleaned_data)
        except ActRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Kept."))
    else:
        messages.error(request, " ".join(str(one) for some in form.errors.values() for one in some))
    return redirect("inbox:tags", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_POST
def drop_tag(request: HttpRequest, place: Workplace, tag: int) -> HttpResponse:
    """Merges a tag with another one, or takes it off everywhere."""
    known = _tag(place, tag)
    form = DropTagForm(place, request.POST, prefix=f"drop{tag}")
    try:
        into = form.cleaned_data["into"] if form.is_valid() else known
        tags.drop(place, known, into)
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        enqueue(drain, known.pk)
        messages.success(request, _("This tag leaves its messages now; the messages stay."))
    return redirect("inbox:tags", organisation=place.organisation.slug)


def _tag(place: Workplace, tag: int) -> Tag:
    return get_object_or_404(Tag, organisation=place.organisation, pk=tag, leaves=False)


@at_work(May.CONFIGURE)
@require_GET
def macro_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every macro, and what it does."""
    means = Means.of(place, timezone.now())
    known = Macro.objects.filter(organisation=place.organisation).order_by("key", "name")
    rows = [(macro, sentences_of(steps_of(macro.steps), means)) for macro in known]
    return render(request, "inbox/team/macros.html", {"rows": rows})


@at_work(May.CONFIGURE)
def add_macro(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new one."""
    return _macro(request, place, Macro(organisation=place.organisation, steps=[]))


@at_work(May.CONFIGURE)
def macro(request: HttpRequest, place: Workplace, macro: int) -> HttpResponse:
    """An existing one."""
    return _macro(request, place, get_object_or_404(Macro, organisation=place.organisation, pk=macro))


def _macro(request: HttpRequest, place: Workplace, known: Macro) -> HttpResponse:
    means = Means.of(place, timezone.now())
    initial = {"name": known.name, "key": known.key, **StepsForm.said(steps_of(known.steps), means)}
    form = MacroForm(place, request.POST or None, macro=known, initial=initial)
    if request.method == "POST" and form.is_valid():
        known.name, known.key = form.cleaned_data["name"], form.cleaned_data["key"]
        known.steps = [list(step) for step in form.cleaned_data["steps"]]
        ticket_acts.keep_macro(place, known)
        messages.success(request, _("Kept."))
        return redirect("inbox:macros", organisation=place.organisation.slug)
    context = {"form": form, "macro": known, "tags": tags.tags_of(place.organisation)}
    return render(request, "inbox/team/macro.html", context)


@at_work(May.CONFIGURE)
@require_POST
def drop_macro(request: HttpRequest, place: Workplace, macro: int) -> HttpResponse:
    """Forgets a macro."""
    known = get_object_or_404(Macro, organisation=place.organisation, pk=macro)
    ticket_acts.drop_macro(place, known)
    messages.success(request, _("This macro is gone; what it did stays."))
    return redirect("inbox:macros", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_GET
def field_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Every field of the house, and on how many tickets it holds something."""
    known = CustomField.objects.filter(organisation=place.organisation)
    rows = known.annotate(held=Count("values")).order_by("pk")
    return render(request, "inbox/team/fields.html", {"rows": rows, "most": fields.MOST})


@at_work(May.CONFIGURE)
def add_field(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new one."""
    return _field(request, place, CustomField(organisation=place.organisation))


@at_work(May.CONFIGURE)
def field(request: HttpRequest, place: Workplace, custom_field: int) -> HttpResponse:
    """An existing one."""
    known = get_object_or_404(CustomField, organisation=place.organisation, pk=custom_field)
    return _field(request, place, known)


def _field(request: HttpRequest, place: Workplace, known: CustomField) -> HttpResponse:
    form = FieldForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        try:
            field_actions.keep(place, known, form.cleaned_data["words"])
        except ActRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept."))
            return redirect("inbox:fields", organisation=place.organisation.slug)
    return render(request, "inbox/team/field.html", {"form": form, "field": known})


@at_work(May.CONFIGURE)
@require_POST
def drop_field(request: HttpRequest, place: Workplace, custom_field: int) -> HttpResponse:
    """Forgets a field with what it held."""
    known = get_object_or_404(CustomField, organisation=place.organisation, pk=custom_field)
    field_actions.drop(place, known)
    messages.success(request, _("This field is gone, and what it held."))
    return redirect("inbox:fields", organisation=place.organisation.slug)
