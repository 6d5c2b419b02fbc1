"""A network calls us: what its call says is stored at once, in one transaction.

The same call again changes nothing. A source takes one call after another, so that two that bring the same
message store it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.inbox.collecting import Took, log_line, note
from veilleur.desk.inbox.hearing import keep, mentions_of, read_and_sorted, settled_before
from veilleur.desk.sources.connections import connector_of
from veilleur.desk.sources.models import Listening, Source
from veilleur.errors import InvalidInput, NetworkRefused, Outdated
from veilleur.listening.connector import Capability, Connector, Gone, Heard


def called(token: str) -> tuple[Listening, Connector] | None:
    """Who is called at the address that ends in `token`; None for nobody, and for a source that is paused."""
    rows = Listening.objects.select_related("source__organisation")
    listening = rows.filter(hook=token, is_paused=False).first()
    if listening is None:
        return None
    try:
        connector = connector_of(listening.source)
    except InvalidInput:
        return None
    if connector is None or Capability.WEBHOOK not in connector.capabilities:
        return None
    return listening, connector


def receive(listening: Listening, connector: Connector, content: bytes, headers: Mapping[str, str]) -> Took:
    """Stores what a call says.

    Raises `CredentialsRefused`, `NetworkRefused` or `InvalidInput` for one that is not as agreed, which is
    noted on the source, and `Outdated` when the source was paused or disconnected meanwhile.
    """
    now = timezone.now()
    took = Took(now, heard=len(content))
    try:
        items = connector.received(content, headers, now)
    except (InvalidInput, NetworkRefused) as refused:
        note(took, refused)
        with transaction.atomic():
            _conclude(listening, took, now)
        raise
    took.found = len(items)
    heard = [one for one in items if isinstance(one, Heard)]
    gone = [one for one in items if isinstance(one, Gone)]
    source = listening.source
    network = connector.title.say(source.organisation.language)
    ready = read_and_sorted(source, mentions_of(source, heard, network, now), now)
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        counts, took.gone = keep(source, ready, gone, now, settled_before(listening.handle_since, heard))
        took.added, took.updated = counts.added, counts.updated
        _conclude(listening, took, now)
    return took


def _conclude(listening: Listening, took: Took, now: datetime) -> None:
    """Writes how it went. Raises `Outdated` when nobody listens at this address any more."""
    changed: dict[str, Any] = {"trouble": took.trouble, "failure": took.failure}
    if not took.trouble:
        changed["last_good_at"] = now
    if took.added:
        changed["last_new_at"] = now
    if not Listening.objects.filter(pk=listening.pk, hook=listening.hook, is_paused=False).update(**changed):
        raise Outdated(_("Nobody listens at this address any more."))
    log_line(listening, took, timezone.now())
