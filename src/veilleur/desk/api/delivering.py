"""Deliveries leave: claimed, sent, recorded; again later, until they arrive.

A process that dies between the call and the record leaves a claim behind, which is over after a while: the
delivery is sent again under the same id. Nothing is lost; what comes twice is known by its id.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
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
    waiting = Delivery.objects.filter(state__in=OPEN, next_at__lte=now, subscription__disabled_at=None)
    return list(waiting.order_by("next_at", "pk").values_list("pk", flat=True)[:AT_ONCE])


def deliver(delivery_id: int) -> None:
    """Sends one, if nobody else does, and records how it went."""
    now = timezone.now()
    mine = Delivery.objects.filter(
        pk=delivery_id, state__in=OPEN, next_at__lte=now, subscription__disabled_at=None
    )
    claimed = mine.update(state=DeliveryState.SENDING, next_at=now + CLAIM, attempts=F("attempts") + 1)
    if not claimed:
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
    subscription = (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=delivery.subscription_id)
    )
    still = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)
    if not failure:
        still.update(state=DeliveryState.DELIVERED, status=status, failure="", ended_at=now)
        Subscription.objects.filter(pk=subscription.pk).update(failing_since=None)
        return
    is_given_up = delivery.attempts >= MOST_ATTEMPTS
    later = now + pause_after(delivery.attempts)
    state = DeliveryState.FAILED if is_given_up else DeliveryState.WAITING
    still.update(
        state=state, status=status, failure=failure, next_at=later, ended_at=now if is_given_up else None
    )
    # The others wait as long: an address that does not answer is not asked once for each.
    others = Delivery.objects.filter(subscription=subscription, state=DeliveryState.WAITING)
    others.filter(next_at__lt=later).update(next_at=later)
    _note_failure(subscription, now)


def _note_failure(subscription: Subscription, now: datetime) -> None:
    if subscription.failing_since is None:
        subscription.failing_since = now
    elif now - subscription.failing_since > PATIENCE and subscription.disabled_at is None:
        subscription.disabled_at = now
        told = {"name": subscription.name, "now": "off"}
        target = f"subscription:{subscription.pk}"
        audit.record(subscription.organisation, audit.JOB, "api.switch", target, told, at=now)
    subscription.save(update_fields=["failing_since", "disabled_at"])


def pause_after(attempts: int) -> timedelta:
    """Before the next attempt: 30 seconds, a minute, two… six hours at most."""
    pause: timedelta = FIRST_PAUSE * 2 ** (attempts - 1)
    return min(pause, LONGEST_PAUSE)


def forget_deliveries() -> int:
    """Deletes what ended long ago; returns how much."""
    over = Delivery.objects.filter(ended_at__lt=timezone.now() - KEPT)
    return int(over.delete()[0])
