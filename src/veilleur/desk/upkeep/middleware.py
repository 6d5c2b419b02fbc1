"""What stands before every page: who asks after the house is answered, every other request is noted."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from veilleur.desk import measures
from veilleur.desk.accounts.models import User
from veilleur.desk.upkeep import probes
from veilleur.desk.upkeep.logs import REQUEST_ID

log = logging.getLogger("veilleur.requests")
Answer = Callable[[HttpRequest], HttpResponse]
GIVEN_ID = re.compile(r"[0-9a-f-]{8,36}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBES: dict[str, Answer] = {
    "/health/live": probes.live,
    "/health/ready": probes.ready,
    "/metrics": probes.metrics,
}


class Doorkeeper:
    """Answers probes before anything else: they come with any host name, and without a session."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers a probe, or lets `request` in."""
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


class RequestLog:
    """Gives each request an id, times it, counts it and writes its line in the log."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers `request`; its id goes back in `X-Request-ID`."""
        given = request.headers.get("X-Request-ID", "")
        name = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        token, start = REQUEST_ID.set(name), time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = name
            _note(request, response.status_code, time.perf_counter() - start)
            return response
        finally:
            REQUEST_ID.reset(token)


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    match = request.resolver_match
    view = match.view_name if match and match.view_name else "none"
    method = request.method if request.method in METHODS else "other"
    measures.answered(view, method, status, seconds)
    facts = {"view": view, "method": method, "status": status, "ms": round(seconds * 1000, 1)}
    log.info("answered", extra=facts | {"user": _user(request)})


def _user(request: HttpRequest) -> str:
    """Who asked, as a name that only this installation can tell apart; nobody is looked up for it."""
    user = getattr(request, "_cached_user", None)
    if not isinstance(user, User):
        return ""
    key = bytes.fromhex(settings.KEYS["pseudonyms"])
    return hmac.new(key, f"log:{user.pk}".encode(), hashlib.sha256).hexdigest()[:12]
