"""A reply leaves once: whatever the network does, and wherever the sender dies."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from tests.desk.replies.conftest import GOOD
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.replies import actions, sending
from veilleur.desk.replies.jobs import send_what_waits
from veilleur.desk.replies.models import Reply, State
from veilleur.errors import ActRefused, Throttled
from veilleur.listening.connector import Capability
from veilleur.listening.connectors.gateway import Gateway

KILLS = 50
UNDER_WAY = [State.QUEUED, State.LEAVING, State.UNKNOWN]


def send(place, reply):
    return actions.send(place, reply.pk, reply.version, now=timezone.now())


def state_of(reply):
    return Reply.objects.get(pk=reply.pk).state


@pytest.fixture
def queued(place_a, review, connected, no_second_reader, begun):
    return send(place_a, begun(review))


def test_it_leaves_and_the_message_is_answered(queued, connected):
    sending.let_leave(queued.pk)
    reply = Reply.objects.select_related("ticket").get(pk=queued.pk)
    assert (reply.state, reply.network_id, reply.url) == (State.SENT, "r1", "https://example.org/r1")
    assert [(one["text"], one["key"]) for one in connected.published] == [(GOOD, reply.key)]
    assert (reply.ticket.status, reply.ticket.outcome) == ("closed", "answered")
    assert reply.ticket.answered_at is not None
    assert connected.signed_wrong == 0
    assert audit.verify(reply.organisation) is not None


def test_it_leaves_once_however_often_it_is_asked_to(queued, connected):
    for _ in range(3):
        sending.let_leave(queued.pk)
    assert len(connected.published) == 1


def test_a_network_that_accepts_and_never_answers(queued, connected):
    connected.silent = 1
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.SENT
    assert len(connected.published) == 1
    assert connected.asked == [queued.key], "it is read back before anything else"


def test_a_refusal_is_told_and_nothing_is_tried_again(queued, connected):
    connected.refuses = (403, "comments are closed")
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    assert reply.state == State.FAILED
    assert "comments are closed" in reply.failure
    send_what_waits()
    assert connected.published == []


def test_a_network_that_cannot_be_reached_is_tried_later(queued, connected, monkeypatch):
    connected.shutdown()
    connected.server_close()
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    assert (reply.state, reply.attempts) == (State.QUEUED, 1)
    assert reply.leaves_at > timezone.now() + timedelta(seconds=20)
    monkeypatch.setattr(sending, "MOST_ATTEMPTS", 1)
    Reply.objects.filter(pk=queued.pk).update(leaves_at=None)
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.FAILED


def test_an_address_inside_is_not_reached_unless_an_administrator_names_it(queued, connected, monkeypatch):
    monkeypatch.delenv("VEILLEUR_INTERNAL_HOSTS")
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    assert reply.state == State.QUEUED
    assert "VEILLEUR_INTERNAL_HOSTS" in reply.failure
    assert connected.published == []


def test_an_answer_that_makes_no_sense_is_no_answer(queued, connected, monkeypatch):
    connected.refuses = (500, "oops")
    sending.let_leave(queued.pk)
    # Nothing is found, and the network keeps keys: the same reply may leave again, under its key.
    assert state_of(queued) == State.QUEUED
    connected.refuses = None
    send_what_waits()
    assert state_of(queued) == State.SENT
    assert len(connected.published) == 1


def test_without_keys_a_reply_leaves_again_only_when_the_first_call_is_long_over(
    queued, connected, monkeypatch
):
    monkeypatch.setattr(Gateway, "capabilities", frozenset({Capability.REPLY, Capability.READ_BACK}))
    connected.refuses = (500, "oops")
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.UNKNOWN
    connected.refuses = None
    Reply.objects.filter(pk=queued.pk).update(leaves_at=None)
    sending.reconcile(queued.pk)
    assert state_of(queued) == State.UNKNOWN
    long_ago = timezone.now() - timedelta(minutes=10)
    Reply.objects.filter(pk=queued.pk).update(attempted_at=long_ago, leaves_at=None)
    send_what_waits()
    assert state_of(queued) == State.SENT


def test_without_reading_back_only_a_person_decides(queued, connected, place_a, monkeypatch):
    monkeypatch.setattr(Gateway, "capabilities", frozenset({Capability.REPLY}))
    connected.silent = 1
    sending.let_leave(queued.pk)
    send_what_waits()
    reply = Reply.objects.get(pk=queued.pk)
    assert reply.state == State.UNKNOWN
    assert connected.asked == []
    actions.publish_by_hand(place_a, reply.pk, reply.version, url="https://example.org/x", now=timezone.now())
    assert state_of(reply) == State.SENT


def test_a_message_that_changed_meanwhile_is_read_again(queued, connected, review, place_a):
    review.digest = "0" * 64
    review.save()
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    assert reply.state == State.DRAFT
    assert reply.failure
    assert connected.published == []
    send(place_a, reply)
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.SENT


def test_another_text_after_a_refusal_leaves_under_another_key(queued, connected, place_a):
    connected.refuses = (400, "too long")
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    actions.write(place_a, reply.pk, reply.version, text=f"{GOOD} Merci.", now=timezone.now())
    assert Reply.objects.get(pk=queued.pk).key != reply.key


def test_what_may_be_on_its_way_is_not_taken_back(queued, connected, place_a):
    connected.refuses = (500, "oops")
    sending.let_leave(queued.pk)
    reply = Reply.objects.get(pk=queued.pk)
    assert reply.state == State.QUEUED
    with pytest.raises(ActRefused):
        actions.hold(place_a, reply.pk, reply.version, now=timezone.now())
    later = timezone.now() + timedelta(minutes=10)
    assert actions.hold(place_a, reply.pk, reply.version, now=later).state == State.DRAFT


def test_one_reply_that_goes_wrong_holds_no_other_back(
    queued, connected, place_a, make_mention, review, begun, monkeypatch
):
    other = send(place_a, begun(make_mention(place_a.organisation, source=review.source)))
    real = sending.let_leave

    def broken(pk):
        if pk == queued.pk:
            raise OSError("the disk is full")
        real(pk)

    monkeypatch.setattr(sending, "let_leave", broken)
    send_what_waits()
    assert state_of(other) == State.SENT
    assert state_of(queued) == State.QUEUED


def test_an_outcome_nobody_can_tell_is_not_asked_for_without_pause(queued, connected, monkeypatch):
    monkeypatch.setattr(Gateway, "capabilities", frozenset({Capability.REPLY, Capability.READ_BACK}))
    connected.refuses = (500, "oops")
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.UNKNOWN
    asked = len(connected.asked)
    for _ in range(3):
        send_what_waits()
    assert len(connected.asked) == asked


def test_it_does_not_leave_before_its_time(place_a, review, connected, no_second_reader, begun):
    reply = begun(review)
    later = timezone.now() + timedelta(hours=1)
    actions.send(place_a, reply.pk, reply.version, leaves_at=later, now=timezone.now())
    sending.let_leave(reply.pk)
    send_what_waits()
    assert state_of(reply) == State.QUEUED
    assert connected.published == []


def _killed_child(seconds: float) -> bool:
    """A process that sends what waits, killed after `seconds` wherever it is; False when it had ended."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            send_what_waits()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keeps_keys", [True, False], ids=["keys", "no keys"])
