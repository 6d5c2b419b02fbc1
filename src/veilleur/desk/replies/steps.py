"""How a reply changes: locked, checked against the version the person saw, and told in three places.

The reply itself, its history (`ReplyStep`), and the audit trail, in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.replies.models import ENDED, Reply, ReplyStep, Step
from veilleur.errors import ActRefused, Outdated

SHORTEST_REASON = 10
"""Characters of a reason that somebody else can understand later."""


def ticket_to_answer(place: Workplace, ticket_id: int, may: May = May.READ) -> TicketRow:
    """The ticket with all that a reply to it asks for; `Http404` when it is not of this organisation."""
    if not place.allows(may):
        raise ActRefused(_("You may read here, not act."))
    tickets = TicketRow.objects.select_related("mention__reading", "mention__source", "organisation")
    ticket = tickets.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    return ticket


def under_way(ticket: TicketRow) -> Reply | None:
    """The reply of a ticket that has not ended; None when there is none."""
    return Reply.objects.filter(ticket=ticket).exclude(state__in=ENDED).first()


def held(
    place: Workplace, reply_id: int, version: int, states: Collection[str], may: May = May.ANSWER
) -> Reply:
    """The reply, locked, if the person saw it as it is and it stands where the act makes sense."""
    if not place.allows(may):
        raise ActRefused(_("You may read here, not act."))
    locked = Reply.objects.select_for_update(of=("self",)).select_related("ticket__mention")
    reply = locked.filter(organisation=place.organisation, pk=reply_id).first()
    if reply is None:
        raise Http404
    if reply.version != version:
        raise Outdated(_("Somebody changed this reply before you: here it is as it stands now."))
    if reply.state not in states:
        raise ActRefused(_("This is not possible any more: the reply is “%s”.") % reply.get_state_display())
    # Who acts has the message before their eyes as it is now; what was approved before it changed is void.
    reply.mention_digest = reply.ticket.mention.digest
    return reply


def require_reason(reason: str) -> None:
    """Refuses a reason that says nothing."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise ActRefused(_("Say why, in a sentence that somebody can understand next year."))


def note(
    reply: Reply,
    step: Step,
    by: User | None,
    now: datetime,
    *,
    rule: str = "",
    reason: str = "",
    **changes: Any,
) -> ReplyStep:
    """Writes what changed, with one line in the history and one in the trail."""
    for name, value in changes.items():
        setattr(reply, name, value)
    reply.version += 1
    reply.updated_at = now
    reply.save(update_fields=[*changes, "mention_digest", "version", "updated_at"])
    # The trail says what was done, never what was written: it outlives the reply. Who answers for a breach
    # is told beforehand that their reason stays there.
    told = {"state": reply.state, "rule": rule, "digest": reply.digest[:16]}
    if step is Step.OVERRIDE:
        told["reason"] = reason
    actor = by.email if by else audit.JOB
    audit.record(reply.organisation, actor, f"replies.{step.value}", f"reply:{reply.pk}", told, at=now)
    return ReplyStep.objects.create(
        reply=reply,
        step=step,
        by=by,
        by_name=str(by) if by else "",
        at=now,
        digest=reply.digest,
        rule=rule,
        reason=reason,
    )
