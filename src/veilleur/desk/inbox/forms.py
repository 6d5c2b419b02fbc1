"""What people may ask and say: filters of the list, and the facts of each act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - `date` is a field of a form
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from veilleur import plugins
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.forms import Said
from veilleur.desk.inbox.models import Outcome, Watch, WordList
from veilleur.desk.inbox.queries.filters import ANY, Filters
from veilleur.desk.inbox.team.fields import choices_of
from veilleur.desk.inbox.team.files import SeveralFiles
from veilleur.desk.inbox.team.tags import tags_of
from veilleur.errors import PolicyInvalid, QueryInvalid
from veilleur.listening.queries import mistake as told
from veilleur.listening.queries import parse_list
from veilleur.triage import house_policy_text, load_policy, mistake

STATUSES = [
    ("to_do", _("to handle")),
    ("new", _("new")),
    ("open", _("open")),
    ("snoozed", _("snoozed")),
    ("pending", _("waiting for somebody outside")),
    ("closed", _("closed")),
    ("all", _("all")),
]
SENTIMENTS = [
    ("", _("any feeling")),
    ("neg", _("negative")),
    ("mixed", _("mixed")),
    ("neu", _("neutral")),
    ("pos", _("positive")),
]
LANGUAGES = [
    ("", _("any language")),
    ("fr", _("French")),
    ("en", _("English")),
    ("other", _("another language")),
]
RATINGS = [
    ("", _("any rating")),
    ("1", "★"),
    ("2", "★★"),
    ("3", "★★★"),
    ("4", "★★★★"),
    ("5", "★★★★★"),
    ("none", _("no rating")),
]
ASSIGNEES = [("", _("anybody")), ("me", _("me")), ("none", _("nobody"))]
CLOCKS = [("", _("any due time")), ("late", _("overdue")), ("near", _("nearly due"))]
SORTS = [("newest", _("newest first")), ("due", _("soonest due first"))]

SNOOZES = [
    ("evening", _("until this evening, 6 pm")),
    ("tomorrow", _("until tomorrow, 9 am")),
    ("monday", _("until Monday, 9 am")),
    ("date", _("until a date")),
]
SHOWN = (
    "status", "sentiment", "rating", "language", "assignee", "clock", "sort", "tag", "choice", "network",
    "place", "from", "to",
)  # fmt: skip
APART = "alike_apart"
"""The cookie of a browser that shall show each message that says the same."""
LONGEST_SEARCH = 1_000
_FIRST_DAY, _LAST_DAY = Day(1900, 1, 1), Day(2200, 1, 1)


def _day(label: Any) -> forms.DateField:
    bounds = [MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)]
    return forms.DateField(
        required=False,
        label=label,
        validators=bounds,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter."""

    value: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FilterField:
    """One filter as the page shows it. Django's widgets cost a template per choice: too slow here."""

    name: str
    label: str
    kind: str
    """`select`, `date` or `text`."""
    value: str
    choices: list[Choice]


