"""What people say about how long words are kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from veilleur.desk.forms import Said
from veilleur.desk.inbox.retention import Rule

LONGEST = 36_500
"""Days: a hundred years."""


class RetentionForm(Said):
    """The rule, and the one that was tried last: what is saved was seen before."""

    gone_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LONGEST,
        label=_("Days after a message is gone from its network"),
        help_text=_("0: within the hour. Empty: such texts are kept."),
    )
    any_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST,
        label=_("Days after any message was published"),
        help_text=_("Counts from its reception when the date is unknown. Empty: texts are kept."),
    )
    tried = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def rule(self) -> Rule:
        """What was asked for."""
        return Rule(self.cleaned_data["gone_days"], self.cleaned_data["any_days"])

    def was_tried(self) -> bool:
        """Whether what this rule would erase was shown."""
        return bool(self.cleaned_data["tried"] == written(self.rule()))

    def after_trial(self) -> RetentionForm:
        """The same, with the rule that was tried."""
        rule = self.rule()
        return RetentionForm(initial={**initial(rule), "tried": written(rule)})


def written(rule: Rule) -> str:
    """A rule in one word.

    >>> written(Rule(30, None))
    '30-'
    """
    return "-".join("" if days is None else str(days) for days in (rule.gone_days, rule.any_days))


def initial(rule: Rule) -> dict[str, Any]:
    """The rule as the form shows it."""
    return {"gone_days": rule.gone_days, "any_days": rule.any_days}


class ReasonForm(Said):
    """Why, in a sentence."""

    reason = forms.CharField(
        max_length=300, min_length=10, label=_("Why"), help_text=_("Name nobody: this sentence stays.")
    )
