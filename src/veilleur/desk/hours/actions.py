"""What changes hours, promises and presence: one act, one transaction, one line in the trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.hours.models import OpeningHours, Presence, PromiseRow
from veilleur.desk.hours.queries import promise_of
from veilleur.errors import ActRefused
from veilleur.triage.calendars import Calendar, written
from veilleur.triage.promises import Promise

MINUTE = timedelta(minutes=1)


@transaction.atomic
def save_calendar(place: Workplace, calendar: Calendar) -> None:
    """Sets when the house works."""
    columns = {
        "week": [written(hours) for hours in calendar.week],
        "region": calendar.region,
        "closings": [
            [one.first.isoformat(), one.last.isoformat(), one.name] for one in sorted(calendar.closings)
        ],
    }
    OpeningHours.objects.update_or_create(organisation=place.organisation, defaults=columns)
    audit.record(
        place.organisation,
        place.user.email,
        "hours.calendar",
        f"organisation:{place.organisation.slug}",
        columns,
    )


@transaction.atomic
def promise(place: Workplace, given: Promise) -> PromiseRow:
    """Promises something. Raises `ActRefused` when there is a promise for the same messages."""
    try:
        with transaction.atomic():
            row = PromiseRow.objects.create(organisation=place.organisation, **_columns(given))
    except IntegrityError as error:
        raise ActRefused(_("There is a promise for these messages already: withdraw it first.")) from error
    audit.record(place.organisation, place.user.email, "hours.promise", f"promise:{row.pk}", _columns(given))
    return row


@transaction.atomic
def withdraw(place: Workplace, promise_id: int) -> Promise:
    """Promises something no more; returns what it was."""
    row = PromiseRow.objects.filter(organisation=place.organisation, pk=promise_id).first()
    if row is None:
        raise Http404
    was = promise_of(row)
    audit.record(place.organisation, place.user.email, "hours.withdraw", f"promise:{row.pk}", _columns(was))
    row.delete()
    return was


def _columns(given: Promise) -> dict[str, Any]:
    return {
        "queue": given.queue,
        "priority": given.priority.value if given.priority else "",
        "answer_minutes": None if given.answer_in is None else given.answer_in // MINUTE,
        "close_minutes": None if given.close_in is None else given.close_in // MINUTE,
        "counting": given.counting.value,
        "pauses": given.pauses,
    }


@transaction.atomic
def be_present(place: Workplace, *, is_present: bool, capacity: int) -> None:
    """Says whether the person takes messages that are shared out, and how many at a time."""
    told = {"is_present": is_present, "capacity": capacity}
    Presence.objects.update_or_create(organisation=place.organisation, person=place.user, defaults=told)
    audit.record(place.organisation, place.user.email, "hours.presence", f"user:{place.user.pk}", told)
