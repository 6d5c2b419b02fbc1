"""What people say about tags, steps, macros, fields, files and notifications."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.forms import Said
from veilleur.desk.inbox.models import Outcome
from veilleur.desk.inbox.team.fields import MOST_CHOICES
from veilleur.desk.inbox.team.models import CustomField, FieldKind, Macro, News, Rhythm, Tag
from veilleur.desk.inbox.team.steps import Kind, Means, Step
from veilleur.desk.inbox.team.tags import LONGEST, MOST_ON_TICKET, named
from veilleur.errors import ActRefused

Choices = list[tuple[str, str | Promise]]
STATES: Choices = [
    ("", _("leave it as it is")),
    ("reopen:", _("take up again")),
    ("snooze:evening", _("snooze until this evening, 6 pm")),
    ("snooze:tomorrow", _("snooze until tomorrow, 9 am")),
    ("snooze:monday", _("snooze until Monday, 9 am")),
    ("snooze:7d", _("snooze for a week")),
    ("wait:", _("wait for somebody outside")),
    ("wait:3d", _("wait for somebody outside, three days at most")),
    ("wait:7d", _("wait for somebody outside, a week at most")),
    *((f"close:{outcome.value}", outcome.label) for outcome in Outcome),
]


class TagNames(forms.CharField):
    """Names of tags, parted by commas."""

    def __init__(self, **kwargs: Any) -> None:
        longest = MOST_ON_TICKET * (LONGEST + 2)
        attrs = {"autocomplete": "off", "list": "tags", "data-tags": ""}
        super().__init__(required=False, max_length=longest, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Each name by itself."""
        names = [name.strip() for name in super().clean(value).split(",") if name.strip()]
        if any(len(name) > LONGEST for name in names):
            raise ValidationError(_("A tag has at most %(most)d letters."), params={"most": LONGEST})
        return names


