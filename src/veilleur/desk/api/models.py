"""Tokens of programs, what they were answered, and what other programs are told."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User


class Token(models.Model):
    """What a program shows to act in somebody's name in one organisation. The token itself is not kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="tokens")
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", help_text="Who made it: it acts in their name."
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True, help_text="Its beginning, to know it by.")
    digest = models.CharField(max_length=64, help_text="Hex SHA-256 of the whole.")
    scopes = models.JSONField(help_text="Values of `permissions.May`.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="Empty: never.")
    used_at = models.DateTimeField(null=True, help_text="Last use, to within some minutes.")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class StoredAnswer(models.Model):
    """What a call with an `Idempotency-Key` was answered; written in the transaction of its act."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="answers", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="Hex SHA-256 of what was asked.")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "api_answer"
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]


class Subscription(models.Model):
    """Who is told, at which address, of what.

    The audit trail and the tickets are the outbox: both are written in the transaction of what happens.
    `trail_read` and `tickets_read` move in the transaction that writes the deliveries.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="subscriptions")
    name = models.CharField(max_length=80)
    url = models.TextField()
    salt = models.CharField(max_length=64, help_text="Its secret is made of it and of a key: see `signing`.")
    events = models.JSONField(help_text="Values of `Event`.")
    tells_text = models.BooleanField(default=False, help_text="Whether the words of messages are sent along.")
    by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    trail_read = models.BigIntegerField(default=0, help_text="Number of the last line of the trail it knows.")
    tickets_read = models.BigIntegerField(default=0, help_text="Id of the last ticket it knows.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    rests_until = models.DateTimeField(null=True, help_text="Told nothing before: it failed.")
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True, help_text="It failed for too long, or somebody stopped it.")

    class Meta:
        db_table = "api_subscription"

    def __str__(self) -> str:
        return self.name


class Event(models.TextChoices):
    """What other programs may be told of."""

    TICKET_CREATED = "ticket.created", _("a message arrived")
    TICKET_CHANGED = "ticket.changed", _("somebody acted on a message")
    TICKET_CLOSED = "ticket.closed", _("a message was closed")
    REPLY_TO_APPROVE = "reply.to_approve", _("a reply waits for a second reader")
    REPLY_SENT = "reply.sent", _("a reply is out")
    REPLY_FAILED = "reply.failed", _("a reply could not be sent")
    ACT_DONE = "act.done", _("an act on a network is done")
    ACT_FAILED = "act.failed", _("an act on a network failed")


class DeliveryState(models.TextChoices):
    """Life of a delivery."""

    WAITING = "waiting", _("to be delivered")
    SENDING = "sending", _("being delivered")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("not delivered")


class Delivery(models.Model):
    """One thing that one subscription is told, and how that went."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True, help_text="The same at each attempt.")
    event = models.CharField(max_length=24, choices=Event.choices)
    target = models.CharField(max_length=200, help_text="`ticket:42`, `reply:7`.")
    payload = models.JSONField()
    state = models.CharField(max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="Not before; while it is being delivered: when that is over.")
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text="What was answered last; empty: nothing.")
    failure = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_delivery"
        indexes = [
            models.Index(fields=["subscription", "-id"], name="delivery_log"),
            models.Index(
                fields=["next_at"],
                name="delivery_due",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
            models.Index(fields=["ended_at"], name="delivery_ended"),
        ]
