"""For load balancers and Prometheus: whether the house stands, and figures without a name in them."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from veilleur.desk import measures
from veilleur.desk.upkeep.figures import FIGURES
from veilleur.desk.upkeep.models import Worker

SILENCE = timedelta(seconds=120)
"""Without any worker for so long the desk is not ready: files would wait for ever. A restart takes less."""
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
_up_to_date: set[str] = set()


def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return _said(request, lambda: {"process": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, its tables are up to date and somebody takes the jobs; 503 otherwise."""
    return _said(request, state)


def state() -> dict[str, str]:
    """Of what the desk needs, each with `ok` or one word for what is missing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            return {"database": "ok", "migrations": "waiting"}
        heard = Worker.objects.filter(beat_at__gt=Now() - SILENCE).exists()
    except DatabaseError:
        return {"database": "unreachable"}
    return {"database": "ok", "migrations": "ok", "worker": "ok" if heard else "silent"}


def _is_migrated() -> bool:
    """Asked until it is so: no table of ours goes away while this process lives."""
    if connection.alias not in _up_to_date:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _up_to_date.add(connection.alias)
    return True


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: to this machine, or to who has the token."""
    if not _may_see_figures(request):
        return HttpResponse(status=403, headers={"Cache-Control": "no-store"})
    text = generate_latest(measures.registry()) + generate_latest(FIGURES)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_see_figures(request: HttpRequest) -> bool:
    """With a token set, only who brings it; without, only this machine, and not through a reverse proxy."""
    token = settings.METRICS_TOKEN
    if token:
        return secrets.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
        )
    return not any(name in request.headers for name in FORWARDED) and _is_loopback(
        request.META.get("REMOTE_ADDR", "")
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _said(request: HttpRequest, ask: Callable[[], dict[str, str]]) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    parts = ask()
    is_well = all(value == "ok" for value in parts.values())
    answer = {"status": "ok" if is_well else "wait", **parts}
    return JsonResponse(answer, status=200 if is_well else 503, headers={"Cache-Control": "no-store"})