class TagForm(Said):
    """Tags that come on a ticket, and one that goes. They add and never conflict: no version is asked."""

    names = TagNames(label=_("Add tags"))
    off = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class StepsForm(Said):
    """What shall be done: to many tickets, or by a macro."""

    tags = TagNames(label=_("Add tags"), help_text=_("Parted by commas; a new one is made."))
    untags = TagNames(label=_("Take off tags"))
    assign = forms.ChoiceField(required=False, label=_("Assign to"))
    state = forms.ChoiceField(required=False, choices=STATES, label=_("State"))
    note = forms.CharField(
        required=False,
        max_length=5000,
        label=_("Add a note"),
        widget=forms.Textarea(attrs={"rows": 2, "data-names": ""}),
    )

    def __init__(self, place: Workplace, *args: Any, **kwargs: Any) -> None:
        self.place = place
        super().__init__(*args, **kwargs)
        people = [(str(person.pk), str(person)) for person in colleagues(place.organisation)]
        choices: Choices = [("", _("leave it as it is")), ("me", _("me")), ("nobody", _("nobody")), *people]
        self.fields["assign"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """At least one step; the tags are made when nobody knew them."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                cleaned["steps"] = self._steps(cleaned)
            except ActRefused as refused:
                raise ValidationError(str(refused)) from refused
            if not cleaned["steps"]:
                raise ValidationError(_("Say what shall be done."))
        return cleaned

    def _steps(self, cleaned: dict[str, Any]) -> list[Step]:
        steps = []
        if cleaned["state"]:
            steps.append(Step(*cleaned["state"].split(":")))
        if cleaned["assign"]:
            steps.append(Step(Kind.ASSIGN, cleaned["assign"].replace("nobody", "")))
        for kind, name in ((Kind.TAG, "tags"), (Kind.UNTAG, "untags")):
            steps += [Step(kind, str(tag.pk)) for tag in named(self.place, cleaned[name])]
        if cleaned["note"].strip():
            steps.append(Step(Kind.NOTE, cleaned["note"].strip()))
        return steps

    @staticmethod
    def said(steps: list[Step], means: Means) -> dict[str, str]:
        """What these steps would be in the form."""
        names = {kind: [step.value for step in steps if step.kind == kind] for kind in Kind}
        tags = {
            name: ", ".join(means.tags[int(pk)].name for pk in names[kind] if int(pk) in means.tags)
            for name, kind in (("tags", Kind.TAG), ("untags", Kind.UNTAG))
        }
        states = [f"{kind}:{value}" for kind, value in steps if f"{kind}:{value}" in dict(STATES)]
        return {
            **tags,
            "assign": next((value or "nobody" for value in names[Kind.ASSIGN]), ""),
            "state": next(iter(states), ""),
            "note": next(iter(names[Kind.NOTE]), ""),
        }


class MacroForm(StepsForm):
    """Steps under a name and a key."""

    name = forms.CharField(max_length=60, label=_("Name of this macro"))
    key = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=_("Key"),
        choices=[("", _("none")), *((str(digit), str(digit)) for digit in range(1, 10))],
    )
    field_order = ("name", "key")

    def __init__(self, place: Workplace, *args: Any, macro: Macro | None = None, **kwargs: Any) -> None:
        self.macro = macro
        super().__init__(place, *args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Neither the name nor the key of another macro."""
        cleaned = super().clean()
        others = Macro.objects.filter(organisation=self.place.organisation)
        others = others.exclude(pk=(self.macro and self.macro.pk) or 0)
        if others.filter(name=cleaned.get("name", "")).exists():
            self.add_error("name", _("There is already a macro of this name."))
        key = cleaned.get("key")
        if key is not None and others.filter(key=key).exists():
            self.add_error("key", _("Another macro has this key."))
        return cleaned


class BeginForm(Said):
    """Which tickets an act on many is about."""

    all = forms.BooleanField(required=False)
    macro = forms.IntegerField(required=False, min_value=1, max_value=9)


class TagChangeForm(forms.ModelForm[Tag]):
    """Another name or another colour."""

    class Meta:
        model = Tag
        fields = ("name", "colour")
        labels = {"name": _("Name"), "colour": _("Colour")}

    def validate_unique(self) -> None:
        """Two names are one tag by their words: see `tags.change`."""


class DropTagForm(Said):
    """What takes the place of a tag."""

    into = forms.ModelChoiceField(
        Tag.objects.none(), required=False, label=_("Merge with"), empty_label=_("nothing: remove it")
    )

    def __init__(self, place: Workplace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Tag.objects.filter(organisation=place.organisation, leaves=False).order_by("key")
        self.fields["into"].queryset = known  # type: ignore[attr-defined]


class FieldForm(forms.ModelForm[CustomField]):
    """A field of the house."""

    words = forms.CharField(
        required=False,
        max_length=5000,
        label=_("Choices, one a line"),
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    class Meta:
        model = CustomField
        fields = ("name", "kind")
        labels = {"name": _("Name of this field"), "kind": _("It holds")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].disabled = bool(self.instance.pk)  # what tickets hold is of this kind
        self.initial["words"] = "\n".join(str(words) for _number, words in self.instance.choices)

    def clean(self) -> dict[str, Any]:
        """A choice has choices, each once."""
        cleaned = super().clean() or {}
        words = list(dict.fromkeys(filter(None, map(str.strip, cleaned.get("words", "").splitlines()))))
        cleaned["words"] = words
        if cleaned.get("kind") == FieldKind.CHOICE and not words:
            self.add_error("words", _("Give at least one choice."))
        if len(words) > MOST_CHOICES or any(len(one) > 80 for one in words):
            self.add_error("words", _("At most 50 choices of at most 80 letters."))
        return cleaned


class ChoiceForm(Said):
    """What a person wants to be told, and how often by e-mail."""

    told = forms.MultipleChoiceField(
        required=False,
        choices=News.choices,
        widget=forms.CheckboxSelectMultiple,
        label=_("Tell me on the desk when"),
    )
    digest = forms.ChoiceField(
        choices=Rhythm.choices,
        label=_("What I have not read, by e-mail"),
        help_text=_("Links only: no word of any message leaves the desk."),
    )
