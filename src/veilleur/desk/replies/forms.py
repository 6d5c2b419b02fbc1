"""What people say about a reply."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from veilleur.desk.forms import Said
from veilleur.desk.replies.actions import LONGEST
from veilleur.desk.replies.guests import DAYS as GUEST_DAYS
from veilleur.desk.replies.models import Approval, ReplyPolicy
from veilleur.desk.replies.rulebooks import OWN
from veilleur.errors import PackInvalid
from veilleur.rules import load_pack
from veilleur.rules.codes import actors
from veilleur.vocabulary import Kind, Severity

KINDS = {
    Kind.REPLY: _("reply to a review"),
    Kind.POST: _("post on a network"),
    Kind.PROFILE: _("profile"),
    Kind.PAGE: _("web page"),
}
SEVERITIES = {
    "pack": _("as the pack says"),
    Severity.BLOCKER.value: _("forbidden"),
    Severity.ERROR.value: _("to correct"),
    Severity.WARNING.value: _("to read again"),
    Severity.INFO.value: _("advice"),
    "off": _("switched off"),
}


class VersionForm(Said):
    """Every act says which version of the reply the person was looking at."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class WriteForm(VersionForm):
    """The text, and the name shown under the message: compared, kept nowhere."""

    text = forms.CharField(
        required=False, max_length=LONGEST, strip=False, widget=forms.Textarea, label=_("Your reply")
    )
    author = forms.CharField(required=False, max_length=120)


class GuestForm(VersionForm):
    """Who is asked without an account, and for how long the link serves."""

    name = forms.CharField(max_length=120)
    days = forms.TypedChoiceField(coerce=int, choices=[(days, days) for days in GUEST_DAYS])


class VerdictForm(VersionForm):
    """What a guest says, and a word for the author."""

    verdict = forms.ChoiceField(choices=[("approve", _("Approve")), ("refuse", _("Refuse"))])
    word = forms.CharField(required=False, max_length=2000)

    def arguments(self) -> dict[str, Any]:
        """What `guests.decide` takes."""
        said = super().arguments()
        return {"approves": said.pop("verdict") == "approve", **said}


class RewriteForm(VersionForm):
    """Which breach is to be said otherwise (none: all of them); the name as in `WriteForm`."""

    author = forms.CharField(required=False, max_length=120)
    rule = forms.CharField(required=False, max_length=80)
    start = forms.IntegerField(required=False, min_value=0, max_value=10**6)
    end = forms.IntegerField(required=False, min_value=0, max_value=10**6)


class ReasonForm(VersionForm):
    """Why."""

    reason = forms.CharField(required=False, max_length=2000)


class OverrideForm(ReasonForm):
    """Which rule, and why."""

    rule = forms.CharField(max_length=80)


class PublishForm(VersionForm):
    """Where it can be seen."""

    url = forms.CharField(required=False, max_length=1000)


class StartForm(Said):
    """What a reply begins with: a wording of the house, or another proposal."""

    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    template = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    model = forms.BooleanField(required=False)


class SafetyForm(Said):
    """Whether it is a case, and why."""

    outcome = forms.ChoiceField(choices=[("case", _("a case")), ("not_case", _("not a case"))])
    reason = forms.CharField(required=False, max_length=2000)


class TemplateForm(Said):
    """A wording of the house."""

    name = forms.CharField(max_length=80, label=_("Name"))
    language = forms.ChoiceField(choices=[("fr", _("French")), ("en", _("English"))], label=_("Language"))
    text = forms.CharField(max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}), label=_("Wording"))


class PolicyForm(forms.ModelForm[ReplyPolicy]):
    """How the house answers."""

    actor = forms.ChoiceField(
        required=False, label=_("Who publishes"), help_text=_("The code of this profession is applied.")
    )
    approval = forms.ChoiceField(choices=Approval.choices, label=_("A second person reads a reply first"))
    approval_stars = forms.IntegerField(
        min_value=0, max_value=5, label=_("Low ratings: up to how many stars"), help_text=_("0: none.")
    )

    class Meta:
        model = ReplyPolicy
        fields = ("actor", "contact", "approval", "approval_stars", "opens", "closes", "own_pack")
        labels = {
            "contact": _("How the house is reached"),
            "opens": _("Bulk thanks leave from"),
            "closes": _("until"),
            "own_pack": _("Rules of the house (TOML)"),
        }
        help_texts = {
            "contact": _("Said at the end of drafts, for instance “au 01 23 45 67 89”."),
            "own_pack": _("A pack of your own, in the format of examples/one_rule_pack.toml; empty: none."),
        }
        widgets = {
            "opens": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "own_pack": forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "code"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].choices = actor_choices()  # type: ignore[attr-defined]

    def clean_own_pack(self) -> str:
        """The pack, if it is one."""
        text: str = self.cleaned_data["own_pack"].replace("\r\n", "\n")
        if len(text) > 60_000:
            raise ValidationError(_("A pack has at most 60,000 characters."))
        if text.strip():
            try:
                load_pack(text, OWN)
            except PackInvalid as invalid:
                raise ValidationError(str(invalid)) from invalid
        return text

    def clean(self) -> dict[str, Any]:
        """The house opens before it closes."""
        cleaned = super().clean() or {}
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if opens and closes and opens >= closes:
            raise ValidationError(_("The house must open before it closes."))
        return cleaned


def actor_choices() -> list[tuple[str, Any]]:
    """Who may publish, by name; nobody said at first."""
    language = get_language() or "fr"
    names = {key: actor.name.say(language) for key, actor in actors().items()}
    by_name = sorted(names.items(), key=lambda one: one[1])
    return [("", _("not said: every rule binds")), *by_name]


class RuleForm(Said):
    """What a rule becomes in this house, and why."""

    severity = forms.ChoiceField(choices=list(SEVERITIES.items()))
    reason = forms.CharField(required=False, max_length=2000)


class PackForm(Said):
    """Whether a pack is on, and why."""

    now = forms.ChoiceField(choices=[("on", _("on")), ("off", _("off"))])
    reason = forms.CharField(required=False, max_length=2000)


class CheckForm(forms.Form):
    """A text to judge; nothing of it is kept."""

    text = forms.CharField(
        max_length=LONGEST, strip=False, widget=forms.Textarea(attrs={"rows": 9}), label=_("Text to check")
    )
    kind = forms.ChoiceField(choices=[(kind.value, name) for kind, name in KINDS.items()], label=_("It is a"))
    actor = forms.ChoiceField(required=False, label=_("Who publishes"))
    network = forms.CharField(required=False, max_length=40, label=_("Network"))
    review = forms.CharField(
        required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}), label=_("The review")
    )
    author = forms.CharField(required=False, max_length=120, label=_("Name shown under the review"))
    on = forms.DateField(
        required=False,
        label=_("Judged on"),
        help_text=_("Today when empty."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].choices = actor_choices()  # type: ignore[attr-defined]
