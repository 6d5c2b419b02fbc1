"""What a person listens for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from veilleur.desk.inbox.models import Subject, Watch
from veilleur.desk.inbox.search import query_of
from veilleur.desk.inbox.watching import whole_query
from veilleur.errors import QueryInvalid
from veilleur.listening.queries import mistake
from veilleur.reading.analyzers.personal import keys

LONGEST = 10_000
RPPS, FINESS = 11, 9
LENGTHS = {
    Subject.PRACTITIONER: (RPPS, _("An RPPS number has 11 digits, the last of which is a key.")),
    Subject.ESTABLISHMENT: (FINESS, _("A FINESS number has 9 characters, the last of which is a key.")),
}


def _query(label: Any, help_text: Any, *, required: bool) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"})
    return forms.CharField(
        required=required, max_length=LONGEST, label=label, help_text=help_text, widget=widget
    )


class WatchForm(forms.ModelForm[Watch]):
    """A name, a subject, a query, and what is left out."""

    query = _query(
        _("Listen for"),
        _("For instance (“Dr Martin” OR “Martin practice”) NOT rugby, or attent*"),
        required=True,
    )
    excluded = _query(
        _("But leave out"), _("What answers this is not shown, past and to come."), required=False
    )

    class Meta:
        model = Watch
        fields = ("name", "subject", "identifier", "query", "excluded")
        labels = {
            "name": _("Name of this watch"),
            "subject": _("It is about"),
            "identifier": _("RPPS or FINESS"),
        }
        help_texts = {"identifier": _("For a practitioner or an establishment; may stay empty.")}

    def clean_query(self) -> str:
        """The query, if it can be read."""
        return self._readable("query")

    def clean_excluded(self) -> str:
        """The exclusions, if they can be read."""
        return self._readable("excluded")

    def _readable(self, name: str) -> str:
        text: str = self.cleaned_data[name].strip()
        if text:
            try:
                query_of(text, self.instance.organisation)
            except QueryInvalid as invalid:
                raise ValidationError(mistake(invalid, get_language() or "fr")) from invalid
        return text

    def clean(self) -> dict[str, Any]:
        """The number is one of its kind, and both queries can be asked together."""
        cleaned = super().clean() or {}
        length, sentence = LENGTHS.get(cleaned.get("subject", ""), (0, ""))
        number = cleaned.get("identifier", "").replace(" ", "")
        cleaned["identifier"] = number if length else ""
        if number and length and not _is_number(number, length):
            self.add_error("identifier", sentence)
        if not self.errors:
            try:
                whole_query(cleaned["query"], cleaned["excluded"], self.instance.organisation)
            except QueryInvalid as invalid:
                self.add_error("excluded", mistake(invalid, get_language() or "fr"))
        return cleaned


def _is_number(number: str, length: int) -> bool:
    """An RPPS or a FINESS with its right key."""
    digits = number if length == RPPS else "20" + number[2:]
    if len(number) != length or not (digits.isascii() and digits.isdigit()):
        return False
    return keys.luhn(number) if length == RPPS else keys.finess(number)
