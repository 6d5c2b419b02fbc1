"""Pages about the ways of the house: policy, rules, wordings, connections."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.replies import settings_actions as actions
from veilleur.desk.replies.forms import (
    SEVERITIES,
    PackForm,
    PolicyForm,
    RuleForm,
    TemplateForm,
)
from veilleur.desk.replies.models import Template
from veilleur.desk.replies.queries import templates_of
from veilleur.desk.replies.rule_queries import packs_of
from veilleur.desk.replies.rulebooks import policy_of, rulebook_of
from veilleur.errors import ActRefused
from veilleur.rules import installed_packs
from veilleur.vocabulary import Kind, Outgoing, Severity


@at_work(May.CONFIGURE)
def policy(request: HttpRequest, place: Workplace) -> HttpResponse:
    """How the house answers."""
    form = PolicyForm(request.POST or None, instance=policy_of(place.organisation))
    if request.method == "POST" and form.is_valid():
        actions.save_policy(place, **form.cleaned_data)
        messages.success(request, _("Kept."))
        return redirect("replies:policy", organisation=place.organisation.slug)
    return render(request, "replies/policy.html", {"form": form})


@at_work(May.READ)
@require_GET
def rules(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The rules that bind what leaves this house, and what it changed."""
    context = {
        "packs": packs_of(place.organisation, get_language() or "fr"),
        "severities": SEVERITIES.items(),
    }
    return render(request, "replies/rules.html", context)


@at_work(May.CONFIGURE)
@require_POST
def change_rule(request: HttpRequest, place: Workplace, rule: str) -> HttpResponse:
    """Another severity for a rule, with a reason."""
    if rule not in rulebook_of(place.organisation).by_id:
        raise Http404
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _said(request, place, form.sentence())
    asked = form.cleaned_data["severity"]
    try:
        actions.change_rule(
            place,
            rule,
            severity="" if asked == "off" else asked,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except ActRefused as refused:
        return _said(request, place, str(refused))
    messages.success(request, _("Kept, with your reason."))
    return redirect("replies:rules", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_POST
def switch_pack(request: HttpRequest, place: Workplace, pack: str) -> HttpResponse:
    """A whole pack on or off, with a reason."""
    if pack not in {known.id for known in installed_packs()}:
        raise Http404
    form = PackForm(request.POST)
    if not form.is_valid():
        return _said(request, place, form.sentence())
    is_on = form.cleaned_data["now"] == "on"
    try:
        actions.switch_pack(place, pack, is_on=is_on, reason=form.cleaned_data["reason"])
    except ActRefused as refused:
        return _said(request, place, str(refused))
    messages.success(request, _("Kept, with your reason."))
    return redirect("replies:rules", organisation=place.organisation.slug)


def _said(request: HttpRequest, place: Workplace, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("replies:rules", organisation=place.organisation.slug)


@at_work(May.READ)
def templates(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The library of wordings, and a new one, judged before it is kept."""
    form = TemplateForm(request.POST or None)
    if request.method == "POST":
        if not place.can_configure:
            messages.error(request, _("Only who configures this house may change this."))
            return redirect("replies:templates", organisation=place.organisation.slug)
        if form.is_valid() and _keep_template(place, form):
            messages.success(request, _("Kept."))
            return redirect("replies:templates", organisation=place.organisation.slug)
    context = {"templates": templates_of(place.organisation), "form": form}
    return render(request, "replies/templates.html", context)


def _keep_template(place: Workplace, form: TemplateForm) -> bool:
    said = dict(form.cleaned_data)
    outgoing = Outgoing(said["text"], Kind.REPLY, policy_of(place.organisation).actor, said["language"])
    (breaches,) = rulebook_of(place.organisation).judge([outgoing], timezone.localdate())
    grave = [one for one in breaches if one.severity in {Severity.BLOCKER, Severity.ERROR}]
    for one in grave:
        words = {"words": one.span.of(said["text"]), "message": one.message}
        form.add_error("text", _("“%(words)s”: %(message)s") % words)
    if grave:
        return False
    try:
        actions.add_template(place, **said)
    except ActRefused as refused:
        form.add_error("name", str(refused))
        return False
    return True


@at_work(May.CONFIGURE)
@require_POST
def retire(request: HttpRequest, place: Workplace, template: int) -> HttpResponse:
    """Takes a wording out of the choice, or back."""
    found = get_object_or_404(Template, organisation=place.organisation, pk=template)
    actions.retire_template(place, found, is_retired=not found.is_retired)
    messages.success(request, _("Kept."))
    return redirect("replies:templates", organisation=place.organisation.slug)
