"""What people say about an act on the network."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from veilleur.desk.forms import Said
from veilleur.desk.moderation.actions import require_reason
from veilleur.desk.moderation.models import Ground
from veilleur.errors import ActRefused

LONGEST = 1000
"""Characters of the words beside a ground; networks take fewer still, and cut."""


class AskForm(Said):
    """Which version of the message the person was looking at, and whether they read what comes first."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    is_warned = forms.BooleanField(required=False)


class ReasonForm(AskForm):
    """Why."""

    ground = forms.ChoiceField(choices=[("", "–"), *Ground.choices], label=pgettext_lazy("why", "Reason"))
    words = forms.CharField(
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("In your words"),
    )

    def clean(self) -> dict[str, Any]:
        """The same rule as the act, told beside the field."""
        said = super().clean() or {}
        if "ground" in said and "words" in said:
            try:
                require_reason(said["ground"], said["words"])
            except ActRefused as refused:
                raise ValidationError({"words": str(refused)}) from refused
        return said


class FlagForm(ReasonForm):
    """Why, as those who run the network will read it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].help_text = _(
            "Those who run the network read it: name nobody, and say nothing of anybody's health."
        )


class BackForm(Said):
    """Where the person acted, to go back there."""

    back = forms.ChoiceField(required=False, choices=[("list", "list")])


class StandingForm(Said):
    """The version of the ticket that the page around shows."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class ListForm(Said):
    """Which acts, which page."""

    view = forms.ChoiceField(required=False, choices=[("open", "open"), ("done", "done")])
