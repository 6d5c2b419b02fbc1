"""An act comes through: whatever the network does, and wherever the process dies that does it."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.models import DecisionRow, MentionRow
from veilleur.desk.moderation import actions, performing
from veilleur.desk.moderation.jobs import perform_what_waits
from veilleur.desk.moderation.models import UNDER_WAY, NetworkAct, State, Verb
from veilleur.desk.sources.connections import connect, disconnect
from veilleur.desk.sources.models import Listening, Trouble
from veilleur.errors import ActRefused, OutcomeUnknown, Throttled
from veilleur.listening.connector import Capability

KILLS = 50


def state_of(act):
    return NetworkAct.objects.get(pk=act.pk).state


def let_all_leave():
    NetworkAct.objects.filter(state__in=UNDER_WAY).update(leaves_at=None)


def lines_of(mention):
    return list(
        DecisionRow.objects.filter(ticket=mention.ticket).values_list("act", "details__step", "by_name")
    )


def test_a_message_is_hidden_and_shown_again(said, asked, book, source):
    mention = said()
    entry = mention.external_id
    performing.perform(asked(mention).pk)
    assert not book.is_visible(entry)
    act = NetworkAct.objects.get()
    assert (act.state, act.attempts, act.failure) == (State.DONE, 1, "")
    performing.perform(asked(mention, Verb.SHOW).pk)
    assert book.is_visible(entry)
    assert lines_of(mention) == [
        ("hide", "asked", "Alice"),
        ("hide", "done", ""),
        ("show", "asked", "Alice"),
        ("show", "done", ""),
    ]
    told = AuditLine.objects.filter(act__startswith="moderation.").values_list("act", "actor")
    assert list(told.order_by("number")) == [
        ("moderation.hide", "alice@example.org"),
        ("moderation.done", "veilleur"),
        ("moderation.show", "alice@example.org"),
        ("moderation.done", "veilleur"),
    ]
    assert audit.verify(source.organisation) is not None


def test_it_is_done_once_however_often_it_is_asked_to(said, asked, book):
    act = asked(said())
    for _ in range(3):
        performing.perform(act.pk)
    assert len(book.acts) == 1


def test_a_flag_carries_its_reason(said, asked, book):
    mention = said()
    performing.perform(asked(mention, Verb.FLAG).pk)
    ((entry, reason),) = book.reports
    assert entry == mention.external_id
    assert "injure" in reason.lower() or "insult" in reason
    assert "Deux mots grossiers." in reason
    assert book.is_visible(entry)


def test_a_removed_message_is_gone_at_once_and_its_copy_stays(said, asked, book, source):
    mention = said("Bande de nuls.")
    performing.perform(asked(mention, Verb.REMOVE).pk)
    assert not book.is_visible(mention.external_id)
    kept = MentionRow.objects.get(pk=mention.pk)
    assert kept.text == "Bande de nuls."
    assert kept.gone_at is not None
    took = collect(source.pk)
    assert (took.trouble, took.added, took.gone) == ("", 0, 0), "the network tells what is known"
    assert MentionRow.objects.get(pk=mention.pk).gone_at == kept.gone_at


def test_it_does_not_leave_before_its_time(said, place_a, book):
    mention = said()
    now = timezone.now()
    act = actions.ask(place_a, mention.ticket.pk, mention.ticket.version, verb=Verb.HIDE, now=now)
    assert act.leaves_at - now == actions.WINDOW
    perform_what_waits()
    assert book.acts == []
    assert state_of(act) == State.QUEUED


def test_a_network_that_does_it_and_never_answers_is_asked_again(said, asked, book):
    mention = said()
    book.silent = 1
    act = asked(mention)
    performing.perform(act.pk)
    doubted = NetworkAct.objects.get(pk=act.pk)
    assert doubted.state == State.UNKNOWN
    assert doubted.leaves_at > timezone.now() + timedelta(seconds=20)
    perform_what_waits()
    assert len(book.acts) == 1, "not before its time"
    let_all_leave()
    perform_what_waits()
    assert state_of(act) == State.DONE
    assert book.acts == [("hide", mention.external_id)] * 2


def test_an_unknown_outcome_is_not_asked_for_again_before_the_first_call_is_over(
    said, asked, installed, monkeypatch
):
    monkeypatch.setattr(installed["guestbook"], "seconds", 300.0)
    monkeypatch.setattr(installed["guestbook"], "hide", _raises(OutcomeUnknown("half an answer")))
    act = asked(said())
    performing.perform(act.pk)
    act.refresh_from_db()
    assert act.leaves_at > timezone.now() + timedelta(seconds=290)


def test_a_network_that_never_says_is_given_up_in_words(said, asked, installed, monkeypatch):
    monkeypatch.setattr(installed["guestbook"], "hide", _raises(OutcomeUnknown("half an answer")))
    act = asked(said())
    for _ in range(performing.MOST_ATTEMPTS):
        let_all_leave()
        performing.perform(act.pk)
    act.refresh_from_db()
    assert (act.state, act.attempts) == (State.FAILED, 6)
    assert "half an answer" in act.failure


def test_a_network_that_cannot_be_reached_is_tried_later_and_given_up(said, asked, book):
    act = asked(said())
    book.shutdown()
    book.server_close()
    performing.perform(act.pk)
    act.refresh_from_db()
    assert (act.state, act.missed) == (State.QUEUED, 1)
    assert act.leaves_at > timezone.now() + timedelta(seconds=20)
    for _ in range(performing.MOST_ATTEMPTS - 1):
        let_all_leave()
        performing.perform(act.pk)
    assert state_of(act) == State.FAILED


def test_a_network_that_asks_to_wait_is_left_alone_for_so_long(said, asked, installed, monkeypatch):
    monkeypatch.setattr(installed["guestbook"], "hide", _raises(Throttled("later", 900)))
    act = asked(said())
    performing.perform(act.pk)
    act.refresh_from_db()
    assert act.state == State.QUEUED
    assert act.leaves_at - timezone.now() > timedelta(seconds=880)


def test_a_refusal_is_told_and_nothing_is_tried_again(said, asked, book):
    mention = said()
    book.trouble = (422, {})
    act = asked(mention)
    performing.perform(act.pk)
    act.refresh_from_db()
    assert act.state == State.FAILED
    assert "422" in act.failure
    book.trouble = None
    let_all_leave()
    perform_what_waits()
    assert book.acts == []
    assert ("hide", "failed", "") in lines_of(mention)


def test_refused_credentials_mark_the_source_and_the_act_waits(said, asked, book, source):
    told = {"address": book.address, "token": "another"}
    connect(source, "guestbook", told, by="alice@example.org")
    mention = said()
    act = asked(mention)
    for _ in range(performing.MOST_ATTEMPTS + 1):  # however long it takes a person
        let_all_leave()
        performing.perform(act.pk)
    act.refresh_from_db()
    assert act.state == State.QUEUED
    assert "401" in act.failure
    assert act.leaves_at > timezone.now() + timedelta(minutes=50)
    assert Listening.objects.get(source=source).trouble == Trouble.CREDENTIALS
    connect(source, "guestbook", {**told, "token": "the token of the guest book"}, by="alice@example.org")
    let_all_leave()
    perform_what_waits()
    assert state_of(act) == State.DONE


def test_a_connector_at_fault_ends_the_act_in_words(said, asked, installed, monkeypatch):
    monkeypatch.setattr(installed["guestbook"], "hide", lambda self, *_told: {}["nothing"])
    act = asked(said())
    performing.perform(act.pk)
    act.refresh_from_db()
    assert act.state == State.FAILED
    assert "nothing" in act.failure


def test_a_source_that_lost_its_connection_meanwhile_fails_in_words(said, asked, source):
    act = asked(said())
    disconnect(source, by="alice@example.org")
    performing.perform(act.pk)
    act.refresh_from_db()
    assert act.state == State.FAILED
    assert act.failure


def test_a_network_that_cannot_do_it_any_more_is_not_asked(said, asked, book, installed, monkeypatch):
    act = asked(said())
    made = installed["guestbook"]
    monkeypatch.setattr(made, "capabilities", made.capabilities - {Capability.HIDE})
    performing.perform(act.pk)
    assert (state_of(act), book.acts) == (State.FAILED, [])


def test_a_message_that_changed_meanwhile_is_read_again(said, asked, book):
    mention = said()
    act = asked(mention)
    MentionRow.objects.filter(pk=mention.pk).update(digest="0" * 64)
    performing.perform(act.pk)
    assert (state_of(act), book.acts) == (State.FAILED, [])


def test_one_act_that_goes_wrong_holds_no_other_back(said, asked, monkeypatch):
    first, second = asked(said()), asked(said())
    real = performing._call

    def broken(act):
        if act.pk == first.pk:
            raise MemoryError
        real(act)

    monkeypatch.setattr(performing, "_call", broken)
    with pytest.raises(MemoryError):
        performing.perform(first.pk)
    NetworkAct.objects.filter(pk=first.pk).update(attempted_at=timezone.now() - timedelta(minutes=5))
    monkeypatch.setattr(performing, "_call", real)
    perform_what_waits()
    assert {state_of(first), state_of(second)} == {State.DONE}, "its claim is given back"


def test_a_claim_is_left_alone_while_its_call_may_still_arrive(said, asked, book, installed, monkeypatch):
    monkeypatch.setattr(installed["guestbook"], "seconds", 60.0)
    act = asked(said())
    NetworkAct.objects.filter(pk=act.pk).update(state=State.LEAVING, attempts=1, attempted_at=timezone.now())
    perform_what_waits()
    assert (state_of(act), book.acts) == (State.LEAVING, [])
    long_ago = timezone.now() - timedelta(seconds=61)
    NetworkAct.objects.filter(pk=act.pk).update(attempted_at=long_ago)
    perform_what_waits()
    assert state_of(act) == State.DONE


def test_what_may_be_on_its_way_is_neither_taken_back_nor_contradicted(said, asked, place_a, book):
    mention = said()
    book.silent = 1
    act = asked(mention)
    performing.perform(act.pk)
    with pytest.raises(ActRefused):
        actions.drop(place_a, act.pk, now=timezone.now())
    with pytest.raises(ActRefused):
        asked(mention, Verb.SHOW)
    actions.drop(place_a, act.pk, now=timezone.now() + actions.ON_ITS_WAY)
    assert asked(mention, Verb.SHOW).state == State.QUEUED


def _raises(error):
    def act(self, *_told):
        raise error

    return act


def _killed_child(seconds: float) -> bool:
    """A process that does what waits, killed after `seconds` wherever it is; False when it had ended."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            perform_what_waits()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


