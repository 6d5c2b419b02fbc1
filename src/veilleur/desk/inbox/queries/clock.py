"""The clock of a ticket in words: what is owed, how much time is left, and what makes it longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from veilleur.desk.inbox.clocks import owed_for, state_of
from veilleur.desk.inbox.models import TicketRow
from veilleur.triage import Policy
from veilleur.triage.calendars import ClosedDay
from veilleur.triage.promises import Counting, Owed, Step

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the page of a ticket says of its due time."""

    state: str
    """Empty, `near` or `late`."""
    owed: str
    """What is owed: an answer, the end of the work, a look."""
    left: str
    """How much time is left, or by how much it is late."""
    due_at: datetime
    because: tuple[str, ...]
    """What the delay is, and what made the due time later than one would think."""


def clock_of(ticket: TicketRow, policy: Policy, now: datetime) -> Clock | None:
    """The clock of a ticket that waits for somebody; None when nothing is owed."""
    owed = owed_for(policy, ticket)
    if not ticket.to_do or ticket.due_at is None or owed is None:
        return None
    return Clock(
        state=state_of(ticket, now),
        owed=_OWED[owed.step](),
        left=_left(ticket.due_at, owed, policy, now),
        due_at=ticket.due_at,
        because=tuple(_because(ticket, owed, policy, now)),
    )


_OWED = {
    Step.LOOK: lambda: _("Somebody looks at it"),
    Step.ANSWER: lambda: _("First answer"),
    Step.CLOSE: lambda: _("End of the work"),
}


def _left(due_at: datetime, owed: Owed, policy: Policy, now: datetime) -> str:
    counting = owed.delay.counting
    is_late = due_at <= now
    span = policy.promises.passed(counting, min(due_at, now), max(due_at, now))
    said = {
        (False, Counting.CLOCK): _("%(time)s left"),
        (False, Counting.WORKED): _("%(time)s worked left"),
        (True, Counting.CLOCK): _("%(time)s late"),
        (True, Counting.WORKED): _("%(time)s worked late"),
    }[is_late, counting]
    return said % {"time": duration(span)}


def _because(ticket: TicketRow, owed: Owed, policy: Policy, now: datetime) -> list[str]:
    counting, due_at = owed.delay.counting, ticket.due_at
    worked = counting is Counting.WORKED
    promised = _("Promised within %(time)s worked") if worked else _("Promised within %(time)s")
    asked = (
        _("The sorting rule asks for it within %(time)s worked")
        if worked
        else _("The sorting rule asks for it within %(time)s")
    )
    sentences = [(promised if owed.promise else asked) % {"time": duration(owed.delay.length)}]
    if worked and due_at is not None:
        start, end = min(ticket.opened_at, due_at), max(due_at, now)
        closed = policy.promises.calendar.closed_between(start, end, get_language() or "fr")
        sentences += [closed_day(day) for day in closed[:MOST_DAYS]]
    if ticket.paused:
        stood = {"time": duration(timedelta(seconds=ticket.paused))}
        sentences.append(_("The clock stood still for %(time)s") % stood)
    return sentences


MOST_DAYS = 5


def closed_day(closed: ClosedDay) -> str:
    """« Mercredi 11 novembre : Armistice, fermé »."""
    day = weekday_and_day(closed)
    if not closed.name:
        return _("%(day)s: closed") % {"day": day}
    return _("%(day)s: %(name)s, closed") % {"day": day, "name": closed.name}


def weekday_and_day(closed: ClosedDay) -> str:
    """A day with its weekday, as people say it."""
    first = closed.day.day == 1
    form = (
        pgettext("weekday and day, first of the month", "l j F")
        if first
        else pgettext("weekday and day", "l j F")
    )
    words = format_date(closed.day, form)
    return words[:1].upper() + words[1:]


def duration(span: timedelta) -> str:
    """A length of time in hours and minutes; in days from three days on."""
    minutes = span // MINUTE
    if minutes >= 72 * 60 and minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(count)d min") % {"count": rest}
    if not rest or hours >= 10:
        return _("%(count)d h") % {"count": hours}
    return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest}
