"""What people say about when the house works, what it promises, and whether they are there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from veilleur.desk.forms import Said
from veilleur.desk.hours.models import CountingChoice, PriorityChoice, Region
from veilleur.errors import InvalidInput
from veilleur.triage.calendars import Calendar, Closing, Hours, hours_of, written
from veilleur.triage.promises import Counting, Promise
from veilleur.vocabulary import Priority

DAYS = (
    ("monday", _("Monday")),
    ("tuesday", _("Tuesday")),
    ("wednesday", _("Wednesday")),
    ("thursday", _("Thursday")),
    ("friday", _("Friday")),
    ("saturday", _("Saturday")),
    ("sunday", _("Sunday")),
)
MOST_CLOSINGS = 100
LONGEST_PROMISE = 24 * 90
"""Hours."""
_DAY = r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})"
_CLOSING = re.compile(rf"(?P<first>{_DAY})(?:\s*[-–—]\s*(?P<last>{_DAY}))?(?:[\s,:]+(?P<name>.{{1,80}}))?")


class CalendarForm(Said):
    """The hours of each weekday, the public holidays, the days of the house."""

    region = forms.ChoiceField(required=False, choices=Region.choices, label=_("Public holidays of"))
    closings = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        label=_("Other days on which the house is closed, one a line"),
        help_text=_("For instance 24/12/2026 Christmas Eve, or 10/08/2026 - 21/08/2026 Summer"),
    )

    def __init__(self, zone: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        for name, label in DAYS:
            self.fields[name] = forms.CharField(required=False, max_length=100, label=label)

    def week(self) -> list[forms.BoundField]:
        """The fields of the weekdays, for the page."""
        return [self[name] for name, _label in DAYS]

    def clean_closings(self) -> frozenset[Closing]:
        """The days, if they can be read."""
        lines = [line.strip() for line in self.cleaned_data["closings"].splitlines() if line.strip()]
        if len(lines) > MOST_CLOSINGS:
            raise ValidationError(_("A hundred lines are the most."))
        return frozenset(map(_closing, lines))

    def clean(self) -> dict[str, Any]:
        """Every weekday is read, and one of them at least has hours."""
        cleaned = super().clean() or {}
        for name, _label in DAYS:
            try:
                cleaned[name] = hours_of(cleaned.get(name, ""))
            except InvalidInput:
                self.add_error(
                    name, _("Write hours as in 9:00-12:30, 14:00-18:00; nothing when the house is closed.")
                )
        if not self.errors and not any(cleaned[name] for name, _label in DAYS):
            raise ValidationError(_("The house must open on one day of the week at least."))
        return cleaned

    def calendar(self) -> Calendar:
        """What was said."""
        said = self.cleaned_data
        week = tuple(said[name] for name, _label in DAYS)
        return Calendar(self.zone, week, said["region"], said["closings"])


def _closing(line: str) -> Closing:
    match = _CLOSING.fullmatch(line)
    first, last, name = match.group("first", "last", "name") if match else ("", "", "")
    try:
        return Closing(_day(first), _day(last or first), (name or "").strip())
    except (ValueError, InvalidInput) as error:
        raise ValidationError(
            _("“%(line)s”: write a day, or two with a hyphen between them, then what for."),
            params={"line": line},
        ) from error


def _day(text: str) -> date:
    if "/" in text:
        day, month, year = text.split("/")
    else:
        year, month, day = text.split("-")
    return date(int(year), int(month), int(day))


def calendar_initial(calendar: Calendar) -> dict[str, Any]:
    """A calendar as the form shows it."""
    week = {name: _plain(hours) for (name, _label), hours in zip(DAYS, calendar.week, strict=True)}
    return {**week, "region": calendar.region, "closings": "\n".join(_lines(calendar.closings))}


def _plain(hours: Hours) -> str:
    return written(hours).replace("–", "-")


def _lines(closings: Iterable[Closing]) -> list[str]:
    lines = []
    for one in sorted(closings):
        days = [date_format(day, "d/m/Y") for day in dict.fromkeys((one.first, one.last))]
        lines.append(f"{' - '.join(days)} {one.name}".strip())
    return lines


def _hours(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        min_value=Decimal("0.25"),
        max_value=LONGEST_PROMISE,
        decimal_places=2,
        label=label,
        widget=forms.NumberInput(attrs={"step": "0.25"}),
    )


class PromiseForm(Said):
    """How soon some messages are answered, and done with."""

    queue = forms.ChoiceField(required=False, label=_("Queue"))
    priority = forms.ChoiceField(
        required=False, choices=[("", _("whenever")), *PriorityChoice.choices], label=_("To be looked at")
    )
    answer_in = _hours(_("First answer within, in hours"))
    close_in = _hours(_("End of the work within, in hours"))
    counting = forms.ChoiceField(choices=CountingChoice.choices, label=_("Which hours count"))
    pauses = forms.BooleanField(required=False, label=_("The clock stands still while a message is put away"))

    def __init__(self, queues: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["queue"].choices = [("", _("any")), *queues]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Something is promised, and an answer not later than the end."""
        cleaned = super().clean() or {}
        answer, close = cleaned.get("answer_in"), cleaned.get("close_in")
        if not self.errors and answer is None and close is None:
            raise ValidationError(_("Say within how many hours, for the answer or for the end of the work."))
        if answer is not None and close is not None and close < answer:
            self.add_error("close_in", _("The work cannot end before the first answer."))
        return cleaned

    def promise(self) -> Promise:
        """What was promised."""
        said = self.cleaned_data
        return Promise(
            queue=said["queue"],
            priority=Priority(said["priority"]) if said["priority"] else None,
            answer_in=_span(said["answer_in"]),
            close_in=_span(said["close_in"]),
            counting=Counting(said["counting"]),
            pauses=said["pauses"],
        )


def _span(hours: Decimal | None) -> timedelta | None:
    return None if hours is None else timedelta(minutes=int(hours * 60))


class PresenceForm(Said):
    """Whether the person takes messages that are shared out, and how many at a time."""

    is_present = forms.BooleanField(required=False, label=_("I am here: messages may be given to me"))
    capacity = forms.IntegerField(
        min_value=1, max_value=1_000, label=_("Open messages at a time"),
        help_text=_("From then on others get them."),
    )  # fmt: skip
