"""Where a person is signed in: noted when they come, shown to them, ended when they say so."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import get_client_ip
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import OpenSession, User

NOTED = "desk.seen"
"""Where the session itself says when it was last noted: [its key, the second]."""
PAUSE = timedelta(minutes=15)
"""Between two notes of the same session: a page must not write each time it is read."""
BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR/"),
    ("Firefox", "Firefox/"),
    ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


def note_session(request: HttpRequest, user: User) -> None:
    """Notes that this browser was here, at most once per pause."""
    key, now = request.session.session_key, timezone.now()
    known, at = request.session.get(NOTED) or ("", 0)
    if key is None or (known == key and now.timestamp() - at < PAUSE.total_seconds()):
        return
    seen = {
        "user": user,
        "device": device_of(request.headers.get("User-Agent", "")),
        "network": network_of(get_client_ip(request) or ""),
        "seen_at": now,
    }
    OpenSession.objects.update_or_create(
        session_key=key, defaults=seen, create_defaults={**seen, "opened_at": now}
    )
    request.session[NOTED] = [key, int(now.timestamp())]


def device_of(agent: str) -> str:
    """Browser and system, as their owner would name them; nothing that tells one machine from another.

    >>> device_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Linux'
    """
    browser = next((name for name, sign in BROWSERS if sign in agent), "")
    system = next((name for name, sign in SYSTEMS if sign in agent), "")
    return ", ".join(name for name in (browser, system) if name)


def network_of(address: str) -> str:
    """The beginning of an address: enough to tell home from elsewhere, not to tell a person.

    >>> network_of("203.0.113.77"), network_of("2001:db8:aa:bb::1")
    ('203.0.x.x', '2001:db8:…')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return re.sub(r"\.\d+\.\d+$", ".x.x", str(found))
    first, second = found.exploded.split(":")[:2]
    return f"{int(first, 16):x}:{int(second, 16):x}:…"


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the page of sessions."""

    id: int
    device: str
    network: str
    opened_at: datetime
    seen_at: datetime
    is_here: bool


def sessions_of(user: User, here: str | None) -> list[Shown]:
    """Where a person is signed in, this browser first, then the latest."""
    noted = list(OpenSession.objects.filter(user=user).order_by("-seen_at")[:200])
    keys = [one.session_key for one in noted]
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    known = set(alive.values_list("session_key", flat=True))
    shown = [_shown(one, here) for one in noted if one.session_key in known]
    return sorted(shown, key=lambda one: not one.is_here)


def _shown(one: OpenSession, here: str | None) -> Shown:
    device = one.device or _("unknown device")
    return Shown(one.pk, device, one.network, one.opened_at, one.seen_at, one.session_key == here)


def end_session(user: User, session_id: int) -> bool:
    """Ends one session of a person; False when it is none of theirs."""
    one = OpenSession.objects.filter(user=user, pk=session_id).first()
    if one is None:
        return False
    _end([one.session_key])
    return True


def end_others(user: User, here: str | None) -> int:
    """Ends all sessions of a person but one; returns how many there were."""
    others = OpenSession.objects.filter(user=user).exclude(session_key=here or "")
    keys = list(others.values_list("session_key", flat=True))
    _end(keys)
    return len(keys)


def _end(keys: Collection[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    OpenSession.objects.filter(session_key__in=keys).delete()
