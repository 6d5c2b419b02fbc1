"""The audit trail: one line per act, each sealed with the line before it.

The seal is an HMAC-SHA256 whose key lies outside the database (`keys.json`), so that somebody
who can write to the database alone can neither change, remove, insert nor cut lines without
`verify` seeing it. Restoring an older copy of the whole database is outside what a chain can
show; note the printed head elsewhere if that matters to you.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from veilleur.desk.accounts.models import AuditHead, AuditLine, Organisation
from veilleur.errors import TrailBroken

JOB = "veilleur"
"""The actor of what no person did: a job, a command."""

MISSING = gettext_lazy("line %(number)d is missing.")
CHANGED = gettext_lazy("line %(number)d was changed.")
CUT = gettext_lazy("line %(number)d is missing: the end of the trail was cut.")
REPLACED = gettext_lazy("line %(number)d is not the last that was written.")


def record(
    organisation: Organisation,
    actor: str,
    act: str,
    target: str = "",
    details: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> AuditLine:
    """Appends one line; must run in the transaction of the act it speaks of.

    `details` must be JSON: it is sealed in its canonical form.
    """
    with transaction.atomic():
        AuditHead.objects.get_or_create(organisation=organisation)
        head = AuditHead.objects.select_for_update().get(organisation=organisation)
        line = AuditLine(
            organisation=organisation,
            number=head.number + 1,
            at=at or timezone.now(),
            actor=actor,
            act=act,
            target=target,
            details=dict(details or {}),
        )
        line.seal = _seal(line, _last_seal(head))
        line.save(force_insert=True)
        head.number, head.seal = line.number, _head_seal(line)
        head.save(update_fields=["number", "seal"])
    return line


def verify(organisation: Organisation) -> AuditHead | None:
    """Reads the whole chain of one organisation and returns its head (None when it is empty).

    Raises `TrailBroken`, naming the first line that is not what was written.
    """
    previous = None
    expected = 1
    for line in AuditLine.objects.filter(organisation=organisation).order_by("number").iterator(2000):
        if line.number != expected:
            raise TrailBroken(_broken(organisation, expected, MISSING))
        if not hmac.compare_digest(line.seal, _seal(line, previous.seal if previous else "")):
            raise TrailBroken(_broken(organisation, line.number, CHANGED))
        previous, expected = line, expected + 1
    head = AuditHead.objects.filter(organisation=organisation).first()
    if previous is None and head is None:
        return None
    if previous is None or head is None or head.number != previous.number:
        raise TrailBroken(_broken(organisation, expected, CUT))
    if not hmac.compare_digest(head.seal, _head_seal(previous)):
        raise TrailBroken(_broken(organisation, previous.number, REPLACED))
    return head


def _broken(organisation: Organisation, number: int, what: Promise) -> str:
    start = _("The audit trail of “%(organisation)s” is not what was written:")
    return f"{start % {'organisation': organisation.slug}} {str(what) % {'number': number}}"


def _last_seal(head: AuditHead) -> str:
    if head.number == 0:
        return ""
    return AuditLine.objects.values_list("seal", flat=True).get(
        organisation_id=head.organisation_id, number=head.number
    )


def _seal(line: AuditLine, previous: str) -> str:
    return _hmac(
        {
            "organisation": line.organisation_id,
            "number": line.number,
            "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": line.actor,
            "act": line.act,
            "target": line.target,
            "details": line.details,
            "previous": previous,
        }
    )


def _head_seal(line: AuditLine) -> str:
    return _hmac({"head": line.organisation_id, "number": line.number, "seal": line.seal})


def _hmac(fields: Mapping[str, Any]) -> str:
    canonical = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.new(bytes.fromhex(settings.KEYS["audit"]), canonical.encode(), hashlib.sha256).hexdigest()
