"""Reads about tokens, subscriptions and deliveries, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.shortcuts import get_object_or_404

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.api.models import Delivery, DeliveryState, Event, Subscription, Token
from veilleur.desk.api.scopes import scope_names

LOGGED = 50
"""Deliveries that the page of a subscription shows."""


@dataclass(frozen=True, slots=True)
class TokenShown:
    """One token, without its secret."""

    id: int
    name: str
    prefix: str
    by: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    is_over: bool
    """Expired or revoked."""


def tokens_of(place: Workplace, now: datetime) -> list[TokenShown]:
    """Every token of the organisation, those that hold first."""
    rows = Token.objects.select_related("person").filter(organisation=place.organisation)
    shown = [_token(row, now) for row in rows.order_by("-created_at", "-pk")]
    return sorted(shown, key=lambda one: one.is_over)


def _token(row: Token, now: datetime) -> TokenShown:
    is_expired = row.expires_at is not None and row.expires_at <= now
    return TokenShown(
        row.pk,
        row.name,
        row.prefix,
        str(row.person),
        tuple(scope_names(row.scopes)),
        row.created_at,
        row.used_at,
        row.expires_at,
        row.revoked_at,
        is_expired or row.revoked_at is not None,
    )


@dataclass(frozen=True, slots=True)
class SubscriptionShown:
    """One subscription and how it fares."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    tells_text: bool
    by: str
    created_at: datetime
    state: str
    """`well`, `failing` or `off`."""
    failing_since: datetime | None
    disabled_at: datetime | None
    waiting: int


def subscriptions_of(place: Workplace) -> list[SubscriptionShown]:
    """Every subscription, by name."""
    rows = Subscription.objects.filter(organisation=place.organisation).order_by("name", "pk")
    return [_subscription(row) for row in rows]


def _subscription(row: Subscription) -> SubscriptionShown:
    state = "off" if row.disabled_at else "failing" if row.failing_since else "well"
    waiting = Delivery.objects.filter(subscription=row, state=DeliveryState.WAITING)
    return SubscriptionShown(
        row.pk,
        row.name,
        row.url,
        tuple(str(Event(event).label) for event in row.events),
        row.tells_text,
        row.by_name,
        row.created_at,
        state,
        row.failing_since,
        row.disabled_at,
        waiting[:LOGGED].count(),
    )


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One line of the log."""

    id: int
    event: str
    target: str
    state: str
    state_name: str
    made_at: datetime
    attempts: int
    status: int | None
    failure: str
    next_at: datetime | None
    can_go_again: bool


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """One subscription and its log."""

    subscription: SubscriptionShown
    log: tuple[DeliveryShown, ...]


def subscription_page(place: Workplace, subscription_id: int) -> SubscriptionPage:
    """The page of one; `Http404` for one that is not of this organisation."""
    row = get_object_or_404(Subscription, organisation=place.organisation, pk=subscription_id)
    log = Delivery.objects.filter(subscription=row).order_by("-pk")[:LOGGED]
    return SubscriptionPage(_subscription(row), tuple(map(_delivery, log)))


def _delivery(row: Delivery) -> DeliveryShown:
    return DeliveryShown(
        row.pk,
        str(Event(row.event).label),
        row.target,
        row.state,
        row.get_state_display(),
        row.made_at,
        row.attempts,
        row.status,
        row.failure,
        row.next_at if row.state == DeliveryState.WAITING else None,
        row.state != DeliveryState.SENDING,
    )
