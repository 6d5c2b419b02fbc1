"""Pages of rules: the list, the editor, the trial on the past, the log."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.automation import actions, trying
from veilleur.desk.automation.forms import LogForm, RuleForm, SwitchForm, TrialForm, initial
from veilleur.desk.automation.jobs import carry_out_trial
from veilleur.desk.automation.models import Rule
from veilleur.desk.automation.queries import LOG, log_of, rule_of, rules_of, trial_of
from veilleur.desk.inbox.asking import EXAMPLES
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


@at_work(May.CONFIGURE)
@require_GET
def rules(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The rules, in the order in which they are asked."""
    return render(request, "automation/rules.html", {"rules": rules_of(place.organisation)})


@at_work(May.CONFIGURE)
def add_rule(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A new rule."""
    return _edit(request, place, Rule(organisation=place.organisation))


@at_work(May.CONFIGURE)
def rule(request: HttpRequest, place: Workplace, automatic_rule: int) -> HttpResponse:
    """An existing one."""
    return _edit(request, place, rule_of(place, automatic_rule))


def _edit(request: HttpRequest, place: Workplace, known: Rule) -> HttpResponse:
    form = RuleForm(place.organisation, request.POST or None, initial=initial(known))
    if request.method == "POST" and form.is_valid():
        try:
            kept = actions.save(place, form.write(known))
        except ActRefused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, _("The rule is saved. Try it on the past before you switch it on."))
            return redirect("automation:rule", organisation=place.organisation.slug, automatic_rule=kept.pk)
    context = {"form": form, "rule": known, "trial_form": TrialForm(), "examples": EXAMPLES}
    return render(request, "automation/rule.html", context)


@at_work(May.CONFIGURE)
@require_POST
def try_rule(request: HttpRequest, place: Workplace, automatic_rule: int) -> HttpResponse:
    """Tries a rule on the past; the page of the trial shows how far it is."""
    known, form = rule_of(place, automatic_rule), TrialForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.sentence())
        return redirect("automation:rule", organisation=place.organisation.slug, automatic_rule=known.pk)
    asked = trying.ask(place, known, now=timezone.now(), **form.arguments())
    enqueue(carry_out_trial, asked.pk)
    return redirect("automation:trial", organisation=place.organisation.slug, trial=asked.pk)


@at_work(May.CONFIGURE)
@require_GET
def trial(request: HttpRequest, place: Workplace, trial: int) -> HttpResponse:
    """What a rule would have done; its part alone when htmx asks how far it is."""
    page = "automation/parts/trial.html" if request.htmx else "automation/trial.html"  # type: ignore[attr-defined]
    return render(request, page, {"trial": trial_of(place, trial)})


@at_work(May.CONFIGURE)
@require_POST
def switch(request: HttpRequest, place: Workplace, automatic_rule: int) -> HttpResponse:
    """Lets a rule apply from now on, or no more."""
    form = SwitchForm(request.POST)
    is_on = form.is_valid() and form.cleaned_data["is_on"]
    known = actions.switch(place, automatic_rule, is_on=is_on)
    said = (
        _("“%(name)s” is on: it applies to what happens from now on.") if is_on else _("“%(name)s” is off.")
    )
    messages.success(request, said % {"name": known.name})
    return redirect("automation:list", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_POST
def put_before(request: HttpRequest, place: Workplace, automatic_rule: int) -> HttpResponse:  # noqa: ARG001
    """Has a rule asked sooner."""
    actions.put_before(place, automatic_rule)
    return redirect("automation:list", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_POST
def drop(request: HttpRequest, place: Workplace, automatic_rule: int) -> HttpResponse:
    """Removes a rule."""
    name = actions.drop(place, automatic_rule)
    messages.success(request, _("“%(name)s” is gone; what it did stays.") % {"name": name})
    return redirect("automation:list", organisation=place.organisation.slug)


@at_work(May.CONFIGURE)
@require_GET
def log(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What rules did, and why not."""
    form = LogForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    known = rule_of(place, asked["rule"]) if asked.get("rule") else None
    lines = log_of(place.organisation, known, asked.get("before"))
    older = lines[-1].id if len(lines) == LOG else None
    return render(request, "automation/log.html", {"lines": lines, "rule": known, "older": older})
