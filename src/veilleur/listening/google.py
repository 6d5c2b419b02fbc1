"""What Google's answers mean: its reasons tell a spent quota from a key that is refused.

An error is `{"error": {"code", "message", "status", "errors": [{"reason"}], "details": [{"reason"}]}}`, the
reasons of the older services (YouTube) in `errors`, those of the newer ones (Places) in `details`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from veilleur.errors import CredentialsRefused, NetworkRefused, Throttled
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Shape, Whole
from veilleur.listening.client import MOST_WORDS, waiting_seconds

QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
"""Quotas of a day begin again at midnight there."""
SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})
STRANGERS = frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_EXPIRED", "invalid_grant"})
"""Said with HTTP 400, and meaning that the credentials are not accepted."""
CLOSED = frozenset({"commentsDisabled", "operationNotSupported", "parentCommentIsPrivate", "commentTextRequired"})
"""Said with HTTP 403 about a video or a comment, not about the credentials."""


class _Reason(Shape):
    reason: str = ""


class _Error(Shape):
    message: Whole = ""
    status: str = ""


def judge(answer: Answer) -> None:
    """Raises `Throttled`, `CredentialsRefused` or `NetworkRefused` where Google gives a reason for it."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    reasons, words = reasons_of(answer)
    words = f"HTTP {answer.status_code} {words}".strip()
    if reasons & SPENT:
        raise Throttled(words, _until_midnight(datetime.now(UTC)))
    if reasons & FAST:
        raise Throttled(words, _wait(answer))
    if reasons & STRANGERS:
        raise CredentialsRefused(words)
    if reasons & CLOSED:
        raise NetworkRefused(words)
