"""Steps: what may be done to a ticket as a part of a macro or of an act on many.

A step is kept as a pair, `["assign", "me"]`. `change_of` says what the steps would change, or raises
`ActRefused`, and touches nothing: a preview and the act ask the same function. `carry_out` is one decision,
one line in the trail, and one undo, whatever the number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.accounts.templatetags.moments import exact
from veilleur.desk.inbox import actions, clocks
from veilleur.desk.inbox.models import DecisionRow, Outcome, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.team.models import Tag, Tagging
from veilleur.desk.inbox.team.tags import MOST_ON_TICKET, lock_words, put, tags_of
from veilleur.errors import ActRefused
from veilleur.triage import Policy
from veilleur.vocabulary import Act, Status

MOST = 8
"""Steps of one macro."""
MORNING, EVENING = time(9), time(18)


class Kind(StrEnum):
    """What one step does; its value says how."""

    TAG = "tag"
    """Id of a tag."""
    UNTAG = "untag"
    """Id of a tag."""
    ASSIGN = "assign"
    """`me`, the id of a person, or nothing for nobody."""
    REOPEN = "reopen"
    SNOOZE = "snooze"
    """A moment: see `moment_of`."""
    WAIT = "wait"
    """A moment, or nothing."""
    CLOSE = "close"
    """An outcome."""
    NOTE = "note"
    """Its text."""


class Step(NamedTuple):
    """One step, as it is kept."""

    kind: str
    value: str = ""


def steps_of(kept: Sequence[Sequence[str]]) -> list[Step]:
    """What a row keeps, as steps."""
    return [Step(*one) for one in kept]


def moment_of(said: str, now: datetime) -> datetime:
    """`evening`, `tomorrow`, `monday`, so many days (`3d`) or a date, in the present time zone."""
    today = timezone.localdate(now)
    days = {"evening": 0, "tomorrow": 1, "monday": 7 - today.weekday()}
    if said in days:
        day = today + timedelta(days=days[said])
    elif said.endswith("d"):
        day = today + timedelta(days=int(said[:-1]))
    else:
        day = date.fromisoformat(said)
    return timezone.make_aware(datetime.combine(day, EVENING if said == "evening" else MORNING))


@dataclass(frozen=True, slots=True)
class Means:
    """What steps need to know of the house, asked once for many tickets."""

    place: Workplace
    now: datetime
    tags: Mapping[int, Tag]
    people: Mapping[int, User]
    policy: Policy

    @classmethod
    def of(cls, place: Workplace, now: datetime) -> Means:
        """Those of a person at work."""
        house = place.organisation
        people = {person.pk: person for person in colleagues(house)}
        return cls(place, now, {tag.pk: tag for tag in tags_of(house)}, people, policy_of(house))

    def person(self, value: str) -> User | None:
        """The colleague that a step means; None for nobody."""
        if not value:
            return None
        found = self.place.user if value == "me" else self.people.get(int(value))
        if found is None:
            raise ActRefused(_("This person does not work here."))
        return found

    def tag(self, value: str) -> Tag:
        """The tag that a step means."""
        found = self.tags.get(int(value))
        if found is None:
            raise ActRefused(_("This tag is gone."))
        return found


@dataclass(slots=True)
class Change:
    """What steps make of one ticket."""

    ticket: TicketRow
    carried: frozenset[int]
    """Ids of the tags on it before."""
    columns: dict[str, Any] = field(default_factory=dict)
    tags: set[int] = field(default_factory=set)
    note: str = ""

    @property
    def status(self) -> str:
        """As it stands after the steps so far."""
        return str(self.columns.get("status", self.ticket.status))

    @property
    def add(self) -> set[int]:
        """Tags that come."""
        return self.tags - self.carried

    @property
    def remove(self) -> set[int]:
        """Tags that go."""
        return set(self.carried - self.tags)

    @property
    def is_nothing(self) -> bool:
        """Whether the ticket stays as it is."""
        changed = any(getattr(self.ticket, name) != value for name, value in self.columns.items())
        return not (changed or self.note or self.add or self.remove)


def change_of(ticket: TicketRow, carried: Collection[int], steps: Sequence[Step], means: Means) -> Change:
    """What the steps would change; raises `ActRefused`, saying why, when they cannot or change nothing."""
    change = Change(ticket, frozenset(carried), tags=set(carried))
    for step in steps:
        _TAKEN[Kind(step.kind)](change, step.value, means)
    if change.is_nothing:
        raise ActRefused(_("Nothing would change."))
    if change.status == Status.NEW:
        change.columns["status"] = Status.OPEN.value
    return change


def _tag(change: Change, value: str, means: Means) -> None:
    change.tags.add(means.tag(value).pk)
    if len(change.tags) > MOST_ON_TICKET:
        raise ActRefused(_("It has %(most)d tags already.") % {"most": MOST_ON_TICKET})


def _untag(change: Change, value: str, means: Means) -> None:
    change.tags.discard(means.tag(value).pk)


def _assign(change: Change, value: str, means: Means) -> None:
    person = means.person(value)
    change.columns["assignee_id"] = person.pk if person else None


def _reopen(change: Change, _value: str, means: Means) -> None:
    if change.ticket.mention.erased_at is not None:
        raise ActRefused(_("Its text is erased."))
    if change.status not in {Status.NEW, Status.OPEN}:
        change.columns |= actions.reopened(means.policy, change.ticket, means.now)


def _away(change: Change, status: Status, until: datetime | None, means: Means) -> None:
    if change.status == Status.CLOSED:
        raise ActRefused(_("It is closed."))
    if until is not None and until <= means.now:
        raise ActRefused(_("Choose a moment to come: this one has passed."))
    stopped = clocks.stopped(means.policy, change.ticket, means.now)
    change.columns |= {"status": status.value, "snoozed_until": until, **stopped}


def _snooze(change: Change, value: str, means: Means) -> None:
    _away(change, Status.SNOOZED, moment_of(value, means.now), means)


def _wait(change: Change, value: str, means: Means) -> None:
    _away(change, Status.PENDING, moment_of(value, means.now) if value else None, means)


def _close(change: Change, value: str, means: Means) -> None:
    if change.status == Status.CLOSED:
        raise ActRefused(_("It is closed."))
    change.columns |= actions.closing(means.policy, change.ticket, Outcome(value).value, means.now)


def _note(change: Change, value: str, _means: Means) -> None:
    change.note = value


_TAKEN: dict[Kind, Callable[[Change, str, Means], None]] = {
    Kind.TAG: _tag,
    Kind.UNTAG: _untag,
    Kind.ASSIGN: _assign,
    Kind.REOPEN: _reopen,
    Kind.SNOOZE: _snooze,
    Kind.WAIT: _wait,
    Kind.CLOSE: _close,
    Kind.NOTE: _note,
}


@transaction.atomic
def carry_out(
    means: Means,
    ticket_id: int,
    version: int | None,
    steps: Sequence[Step],
    *,
    macro: str = "",
    bulk: int | None = None,
) -> DecisionRow:
    """Does all the steps to one ticket; `bulk`: the act on many that this is a part of."""
    place, now = means.place, means.now
    lock_words(ticket_id)
    ticket = actions.held(place, ticket_id, version)
    carried = Tagging.objects.filter(ticket=ticket, tag__leaves=False).values_list("tag", flat=True)
    change = change_of(ticket, list(carried), steps, means)
    details = _details(change, steps, means, macro)
    if bulk is not None:
        details["bulk"] = bulk
    if change.add or change.remove:
        put(ticket, change.add, change.remove)
    if change.note:
        details["note"] = actions.noted(place, ticket, change.note, now).pk
    return actions.decide(place, ticket, _act_of(steps, macro), change.columns, details, now)


def _act_of(steps: Sequence[Step], macro: str) -> Act:
    """One step is known by its own name."""
    kinds = {step.kind for step in steps}
    if macro or len(kinds - {Kind.TAG, Kind.UNTAG}) > (not kinds & {Kind.TAG, Kind.UNTAG}):
        return Act.MACRO
    kind = kinds.pop()
    return Act.TAG if kind in {Kind.TAG, Kind.UNTAG} else Act(kind)


def _details(change: Change, steps: Sequence[Step], means: Means, macro: str) -> dict[str, Any]:
    """What the history tells and an undo needs; never the text of a note."""
    details: dict[str, Any] = {"steps": [list(told(step, means)) for step in steps]}
    if macro:
        details["name"] = macro
    if change.add or change.remove:
        details["tags"] = {"added": sorted(change.add), "removed": sorted(change.remove)}
        for name, some in (("added", change.add), ("removed", change.remove)):
            details[name] = ", ".join(sorted(means.tags[pk].name for pk in some if pk in means.tags))
    for step in told_steps(steps, means):
        single = _SINGLE.get(Kind(step.kind))
        if single:
            details[single] = step.value
    return details


_SINGLE = {Kind.ASSIGN: "to", Kind.SNOOZE: "until", Kind.WAIT: "until", Kind.CLOSE: "outcome"}
"""Details under which the acts of one step are known."""


def told_steps(steps: Sequence[Step], means: Means) -> list[Step]:
    """The steps with what a person reads in the place of ids and moments."""
    return [told(step, means) for step in steps]


def told(step: Step, means: Means) -> Step:
    """One step as it is told, and as it stays told when the tag or the person is gone."""
    kind, value = Kind(step.kind), step.value
    if kind in {Kind.TAG, Kind.UNTAG}:
        value = means.tag(value).name
    elif kind is Kind.ASSIGN:
        value = str(means.person(value) or "")
    elif kind is Kind.SNOOZE or (kind is Kind.WAIT and value):
        value = moment_of(value, means.now).isoformat()
    elif kind is Kind.NOTE:
        value = ""
    return Step(kind.value, value)


def sentence_of(step: Step) -> str:
    """What a told step does, in words."""
    kind, value = Kind(step.kind), step.value
    if kind in {Kind.SNOOZE, Kind.WAIT} and value:
        value = exact(datetime.fromisoformat(value))
    elif kind is Kind.CLOSE:
        value = str(Outcome(value).label)
    bare, full = {
        Kind.TAG: ("", _("add the tag %(value)s")),
        Kind.UNTAG: ("", _("take off the tag %(value)s")),
        Kind.ASSIGN: (_("assign to nobody"), _("assign to %(value)s")),
        Kind.REOPEN: (_("reopen"), ""),
        Kind.SNOOZE: ("", _("snooze until %(value)s")),
        Kind.WAIT: (_("wait for somebody outside"), _("wait for somebody outside until %(value)s")),
        Kind.CLOSE: ("", _("close: %(value)s")),
        Kind.NOTE: (_("add a note"), ""),
    }[kind]
    return full % {"value": value} if value else bare


def sentences_of(steps: Sequence[Step], means: Means) -> list[str]:
    """What steps do, in words; a step whose tag or person is gone says so."""
    said = []
    for step in steps:
        try:
            said.append(sentence_of(told(step, means)))
        except ActRefused as refused:
            said.append(str(refused))
    return said
