"""Programs are told of what happens: signed, in the end always, and nothing that they did not ask for."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from tests.desk.api.receiver import Receiver, receiver
from veilleur.desk.accounts.models import AuditLine, Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.api import delivering
from veilleur.desk.api.delivering import deliver_what_waits, forget_deliveries, pause_after
from veilleur.desk.api.forms import SubscriptionForm
from veilleur.desk.api.models import Delivery, DeliveryState, Event, Subscription
from veilleur.desk.api.signing import secret_of
from veilleur.desk.api.subscription_actions import deliver_again, subscribe, switch
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import TicketRow
from veilleur.errors import ActRefused
from veilleur.listening.client import INTERNAL_HOSTS

KILLS = 15


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A program that may be told."""
    with receiver() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


@pytest.fixture
def subscribed(heard: Receiver, place_a: Workplace) -> Callable[..., Subscription]:
    """`subscribed(*events)`: all of them when none is named."""

    def make(*events: Event, tells_text: bool = False) -> Subscription:
        made = subscribe(
            place_a,
            name="Suivi",
            url=heard.url,
            events=events or tuple(Event),
            tells_text=tells_text,
            now=timezone.now(),
        )
        heard.secret = secret_of(made.salt)
        return made

    return make


@pytest.fixture
def close(place_a: Workplace) -> Callable[[TicketRow], None]:
    """Closes a ticket."""

    def act(ticket: TicketRow) -> None:
        ticket.refresh_from_db()
        actions.close(place_a, ticket.pk, ticket.version, outcome="nothing", now=timezone.now())

    return act


def all_at_once() -> None:
    Delivery.objects.filter(state__in=delivering.OPEN).update(next_at=timezone.now())
    Subscription.objects.update(rests_until=None)


def test_what_happens_is_told_with_a_signature_and_without_words(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation, close: Any
) -> None:
    subscribed()
    ticket = make_mention(organisation_a, text="Trop d'attente.").ticket
    close(ticket)
    deliver_what_waits()
    created, closed = sorted(heard.told(), key=lambda one: one["type"] == "ticket.closed")
    assert (created["type"], closed["type"]) == ("ticket.created", "ticket.closed")
    assert closed["ticket"]["id"] == ticket.pk
    assert (closed["ticket"]["status"], closed["by"]) == ("closed", "alice@example.org")
    assert closed["organisation"] == "clinique-a"
    assert "message" not in closed
    assert "attente" not in str(heard.calls)
    headers, payload = heard.calls[0]
    assert headers["Veilleur-Delivery"] == payload["id"]
    assert set(Delivery.objects.values_list("state", "status")) == {("delivered", 200)}


def test_words_are_sent_to_who_asked_for_them(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation
) -> None:
    subscribed(Event.TICKET_CREATED, tells_text=True)
    make_mention(organisation_a, text="Trop d'attente.")
    deliver_what_waits()
    assert heard.told()[0]["message"]["text"] == "Trop d'attente."
    assert "attente" not in str(Delivery.objects.values_list("payload"))


def test_nobody_is_told_of_what_they_did_not_ask_for_nor_of_the_past_nor_of_others(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, organisation_b: Any, close: Any
) -> None:
    make_mention(organisation_a)
    subscribed(Event.TICKET_CREATED)
    make_mention(organisation_b)
    close(make_mention(organisation_a).ticket)
    deliver_what_waits()
    deliver_what_waits()
    assert [one["type"] for one in heard.told()] == ["ticket.created"]
    assert len(heard.calls) == 1


def test_what_is_rolled_back_is_never_told(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation, close: Any
) -> None:
    subscribed()
    ticket = make_mention(organisation_a).ticket
    with transaction.atomic():
        close(ticket)
        transaction.set_rollback(True)
    deliver_what_waits()
    assert heard.told("ticket.closed") == []


