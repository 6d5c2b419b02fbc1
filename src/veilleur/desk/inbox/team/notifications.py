"""What people are told on the desk: that they are named, that something is theirs, that a reply waits.

Nobody is told what they did themselves, nor what they chose not to be told. Seeing the message is reading
what was told about it. What is older than `KEPT` goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.permissions import May, Workplace, rights_of
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.inbox.models import Note, TicketRow
from veilleur.desk.inbox.team.models import News, Notification, NotificationChoice, Rhythm
from veilleur.desk.inbox.team.naming import named_in

PAGE = 30
KEPT = timedelta(days=90)
CAP = 100
"""The bell counts up to here: « 99+ »."""


def tell(
    organisation: Organisation,
    people: Iterable[int],
    kind: News,
    now: datetime,
    *,
    by: User | None = None,
    ticket: TicketRow | None = None,
    note: Note | None = None,
    count: int = 1,
) -> None:
    """Tells people something, in the transaction in which it happens; not those who did it."""
    wanted = set(people) - {by.pk if by else None}
    if not wanted:
        return
    choices = NotificationChoice.objects.filter(organisation=organisation, person__in=wanted)
    wanted -= {choice.person_id for choice in choices if kind in choice.muted}
    Notification.objects.bulk_create(
        Notification(
            organisation=organisation,
            person_id=person,
            kind=kind,
            ticket=ticket,
            note=note,
            count=count,
            by_name=str(by) if by else "",
            at=now,
        )
        for person in sorted(wanted)
    )


def tell_named(place: Workplace, note: Note, now: datetime) -> None:
    """Tells the colleagues whom a note names."""
    people = colleagues(place.organisation)
    meant = [people[number].pk for number in named_in(note.text, people)]
    tell(place.organisation, meant, News.NAMED, now, by=place.user, ticket=note.ticket, note=note)


def tell_assigned(ticket: TicketRow, by: User | None, now: datetime) -> None:
    """Tells somebody that a ticket is theirs now."""
    if ticket.assignee_id is not None:
        tell(ticket.organisation, [ticket.assignee_id], News.ASSIGNED, now, by=by, ticket=ticket)


def tell_readers(place: Workplace, ticket: TicketRow, now: datetime) -> None:
    """Tells those who may approve that a reply waits for a second reader."""
    members = place.organisation.memberships.filter(user__is_active=True).select_related("own_role")
    people = [member.user_id for member in members if May.APPROVE in rights_of(member)]
    tell(place.organisation, people, News.APPROVE, now, by=place.user, ticket=ticket)


def read_about(place: Workplace, ticket: TicketRow, now: datetime) -> None:
    """What was told about a ticket is read once it was seen."""
    _unread(place).filter(ticket=ticket).update(read_at=now)


def read_all(place: Workplace, now: datetime) -> int:
    """Everything is read; returns how many were not."""
    return _unread(place).update(read_at=now)


def turn(notification: Notification, now: datetime) -> None:
    """Read becomes unread, and the other way round."""
    notification.read_at = None if notification.read_at else now
    notification.save(update_fields=["read_at"])


def unread_count(place: Workplace) -> str:
    """How many are not read, as the bell shows it; empty for none."""
    count = len(_unread(place).values_list("pk")[:CAP])
    return f"{CAP - 1}+" if count >= CAP else str(count or "")


def _unread(place: Workplace) -> QuerySet[Notification]:
    return Notification.objects.filter(
        person=place.user, organisation=place.organisation, read_at__isnull=True
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One notification, ready to show."""

    id: int
    sentence: str
    excerpt: str
    """The beginning of the note; empty where there is none."""
    ticket: int | None
    at: datetime
    is_unread: bool


@dataclass(frozen=True, slots=True)
class ToldPage:
    """Some of what a person was told, the latest first."""

    rows: tuple[Told, ...]
    older: int | None
    """Where the next page begins; None on the last one."""


def told_page(place: Workplace, before: int | None = None) -> ToldPage:
    """One page of what a person was told."""
    rows = Notification.objects.filter(person=place.user, organisation=place.organisation)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("note").order_by("-pk")[: PAGE + 1])
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    return ToldPage(tuple(map(_told, found[:PAGE])), older)


def _told(row: Notification) -> Told:
    text = row.note.text if row.note else ""
    excerpt = text if len(text) <= 160 else f"{text[:159]}…"
    return Told(row.pk, sentence_of(row), excerpt, row.ticket_id, row.at, row.read_at is None)


def sentence_of(row: Notification) -> str:
    """What somebody is told, without a word of any message or note."""
    told = {"name": row.by_name or _("The desk"), "count": row.count}
    if row.kind == News.NAMED:
        return _("%(name)s named you in a note") % told
    if row.kind == News.APPROVE:
        return _("%(name)s asks for a second reader of a reply") % told
    return (
        ngettext(
            "%(name)s assigned a message to you",
            "%(name)s assigned %(count)d messages to you",
            row.count,
        )
        % told
    )


def choice_of(place: Workplace) -> NotificationChoice:
    """What a person wants to be told; a row that may not be stored yet."""
    known = NotificationChoice.objects.filter(organisation=place.organisation, person=place.user).first()
    return known or NotificationChoice(organisation=place.organisation, person=place.user)


@transaction.atomic
def choose(place: Workplace, *, told: Collection[str], digest: str) -> None:
    """Keeps what a person wants to be told."""
    muted = [kind for kind in News.values if kind not in told]
    latest = Notification.objects.filter(person=place.user).order_by("-pk").values_list("pk", flat=True)
    started = {} if digest == Rhythm.NEVER else {"sent_to": latest.first() or 0}
    known = choice_of(place)
    if known.digest != Rhythm.NEVER:
        started = {}
    NotificationChoice.objects.update_or_create(
        organisation=place.organisation,
        person=place.user,
        defaults={"muted": muted, "digest": digest, **started},
    )
    told_now = {"state": digest}
    target = f"user:{place.user.pk}"
    audit.record(place.organisation, place.user.email, "inbox.notify", target, told_now)


def forget_old(now: datetime) -> int:
    """Removes what is older than it is kept; returns how many."""
    old = Notification.objects.filter(at__lt=now - KEPT).values_list("pk", flat=True)[:1_000]
    return Notification.objects.filter(pk__in=list(old)).delete()[0]
