"""A link for a client without an account: one reply to approve or to refuse, until a day, and nothing else.

What the table knows of a link is its digest. Whoever could approve the reply themselves may ask a guest;
the author cannot, so that nobody approves their own words through a link.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.replies.actions import require_free
from veilleur.desk.replies.models import GuestLink, Reply, State, Step
from veilleur.desk.replies.steps import held, note
from veilleur.errors import ActRefused

DAYS = (1, 3, 7, 14)
"""How long a link may last."""


@transaction.atomic
def ask_guest(
    place: Workplace, reply_id: int, version: int, *, name: str, days: int, now: datetime
) -> tuple[GuestLink, str]:
    """Makes the link for a reply that waits for a second reading, and its secret, which is kept nowhere."""
    reply = held(place, reply_id, version, [State.TO_APPROVE], May.APPROVE)
    if reply.author_id == place.user.pk:
        raise ActRefused(_("You wrote it: somebody else asks the guest."))
    if not name.strip():
        raise ActRefused(_("Say who is asked."))
    token = secrets.token_urlsafe(32)
    link = GuestLink.objects.create(
        organisation=place.organisation,
        reply=reply,
        name=name.strip(),
        digest=digest_of(token),
        made_by_name=str(place.user),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    told = {"name": link.name, "until": link.expires_at.isoformat()}
    actor, target = place.user.email, f"reply:{reply.pk}"
    audit.record(place.organisation, actor, "replies.ask_guest", target, told, at=now)
    return link, token


@transaction.atomic
def revoke_guest(place: Workplace, link_id: int, *, now: datetime) -> GuestLink:
    """Takes a link back: it leads nowhere."""
    if not place.allows(May.APPROVE):
        raise ActRefused(_("You may read here, not act."))
    link = GuestLink.objects.filter(organisation=place.organisation, pk=link_id).first()
    if link is None:
        raise Http404
    if link.ended_at is None:
        link.ended_at = now
        link.save(update_fields=["ended_at"])
        told, target = {"name": link.name}, f"reply:{link.reply_id}"
        actor = place.user.email
        audit.record(place.organisation, actor, "replies.revoke_guest", target, told, at=now)
    return link


def open_link(token: str, *, now: datetime) -> GuestLink | None:
    """What a secret opens; None when it was used, taken back, is too old, or the reply was decided."""
    links = GuestLink.objects.select_related("organisation", "reply__ticket__mention")
    link = links.filter(digest=digest_of(token), ended_at=None, expires_at__gt=now).first()
    if (
        link is None
        or link.reply.state != State.TO_APPROVE
        or link.reply.ticket.mention.erased_at is not None
    ):
        return None
    return link


@transaction.atomic
def decide(token: str, version: int, *, approves: bool, word: str, now: datetime) -> Reply:
    """What the guest says of the very wording they saw; the link serves once."""
    link = GuestLink.objects.select_for_update().filter(digest=digest_of(token)).first()
    if link is None or open_link(token, now=now) is None:
        raise ActRefused(_("This link leads nowhere any more."))
    locked = Reply.objects.select_for_update(of=("self",)).select_related("ticket__mention", "organisation")
    reply = locked.get(pk=link.reply_id)
    if reply.state != State.TO_APPROVE or reply.version != version:
        raise ActRefused(_("The reply has changed since you opened this page: read it again."))
    if not approves and not word.strip():
        raise ActRefused(_("Say what should change."))
    reply.mention_digest = reply.ticket.mention.digest
    if approves:
        require_free(reply)
    step, state = (Step.APPROVE, State.APPROVED) if approves else (Step.RETURN, State.DRAFT)
    said = note(reply, step, None, now, reason=word.strip(), state=state)
    said.by_name = _("%(name)s (guest)") % {"name": link.name}
    said.save(update_fields=["by_name"])
    link.ended_at = now
    link.save(update_fields=["ended_at"])
    told = {"name": link.name, "outcome": "approved" if approves else "refused"}
    audit.record(link.organisation, audit.JOB, "replies.guest", f"reply:{reply.pk}", told, at=now)
    return reply


def digest_of(token: str) -> str:
    """What the table knows of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()
