"""The address that networks and tools call: no account; its secret end and a signature tell who calls."""

from __future__ import annotations

from collections.abc import Callable

from allauth.core import ratelimit
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from veilleur.desk.inbox.collecting import Took
from veilleur.desk.inbox.receiving import called, receive
from veilleur.errors import CredentialsRefused, InvalidInput, NetworkRefused, Outdated

MOST_BYTES = 1024 * 1024
"""Of one call."""
NOBODY = "nobody listens at this address"


@csrf_exempt
@require_POST
def call(request: HttpRequest, token: str) -> JsonResponse:
    """One call: 202 with what became of it, or why it was not taken."""
    if not ratelimit.consume(request, action="hook"):
        return _refused(429, "too many calls: wait a minute", {"Retry-After": "60"})
    found = called(token)
    if found is None:
        return _refused(404, NOBODY)
    content = _content(request)
    if content is None:
        return _refused(413, f"more than {MOST_BYTES} bytes: send fewer messages at once")
    listening, connector = found
    return _answered(lambda: receive(listening, connector, content, request.headers))


def _answered(take: Callable[[], Took]) -> JsonResponse:
    try:
        took = take()
    except CredentialsRefused as refused:
        return _refused(401, str(refused))
    except (InvalidInput, NetworkRefused) as refused:
        return _refused(422, str(refused))
    except Outdated:
        return _refused(404, NOBODY)
    return JsonResponse({"added": took.added, "updated": took.updated, "gone": took.gone}, status=202)


def _content(request: HttpRequest) -> bytes | None:
    """None when it is too much."""
    try:
        content = request.body
    except RequestDataTooBig:
        return None
    return content if len(content) <= MOST_BYTES else None


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"error": why}, status=status, headers=headers)
