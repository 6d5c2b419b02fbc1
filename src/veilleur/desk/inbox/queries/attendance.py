"""Who else has a message open, ready to show."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.attendance import Attendance, Doing
from veilleur.desk.inbox.models import DecisionRow, TicketRow
from veilleur.desk.inbox.queries.history import sentence_of


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague who has the message open."""

    name: str
    sentence: str
    is_claim: bool


@dataclass(frozen=True, slots=True)
class Around:
    """Who is at a ticket, and what happened to it while this person looks."""

    ticket_id: int
    version: int
    """The one that this person looks at."""
    doing: str
    others: tuple[Present, ...]
    is_mine: bool
    """Whether this person has taken it."""
    is_taken: bool
    """Whether a colleague has."""
    news: str
    """What a colleague did to it since, in a sentence; empty when nothing."""
    known: str
    """Changes whenever any of this does."""


def around(place: Workplace, ticket: TicketRow, version: int, doing: str, *, now: datetime) -> Around:
    """Who is at `ticket`, of which this person looks at `version`."""
    there = Attendance.objects.filter(organisation=place.organisation, ticket=ticket, until__gt=now)
    rows = list(there.select_related("person"))
    others = [row for row in rows if row.person_id != place.user.pk]
    mine = next((row for row in rows if row.person_id == place.user.pk), None)
    is_mine = bool(mine and mine.is_claim)
    return Around(
        ticket_id=ticket.pk,
        version=version,
        doing=doing,
        others=tuple(Present(str(row.person), _sentence(row), row.is_claim) for row in others),
        is_mine=is_mine,
        is_taken=any(row.is_claim for row in others),
        news=_news(place, ticket) if ticket.version != version else "",
        known=f"{_stamp(others)}.{int(is_mine)}.{ticket.version}",
    )


def present_now(organisation: Organisation, *, now: datetime) -> list[Attendance]:
    """Everybody who has a message open in this house."""
    return list(Attendance.objects.filter(organisation=organisation, until__gt=now))


def stamps(rows: Iterable[Attendance], person: User) -> dict[str, str]:
    """For each ticket that another has open: some letters that change with who does what there."""
    others = defaultdict(list)
    for row in rows:
        if row.person_id != person.pk:
            others[str(row.ticket_id)].append(row)
    return {ticket: _stamp(some) for ticket, some in others.items()}


def _stamp(rows: Iterable[Attendance]) -> str:
    said = sorted((row.person_id, row.doing, row.is_claim) for row in rows)
    return hashlib.blake2s(repr(said).encode(), digest_size=4).hexdigest() if said else ""


def _sentence(row: Attendance) -> str:
    taken = _("%(name)s has taken this message")
    said = {
        Doing.READING: taken if row.is_claim else _("%(name)s is reading this"),
        Doing.WRITING: _("%(name)s is writing a note"),
        Doing.ANSWERING: _("%(name)s is answering"),
        Doing.DECIDING: _("%(name)s is deciding"),
    }
    return said[Doing(row.doing)] % {"name": row.person}


def _news(place: Workplace, ticket: TicketRow) -> str:
    """The last thing done to it, and by whom."""
    last = DecisionRow.objects.filter(ticket=ticket).order_by("-pk").first()
    if last is None or last.by_id == place.user.pk:
        return ""
    return _("%(name)s: %(what)s") % {
        "name": last.by_name or "Veilleur",
        "what": sentence_of(last.act, last.details),
    }