class FilterForm(forms.Form):
    """The address of the list, read with indulgence: what makes no sense is ignored and named."""

    q = forms.CharField(required=False, max_length=LONGEST_SEARCH, label=_("Words"))
    status = forms.ChoiceField(required=False, choices=STATUSES, label=_("State"))
    queue = forms.CharField(required=False, max_length=40)
    sentiment = forms.ChoiceField(required=False, choices=SENTIMENTS, label=_("Feeling"))
    language = forms.ChoiceField(required=False, choices=LANGUAGES, label=_("Language"))
    rating = forms.ChoiceField(required=False, choices=RATINGS, label=_("Rating"))
    assignee = forms.ChoiceField(required=False, choices=ASSIGNEES, label=_("Assigned to"))
    clock = forms.ChoiceField(required=False, choices=CLOCKS, label=_("Due time"))
    network = forms.CharField(required=False, max_length=120, label=_("Network"))
    place = forms.CharField(required=False, max_length=200, label=_("Place"))
    source = forms.SlugField(required=False, max_length=50, label=_("Source"))
    watch = forms.RegexField(r"\A[1-9]\d{0,17}\Z", required=False, label=_("Watch"))
    alike = forms.RegexField(r"\A[1-9]\d{0,17}\Z", required=False, label=_("Messages that say the same"))
    author = forms.CharField(required=False, max_length=120, label=_("Author"))
    tag = forms.RegexField(r"\A[1-9]\d{0,17}\Z", required=False, label=_("Tag"))
    choice = forms.RegexField(r"\A[1-9]\d{0,17}\.[1-9]\d{0,5}\Z", required=False, label=_("Field"))
    to = _day(_("To"))
    sort = forms.ChoiceField(required=False, choices=SORTS, label=_("Order"))
    after = forms.RegexField(r"\A(?:p-?\d{1,19}|d\d{1,17}\.\d{1,19})\Z", required=False)

    def __init__(self, *args: Any, groups_alike: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups_alike = groups_alike
        # `from` is the word in the address, and a reserved one in Python.
        self.fields["from"] = _day(_("From"))

    def filters(self) -> Filters:
        """What was asked and makes sense."""
        self.full_clean()
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return Filters(
            since=asked.pop("from", None),
            until=asked.pop("to", None),
            groups_alike=self.groups_alike,
            **{**asked, **self._status(asked)},
        )

    def _status(self, asked: dict[str, Any]) -> dict[str, str]:
        return {"status": ANY if asked.get("status") == "all" else asked.get("status", "to_do")}

    def name_watch(self, place: Workplace) -> None:
        """Lets the watch that is asked for be shown by its name."""
        asked = self.cleaned_data.get("watch")
        if asked:
            named = Watch.objects.filter(organisation=place.organisation, pk=asked).values_list(
                "name", flat=True
            )
            self.fields["watch"].choices = [(asked, name) for name in named]  # type: ignore[attr-defined]

    def offer(self, place: Workplace) -> None:
        """Lets the tags of the house and the choices of its fields be chosen."""
        offered = {
            "tag": [(str(tag.pk), tag.name) for tag in tags_of(place.organisation)],
            "choice": choices_of(place.organisation),
        }
        for name, choices in offered.items():
            if choices:
                self.fields[name].choices = [("", _("any")), *choices]  # type: ignore[attr-defined]

    def offered_tags(self) -> list[str]:
        """Names of the tags of the house, once they are offered."""
        return [str(name) for value, name in getattr(self.fields["tag"], "choices", ()) if value]

    def ignored(self) -> list[str]:
        """What made no sense, in the words of the form."""
        return [str(self.fields[name].label or name) for name in sorted(self.errors)]

    def lifted(self, filters: Filters) -> list[tuple[str, str]]:
        """For each filter in use: what it says in words, and the address without it."""
        return [(self._said(name, value), filters.without(name)) for name, value in filters.narrowing.items()]

    def _said(self, name: str, value: str) -> str:
        field = self.fields[name]
        if name == "alike":  # its value is a number that means nothing to anybody
            return str(field.label)
        said = dict(getattr(field, "choices", ())).get(value, value)
        return gettext("%(filter)s: %(value)s") % {"filter": str(field.label), "value": str(said)}

    def shown(self) -> list[FilterField]:
        """The fields behind « Filters », in the order of the screen."""
        shown = [self._shown(name) for name in SHOWN]
        return [field for field in shown if field.name not in {"tag", "choice"} or field.choices]

    def _shown(self, name: str) -> FilterField:
        field, value = self.fields[name], str(self.data.get(name, ""))
        choices = [Choice(key, str(said), key == value) for key, said in getattr(field, "choices", ())]
        kind = "select" if choices else "date" if isinstance(field, forms.DateField) else "text"
        return FilterField(name, str(field.label), kind, value, choices)


class ActForm(Said):
    """Every act says which version of the ticket the person was looking at."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, place: Workplace, *args: Any, **kwargs: Any) -> None:
        self.place = place
        super().__init__(*args, **kwargs)


class AssignForm(ActForm):
    """To whom: `me`, the id of a colleague, or nobody."""

    to = forms.CharField(required=False, max_length=20)

    def clean_to(self) -> User | None:
        """The colleague meant; None for nobody."""
        asked = self.cleaned_data["to"]
        if not asked:
            return None
        if asked == "me":
            return self.place.user
        found = next((user for user in colleagues(self.place.organisation) if str(user.pk) == asked), None)
        if found is None:
            raise ValidationError(_("This person does not work here."))
        return found


class SnoozeForm(ActForm):
    """Until when: a usual moment, or a date (9 in the morning)."""

    until = forms.ChoiceField(choices=SNOOZES)
    date = _day(_("Another day"))

    def clean(self) -> dict[str, Any]:
        """A date must come with the choice of a date."""
        cleaned = super().clean() or {}
        if cleaned.get("until") == "date" and not cleaned.get("date"):
            raise ValidationError(_("Give the date until which this can wait."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """The choice as a moment, in the time zone of the organisation."""
        choice, today = self.cleaned_data["until"], timezone.localdate()
        days = {
            "evening": today,
            "tomorrow": today + timedelta(days=1),
            "monday": _next_monday(today),
            "date": self.cleaned_data.get("date"),
        }
        moment = datetime.combine(days[choice] or today, time(18 if choice == "evening" else 9))
        return {"version": self.cleaned_data["version"], "until": timezone.make_aware(moment)}


def _next_monday(today: Day) -> Day:
    return today + timedelta(days=7 - today.weekday())


class WaitForm(SnoozeForm):
    """Until when somebody outside has the next word; as long as it takes when nothing is said."""

    until = forms.ChoiceField(required=False, choices=[("", ""), *SNOOZES])

    def arguments(self) -> dict[str, Any]:
        """The choice as a moment; None for as long as it takes."""
        if not self.cleaned_data["until"]:
            return {"version": self.cleaned_data["version"], "until": None}
        return super().arguments()


class FillForm(ActForm):
    """What a field of the house holds; nothing empties it."""

    value = forms.CharField(required=False, max_length=500)


class CloseForm(ActForm):
    """How it ended."""

    outcome = forms.ChoiceField(choices=Outcome.choices)


class ReopenForm(ActForm):
    """Nothing to say but the version."""


class NoteForm(Said):
    """A note adds and never conflicts: it needs no version."""

    text = forms.CharField(
        max_length=5000, widget=forms.Textarea(attrs={"rows": 3, "data-names": ""}), label=_("Note")
    )
    attached = SeveralFiles(required=False, label=_("Files"))

    def arguments(self) -> dict[str, Any]:
        """The text; the files are taken into the house beforehand (see `attachments.kept`)."""
        return {"text": self.cleaned_data["text"]}


class CorrectForm(ActForm):
    """Which label was wrong, what is right, and why when the person wishes to say it."""

    label = forms.RegexField(r"\A(?:sentiment:(?:pos|neg|neu|mixed)|language:(?:fr|en|other))\Z")
    reason = forms.CharField(required=False, max_length=300)

    def clean_label(self) -> tuple[str, str]:
        """(analyzer, the right label)."""
        analyzer, _colon, label = self.cleaned_data["label"].partition(":")
        return analyzer, label

    def arguments(self) -> dict[str, Any]:
        """The label as the act wants it."""
        analyzer, label = self.cleaned_data["label"]
        kept = {name: self.cleaned_data[name] for name in ("version", "reason")}
        return {**kept, "analyzer": analyzer, "label": label}


class SavedViewForm(Said):
    """What a view is called, and whether it is everybody's. `form_id`: the form of the page it belongs to."""

    name = forms.CharField(max_length=60, label=_("Name of this view"))
    is_shared = forms.BooleanField(required=False, label=_("For everybody here"))

    def __init__(self, *args: Any, form_id: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values() if form_id else ():
            field.widget.attrs["form"] = form_id


class WordListForm(forms.ModelForm[WordList]):
    """Words under a name."""

    words = forms.CharField(
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        label=_("Words or phrases, one a line"),
        help_text=_("Aliases, misspellings, rivals… A star stands for the end of a word."),
    )

    class Meta:
        model = WordList
        fields = ("name", "words")
        labels = {"name": _("Name of this list")}
        help_texts = {"name": _("Letters, digits and hyphens: it stands behind “list:” in a query.")}

    def clean_words(self) -> str:
        """The words, if a query can hold them."""
        text: str = self.cleaned_data["words"].strip()
        try:
            parse_list(text)
        except QueryInvalid as invalid:
            raise ValidationError(told(invalid, get_language() or "fr")) from invalid
        return text


class PolicyForm(forms.Form):
    """The policy of the organisation, as text."""

    policy = forms.CharField(
        required=False,
        max_length=60_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
        label=_("Policy (TOML)"),
        help_text=_("Empty it to go back to the policy of the house."),
    )

    def clean_policy(self) -> str:
        """The text, with the line ends of Unix; what is wrong with it is said in the reader's language."""
        text: str = self.cleaned_data["policy"].replace("\r\n", "\n")
        try:
            load_policy(text or house_policy_text(), plugins.names(plugins.ANALYZERS))
        except PolicyInvalid as invalid:
            raise ValidationError(mistake(invalid, get_language() or "fr")) from invalid
        return text