def test_killing_the_sender_doubles_nothing_and_loses_nothing(
    keeps_keys, place_a, make_mention, review, connected, no_second_reader, begun, monkeypatch
):
    """`KILLS` times between the call and the record, at a random point, on a network that is slow itself."""
    known = [Capability.REPLY, Capability.READ_BACK, Capability.KEEPS_KEYS]
    monkeypatch.setattr(Gateway, "capabilities", frozenset(known[: 3 if keeps_keys else 2]))
    monkeypatch.setattr(Gateway, "seconds", 0.25)
    connected.keeps_keys = keeps_keys
    connected.before = connected.after = 0.03
    organisation_a, source = place_a.organisation, review.source
    killed_between, longest = 0, 0.09
    while killed_between < KILLS:
        waiting = Reply.objects.filter(state__in=UNDER_WAY).count()
        for _ in range(waiting, 4):
            send(place_a, begun(make_mention(organisation_a, text="Attente trop longue.", source=source)))
        Reply.objects.filter(state__in=UNDER_WAY).update(leaves_at=None)  # no pause between two attempts
        before = set(Reply.objects.filter(state=State.LEAVING).values_list("pk", "attempts"))
        was_under_way = _killed_child(random.uniform(0.005, longest))
        after = set(Reply.objects.filter(state=State.LEAVING).values_list("pk", "attempts"))
        killed_between += bool(after - before)
        if not after - before:  # a busy machine is slow to begin: the window follows it
            longest = min(longest * 1.1, 2.0) if was_under_way else max(longest * 0.9, 0.05)
    time.sleep(0.3)
    for _ in range(100):
        Reply.objects.filter(state__in=UNDER_WAY).update(leaves_at=None)
        send_what_waits()
        if not Reply.objects.exclude(state=State.SENT).exists():
            break
        time.sleep(0.05)
    replies = list(Reply.objects.all())
    assert {reply.state for reply in replies} == {State.SENT}
    keys = [one["key"] for one in connected.published]
    assert sorted(keys) == sorted(reply.key for reply in replies)
    sent = AuditLine.objects.filter(act="replies.sent").values_list("target", flat=True)
    assert len(sent) == len(set(sent)) == len(replies)
    assert audit.verify(organisation_a) is not None


def test_a_network_that_asks_to_wait_is_left_alone_for_so_long(queued, connected, monkeypatch):
    def busy(self, *_told):
        raise Throttled("later", 900)

    monkeypatch.setattr(Gateway, "reply", busy)
    sending.let_leave(queued.pk)
    queued.refresh_from_db()
    assert queued.state == State.QUEUED
    assert queued.leaves_at - timezone.now() > timedelta(seconds=880)


def test_a_connector_at_fault_leaves_an_outcome_that_nobody_knows(queued, connected, monkeypatch):
    monkeypatch.setattr(Gateway, "reply", lambda self, *_told: {}["nothing"])
    sending.let_leave(queued.pk)
    assert state_of(queued) == State.UNKNOWN
