"""What a person has not read on the desk, by e-mail: how many of which, and links; no word of any message."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from veilleur.desk.inbox.team.models import News, Notification, NotificationChoice, Rhythm

HOUR = timedelta(hours=1)
MORNING = time(8)
MOST = 20
"""Links in one message."""


def due(now: datetime) -> list[int]:
    """Choices whose next digest may leave now; none as long as nobody said where the desk is."""
    if not settings.PUBLIC_URL:
        return []
    asked = NotificationChoice.objects.exclude(digest=Rhythm.NEVER).select_related("organisation")
    return [choice.pk for choice in asked if _is_time(choice, now)]


def _is_time(choice: NotificationChoice, now: datetime) -> bool:
    if choice.digest == Rhythm.HOURLY:
        return choice.sent_at is None or now - choice.sent_at >= HOUR
    local = now.astimezone(zoneinfo.ZoneInfo(choice.organisation.time_zone))
    sent = choice.sent_at.astimezone(local.tzinfo).date() if choice.sent_at else None
    return local.time() >= MORNING and sent != local.date()


@transaction.atomic
def send(choice_id: int) -> None:
    """Sends one digest, if there is anything to tell; what it told is told once.

    The mark is kept with the transaction, after the message left: a crash between the two tells twice, which
    is better than never.
    """
    locked = NotificationChoice.objects.select_for_update(of=("self",))
    choice = locked.select_related("organisation", "person").get(pk=choice_id)
    now = timezone.now()
    if not _is_time(choice, now) or not _still_works_here(choice):
        return
    unread = Notification.objects.filter(
        organisation=choice.organisation,
        person=choice.person,
        read_at__isnull=True,
        pk__gt=choice.sent_to,
    )
    rows = list(unread.order_by("-pk")[: MOST + 1])
    choice.sent_at = now
    if rows:
        choice.sent_to = rows[0].pk
        with translation.override(choice.person.language):
            subject, text = written(choice, rows)
        send_mail(subject, text, None, [choice.person.email])
    choice.save(update_fields=["sent_at", "sent_to"])


def _still_works_here(choice: NotificationChoice) -> bool:
    works = choice.person.memberships.filter(organisation=choice.organisation).exists()
    return choice.person.is_active and works


def written(choice: NotificationChoice, rows: list[Notification]) -> tuple[str, str]:
    """The subject and the text of one digest."""
    house, slug = choice.organisation.name, choice.organisation.slug
    count = len(rows)
    subject = ngettext("%(house)s: %(count)d notification", "%(house)s: %(count)d notifications", count) % {
        "house": house,
        "count": count,
    }
    kinds = Counter(row.kind for row in rows)
    lines = [f"{News(kind).label} ({count})" for kind, count in kinds.items()]
    links = [_link("inbox:ticket", slug, ticket=row.ticket_id) for row in rows[:MOST] if row.ticket_id]
    return subject, "\n".join(
        [
            _("What you have not read yet on the desk of %(house)s:") % {"house": house},
            "",
            *lines,
            "",
            *dict.fromkeys(links),
            "",
            _("All of it: %(link)s") % {"link": _link("inbox:notifications", slug)},
            _("Less often, or never: %(link)s") % {"link": _link("inbox:notification_choices", slug)},
        ]
    )


def _link(name: str, organisation: str, **arguments: int) -> str:
    path = reverse(name, kwargs={"organisation": organisation, **arguments})
    return f"{settings.PUBLIC_URL}{path}"
