"""Instagram: comments and replies under the media of an account; what leaves in its name."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, drained, reached, texts
from tests.standins.graph import ACCOUNT, ACCOUNT_NAME, STRANGER, TOKEN, FakeInstagram, refusal
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Gone
from veilleur.listening.connectors import instagram
from veilleur.listening.connectors.instagram import Instagram, InstagramSettings
from veilleur.listening.graph import Graph
from veilleur.testing import check_connector

NAMES = ["text", "timestamp", "from", "username", "parent_id", "replies", "permalink", "comments_count"]
ODD = st.fixed_dictionaries(
    {"id": st.just("17900") | ANY_JSON}, optional=dict.fromkeys([*NAMES, "comments"], ANY_JSON)
)


@pytest.fixture
def meta(monkeypatch):
    with reached(FakeInstagram(), monkeypatch) as running:
        yield running


def reader(meta: FakeInstagram, **told) -> Instagram:
    return Instagram(InstagramSettings(**{"account": ACCOUNT, "token": TOKEN, **told}), api=meta.api)


def test_it_keeps_the_contract(meta):
    check_connector(reader(meta), meta)


def test_it_keeps_the_contract_where_pages_are_short(meta):
    meta.most = 4
    for number in range(7):
        meta.publish()
        meta.say(f"Avant {number}")
    check_connector(reader(meta), meta)


def test_it_keeps_the_contract_where_names_stand_for_ids(meta):
    meta.is_anonymous = True
    check_connector(reader(meta), meta)


def test_a_comment_is_brought_whole_and_its_author_by_number(meta):
    top = meta.say("Très clair !\nMerci 👩‍⚕️")
    reply = meta.write("Pas d’accord", above=top)
    first, second = drained(reader(meta))[0]
    assert (first.id, first.text, first.author) == (top, "Très clair !\nMerci 👩‍⚕️", STRANGER)
    assert first.url == f"https://www.instagram.com/p/{meta.post}/"
    assert (first.parent, first.thread, first.is_own) == ("", "", False)
    assert (second.id, second.parent, second.thread) == (reply, top, top)
    assert first.published_at == datetime(2026, 11, 2, 0, 0, 2, tzinfo=UTC)
    assert "Lea" not in repr([first, second])


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_the_account_itself_is_known(meta, is_anonymous):
    meta.is_anonymous = is_anonymous
    top = meta.say("Bonjour")
    meta.write("Merci de ce retour", ACCOUNT, top)
    found = {item.text: item.is_own for item in drained(reader(meta))[0]}
    assert found == {"Bonjour": False, "Merci de ce retour": True}


def test_a_name_stands_for_an_author_without_a_number(meta):
    meta.is_anonymous = True
    meta.say("Bonjour")
    assert drained(reader(meta))[0][0].author == f"lea.{STRANGER}"


def test_all_comments_and_replies_are_brought_and_then_only_what_is_new(meta):
    meta.most = 4
    tops = [meta.say(f"Avis {number}") for number in range(9)]
    wanted = tops + [meta.write(f"Réponse {number}", above=tops[2]) for number in range(9)]
    wanted += [meta.write(f"Autre réponse {number}", above=tops[-1]) for number in range(9)]
    items, cursor = drained(reader(meta))
    assert sorted(item.id for item in items) == sorted(wanted)
    assert {item.parent for item in items} == {"", tops[2], tops[-1]}
    asked = len(meta.questions)
    assert drained(reader(meta), cursor)[0] == []
    assert len(meta.questions) - asked == 1
    meta.write("Je découvre", above=tops[0])
    assert texts(drained(reader(meta), cursor)[0]) == ["Je découvre"]


def test_a_deletion_is_noticed_and_a_hidden_comment_is_not_gone(meta):
    first, second = meta.say("Un"), meta.say("Deux")
    reply = meta.write("Trois", above=first)
    cursor = drained(reader(meta))[1]
    with Client() as asker:
        reader(meta).hide(Answered(second), asker)
    items, cursor = drained(reader(meta), cursor)
    assert items == []
    meta.delete(first)
    assert set(drained(reader(meta), cursor)[0]) == {Gone(first), Gone(reply)}


def test_a_medium_takes_its_comments_with_it(meta):
    newer = meta.publish()
    comment = meta.write("Bonjour", above=newer)
    cursor = drained(reader(meta))[1]
    meta.delete(newer)
    assert drained(reader(meta), cursor)[0] == [Gone(comment)]


def test_backfill_goes_on_where_it_stopped(meta):
    meta.most = 2
    for number in range(9):
        meta.write(f"Avis {number}", above=meta.publish())
    with Client() as asker:
        pages = reader(meta).fetch("", asker)
        brought = [next(pages), next(pages)]
    rest, cursor = drained(reader(meta), brought[-1].cursor)
    found = sorted(texts([*brought[0].items, *brought[1].items, *rest]))
    assert found == [f"Avis {number}" for number in range(9)]
    meta.say("Sous la plus ancienne")
    assert texts(drained(reader(meta), cursor)[0]) == ["Sous la plus ancienne"]


def test_a_medium_that_goes_while_it_is_read_takes_nothing_with_it(meta, monkeypatch):
    meta.most = 2
    for number in range(5):
        meta.say(f"Avis {number}")
    told = meta.told

    def going(question):
        if question.path.endswith("/comments"):
            return 400, refusal(100, "does not exist", 33)
        return told(question)

    monkeypatch.setattr(meta, "told", going)
    assert texts(drained(reader(meta))[0]) == ["Avis 4", "Avis 3"]


def test_a_reply_stands_in_its_thread_and_is_found(meta):
    top = meta.say("Bonjour")
    reply = meta.write("Et le samedi ?", above=top)
    made, answered = reader(meta), Answered(reply, thread=top)
    with Client() as asker:
        assert made.find_reply(answered, "Nous sommes ouverts.", "k", asker) is None
        meta.write("Nous sommes ouverts.", STRANGER, top)
        sent = made.reply(answered, "Nous sommes ouverts.", "k", asker)
        assert made.find_reply(answered, "Nous sommes\nouverts.", "k", asker).id == sent.id
    assert meta.things[sent.id].above == top


def test_a_reply_is_found_on_a_later_page(meta):
    meta.most, top = 2, meta.say("Bonjour")
    for number in range(7):
        meta.write(f"Réponse {number}", above=top)
    with Client() as asker:
        sent = reader(meta).reply(Answered(top), "Merci", "k", asker)
        assert reader(meta).find_reply(Answered(top), "Merci", "k", asker).id == sent.id


def test_a_hidden_comment_is_not_answered(meta):
    top = meta.say("Bonjour")
    with Client() as asker:
        reader(meta).hide(Answered(top), asker)
        with pytest.raises(NetworkRefused, match="hidden"):
            reader(meta).reply(Answered(top), "Merci", "k", asker)


def test_hiding_and_removing_may_be_repeated(meta):
    top = meta.say("Bonjour")
    made, answered = reader(meta), Answered(top)
    with Client() as asker:
        for _time in range(2):
            made.hide(answered, asker)
        made.show(answered, asker)
        assert meta.is_visible(top)
        for _time in range(2):
            made.remove(answered, asker)
        with pytest.raises(NetworkRefused, match="no way to act"):
            made.remove(Answered("../me"), asker)


def test_the_diagnosis_names_the_account_and_the_quota(meta):
    usage = {ACCOUNT: [{"type": "instagram", "call_count": 7}]}
    meta.headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    with Client() as asker:
        remarks = reader(meta).check(asker)
    assert all(remark.is_good for remark in remarks)
    assert ACCOUNT_NAME in remarks[0].words.say("fr")
    assert "7 %" in remarks[1].words.say("fr")


@pytest.mark.parametrize(("code", "said"), [(10, "droit"), (100, "refuse"), (190, "refuse")])
def test_the_diagnosis_says_what_is_wrong(meta, code, said):
    meta.closed["media"] = code
    with Client() as asker:
        (remark,) = reader(meta).check(asker)
    assert not remark.is_good
    assert said in remark.words.say("fr")


def test_a_strange_token_is_refused(meta):
    with Client() as asker, pytest.raises(CredentialsRefused):
        list(reader(meta, token="IGAAstranger").fetch("", asker))


def test_a_network_that_asks_to_wait_or_is_away(meta):
    with Client() as asker:
        meta.trouble = (400, refusal(80002), {})
        with pytest.raises(Throttled):
            list(reader(meta).fetch("", asker))
        meta.trouble = (500, refusal(2), {})
        with pytest.raises(NotReached):
            list(reader(meta).fetch("", asker))
        with pytest.raises(OutcomeUnknown):
            reader(meta).reply(Answered("1"), "Merci", "k", asker)
        meta.trouble = (200, [], {})
        with pytest.raises(NetworkRefused):
            list(reader(meta).fetch("", asker))


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"media": 3}', '{"media": {"now": []}}', "null"])
def test_a_broken_cursor_begins_again(meta, broken):
    meta.say("Bonjour")
    assert texts(drained(reader(meta), broken)[0]) == ["Bonjour"]


def test_the_token_says_which_of_metas_addresses_is_asked():
    hosts = {login: api.split("/")[2] for login, api in instagram.APIS.items()}
    assert hosts == {"facebook": "graph.facebook.com", "instagram": "graph.instagram.com"}


@given(st.lists(ODD, max_size=3))
def test_odd_answers_are_left_out(found):
    wall = instagram._Media(Graph("", TOKEN), ACCOUNT)
    for medium in asking.each(instagram._Medium, found):
        post = wall._post(medium)
        assert all(max(len(one.id), len(one.parent)) <= 200 for one in post.messages)
    for comment in asking.each(instagram._Comment, found):
        assert wall._heard(comment, instagram._Medium(id="1"), "").id == comment.id


@pytest.mark.parametrize("told", [{"account": "@clinique"}, {"token": ""}, {"login": "x"}, {"posts": 5}])
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        InstagramSettings(**{"account": ACCOUNT, "token": TOKEN, **told})
