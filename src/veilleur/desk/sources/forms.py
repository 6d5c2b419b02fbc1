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


class UploadForm(forms.Form):
    """A file, and the source it belongs to."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, Excel (.xlsx), LibreOffice (.ods) or JSON. You see it before it is imported."),
        allow_empty_file=False,
        error_messages={"empty": _("The file is empty.")},
    )
    source = forms.ModelChoiceField(
        Source.objects.none(), label=_("Source"), required=False, empty_label=_("a new source")
    )
    name = forms.CharField(
        label=_("Name of a new source"),
        max_length=200,
        required=False,
        help_text=_("For instance “Google” or “Satisfaction survey”. Empty: the name of the file."),
    )

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = self.fields["source"]
        assert isinstance(source, forms.ModelChoiceField)  # noqa: S101 - declared above
        source.queryset = Source.objects.filter(organisation=organisation).order_by("name")

    def clean_name(self) -> str:
        """Without what no database keeps."""
        return str(self.cleaned_data["name"]).replace("\0", "").strip()

    @property
    def upload(self) -> UploadedFile[bytes]:
        """The file, once valid."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        return upload


def choice_name(index: int) -> str:
    """Name of the select over one column."""
    return f"column_{index}"


class MappingForm(forms.Form):
    """One select per column, and how the values are to be read."""

    scale_worst = forms.FloatField(label=_("worst rating"), required=False)
    scale_best = forms.FloatField(label=_("best rating"), required=False)
    date_order = forms.ChoiceField(label=_("03/04 means"), choices=ORDERS)
    zone = forms.CharField(
        label=_("time zone"), max_length=64, help_text=_("Where dates without a time zone were written.")
    )
    constant_network = forms.CharField(label=_("network, for all rows"), max_length=120, required=False)
    constant_place = forms.CharField(
        label=_("place or service, for all rows"), max_length=200, required=False
    )

    def __init__(self, headers: list[str], mapping: Mapping, data: Any = None) -> None:
        super().__init__(data, initial=_initial(headers, mapping))
        self.headers = headers
        self.before = mapping
        choices = [("", _("leave out")), *((name.value, words) for name, words in FIELDS.items())]
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
        "scale_worst": _plain(mapping.scale.worst) if mapping.scale else None,
        "scale_best": _plain(mapping.scale.best) if mapping.scale else None,
        "date_order": mapping.date_order.value,
        "zone": mapping.zone,
        "constant_network": mapping.constant_network,
        "constant_place": mapping.constant_place,
        **{choice_name(index): field_of.get(header, "") for index, header in enumerate(headers)},
    }


def _plain(number: float) -> float:
    """5, not 5.0: what a person would write."""
    return int(number) if number.is_integer() else number
