"""Invitations: a link that works once, for seven days, for one address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import admit, require_administrator, told_role
from veilleur.desk.accounts.models import HouseRole, Invitation, Membership, User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.errors import ActRefused

LASTS = timedelta(days=7)


@transaction.atomic
def invite(
    place: Workplace, *, email: str, role: str, own_role: HouseRole | None = None, now: datetime
) -> tuple[Invitation, str]:
    """Asks a person to join; the invitation, and the secret of its link, which is kept nowhere.

    Inviting the same address again replaces the link that was sent before.
    """
    require_administrator(place)
    address = email.lower()
    if Membership.objects.filter(organisation=place.organisation, user__email=address).exists():
        raise ActRefused(_("This person already works here."))
    token = secrets.token_urlsafe(32)
    invitation, _is_new = Invitation.objects.update_or_create(
        organisation=place.organisation,
        email=address,
        defaults={
            "role": role,
            "own_role": own_role,
            "digest": digest_of(token),
            "invited_by_name": str(place.user),
            "invited_at": now,
            "expires_at": now + LASTS,
        },
    )
    told = {"email": address, "role": told_role(invitation)}
    target = f"invitation:{invitation.pk}"
    audit.record(place.organisation, place.user.email, "accounts.invite", target, told, at=now)
    return invitation, token


@transaction.atomic
def revoke(place: Workplace, invitation_id: int, *, now: datetime) -> None:
    """Takes an invitation back: its link leads nowhere."""
    require_administrator(place)
    invitation = Invitation.objects.filter(organisation=place.organisation, pk=invitation_id).first()
    if invitation is None:
        raise Http404
    audit.record(
        place.organisation,
        place.user.email,
        "accounts.revoke_invitation",
        f"invitation:{invitation.pk}",
        {"email": invitation.email},
        at=now,
    )
    invitation.delete()


def found(token: str, *, now: datetime) -> Invitation | None:
    """The invitation that a link opens; None for one that was used, taken back, replaced or is too old."""
    invitations = Invitation.objects.select_related("organisation", "own_role")
    return invitations.filter(digest=digest_of(token), expires_at__gt=now).first()


@transaction.atomic
def accept(token: str, *, name: str = "", password: str | None = None, now: datetime) -> User:
    """Makes whoever holds the link a member, with an account of their own if they had none.

    Raises `ActRefused` when the link leads nowhere any more.
    """
    open_ones = Invitation.objects.select_for_update(of=("self",)).select_related("organisation", "own_role")
    invitation = open_ones.filter(digest=digest_of(token), expires_at__gt=now).first()
    if invitation is None:
        raise ActRefused(_("This link leads nowhere any more: ask for a new one."))
    if password is not None and User.objects.filter(email=invitation.email).exists():
        raise ActRefused(_("This address has an account: sign in to it, then open the link again."))
    return _accept(invitation, name or invitation.email.partition("@")[0], password, now)


def has_open(email: str, *, now: datetime) -> bool:
    """Whether somebody invited this address and the invitation still stands."""
    return Invitation.objects.filter(email=email.lower(), expires_at__gt=now).exists()


def accept_all(user: User, *, now: datetime) -> None:
    """Accepts every invitation of a person whose address a provider vouches for."""
    waiting = Invitation.objects.select_for_update(of=("self",)).select_related("organisation", "own_role")
    for invitation in waiting.filter(email=user.email, expires_at__gt=now):
        _accept(invitation, user.name, None, now)


def _accept(invitation: Invitation, name: str, password: str | None, now: datetime) -> User:
    organisation = invitation.organisation
    user = admit(
        organisation,
        invitation.email,
        name,
        invitation.role,
        own_role=invitation.own_role,
        password=password,
        by=invitation.email,
    )
    target = f"invitation:{invitation.pk}"
    told = {"name": invitation.invited_by_name}
    audit.record(organisation, invitation.email, "accounts.accept_invitation", target, told, at=now)
    invitation.delete()
    return user


def digest_of(token: str) -> str:
    """What the table knows of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()
