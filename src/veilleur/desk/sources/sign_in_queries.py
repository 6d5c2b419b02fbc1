"""How the sign-in of a source stands, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.sources.connections import settings_of
from veilleur.desk.sources.models import Grant, Source
from veilleur.listening.connector import connectors, sign_in_of
from veilleur.listening.oauth2 import Scope, SignIn

WARNED = timedelta(days=14)
"""Before somebody has to sign in again."""
Standing = Literal["missing", "refused", "ended", "ending", "partial", "well"]


@dataclass(frozen=True, slots=True)
class ScopeShown:
    """A right, what for, and whether it was granted; None: the network does not say."""

    name: str
    why: str
    is_granted: bool | None


@dataclass(frozen=True, slots=True)
class SignInCard:
    """How a sign-in stands."""

    standing: Standing
    words: str
    """One sentence: what is the matter."""
    refusal: str
    by: str
    at: datetime | None
    until: datetime | None
    scopes: tuple[ScopeShown, ...]

    @property
    def is_well(self) -> bool:
        """Nothing has to be done."""
        return self.standing == "well"

    @property
    def is_over(self) -> bool:
        """Nothing comes from the network before somebody signs in."""
        return self.standing in {"missing", "refused", "ended"}


def sign_in_card(source: Source, now: datetime) -> SignInCard | None:
    """None for a source where nobody signs in."""
    made, known = connectors().get(source.connector), settings_of(source)
    sign_in = sign_in_of(made, known) if made is not None and known is not None else None
    return None if sign_in is None else _card(sign_in, getattr(source, "grant", None), now)


def _card(sign_in: SignIn, row: Grant | None, now: datetime) -> SignInCard:
    granted = None if row is None or row.scopes is None else frozenset(row.scopes)
    scopes = tuple(_shown(scope, granted) for scope in sign_in.scopes)
    standing = _standing(row, scopes, now)
    words = _words(standing, scopes, row)
    if row is None:
        return SignInCard(standing, words, "", "", None, None, scopes)
    return SignInCard(standing, words, row.refusal, row.granted_by, row.granted_at, row.lasts_until, scopes)


def _shown(scope: Scope, granted: frozenset[str] | None) -> ScopeShown:
    is_granted = None if granted is None else scope.name in granted or "*" in granted
    return ScopeShown(scope.name, scope.why.say(get_language() or "fr"), is_granted)


def _standing(row: Grant | None, scopes: tuple[ScopeShown, ...], now: datetime) -> Standing:
    if row is None:
        return "missing"
    if row.refusal:
        return "refused"
    if row.lasts_until is not None and row.lasts_until <= now:
        return "ended"
    if row.lasts_until is not None and row.lasts_until - WARNED <= now:
        return "ending"
    return "partial" if any(scope.is_granted is False for scope in scopes) else "well"


def _words(standing: Standing, scopes: tuple[ScopeShown, ...], row: Grant | None) -> str:
    match standing:
        case "missing":
            return _("Nobody has signed in yet: nothing comes from this network before.")
        case "refused":
            return _("The network does not accept the sign-in any more: sign in again.")
        case "ended":
            return _("The sign-in has ended: sign in again.")
        case "ending":
            assert row is not None and row.lasts_until is not None  # noqa: S101, PT018 - see `_standing`
            day = date_format(timezone.localtime(row.lasts_until))
            return _("The sign-in ends on %s: sign in again before.") % day
        case "partial":
            lacking = ", ".join(scope.name for scope in scopes if scope.is_granted is False)
            return _("Rights were not granted: %s. Sign in again and allow everything.") % lacking
        case "well":
            return _("Signed in.")
