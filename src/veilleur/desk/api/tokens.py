"""Tokens: made, known again, revoked. A token holds as much chance as a key: its digest needs no salt."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import May, Workplace, rights_with, workplace_of
from veilleur.desk.api.models import Token
from veilleur.errors import ActRefused

MARK = "vlr"
"""What every token begins with: scanners of secrets know it by that."""
NOTED_EVERY = timedelta(minutes=5)
"""The last use is written at most so often."""


@dataclass(frozen=True, slots=True)
class Caller(Workplace):
    """A program at work in somebody's name: their rights of today, and of these the scopes of its token."""

    scopes: frozenset[May]
    token: Token

    def allows(self, may: May) -> bool:
        """Whether both the person and the token may."""
        return may in self.scopes and Workplace.allows(self, may)


@transaction.atomic
def make_token(
    place: Workplace, *, name: str, scopes: Iterable[May], expires_at: datetime | None, now: datetime
) -> tuple[Token, str]:
    """The token and its text, which nobody can show again."""
    wanted = sorted({may.value for may in scopes})
    if not wanted or not all(place.allows(May(may)) for may in wanted):
        raise ActRefused(_("A token may do what its maker may, and no more."))
    prefix = f"{MARK}_{secrets.token_hex(4)}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        organisation=place.organisation, person=place.user, name=name, prefix=prefix,
        digest=_digest(text), scopes=wanted, created_at=now, expires_at=expires_at,
    )  # fmt: skip
    told = {"name": name, "key": prefix, "scopes": wanted}
    audit.record(place.organisation, place.user.email, "api.token", f"token:{token.pk}", told, at=now)
    return token, text


@transaction.atomic
def revoke_token(place: Workplace, token_id: int, *, now: datetime) -> Token:
    """Nobody acts by it any more."""
    token = Token.objects.select_for_update().filter(organisation=place.organisation, pk=token_id).first()
    if token is None:
        raise Http404
    if token.revoked_at is not None:
        raise ActRefused(_("This token is revoked already."))
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    told = {"name": token.name, "key": token.prefix}
    audit.record(place.organisation, place.user.email, "api.revoke", f"token:{token.pk}", told, at=now)
    return token


def caller_of(text: str, now: datetime) -> Caller | None:
    """Who acts by a token; None for one that is unknown, over or revoked, or whose maker left."""
    prefix = text[: len(MARK) + 9]
    if not prefix.isascii() or "\0" in prefix:
        return None
    token = Token.objects.select_related("organisation", "person").filter(prefix=prefix).first()
    if token is None or not hmac.compare_digest(token.digest, _digest(text)) or not _holds(token, now):
        return None
    try:
        place = workplace_of(token.person, token.organisation.slug)
    except Http404:
        return None
    _note_use(token, now)
    scopes = rights_with(may for may in May if may.value in token.scopes)
    return Caller(place.organisation, place.user, place.rights, scopes, token)


def _holds(token: Token, now: datetime) -> bool:
    is_over = token.expires_at is not None and token.expires_at <= now
    return token.revoked_at is None and not is_over and token.person.is_active


def _note_use(token: Token, now: datetime) -> None:
    if token.used_at is None or now - token.used_at >= NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(used_at=now)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
