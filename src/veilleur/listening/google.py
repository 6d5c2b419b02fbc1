"""What Google's answers mean: its reasons tell a spent quota from a key that is refused.

An error is `{"error": {"code", "message", "status", "errors": [{"reason"}], "details": [{"reason"}]}}`, the
reasons of the older services (YouTube) in `errors`, those of the newer ones (Places) in `details`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from veilleur.errors import CredentialsRefused, NetworkRefused, Throttled
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import MOST_WORDS, UNSPOKEN_WAIT
from veilleur.listening.oauth2 import Access, Application, Pasted, Scope, SignIn, Tokens

AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKENS = "https://oauth2.googleapis.com/token"
REVOCATION = "https://oauth2.googleapis.com/revoke"
LASTING: Mapping[str, str] = {"access_type": "offline", "prompt": "consent"}
"""Google gives a refresh token only when asked like this, and only when the person is asked again."""
QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
"""Quotas of a day begin again at midnight there."""
SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
STRANGERS = frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_EXPIRED"})
"""Said with HTTP 400, and meaning that the credentials are not accepted."""
CLOSED = frozenset({"commentsDisabled", "operationNotSupported", "parentCommentIsPrivate"})
"""Said with HTTP 403 of a video or a comment, not of the credentials."""


def sign_in(client_id: str, secret: SecretStr, *scopes: Scope) -> SignIn | None:
    """Google’s sign-in for an application; None without one."""
    if not (client_id and secret.get_secret_value()):
        return None
    application = Application(client_id, secret.get_secret_value())
    return SignIn(AUTHORIZE, TOKENS, scopes, application, revocation=REVOCATION, extra=LASTING)


def typed(client_id: str, secret: SecretStr, refresh: SecretStr, tokens: str) -> Access:
    """The access of whoever typed a refresh token."""
    if not refresh.get_secret_value():
        return Pasted(refresh)
    form = {
        "grant_type": "refresh_token",
        "client_id": client_id,
        "client_secret": secret.get_secret_value(),
        "refresh_token": refresh.get_secret_value(),
    }
    return Tokens(tokens, form)


class Missing(NetworkRefused):
    """What is asked for is not there, or not any more."""


class _Reason(Shape):
    reason: str


class _Error(Shape):
    message: Said = ""
    errors: Any = None
    details: Any = None


class _Refusal(Shape):
    error: _Error


def judge(answer: Answer) -> None:
    """Raises `Throttled`, `CredentialsRefused`, `Missing` or `NetworkRefused` where Google says why."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    reasons, words = _told(answer)
    if reasons & SPENT:
        raise Throttled(words, until_midnight(datetime.now(UTC)))
    if reasons & FAST and answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(words, UNSPOKEN_WAIT)
    if reasons & STRANGERS:
        raise CredentialsRefused(words)
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise Missing(words or "HTTP 404")
    if reasons & CLOSED:
        raise NetworkRefused(words)


def _told(answer: Answer) -> tuple[set[str], str]:
    """The reasons of a refusal, and its sentence; none for an error that is not written as agreed."""
    try:
        error = asking.parsed(_Refusal, asking.told(answer)).error
        given = asking.each(_Reason, error.errors) + asking.each(_Reason, error.details)
    except NetworkRefused:
        return set(), ""
    return {one.reason for one in given}, f"HTTP {answer.status_code} {error.message[:MOST_WORDS]}"


def until_midnight(now: datetime) -> float:
    """Seconds until a quota of a day begins again.

    >>> until_midnight(datetime(2026, 11, 22, 7, 30, tzinfo=UTC))
    1800.0
    """
    there = now.astimezone(QUOTA_ZONE)
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max((midnight - now).total_seconds(), 1.0)
