"""What happened to messages that somebody above the inbox waits for: an outbox.

A line is written in the transaction of what happened, and taken away in that of what is done about it: killed
at any instant, each is acted on once. Where nobody waits for a kind, nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation


class Kind(models.TextChoices):
    """What may happen to a message."""

    ARRIVES = "arrives", _("it arrives")
    CHANGES = "changes", _("its author changes it")
    RETURNS = "returns", _("its author writes again in a conversation")
    CLOSED = "closed", _("somebody closes it")
    NEAR = "near", _("it is nearly due")
    LATE = "late", _("it is overdue")


class Awaited(models.Model):
    """A kind of happening that somebody waits for."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="awaited", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)

    class Meta:
        db_table = "inbox_awaited"
        constraints = [models.UniqueConstraint(fields=["organisation", "kind"], name="awaited_once")]


class Happening(models.Model):
    """Something that happened to a message, and that nobody has acted on yet."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="happenings", db_index=False
    )
    mention = models.ForeignKey("inbox.MentionRow", on_delete=models.CASCADE, related_name="happenings")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        db_table = "inbox_happening"
        indexes = [models.Index(fields=["organisation", "id"], name="happening_next")]


def await_only(organisation: Organisation, kinds: Iterable[str]) -> None:
    """From now on these kinds are noted, in the transaction of the caller."""
    wanted = set(kinds)
    awaited = Awaited.objects.filter(organisation=organisation)
    awaited.exclude(kind__in=wanted).delete()
    rows = [Awaited(organisation=organisation, kind=kind) for kind in sorted(wanted)]
    Awaited.objects.bulk_create(rows, ignore_conflicts=True)


def happened(organisation_id: int, kind: Kind, mentions: Iterable[int], now: datetime) -> None:
    """Notes what happened to messages, in the transaction of the caller, if somebody waits for it."""
    waits = Awaited.objects.filter(organisation=organisation_id, kind__in=_telling(kind))
    if not waits.exists():
        return
    Happening.objects.bulk_create(
        (Happening(organisation_id=organisation_id, mention_id=pk, kind=kind, at=now) for pk in mentions),
        batch_size=500,
    )


def _telling(kind: Kind) -> list[Kind]:
    """Who writes again is known from what arrives."""
    return [Kind.ARRIVES, Kind.RETURNS] if kind is Kind.ARRIVES else [kind]
