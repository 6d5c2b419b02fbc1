"""What people say about a file: where it comes from, and what its columns are."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources.models import Source
from veilleur.listening.files import DateOrder, Field, Mapping, Scale

FIELDS = {
    Field.TEXT: _("text of the message"),
    Field.TITLE: _("title"),
    Field.AUTHOR: _("author"),
    Field.PUBLISHED_AT: _("date"),
    Field.RATING: _("rating"),
    Field.EXTERNAL_ID: _("identifier"),
    Field.URL: _("web address"),
    Field.NETWORK: _("network"),
    Field.PLACE: _("place or service"),
    Field.QUESTION: _("question asked"),
    Field.LANGUAGE_HINT: _("language"),
    Field.THREAD: _("identifier of the message it answers"),
}
ORDERS = [
    (DateOrder.DAY_FIRST.value, _("day, then month")),
    (DateOrder.MONTH_FIRST.value, _("month, then day")),
]
        for index, header in enumerate(headers):
            self.fields[choice_name(index)] = forms.ChoiceField(
                label=gettext("Column “%(header)s”") % {"header": header}, choices=choices, required=False
            )

    def selects(self) -> list[forms.BoundField]:
        """The selects, in the order of the columns."""
        return [self[choice_name(index)] for index in range(len(self.headers))]

    def clean_zone(self) -> str:
        """A zone that the time-zone database knows."""
        zone = str(self.cleaned_data["zone"])
        if zone not in zoneinfo.available_timezones():
            raise ValidationError(_("“%(name)s” is not a known time zone."), params={"name": zone})
        return zone

    def clean(self) -> dict[str, Any]:
        """No field twice; a scale has two different ends or none."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = Counter(filter(None, (cleaned.get(choice_name(i)) for i in range(len(self.headers)))))
        for name, count in chosen.items():
            if count > 1:
                words = {"field": FIELDS[Field(name)]}
                self.add_error(None, ValidationError(_("Two columns are both: %(field)s."), params=words))
        if (cleaned.get("scale_worst") is None) != (cleaned.get("scale_best") is None):
            self.add_error("scale_worst", _("Give both the worst and the best rating."))
        elif cleaned.get("scale_worst") is not None and cleaned["scale_worst"] == cleaned["scale_best"]:
            self.add_error("scale_worst", _("The worst and the best rating must differ."))
        return cleaned

    def mapping(self) -> Mapping:
        """What the person chose; call it once the form is valid."""
        cleaned = self.cleaned_data
        columns = {
            cleaned[choice_name(index)]: header
            for index, header in enumerate(self.headers)
            if cleaned[choice_name(index)]
        }
        return Mapping(
            **columns,
            scale=self._scale(),
            date_order=DateOrder(cleaned["date_order"]),
            dates_only=self.before.dates_only,
            zone=cleaned["zone"],
            constant_network=cleaned["constant_network"].strip(),
            constant_place=cleaned["constant_place"].strip(),
        )

    def _scale(self) -> Scale | None:
        worst, best = self.cleaned_data["scale_worst"], self.cleaned_data["scale_best"]
        if worst is None:
            return None
        before = self.before.scale
        if before and (before.worst, before.best) == (worst, best):
            return before  # with its words
        return Scale(worst, best)


def _initial(headers: list[str], mapping: Mapping) -> dict[str, Any]:
    field_of = {header: name.value for name, header in mapping.columns().items()}
    return {
        "scale_worst": mapping.scale.worst if mapping.scale else None,
        "scale_best": mapping.scale.best if mapping.scale else None,
        "date_order": mapping.date_order.value,
        "zone": mapping.zone,
        "constant_network": mapping.constant_network,
        "constant_place": mapping.constant_place,
        **{choice_name(index): field_of.get(header, "") for index, header in enumerate(headers)},
    }
