"""The page of promises, ready to show: each with what a message arriving now would get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.hours.models import CountingChoice, PriorityChoice, PromiseRow
from veilleur.desk.hours.queries import promise_of
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.clock import closed_day, duration
from veilleur.triage import Policy
from veilleur.triage.promises import Counting, Due, Promise, Promises
from veilleur.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Times:
    """What one promise would mean for a message that arrives now."""

    answer: str
    """Delay of the first answer; empty when none is promised."""
    answer_by: datetime | None
    close: str
    close_by: datetime | None
    closed: tuple[str, ...]
    """Days between now and then on which nobody works, in words."""


@dataclass(frozen=True, slots=True)
class PromiseShown:
    """One line of the page."""

    id: int
    queue: str
    priority: str
    counting: str
    pauses: bool
    times: Times


def queue_choices(organisation: Organisation) -> list[tuple[str, str]]:
    """(id, name) of each queue, in the order of the screen."""
    language = get_language() or organisation.language
    return [(str(queue.id), queue.name.say(language)) for queue in policy_of(organisation).queues]


def promises_shown(organisation: Organisation, now: datetime) -> list[PromiseShown]:
    """What the house promises; the most precise promise first."""
    policy = policy_of(organisation)
    rows = PromiseRow.objects.filter(organisation=organisation).order_by("-queue", "-priority", "pk")
    return [_shown(row, policy, now) for row in rows]


def _shown(row: PromiseRow, policy: Policy, now: datetime) -> PromiseShown:
    promise = promise_of(row)
    counting = _really(promise)
    return PromiseShown(
        id=row.pk,
        queue=policy.queue_name(row.queue, get_language() or "fr") if row.queue else _("any"),
        priority=str(PriorityChoice(row.priority).label) if row.priority else _("whenever"),
        counting=str(CountingChoice(counting.value).label),
        pauses=row.pauses,
        times=times_of(promise, policy.promises, now),
    )


def _really(promise: Promise) -> Counting:
    """What presses most never waits for working hours."""
    return Counting.CLOCK if promise.priority is Priority.IMMEDIATE else promise.counting


def times_of(promise: Promise, promises: Promises, now: datetime) -> Times:
    """What a promise would mean for a message that arrives now."""
    answer = _due(replace(promise, close_in=None), promises, now)
    close = _due(replace(promise, answer_in=None), promises, now)
    ends = [due.at for due in (answer, close) if due]
    is_worked = _really(promise) is Counting.WORKED
    days = (
        promises.calendar.closed_between(now, max(ends), get_language() or "fr") if ends and is_worked else []
    )
    return Times(
        answer=duration(promise.answer_in) if promise.answer_in else "",
        answer_by=answer.at if answer else None,
        close=duration(promise.close_in) if promise.close_in else "",
        close_by=close.at if close else None,
        closed=tuple(map(closed_day, days)),
    )


def _due(promise: Promise, promises: Promises, now: datetime) -> Due | None:
    only = replace(promises, promises=(promise,))
    owed = only.owed(promise.queue, promise.priority or Priority.NORMAL, None)
    return only.due(owed, now) if owed else None
