"""What people say of a rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.automation.models import Rule
from veilleur.desk.automation.steps import STEPS, queues
from veilleur.desk.forms import Said
from veilleur.desk.inbox.happenings import Kind
from veilleur.desk.inbox.search import query_of
from veilleur.errors import QueryInvalid
from veilleur.listening.queries import mistake

LONGEST = 10_000
MOST_DAYS = 366


class RuleForm(Said):
    """When, which messages, and what is done then: each step that is filled in."""

    name = forms.CharField(max_length=80, label=_("Name of this rule"))
    event = forms.ChoiceField(choices=Kind.choices, label=_("When"))
    query = forms.CharField(
        required=False,
        max_length=LONGEST,
        label=_("To messages that answer"),
        help_text=_(
            "In the language of watches, for instance label:advertising_spam rating:5; empty: every message."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "code"}),
    )
    queue = forms.ChoiceField(required=False, label=_("In the queue"))
    is_last = forms.BooleanField(required=False, label=_("Ask no further rule when this one applied"))

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        self.fields["queue"].choices = [("", _("any")), *queues(organisation)]  # type: ignore[attr-defined]
        for step in STEPS.values():
            field = step.field(organisation)
            field.label = str(step.title)
            self.fields[f"do_{step.code}"] = field

    def steps(self) -> list[forms.BoundField]:
        """The fields of the steps, for the page."""
        return [self[f"do_{code}"] for code in STEPS]

    def clean_query(self) -> str:
        """The query, if it can be read."""
        text: str = self.cleaned_data["query"].strip()
        try:
            if text:
                query_of(text, self.organisation, may_exclude=True)
        except QueryInvalid as invalid:
            raise ValidationError(mistake(invalid, get_language() or "fr")) from invalid
        return text

    def clean(self) -> dict[str, Any]:
        """A rule does something, and gives a message to one person or in turn."""
        cleaned = super().clean() or {}
        if not self.errors and not self._said():
            raise ValidationError(_("Say what is to be done: one step at least."))
        if cleaned.get("do_assign") and cleaned.get("do_share"):
            self.add_error("do_share", _("To one person, or in turn: not both."))
        return cleaned

    def _said(self) -> dict[str, Any]:
        values = {code: self.cleaned_data.get(f"do_{code}") for code in STEPS}
        return {code: value for code, value in values.items() if value}

    def write(self, rule: Rule) -> Rule:
        """The rule as it was said, not yet saved."""
        for name in ("name", "event", "query", "queue", "is_last"):
            setattr(rule, name, self.cleaned_data[name])
        rule.steps = self._said()
        return rule


def initial(rule: Rule) -> dict[str, Any]:
    """A rule as the form shows it."""
    steps = {f"do_{code}": value for code, value in rule.steps.items()}
    told = {name: getattr(rule, name) for name in ("name", "event", "query", "queue", "is_last")}
    return {**told, **steps}


class TrialForm(Said):
    """How far back."""

    days = forms.IntegerField(
        min_value=1, max_value=MOST_DAYS, initial=30, label=_("On the messages of so many days")
    )


class SwitchForm(Said):
    """On, or off."""

    is_on = forms.BooleanField(required=False)


class LogForm(Said):
    """Which part of the log."""

    rule = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)
