"""What people do with subscriptions: one act, one transaction, one line in the trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.api.models import Delivery, DeliveryState, Event, Subscription
from veilleur.desk.api.outbox import newest_ticket
from veilleur.desk.api.signing import new_salt
from veilleur.errors import ActRefused


@transaction.atomic
def subscribe(
    place: Workplace, *, name: str, url: str, events: Iterable[Event], tells_text: bool, now: datetime
) -> Subscription:
    """Tells an address of what happens from now on."""
    lines = AuditLine.objects.filter(organisation=place.organisation)
    made = Subscription.objects.create(
        organisation=place.organisation,
        name=name,
        url=url,
        salt=new_salt(),
        events=sorted(event.value for event in events),
        tells_text=tells_text,
        by_name=str(place.user),
        created_at=now,
        trail_read=lines.aggregate(last=Max("number"))["last"] or 0,
        tickets_read=newest_ticket(),
    )
    told = {"name": name, "url": url, "events": made.events, "tells_text": tells_text}
    audit.record(
        place.organisation, place.user.email, "api.subscribe", f"subscription:{made.pk}", told, at=now
    )
    return made


@transaction.atomic
def switch(place: Workplace, subscription_id: int, *, is_on: bool, now: datetime) -> Subscription:
    """Stops telling an address, or goes on where it stopped: nothing is lost in between."""
    known = held(place, subscription_id)
    if is_on == (known.disabled_at is None):
        raise ActRefused(_("It is so already."))
    known.disabled_at = None if is_on else now
    known.failures, known.rests_until, known.failing_since = 0, None, None
    known.save(update_fields=["disabled_at", "failures", "rests_until", "failing_since"])
    told = {"name": known.name, "now": "on" if is_on else "off"}
    target = f"subscription:{known.pk}"
    audit.record(place.organisation, place.user.email, "api.switch", target, told, at=now)
    return known


@transaction.atomic
def unsubscribe(place: Workplace, subscription_id: int, *, now: datetime) -> None:
    """Tells an address nothing any more; its log goes with it."""
    known = held(place, subscription_id)
    told, target = {"name": known.name}, f"subscription:{known.pk}"
    audit.record(place.organisation, place.user.email, "api.unsubscribe", target, told, at=now)
    known.delete()


@transaction.atomic
def deliver_again(place: Workplace, delivery_id: int, *, now: datetime) -> Delivery:
    """Sends one delivery again, under the same id."""
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("subscription")
    found = rows.filter(subscription__organisation=place.organisation, pk=delivery_id).first()
    if found is None:
        raise Http404
    if found.state == DeliveryState.SENDING:
        raise ActRefused(_("It is being delivered: wait for the outcome."))
    found.state, found.next_at, found.attempts, found.ended_at = DeliveryState.WAITING, now, 0, None
    found.save(update_fields=["state", "next_at", "attempts", "ended_at"])
    Subscription.objects.filter(pk=found.subscription_id).update(rests_until=None)
    target = f"subscription:{found.subscription_id}"
    told = {"key": str(found.key)}
    audit.record(place.organisation, place.user.email, "api.redeliver", target, told, at=now)
    return found


def held(place: Workplace, subscription_id: int) -> Subscription:
    """The subscription, locked; `Http404` for one that is not of this organisation."""
    rows = Subscription.objects.select_for_update()
    found = rows.filter(organisation=place.organisation, pk=subscription_id).first()
    if found is None:
        raise Http404
    return found
