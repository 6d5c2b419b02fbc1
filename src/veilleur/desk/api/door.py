"""What holds for every call: who calls, how often, in which language; and that it happens once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from ninja.security.http import HttpAuthBase

from veilleur.desk.accounts.permissions import May
from veilleur.desk.api.models import StoredAnswer
from veilleur.desk.api.problems import Refused, problem, unauthenticated
from veilleur.desk.api.tokens import Caller, caller_of

KEPT = timedelta(hours=24)
"""How long the answer under an `Idempotency-Key` is given again."""
LONGEST_KEY = 255
WINDOW = 60
"""Seconds in which so many calls are allowed."""
KEPT_HEADERS = ("Content-Type", "ETag")
NOT_KEPT = frozenset({401, 403, 429})
"""Statuses that say more about the moment than about what was asked."""

Run = Callable[..., HttpResponse]


class Call(HttpRequest):
    """A request whose caller is known: what every endpoint receives."""

    auth: Caller


class Token(HttpAuthBase):
    """`Authorization: Bearer vlr_…`, with a scope."""

    openapi_scheme = "bearer"

    def __init__(self, may: May) -> None:
        super().__init__()
        self.may = may

    def __call__(self, request: HttpRequest) -> Caller:
        """Who calls, if they may."""
        caller: Caller = request.auth  # type: ignore[attr-defined]
        if not caller.allows(self.may):
            raise Refused(
                "forbidden", f"This needs the scope “{self.may.value}”, held by the token's maker too."
            )
        return caller


ENTER, READ, WORK = Token(May.ENTER), Token(May.READ), Token(May.WORK)
ANSWER, APPROVE, MODERATE, DECLARE = (
    Token(May.ANSWER), Token(May.APPROVE), Token(May.MODERATE), Token(May.DECLARE)
)  # fmt: skip
CONFIGURE, ADMINISTER = Token(May.CONFIGURE), Token(May.ADMINISTER)


def door(run: Run) -> Run:
    """Around every endpoint."""

    @wraps(run)
    def through(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override("en"):
            try:
                caller = _identified(request)
                if caller is None:
                    return unauthenticated()
                request.auth = caller  # type: ignore[attr-defined]
                timezone.activate(caller.organisation.time_zone)
                key = request.headers.get("Idempotency-Key")
                if request.method != "POST" or key is None:
                    return run(request, *args, **kwargs)
                return _once(request, caller, key, lambda: run(request, *args, **kwargs))
            except Refused as refused:
                return problem(refused.kind, refused.detail, refused.errors, refused.headers)

    return through


def _identified(request: HttpRequest) -> Caller | None:
    scheme, _blank, text = request.headers.get("Authorization", "").partition(" ")
    caller = caller_of(text.strip(), timezone.now()) if scheme.lower() == "bearer" else None
    if caller is not None:
        _count(caller)
    return caller


def _count(caller: Caller) -> None:
    """Raises `Refused` once a token called too often within the minute."""
    now = time.time()
    key = f"api-calls:{caller.token.pk}:{int(now // WINDOW)}"
    cache.add(key, 0, 2 * WINDOW)
    if cache.incr(key) > settings.API_RATE:
        wait = WINDOW - int(now % WINDOW)
        raise Refused(
            "throttled", f"At most {settings.API_RATE} calls a minute.", headers={"Retry-After": str(wait)}
        )


def _once(request: HttpRequest, caller: Caller, key: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    """What was answered before under the same key; else the answer, kept in the transaction of its act.

    Who comes with the same key meanwhile waits for that transaction.
    """
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Refused("malformed", f"An Idempotency-Key has at most {LONGEST_KEY} ASCII characters.")
    asked, now = _digest(request), timezone.now()
    with transaction.atomic():
        kept = StoredAnswer.objects.filter(token=caller.token, key=key)
        kept.filter(at__lt=now - KEPT).delete()
        answer, is_new = StoredAnswer.objects.get_or_create(
            token=caller.token, key=key, defaults={"digest": asked, "at": now}
        )
        if is_new:
            return _kept(answer, run())
    if answer.digest != asked:
        raise Refused("key-reused", "The same key came with another request within 24 hours.")
    replayed = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
    replayed["Idempotent-Replayed"] = "true"
    return replayed


def _kept(answer: StoredAnswer, response: HttpResponse) -> HttpResponse:
    if response.status_code in NOT_KEPT:
        answer.delete()
        return response
    answer.status, answer.body = response.status_code, response.content.decode()
    answer.headers = {name: response[name] for name in KEPT_HEADERS if name in response.headers}
    answer.save(update_fields=["status", "body", "headers"])
    return response


def _digest(request: HttpRequest) -> str:
    """Of all that may change the answer."""
    told = [request.get_full_path(), request.headers.get("If-Match", "")]
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass") + b"\0" + request.body).hexdigest()


def forget_answers() -> int:
    """Deletes the answers that are given again no more; returns how many."""
    return StoredAnswer.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