def test_more_than_one_batch_is_told(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("veilleur.desk.api.outbox.BATCH", 3)
    subscribed(Event.TICKET_CREATED)
    tickets = {make_mention(organisation_a).ticket.pk for _ in range(8)}
    deliver_what_waits()
    assert {one["ticket"]["id"] for one in heard.told()} == tickets
    assert len(heard.calls) == 8


def test_who_does_not_answer_is_told_later_and_not_once_for_each(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation
) -> None:
    subscription = subscribed(Event.TICKET_CREATED)
    heard.status = 500
    for _ in range(3):
        make_mention(organisation_a)
    deliver_what_waits()
    subscription.refresh_from_db()
    assert subscription.failing_since is not None
    assert list(Delivery.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 0]
    assert subscription.rests_until > timezone.now()
    deliver_what_waits()
    assert Delivery.objects.filter(attempts__gt=0).count() == 1
    failed = Delivery.objects.get(attempts=1)
    assert (failed.status, failed.failure) == (500, "no")
    heard.status = 200
    all_at_once()
    deliver_what_waits()
    subscription.refresh_from_db()
    assert subscription.failing_since is None
    assert len(heard.told()) == 3


def test_pauses_grow() -> None:
    pauses = [pause_after(attempt).total_seconds() for attempt in range(1, delivering.MOST_ATTEMPTS)]
    assert pauses[:3] == [30, 60, 120]
    assert pauses == sorted(pauses)
    assert pauses[-1] == delivering.LONGEST_PAUSE.total_seconds()


def test_who_fails_for_days_is_told_nothing_until_somebody_switches_it_on(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, place_a: Workplace
) -> None:
    subscription = subscribed(Event.TICKET_CREATED)
    heard.status = 503
    make_mention(organisation_a)
    deliver_what_waits()
    Subscription.objects.update(failing_since=timezone.now() - delivering.PATIENCE - timedelta(hours=1))
    all_at_once()
    deliver_what_waits()
    subscription.refresh_from_db()
    assert subscription.disabled_at is not None
    line = AuditLine.objects.get(act="api.switch")
    assert (line.actor, line.details["now"]) == ("veilleur", "off")
    make_mention(organisation_a)
    heard.status = 200
    all_at_once()
    deliver_what_waits()
    assert heard.calls == []
    switch(place_a, subscription.pk, is_on=True, now=timezone.now())
    deliver_what_waits()
    assert len(heard.told()) == 2
    with pytest.raises(ActRefused):
        switch(place_a, subscription.pk, is_on=True, now=timezone.now())


def test_one_that_never_arrives_is_given_up_and_sent_again_by_hand(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, place_a: Workplace
) -> None:
    subscribed(Event.TICKET_CREATED)
    heard.status = 400
    make_mention(organisation_a)
    deliver_what_waits()
    Delivery.objects.update(attempts=delivering.MOST_ATTEMPTS - 1)
    all_at_once()
    deliver_what_waits()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.ended_at is None) == (DeliveryState.FAILED, False)
    heard.status = 200
    deliver_again(place_a, delivery.pk, now=timezone.now())
    deliver_what_waits()
    assert [one["id"] for one in heard.told()] == [str(delivery.key)]


def test_an_address_inside_is_not_called(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, monkeypatch: Any
) -> None:
    subscribed(Event.TICKET_CREATED)
    monkeypatch.delenv(INTERNAL_HOSTS)
    make_mention(organisation_a)
    deliver_what_waits()
    assert heard.calls == []
    assert "lies inside" in Delivery.objects.get().failure


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://example.org/hook?x=1", True),
        ("http://example.org/hook", False),
        ("https://user:word@example.org/", False),
        ("https://example.org/#x", False),
        ("https://example.org:99999/", False),
        ("ftp://example.org/", False),
        ("https:///", False),
        ("https://exämple.org/", False),
        ("https://[::1", False),
    ],
)
@pytest.mark.django_db
def test_addresses(url: str, is_good: bool) -> None:
    form = SubscriptionForm({"name": "x", "url": url, "events": ["ticket.closed"]})
    assert form.is_valid() == is_good


def test_the_log_is_forgotten_in_time(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation
) -> None:
    subscribed(Event.TICKET_CREATED)
    make_mention(organisation_a)
    deliver_what_waits()
    assert forget_deliveries() == 0
    Delivery.objects.update(ended_at=timezone.now() - delivering.KEPT - timedelta(days=1))
    assert forget_deliveries() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_deliver_once(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Organisation
) -> None:
    heard.slowness = 0.1
    subscribed(Event.TICKET_CREATED)
    make_mention(organisation_a)

    def work() -> None:
        try:
            deliver_what_waits()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard.calls) == 1
    assert Delivery.objects.get().attempts == 1


def _killed_child(seconds: float) -> bool:
    """A process that delivers what waits, killed after `seconds` wherever it is; False when it had ended."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            deliver_what_waits()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.django_db(transaction=True)
def test_killing_who_delivers_loses_nothing(
    subscribed: Any, heard: Receiver, make_mention: Any, organisation_a: Any, close: Any
) -> None:
    """`KILLS` times, at a random point: in the outbox, between the call and the record, or after."""
    heard.slowness = 0.01
    subscribed(Event.TICKET_CREATED, Event.TICKET_CLOSED)
    tickets: list[TicketRow] = []
    killed, longest = 0, 0.15
    while killed < KILLS:
        tickets += [make_mention(organisation_a).ticket for _ in range(3)]
        close(tickets[-1])
        all_at_once()
        was_under_way = _killed_child(random.uniform(0.005, longest))
        killed += was_under_way
        longest = min(longest * 1.1, 2.0) if was_under_way else max(longest * 0.9, 0.05)
    for _ in range(50):
        all_at_once()
        deliver_what_waits()
        if not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists():
            break
    created = [one["ticket"]["id"] for one in heard.told("ticket.created")]
    assert sorted(created) == sorted(ticket.pk for ticket in tickets), "each under one id"
    closed = AuditLine.objects.filter(act="inbox.close").count()
    assert len(heard.told("ticket.closed")) == closed > 0
