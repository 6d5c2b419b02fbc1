"""Deliveries leave: claimed, sent, recorded; again later, until they arrive.

A process that dies between the call and the record leaves a claim behind, which is over after a while: the
delivery is sent again under the same id. Nothing is lost; what comes twice is known by its id.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.api.models import Delivery, DeliveryState, Subscription
from veilleur.desk.api.outbox import spread
from veilleur.desk.api.signing import secret_of, signature
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.jobs import each_alone
from veilleur.errors import NetworkFailed
from veilleur.listening.client import Client

SECONDS = 10.0
"""For each of connecting, writing and reading."""
CLAIM = timedelta(minutes=5)
"""A call is over by then (more than `client.LONGEST_ANSWER`)."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
MOST_ATTEMPTS = 15
PATIENCE = timedelta(days=3)
"""An address that fails for so long is told nothing more until somebody switches it on again."""
AT_ONCE = 100
MOST_BYTES = 64 * 1024
MOST_WORDS = 300
KEPT = timedelta(days=30)
"""How long the log keeps a delivery that has ended."""
OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


def deliver_what_waits() -> None:
    """Writes what is to be delivered, then delivers what is due, the longest waiting first."""
    standing = Subscription.objects.filter(disabled_at=None).order_by("pk")
    each_alone(spread, standing.values_list("pk", flat=True))
    each_alone(deliver, due(timezone.now()))


def due(now: datetime) -> list[int]:
    """Deliveries that may be sent now."""
    return list(_ready(now).order_by("next_at", "pk").values_list("pk", flat=True)[:AT_ONCE])


def _ready(now: datetime) -> QuerySet[Delivery]:
    rested = Q(subscription__rests_until=None) | Q(subscription__rests_until__lte=now)
    return Delivery.objects.filter(rested, state__in=OPEN, next_at__lte=now, subscription__disabled_at=None)


def deliver(delivery_id: int) -> None:
    """Sends one, if nobody else does, and records how it went."""
    now = timezone.now()
    if not _ready(now).filter(pk=delivery_id).exists():
        return
    claim = {"state": DeliveryState.SENDING, "next_at": now + CLAIM, "attempts": F("attempts") + 1}
    # Its own columns alone: PostgreSQL looks at them again once another worker let the row go.
    if not Delivery.objects.filter(pk=delivery_id, state__in=OPEN, next_at__lte=now).update(**claim):
        return
    delivery = Delivery.objects.select_related("subscription__organisation").get(pk=delivery_id)
    status, failure = _sent(delivery)
    _record(delivery, status, failure)


def _sent(delivery: Delivery) -> tuple[int | None, str]:
    """(status that was answered, why it did not arrive)."""
    subscription = delivery.subscription
    body = json.dumps(_payload(delivery), ensure_ascii=False).encode("utf-8", "replace")
    headers = {
        "Content-Type": "application/json",
        "Veilleur-Delivery": str(delivery.key),
        "Veilleur-Event": delivery.event,
        "Veilleur-Signature": signature(secret_of(subscription.salt), int(time.time()), body),
    }
    try:
        with Client(seconds=SECONDS, most=MOST_BYTES) as client:
            answer = client.ask("POST", subscription.url, headers=headers, content=body)
    except NetworkFailed as failed:
        return None, str(failed)[:MOST_WORDS]
    is_good = 200 <= answer.status_code < 300
    return answer.status_code, "" if is_good else " ".join(answer.text.split())[:MOST_WORDS] or "-"


def _payload(delivery: Delivery) -> dict[str, object]:
    """With the words of the message as they are now, where the subscription asks for them."""
    told = dict(delivery.payload)
    if delivery.subscription.tells_text and told["ticket"] is not None:
        said = MentionRow.objects.filter(ticket=told["ticket"]["id"]).values("title", "text", "author", "url")
        told["message"] = said.first()
    return told


@transaction.atomic
def _record(delivery: Delivery, status: int | None, failure: str) -> None:
    """Together with how its subscription fares."""
    now = timezone.now()
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("organisation")
    subscription = rows.filter(pk=delivery.subscription_id).first()
    if subscription is None:  # somebody removed it meanwhile
        return
    still = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)
    if not failure:
        still.update(state=DeliveryState.DELIVERED, status=status, failure="", ended_at=now)
        _note_success(subscription)
        return
    is_over = delivery.attempts >= MOST_ATTEMPTS
    still.update(
        state=DeliveryState.FAILED if is_over else DeliveryState.WAITING,
        status=status,
        failure=failure,
        next_at=now + pause_after(delivery.attempts),
        ended_at=now if is_over else None,
    )
    _note_failure(subscription, now)


FARES = ("failures", "rests_until", "failing_since", "disabled_at")


def _note_success(subscription: Subscription) -> None:
    if subscription.failures:
        subscription.failures, subscription.rests_until, subscription.failing_since = 0, None, None
        subscription.save(update_fields=FARES)


def _note_failure(subscription: Subscription, now: datetime) -> None:
    """It rests as a whole: an address that does not answer is not asked once for each delivery."""
    subscription.failures += 1
    subscription.rests_until = now + pause_after(subscription.failures)
    if subscription.failing_since is None:
        subscription.failing_since = now
    elif now - subscription.failing_since > PATIENCE and subscription.disabled_at is None:
        subscription.disabled_at = now
        told, target = {"name": subscription.name, "now": "off"}, f"subscription:{subscription.pk}"
        audit.record(subscription.organisation, audit.JOB, "api.switch", target, told, at=now)
    subscription.save(update_fields=FARES)


def pause_after(attempts: int) -> timedelta:
    """After so many attempts that failed: 30 seconds, a minute, two… six hours at most."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 12)
    return min(pause, LONGEST_PAUSE)


def forget_deliveries() -> int:
    """Deletes what ended long ago; returns how much."""
    over = Delivery.objects.filter(ended_at__lt=timezone.now() - KEPT)
    return int(over.delete()[0])
