"""Reads of hours, promises and presence, as the nouns of the floor below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.hours.models import USUAL_CAPACITY, OpeningHours, Presence, PromiseRow
from veilleur.triage.calendars import Calendar, ClosedDay, Closing, hours_of
from veilleur.triage.promises import Counting, Promise, Promises
from veilleur.vocabulary import Priority

AHEAD = timedelta(days=366)
LISTED = 12


def calendar_of(organisation: Organisation) -> Calendar:
    """When the house works."""
    row = OpeningHours.objects.filter(organisation=organisation).first()
    if row is None:
        return Calendar(organisation.time_zone)
    closings = [
        Closing(date.fromisoformat(first), date.fromisoformat(last), name)
        for first, last, name in row.closings
    ]
    return Calendar(organisation.time_zone, tuple(map(hours_of, row.week)), row.region, frozenset(closings))


def promises_of(organisation: Organisation) -> Promises:
    """What the house promises, and when it works."""
    rows = PromiseRow.objects.filter(organisation=organisation).order_by("queue", "priority")
    return Promises(calendar_of(organisation), tuple(map(promise_of, rows)))


def promise_of(row: PromiseRow) -> Promise:
    """The promise that a row holds."""
    return Promise(
        queue=row.queue,
        priority=Priority(row.priority) if row.priority else None,
        answer_in=_span(row.answer_minutes),
        close_in=_span(row.close_minutes),
        counting=Counting(row.counting),
        pauses=row.pauses,
    )


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def closed_ahead(calendar: Calendar, now: datetime, language: str) -> list[ClosedDay]:
    """The next days on which the house would be open, were they not holidays or closings."""
    return calendar.closed_between(now, now + AHEAD, language)[:LISTED]


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person, and whether they take messages that are shared out."""

    person: User
    is_present: bool
    capacity: int


def presence_of(organisation: Organisation, person: User) -> Presence:
    """What a person said of their presence; one who said nothing is away."""
    found = Presence.objects.filter(organisation=organisation, person=person).first()
    return found or Presence(organisation=organisation, person=person)


def presences(organisation: Organisation) -> list[Colleague]:
    """Everybody, by name, with their presence."""
    rows = {row.person_id: row for row in Presence.objects.filter(organisation=organisation)}
    return [_colleague(person, rows.get(person.pk)) for person in colleagues(organisation)]


def _colleague(person: User, row: Presence | None) -> Colleague:
    if row is None:
        return Colleague(person, is_present=False, capacity=USUAL_CAPACITY)
    return Colleague(person, row.is_present, row.capacity)


def present_among(organisation: Organisation, people: Iterable[int]) -> list[Presence]:
    """Who is there of these people (of everybody when none is named), locked until the transaction ends.

    Whoever got a message longest ago comes first.
    """
    rows = Presence.objects.select_for_update(of=("self",)).select_related("person").filter(
        organisation=organisation, is_present=True, person__is_active=True,
        person__memberships__organisation=organisation,
    )  # fmt: skip
    named = list(people)
    if named:
        rows = rows.filter(person__in=named)
    # Not sorted by the database: PostgreSQL and SQLite put nulls at different ends.
    return sorted(rows.order_by("pk"), key=_longest_ago)


def _longest_ago(row: Presence) -> tuple[float, int]:
    return (row.last_given_at.timestamp() if row.last_given_at else 0.0), row.pk
