"""What somebody may ask of the summary, read with indulgence: what makes no sense is left out and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from veilleur.desk.reports.counting import Choice
from veilleur.desk.reports.queries import CUSTOM, EVERYTHING, USUAL, Asked

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
"""Dates beyond these are slips of the keyboard."""


def _date(label: Any) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
    )


class SummaryForm(forms.Form):
    """The address of the summary; two dates win over a usual period."""

    period = forms.ChoiceField(
        required=False,
        label=_("Period"),
        choices=[(name, name) for name in ("", *USUAL, EVERYTHING, CUSTOM)],
        widget=forms.HiddenInput,
    )
    network = forms.ChoiceField(required=False, label=_("Network"))
    place = forms.ChoiceField(required=False, label=_("Place"))

    def __init__(self, names: Mapping[str, Sequence[str]], data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._offer("network", _("every network"), names["network"])
        self._offer("place", _("every place"), names["place"])
        # `from` is the word in the address, and a reserved one in Python.
        self.fields["from"] = _date(_("From"))
        self.fields["to"] = _date(_("To"))

    def _offer(self, name: str, every: Any, names: Sequence[str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", every), *((one, one) for one in names)]

    def asked(self) -> Asked:
        """What was asked and makes sense."""
        self.full_clean()
        known = self.cleaned_data
        since, until = known.get("from"), known.get("to")
        period = CUSTOM if since or until else known.get("period", "")
        choice = Choice(known.get("network", ""), known.get("place", ""))
        return Asked("" if period == CUSTOM and not (since or until) else period, since, until, choice)

    def ignored(self) -> list[str]:
        """What made no sense, as the page calls it."""
        return [str(self.fields[name].label) for name in self.fields if name in self.errors]
