"""The form of a connector, built from the settings that it declares."""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from veilleur.desk.forms import Said
from veilleur.listening.connector import Connector
from veilleur.listening.settings import help_of, title_of

PREFIX = "s_"
"""Before the names of settings, so that none can be taken for a field of ours."""
MOST = 5000


class NetworkForm(forms.Form):
    """What a source is called, and what its connector asks for."""

    name = forms.CharField(max_length=200, label=_("Name of this source"))

    def __init__(
        self, made: type[Connector], *args: Any, known: BaseModel | None = None, **kwargs: Any
    ) -> None:
        """`known`: the present settings; secrets are kept when nothing is written over them."""
        super().__init__(*args, **kwargs)
        self.made, self.known = made, known
        for name, info in made.settings.model_fields.items():
            self.fields[PREFIX + name] = self._field(name, info)

    def _field(self, name: str, info: FieldInfo) -> forms.Field:
        language = get_language() or "fr"
        told = help_of(self.made.settings, name)
        kind = _plain(info.annotation)
        is_secret = kind is SecretStr
        has_secret = is_secret and self.known is not None
        value = getattr(self.known, name) if self.known else info.get_default(call_default_factory=True)
        common: dict[str, Any] = {
            "label": title_of(self.made.settings, name).say(language),
            "help_text": gettext("Empty: as it is.") if has_secret else told.say(language) if told else "",
            "required": info.is_required() and not has_secret and kind is not bool,
            "initial": None if is_secret or (self.known is None and info.is_required()) else _shown(value),
        }
        return _made(kind, common)

    def told(self) -> dict[str, Any]:
        """What the settings of the connector are made of."""
        out = {}
        for name, info in self.made.settings.model_fields.items():
            value = self.cleaned_data.get(PREFIX + name)
            if get_origin(_plain(info.annotation)) is tuple:
                value = [line.strip() for line in (value or "").splitlines() if line.strip()]
            if value not in ("", None):
                out[name] = value
            elif self.known is not None and _plain(info.annotation) is SecretStr:
                out[name] = getattr(self.known, name)
        return out

    def clean(self) -> dict[str, Any]:
        """The connector itself says what is wrong, field by field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.made.settings.model_validate(self.told())
        except ValidationError as invalid:
            for error in invalid.errors():
                name = PREFIX + str(error["loc"][0]) if error["loc"] else ""
                self.add_error(name if name in self.fields else None, _mistake(error))
        return cleaned


def _plain(annotation: Any) -> Any:
    """A type without `Annotated` and without `| None`."""
    if get_origin(annotation) in {UnionType, Union}:
        return _plain(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation


def _shown(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, tuple | list) else value


def _made(kind: Any, common: dict[str, Any]) -> forms.Field:
    if get_origin(kind) is Literal:
        return forms.ChoiceField(choices=[(choice, choice) for choice in get_args(kind)], **common)
    if get_origin(kind) is tuple:
        lines = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})
        how = gettext("One a line.")
        common["help_text"] = f"{common['help_text']} {how}".strip()
        return forms.CharField(max_length=MOST, widget=lines, **common)
    if kind is SecretStr:
        hidden = forms.PasswordInput(attrs={"autocomplete": "off"})
        return forms.CharField(max_length=MOST, strip=False, widget=hidden, **common)
    plain = {bool: forms.BooleanField, int: forms.IntegerField, float: forms.FloatField}.get(kind)
    return plain(**common) if plain else forms.CharField(max_length=MOST, **common)


_MISTAKES = {
    "string_too_short": _("At least %(min_length)d characters."),
    "string_too_long": _("At most %(max_length)d characters."),
    "too_short": _("At least %(min_length)d."),
    "too_long": _("At most %(max_length)d."),
    "web_address": _("Give an address such as https://example.org/page, without “?” or password."),
    "page_address": _("Give an address such as https://example.org/page, without password."),
    "missing": _("This is needed."),
}


def _mistake(error: Any) -> str:
    """What pydantic found, in the reader's language where we know how to say it."""
    known = _MISTAKES.get(error["type"])
    if known is not None:
        said: str = str(known) % error.get("ctx", {})
        return said
    return gettext("This cannot be used: %s") % str(error["msg"]).removeprefix("Value error, ")


class RhythmForm(Said):
    """How often a source is asked, and how much at most."""

    every = forms.IntegerField(
        min_value=1,
        max_value=1440,
        label=_("Minutes between two questions, at the busiest"),
        help_text=_("When nothing is said for long, it is asked up to eight times less often."),
    )
    most_a_day = forms.IntegerField(
        min_value=0, max_value=1_000_000, label=_("Questions a day, at most"), help_text=_("0: no bound.")
    )
    is_live = forms.BooleanField(
        required=False,
        label=_("Listen live, where the network offers it"),
        help_text=_("Messages come within seconds; some networks then send a gigabyte a day."),
    )
