"""What happened becomes deliveries, none lost and none twice.

The trail of an organisation and its tickets are written one after the other (`audit.record` and
`alike.take_turns` hold a lock until the end of the transaction), so that numbers come in the order of their
commits: where a subscription has read to is one number each, moved in the transaction that writes its
deliveries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.api.models import Delivery, Event, Subscription
from veilleur.desk.inbox import alike
from veilleur.desk.inbox.conversion import PRIORITIES
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.replies.models import Reply

BATCH = 500
"""Lines and tickets of one transaction."""
OF_ACT: dict[str, Event] = {
    **dict.fromkeys(
        (f"inbox.{verb}" for verb in (
            "route", "assign", "snooze", "reopen", "correct", "note", "undo", "hold", "lift", "erase",
        )),
        Event.TICKET_CHANGED,
    ),
    "inbox.close": Event.TICKET_CLOSED,
    "replies.submit": Event.REPLY_TO_APPROVE,
    "replies.sent": Event.REPLY_SENT,
    "replies.publish": Event.REPLY_SENT,
    "replies.fail": Event.REPLY_FAILED,
    "moderation.done": Event.ACT_DONE,
    "moderation.failed": Event.ACT_FAILED,
}  # fmt: skip
"""Act in the trail → what others are told."""
IN_TICKET = ("id", "version", "status", "outcome", "queue", "sentiment", "language", "assignee_id")
IN_REPLY = ("id", "version", "state", "ticket_id", "url")


def spread(subscription_id: int) -> None:
    """Writes the deliveries of what happened since, for one subscription."""
    while _step(subscription_id):
        pass


@transaction.atomic
def _step(subscription_id: int) -> bool:
    """One batch; whether more may wait."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("organisation")
    known = rows.filter(pk=subscription_id, disabled_at=None).first()
    if known is None:
        return False
    lines, tickets = _lines(known), _tickets(known)
    Delivery.objects.bulk_create([*_of_lines(known, lines), *_of_tickets(known, tickets)])
    known.save(update_fields=["trail_read", "tickets_read"])
    return BATCH in {len(lines), len(tickets)}


def _lines(known: Subscription) -> list[AuditLine]:
    rows = AuditLine.objects.filter(organisation=known.organisation, number__gt=known.trail_read)
    lines = list(rows.order_by("number")[:BATCH])
    if lines:
        known.trail_read = lines[-1].number
    return lines


def _tickets(known: Subscription) -> list[TicketRow]:
    if Event.TICKET_CREATED.value not in known.events:
        return []
    alike.take_turns(known.organisation_id)
    last = newest_ticket()
    rows = TicketRow.objects.filter(organisation=known.organisation, pk__gt=known.tickets_read, pk__lte=last)
    tickets = list(rows.order_by("pk")[:BATCH])
    known.tickets_read = tickets[-1].pk if len(tickets) == BATCH else max(last, known.tickets_read)
    return tickets


def newest_ticket() -> int:
    """The id of the last ticket of all; 0 before there is one."""
    return TicketRow.objects.aggregate(last=Max("pk"))["last"] or 0


def _of_lines(known: Subscription, lines: Sequence[AuditLine]) -> Iterator[Delivery]:
    told = [(line, OF_ACT[line.act]) for line in lines if line.act in OF_ACT]
    told = [(line, event) for line, event in told if event.value in known.events]
    targets = [line.target for line, _event in told]
    replies = Reply.objects.in_bulk(_ids(targets, "reply"))
    tickets = TicketRow.objects.in_bulk(
        [*_ids(targets, "ticket"), *(reply.ticket_id for reply in replies.values())]
    )
    for line, event in told:
        reply = replies.get(_id(line.target, "reply"))
        ticket = tickets.get(reply.ticket_id if reply else _id(line.target, "ticket"))
        said = {"act": line.act, "by": line.actor, **_shown(ticket, reply)}
        yield _delivery(known, event, line.target, line.at, said)


def _of_tickets(known: Subscription, tickets: Sequence[TicketRow]) -> Iterator[Delivery]:
    for ticket in tickets:
        said = {"act": "", "by": "", **_shown(ticket, None)}
        yield _delivery(known, Event.TICKET_CREATED, f"ticket:{ticket.pk}", ticket.opened_at, said)


def _delivery(
    known: Subscription, event: Event, target: str, at: datetime, said: Mapping[str, Any]
) -> Delivery:
    now = timezone.now()
    made = Delivery(subscription=known, event=event, target=target, payload={}, made_at=now, next_at=now)
    made.payload = {
        "id": str(made.key),
        "type": event.value,
        "at": at.isoformat(),
        "organisation": known.organisation.slug,
        "target": target,
        **said,
    }
    return made


def _shown(ticket: TicketRow | None, reply: Reply | None) -> dict[str, Any]:
    """As they stand now, without a word of what anybody wrote."""
    told: dict[str, Any] = {"ticket": None, "reply": None}
    if ticket is not None:
        told["ticket"] = {name: getattr(ticket, name) for name in IN_TICKET}
        told["ticket"] |= {"priority": PRIORITIES[ticket.priority].value, "due_at": _moment(ticket.due_at)}
    if reply is not None:
        told["reply"] = {name: getattr(reply, name) for name in IN_REPLY}
    return told


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _ids(targets: Sequence[str], kind: str) -> list[int]:
    return [number for target in targets if (number := _id(target, kind))]


def _id(target: str, kind: str) -> int:
    """42 of `ticket:42`; 0 for another kind."""
    named, _colon, number = target.partition(":")
    return int(number) if named == kind and number.isdigit() else 0
