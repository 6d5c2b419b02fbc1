"""Who may ask for what, when it makes no sense, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions as inbox
from veilleur.desk.inbox.models import DecisionRow, MentionRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.ticket import ticket_page
from veilleur.desk.moderation import actions, performing
from veilleur.desk.moderation.models import Ground, NetworkAct, State, Verb
from veilleur.desk.moderation.queries import on_network
from veilleur.desk.moderation.standing import NEEDS
from veilleur.errors import ActRefused, Outdated
from veilleur.listening.connector import Capability
from veilleur.vocabulary import ON_NETWORK

REASON = {"ground": Ground.INSULT, "words": ""}
ADVERSE = [{"analyzer": "labels", "label": "adverse_reaction", "score": 0.9, "because": "term"}]
CRISIS = [{"analyzer": "labels", "label": "crisis_suicide", "score": 0.9, "because": "term"}]


def ask(place, mention, verb=Verb.HIDE, version=None, **more):
    ticket = mention.ticket
    if version is None:
        ticket.refresh_from_db()
        version = ticket.version
    return actions.ask(place, ticket.pk, version, verb=verb, now=timezone.now(), **more)


def test_every_verb_is_an_act_of_the_vocabulary_and_needs_something_of_its_network():
    assert {verb.value for verb in Verb} == {act.value for act in ON_NETWORK}
    assert set(NEEDS) == set(Verb)


def test_who_asks_is_told_in_the_history_and_others_must_look_again(said, place_a, place_marie):
    mention = said()
    ask(place_a, mention, Verb.REMOVE, **REASON)
    with pytest.raises(Outdated):
        ask(place_marie, mention, Verb.FLAG, version=1, **REASON)
    page = ticket_page(place_marie, mention.ticket.pk, Filters())
    assert (page.version, page.status) == (2, "open")
    assert page.history[0].by == "Alice"
    told = AuditLine.objects.get(act="moderation.remove").details
    assert (told["verb"], told["ground"]) == ("remove", "insult")


def test_what_becomes_of_it_makes_nobody_look_again(said, place_a, asked):
    mention = said()
    performing.perform(asked(mention).pk)
    mention.ticket.refresh_from_db()
    assert mention.ticket.version == 2, "only the asking counts"
    inbox.close(place_a, mention.ticket.pk, 2, outcome="nothing", now=timezone.now())


@pytest.mark.parametrize("verb", list(Verb))
def test_a_reader_asks_for_nothing(verb, said, reader_a, place_a):
    reader = workplace_of(reader_a, place_a.organisation.slug)
    mention = said()
    with pytest.raises(ActRefused):
        ask(reader, mention, verb, **REASON)
    assert on_network(reader, mention.ticket.pk).verbs == frozenset()


def test_only_who_configures_removes(said, place_a, place_marie):
    mention = said()
    assert on_network(place_marie, mention.ticket.pk).verbs == {"hide", "show", "flag"}
    with pytest.raises(ActRefused):
        ask(place_marie, mention, Verb.REMOVE, **REASON)
    act = ask(place_a, mention, Verb.REMOVE, **REASON)
    with pytest.raises(ActRefused):
        actions.drop(place_marie, act.pk, now=timezone.now())


@pytest.mark.parametrize("verb", list(Verb))
def test_a_stranger_finds_nothing(verb, said, place_b):
    with pytest.raises(Http404):
        ask(place_b, said(), verb, **REASON)


@pytest.mark.parametrize("move", [actions.again, actions.drop])
def test_an_act_of_another_house_does_not_exist(move, said, asked, place_b):
    act = asked(said())
    with pytest.raises(Http404):
        move(place_b, act.pk, now=timezone.now())
    assert NetworkAct.objects.get().state == State.QUEUED


@pytest.mark.parametrize(
    ("ground", "words"), [("", "Une phrase entière."), ("nothing known", ""), ("other", "court")]
)
@pytest.mark.parametrize("verb", actions.REASONED)
def test_removing_and_flagging_ask_for_a_reason(verb, ground, words, said, place_a):
    mention = said()
    with pytest.raises(ActRefused):
        ask(place_a, mention, verb, ground=ground, words=words)
    assert not NetworkAct.objects.exists()


@pytest.mark.parametrize("verb", list(Verb))
def test_what_its_network_cannot_do_is_refused_and_said(verb, said, place_a, installed, monkeypatch):
    made = installed["guestbook"]
    monkeypatch.setattr(made, "capabilities", made.capabilities - {NEEDS[verb]})
    mention = said()
    with pytest.raises(ActRefused):
        ask(place_a, mention, verb, **REASON)
    network = on_network(place_a, mention.ticket.pk)
    assert verb not in network.verbs
    assert network.hint


def test_a_source_of_files_can_do_nothing_and_says_so(make_mention, place_a):
    mention = make_mention(place_a.organisation)
    network = on_network(place_a, mention.ticket.pk)
    assert network.verbs == frozenset()
    assert network.hint
    assert not network.is_worth_showing
    with pytest.raises(ActRefused):
        ask(place_a, mention)


@pytest.mark.parametrize(("first", "second"), [("hide", "hide"), ("hide", "remove"), ("show", "hide")])
def test_acts_that_undo_each_other_wait_for_each_other(first, second, said, place_a):
    mention = said()
    ask(place_a, mention, Verb(first), **REASON)
    with pytest.raises(ActRefused):
        ask(place_a, mention, Verb(second), **REASON)
    assert on_network(place_a, mention.ticket.pk).verbs == {"flag"}
    ask(place_a, mention, Verb.FLAG, **REASON)
    assert on_network(place_a, mention.ticket.pk).verbs == frozenset()


@pytest.mark.parametrize("verbs", [("hide", "remove"), ("flag", "flag")])
def test_the_database_itself_keeps_two_apart(verbs, said, asked):
    act = asked(said(), Verb(verbs[0]))
    act.pk, act.verb = None, verbs[1]
    with pytest.raises(IntegrityError), transaction.atomic():
        act.save(force_insert=True)


def test_an_act_can_be_taken_back_before_it_leaves(said, place_a, book):
    mention = said()
    act = ask(place_a, mention)
    actions.drop(place_a, act.pk, now=timezone.now())
    NetworkAct.objects.update(leaves_at=None)
    performing.perform(act.pk)
    assert book.acts == []
    assert on_network(place_a, mention.ticket.pk).verbs == {"hide", "show", "remove", "flag"}
    with pytest.raises(ActRefused):
        actions.drop(place_a, act.pk, now=timezone.now())


def test_what_was_hidden_is_shown_again_and_not_hidden_twice(said, asked, place_a, place_marie):
    mention = said()
    performing.perform(asked(mention).pk)
    network = on_network(place_marie, mention.ticket.pk)
    assert (network.standing.verb, network.standing.by) == (Verb.HIDE, "Alice")
    assert network.standing.since is not None
    assert network.verbs == {"show", "flag"}
    with pytest.raises(ActRefused):
        ask(place_a, mention)
    act = ask(place_a, mention, Verb.SHOW)
    assert act.leaves_at is None, "it leaves at once"


def test_nothing_more_is_asked_about_what_was_removed(said, asked, place_a):
    mention = said()
    performing.perform(asked(mention, Verb.REMOVE).pk)
    assert on_network(place_a, mention.ticket.pk).verbs == frozenset()
    for verb in Verb:
        with pytest.raises(ActRefused):
            ask(place_a, mention, verb, **REASON)


def test_what_its_author_took_away_is_left_alone_but_what_we_hid_can_be_shown(said, asked, place_a):
    ours, theirs = said(), said()
    performing.perform(asked(ours).pk)
    MentionRow.objects.update(gone_at=timezone.now())
    assert on_network(place_a, theirs.ticket.pk).verbs == frozenset()
    assert "show" in on_network(place_a, ours.ticket.pk).verbs


def test_an_act_that_failed_is_tried_again_or_replaced(said, asked, place_a, book):
    mention = said()
    book.trouble = (422, {})
    act = asked(mention)
    performing.perform(act.pk)
    assert on_network(place_a, mention.ticket.pk).acts[0].can_go_again
    actions.again(place_a, act.pk, now=timezone.now())
    with pytest.raises(ActRefused):
        ask(place_a, mention)
    performing.perform(act.pk)
    book.trouble = None
    other = asked(mention)
    assert NetworkAct.objects.get(pk=act.pk).state == State.DROPPED, "asked anew"
    performing.perform(other.pk)
    assert not book.is_visible(mention.external_id)
    with pytest.raises(ActRefused):
        actions.again(place_a, other.pk, now=timezone.now())


def test_who_tries_again_has_seen_the_message_as_it_is_now(said, asked, place_a, book):
    mention = said()
    act = asked(mention)
    MentionRow.objects.filter(pk=mention.pk).update(digest="0" * 64)
    performing.perform(act.pk)
    assert book.acts == []
    actions.again(place_a, act.pk, now=timezone.now())
    performing.perform(act.pk)
    assert NetworkAct.objects.get().state == State.DONE


@pytest.mark.parametrize("findings", [ADVERSE, CRISIS], ids=["adverse reaction", "crisis"])
@pytest.mark.parametrize("verb", actions.OUT_OF_SIGHT)
def test_what_comes_first_is_read_before_a_message_is_out_of_sight(verb, findings, said, place_a):
    mention = said(findings=findings)
    assert on_network(place_a, mention.ticket.pk).has_precautions
    with pytest.raises(ActRefused):
        ask(place_a, mention, verb, **REASON)
    assert ask(place_a, mention, verb, is_warned=True, **REASON).state == State.QUEUED


def test_a_flag_asks_for_no_precaution(said, place_a):
    assert ask(place_a, said(findings=CRISIS), Verb.FLAG, **REASON).state == State.QUEUED


def test_acts_on_the_network_are_passed_over_when_an_act_on_the_ticket_is_undone(said, asked, place_a):
    mention = said()
    closed = inbox.close(place_a, mention.ticket.pk, 1, outcome="nothing", now=timezone.now())
    performing.perform(asked(mention).pk)
    assert ticket_page(place_a, mention.ticket.pk, Filters()).undoable == closed.pk
    hidden = DecisionRow.objects.filter(act="hide").first()
    with pytest.raises(ActRefused):
        inbox.undo(place_a, hidden.pk, now=timezone.now())
    inbox.undo(place_a, closed.pk, now=timezone.now())
    mention.ticket.refresh_from_db()
    assert mention.ticket.status == "new"


def test_the_page_looks_again_only_while_something_leaves_soon(said, asked, place_a):
    mention = said()
    act = asked(mention)
    assert on_network(place_a, mention.ticket.pk).is_moving
    NetworkAct.objects.filter(pk=act.pk).update(leaves_at=timezone.now() + timedelta(hours=1))
    assert not on_network(place_a, mention.ticket.pk).is_moving


def test_capabilities_are_those_of_the_protocol():
    assert set(NEEDS.values()) == {Capability.HIDE, Capability.REMOVE, Capability.REPORT}


def test_an_act_on_one_message_stands_beside_that_message_alone(said, asked, place_a):
    first, second = said(), said()
    asked(first)
    assert len(on_network(place_a, first.ticket.pk).acts) == 1
    other = on_network(place_a, second.ticket.pk)
    assert (other.acts, other.verbs) == ((), {"hide", "show", "remove", "flag"})
