"""Legal hold: a message is kept whatever the rule, until somebody lifts the hold.

A case of pharmacovigilance is held by the decision that it is one; nobody lifts that hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.actions import held, tell
from veilleur.desk.inbox.models import HoldGround, LegalHold, MentionRow
from veilleur.errors import ActRefused
from veilleur.vocabulary import Act

SHORTEST_REASON = 10
"""Characters of a reason that somebody else can understand later."""


@dataclass(frozen=True, slots=True)
class HoldShown:
    """Why a message is held, who says so, since when."""

    id: int
    ground: str
    """In words, where nobody asked for it; empty otherwise."""
    reason: str
    by: str
    at: datetime
    can_be_lifted: bool


@transaction.atomic
def hold(
    place: Workplace,
    ticket_id: int,
    *,
    reason: str,
    ground: HoldGround = HoldGround.ASKED,
    now: datetime,
) -> LegalHold:
    """Keeps a message whatever the rule."""
    ticket = held(place, ticket_id, None)
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise ActRefused(_("Say why, in a sentence that somebody can understand next year."))
    if ticket.mention.erased_at is not None:
        raise ActRefused(_("The text of this message is erased: there is nothing left to hold."))
    made, is_new = LegalHold.objects.get_or_create(
        mention=ticket.mention,
        ground=ground,
        lifted_at=None,
        defaults={"reason": reason, "by": place.user, "by_name": str(place.user), "at": now},
    )
    if not is_new:
        raise ActRefused(_("This message is held already."))
    tell(ticket, Act.HOLD, {"ground": ground.value, "reason": reason}, by=place.user, now=now)
    told = {"why": ground.value}
    audit.record(place.organisation, place.user.email, "inbox.hold", f"ticket:{ticket.pk}", told, at=now)
    return made


@transaction.atomic
def lift(place: Workplace, hold_id: int, *, now: datetime) -> LegalHold:
    """Lets the rule have its way again; what it says is done by the next job."""
    if not place.allows(May.CONFIGURE):
        raise ActRefused(_("Only who configures the house lifts a hold."))
    ticket = held(place, ticket_of(place, hold_id), None)
    known = LegalHold.objects.filter(pk=hold_id)
    found = known.get()
    if found.ground == HoldGround.CASE:
        raise ActRefused(_("A case of pharmacovigilance is kept: nobody lifts this hold."))
    if not known.filter(lifted_at=None).update(lifted_at=now):
        raise ActRefused(_("This hold is lifted already."))
    tell(ticket, Act.LIFT, {}, by=place.user, now=now)
    actor, target = place.user.email, f"ticket:{ticket.pk}"
    audit.record(place.organisation, actor, "inbox.lift", target, at=now)
    return found


def ticket_of(place: Workplace, hold_id: int) -> int:
    """The ticket of the message that is held; `Http404` for one that is not of this organisation."""
    known = LegalHold.objects.filter(mention__organisation=place.organisation, pk=hold_id)
    ticket = known.values_list("mention__ticket", flat=True).first()
    if ticket is None:
        raise Http404
    return ticket


def holds_of(place: Workplace, mention: MentionRow) -> tuple[HoldShown, ...]:
    """What holds a message, the first one first."""
    standing = LegalHold.objects.filter(mention=mention, lifted_at=None).order_by("at", "pk")
    return tuple(
        HoldShown(
            one.pk,
            "" if one.ground == HoldGround.ASKED else one.get_ground_display(),
            one.reason,
            one.by_name,
            one.at,
            can_be_lifted=place.can_configure and one.ground == HoldGround.ASKED,
        )
        for one in standing
    )


def held_among(mentions: Iterable[int]) -> frozenset[int]:
    """Those of these messages that are held."""
    standing = LegalHold.objects.filter(mention__in=list(mentions), lifted_at=None)
    return frozenset(standing.values_list("mention_id", flat=True))
