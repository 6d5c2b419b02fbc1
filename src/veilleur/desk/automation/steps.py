"""What a rule may do: a table of steps. A new one is a class and a line in `STEPS`.

Each step is done to a ticket that its caller holds, or refused with `ActRefused`, which says why. None sends
anything, and what carries a danger or a suspected adverse reaction is never put out of sight (see `safety`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.automation.safety import Danger
from veilleur.desk.automation.sharing import give, give_later
from veilleur.desk.hours.models import PriorityChoice
from veilleur.desk.inbox import clocks
from veilleur.desk.inbox.actions import act_alone, close_alone
from veilleur.desk.inbox.models import Note, Outcome, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.errors import ActRefused
from veilleur.triage import Policy
from veilleur.vocabulary import Act, Priority, Status

MORNING = time(9)


@dataclass(slots=True)
class Case:
    """A ticket before a rule."""

    organisation: Organisation
    ticket: TicketRow
    policy: Policy
    rule_name: str
    danger: Danger | None
    """Why it must stay in sight; None for most messages."""
    now: datetime

    @property
    def told(self) -> dict[str, Any]:
        """What every act of the rule tells."""
        return {"rule": self.rule_name}


class Step(ABC):
    """One thing that a rule may do."""

    code: ClassVar[str]
    title: ClassVar[Promise]

    @abstractmethod
    def field(self, organisation: Organisation) -> forms.Field:
        """What a person says of it; left empty, the step is not done."""

    @abstractmethod
    def words(self, organisation: Organisation, value: Any) -> str:
        """What it does, in words."""

    def check(self, case: Case, value: Any) -> None:  # noqa: B027 - most steps refuse nothing more
        """Raises `ActRefused`, saying why, when it may not be done to this ticket."""

    @abstractmethod
    def perform(self, case: Case, value: Any) -> str:
        """Does it; returns what is worth telling beside it, mostly nothing."""


def _free(case: Case) -> None:
    if case.ticket.assignee_id is not None:
        raise ActRefused(_("It is assigned already."))


def _in_sight(case: Case) -> None:
    if case.danger is not None:
        raise ActRefused(case.danger.sentence())


class Assign(Step):
    """To one person, unless somebody has it."""

    code = "assign"
    title = gettext_lazy("Assign it to")

    def field(self, organisation: Organisation) -> forms.Field:
        """The people of the house."""
        return forms.ChoiceField(required=False, choices=[("", "–"), *_people(organisation)])

    def words(self, organisation: Organisation, value: Any) -> str:
        """With the name of the person."""
        return _("assign it to %(name)s") % {
            "name": dict(_people(organisation)).get(str(value), _("somebody who left"))
        }

    def check(self, case: Case, value: Any) -> None:
        """Nobody is taken a message away from, and nobody who left gets one."""
        _free(case)
        if _colleague(case.organisation, value) is None:
            raise ActRefused(_("This person does not work here."))

    def perform(self, case: Case, value: Any) -> str:
        """Assigns it."""
        person = _colleague(case.organisation, value)
        changes = {"assignee_id": person.pk if person else None}
        act_alone(case.ticket, Act.ASSIGN, changes, {"to": str(person), **case.told}, case.now)
        return ""


class Share(Step):
    """In turn, among those who are there and have room."""

    code = "share"
    title = gettext_lazy("Share it out, in turn, among")

    def field(self, organisation: Organisation) -> forms.Field:
        """The people of the house, or all of them."""
        choices = [(EVERYBODY, _("everybody who is there")), *_people(organisation)]
        return forms.MultipleChoiceField(required=False, choices=choices, widget=forms.CheckboxSelectMultiple)

    def words(self, organisation: Organisation, value: Any) -> str:
        """With their names."""
        if EVERYBODY in value:
            return _("share it out among everybody who is there")
        names = dict(_people(organisation))
        return _("share it out among %(names)s") % {
            "names": ", ".join(names[one] for one in value if one in names)
        }

    def check(self, case: Case, value: Any) -> None:  # noqa: ARG002
        """Nobody is taken a message away from."""
        _free(case)

    def perform(self, case: Case, value: Any) -> str:
        """Gives it to whoever got one longest ago; when nobody is there, it waits for somebody."""
        people = [] if EVERYBODY in value else [int(one) for one in value]
        if give(case.ticket, people, case.rule_name, case.now):
            return ""
        give_later(case.ticket, people, case.rule_name, case.now)
        return _("nobody is there: it is given to the first who is")


EVERYBODY = "all"


class Queue(Step):
    """To another queue."""

    code = "queue"
    title = gettext_lazy("Move it to the queue")

    def field(self, organisation: Organisation) -> forms.Field:
        """The queues of the policy."""
        return forms.ChoiceField(required=False, choices=[("", "–"), *queues(organisation)])

    def words(self, organisation: Organisation, value: Any) -> str:
        """With the name of the queue."""
        return _("move it to “%(queue)s”") % {"queue": dict(queues(organisation)).get(value, value)}

    def check(self, case: Case, value: Any) -> None:
        """What is in danger stays where the sorting put it."""
        _in_sight(case)
        if value not in case.policy.queue_by_id:
            raise ActRefused(_("There is no such queue any more."))

    def perform(self, case: Case, value: Any) -> str:
        """Moves it."""
        changes = clocks.moved(case.policy, case.ticket, value, clocks.PRIORITIES[case.ticket.priority])
        name = case.policy.queue_name(value, case.organisation.language)
        act_alone(case.ticket, Act.MOVE, changes, {"to": name, **case.told}, case.now)
        return ""


class Urgency(Step):
    """Sooner or later."""

    code = "priority"
    title = gettext_lazy("Have it looked at")

    def field(self, organisation: Organisation) -> forms.Field:  # noqa: ARG002
        """The priorities."""
        return forms.ChoiceField(required=False, choices=[("", "–"), *PriorityChoice.choices])

    def words(self, organisation: Organisation, value: Any) -> str:  # noqa: ARG002
        """With the priority in words."""
        return _("have it looked at: %(when)s") % {"when": PriorityChoice(value).label}

    def check(self, case: Case, value: Any) -> None:
        """What is in danger may become more urgent, never less."""
        if Priority(value).rank > case.ticket.priority:
            _in_sight(case)

    def perform(self, case: Case, value: Any) -> str:
        """Changes it."""
        changes = clocks.moved(case.policy, case.ticket, case.ticket.queue, Priority(value))
        with override(case.organisation.language):
            name = str(PriorityChoice(value).label)
        act_alone(case.ticket, Act.MOVE, changes, {"to": name, **case.told}, case.now)
        return ""


class PutAway(Step):
    """Until a morning to come."""

    code = "snooze"
    title = gettext_lazy("Put it away for so many days")

    def field(self, organisation: Organisation) -> forms.Field:  # noqa: ARG002
        """A number of days."""
        return forms.IntegerField(required=False, min_value=1, max_value=90)

    def words(self, organisation: Organisation, value: Any) -> str:  # noqa: ARG002
        """With the number of days."""
        return ngettext("put it away for %(days)d day", "put it away for %(days)d days", value) % {
            "days": value
        }

    def check(self, case: Case, value: Any) -> None:  # noqa: ARG002
        """What is in danger stays in sight."""
        _in_sight(case)

    def perform(self, case: Case, value: Any) -> str:
        """Puts it away until nine in the morning."""
        zone = ZoneInfo(case.organisation.time_zone)
        until = datetime.combine(case.now.astimezone(zone).date() + timedelta(days=value), MORNING, zone)
        stopped = clocks.stopped(case.policy, case.ticket, case.now)
        changes = {"status": Status.SNOOZED.value, "snoozed_until": until, **stopped}
        act_alone(case.ticket, Act.SNOOZE, changes, {"until": until.isoformat(), **case.told}, case.now)
        return ""


class Tell(Step):
    """A note for colleagues."""

    code = "note"
    title = gettext_lazy("Write a note")

    def field(self, organisation: Organisation) -> forms.Field:  # noqa: ARG002
        """Its text."""
        return forms.CharField(required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2}))

    def words(self, organisation: Organisation, value: Any) -> str:  # noqa: ARG002
        """With its beginning."""
        return _("write the note “%(text)s”") % {"text": value if len(value) <= 60 else f"{value[:59]}…"}

    def perform(self, case: Case, value: Any) -> str:
        """Writes it, in the name of the rule."""
        with override(case.organisation.language):
            name = _("Rule “%(rule)s”") % {"rule": case.rule_name}
        note = Note.objects.create(ticket=case.ticket, author=None, author_name=name, text=value, at=case.now)
        act_alone(case.ticket, Act.NOTE, {}, {"note": note.pk, **case.told}, case.now)
        return ""


class Close(Step):
    """The work is over."""

    code = "close"
    title = gettext_lazy("Close it as")

    def field(self, organisation: Organisation) -> forms.Field:  # noqa: ARG002
        """How it ended; only a person can say that it was answered."""
        kept = [(code, label) for code, label in Outcome.choices if code != Outcome.ANSWERED]
        return forms.ChoiceField(required=False, choices=[("", "–"), *kept])

    def words(self, organisation: Organisation, value: Any) -> str:  # noqa: ARG002
        """With how it ended."""
        return _("close it: %(outcome)s") % {"outcome": Outcome(value).label}

    def check(self, case: Case, value: Any) -> None:  # noqa: ARG002
        """What is in danger is closed by a person."""
        _in_sight(case)

    def perform(self, case: Case, value: Any) -> str:
        """Closes it."""
        close_alone(case.ticket, value, case.told, case.now)
        return ""


STEPS: Mapping[str, Step] = {
    step.code: step for step in (Queue(), Urgency(), Assign(), Share(), Tell(), PutAway(), Close())
}
"""In the order in which they are shown, and done."""


def _people(organisation: Organisation) -> list[tuple[str, str]]:
    return [(str(person.pk), str(person)) for person in colleagues(organisation)]


def _colleague(organisation: Organisation, value: Any) -> User | None:
    return next((person for person in colleagues(organisation) if str(person.pk) == str(value)), None)


def queues(organisation: Organisation) -> list[tuple[str, str]]:
    """(id, name) of each queue, in the language of the house."""
    return [
        (str(queue.id), queue.name.say(organisation.language)) for queue in policy_of(organisation).queues
    ]


def sentences(organisation: Organisation, steps: Mapping[str, Any]) -> list[str]:
    """What a rule does, step by step, in words."""
    return [STEPS[code].words(organisation, steps[code]) for code in STEPS if code in steps]