VERBS = [Verb.HIDE, Verb.REMOVE, Verb.FLAG]


@pytest.mark.django_db(transaction=True)
def test_killing_who_does_it_leaves_the_network_as_it_was_asked(said, asked, book, place_a):
    """`KILLS` times between the claim and the record, at a random point, on a network that is slow itself."""
    book.before = book.after = 0.03
    wanted: dict[str, str] = {}
    killed_between, longest = 0, 0.09
    while killed_between < KILLS:
        for _ in range(NetworkAct.objects.filter(state__in=UNDER_WAY).count(), 4):
            _ask_for_something(said, asked, wanted)
        let_all_leave()
        before = set(NetworkAct.objects.filter(state=State.LEAVING).values_list("pk", "attempts"))
        was_under_way = _killed_child(random.uniform(0.005, longest))
        after = set(NetworkAct.objects.filter(state=State.LEAVING).values_list("pk", "attempts"))
        killed_between += bool(after - before)
        if not after - before:  # a busy machine is slow to begin: the window follows it
            longest = min(longest * 1.1, 2.0) if was_under_way else max(longest * 0.9, 0.05)
    for _ in range(100):
        let_all_leave()
        perform_what_waits()
        if not NetworkAct.objects.exclude(state=State.DONE).exists():
            break
        time.sleep(0.05)
    acts = list(NetworkAct.objects.all())
    assert {act.state for act in acts} == {State.DONE}
    assert {entry: book.is_visible(entry) for entry in wanted} == {
        entry: verb in {Verb.SHOW, Verb.FLAG} for entry, verb in wanted.items()
    }
    assert {entry for entry, _reason in book.reports} == {
        entry for entry, verb in wanted.items() if verb == Verb.FLAG
    }
    gone = set(MentionRow.objects.exclude(gone_at=None).values_list("external_id", flat=True))
    assert gone == {entry for entry, verb in wanted.items() if verb == Verb.REMOVE}
    assert DecisionRow.objects.filter(details__step="done").count() == len(acts), "each is told once"
    assert AuditLine.objects.filter(act="moderation.done").count() == len(acts)
    assert audit.verify(place_a.organisation) is not None


def _ask_for_something(said, asked, wanted: dict[str, str]) -> None:
    """A new message is hidden, removed or flagged; or one that was hidden is shown again."""
    hidden = NetworkAct.objects.filter(state=State.DONE, verb=Verb.HIDE)
    hidden = hidden.exclude(ticket__network_acts__verb=Verb.SHOW).select_related("ticket__mention")
    back = hidden.first() if random.random() < 0.3 else None
    mention = back.ticket.mention if back else said()
    verb = Verb.SHOW if back else random.choice(VERBS)
    asked(mention, verb)
    wanted[mention.external_id] = verb
