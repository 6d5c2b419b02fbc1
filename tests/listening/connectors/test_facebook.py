"""A Facebook page: comments, posts of visitors, recommendations; what leaves in the name of the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, drained, reached, texts
from tests.standins.graph import PAGE, STRANGER, TOKEN, FakeFacebook, refusal
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, graph_rounds
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Gone
from veilleur.listening.connectors import facebook_walls as walls
from veilleur.listening.connectors.facebook import Facebook, FacebookSettings
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

COMMENT = ["message", "from", "created_time", "parent", "permalink_url", "comments"]
REVIEW = ["reviewer", "rating", "has_rating", "recommendation_type", "review_text", "open_graph_story"]
ODD = st.fixed_dictionaries(
    {"id": st.just("1_2") | ANY_JSON}, optional=dict.fromkeys([*COMMENT, *REVIEW], ANY_JSON)
)


@pytest.fixture
def meta(monkeypatch):
    with reached(FakeFacebook(), monkeypatch) as running:
        yield running


def reader(meta: FakeFacebook, **told) -> Facebook:
    return Facebook(FacebookSettings(**{"page": PAGE, "token": TOKEN, **told}), api=meta.api)


def test_it_keeps_the_contract(meta):
    check_connector(reader(meta), meta)


def test_it_keeps_the_contract_where_pages_are_short(meta):
    meta.most = 4
    for number in range(7):
        meta.publish(f"Actualité {number}")
        meta.say(f"Avant {number}")
    check_connector(reader(meta), meta)


def test_it_keeps_the_contract_where_nothing_is_counted(meta):
    meta.count, meta.most = False, 2
    check_connector(reader(meta), meta)


def test_a_comment_is_brought_whole_and_its_author_not_by_name(meta):
    top = meta.say("Très clair !\nMerci 👩‍⚕️")
    reply = meta.write("Pas d’accord", above=top)
    found = {item.id: item for item in drained(reader(meta))[0]}
    first, second = found[top], found[reply]
    assert (first.text, first.author, first.parent) == ("Très clair !\nMerci 👩‍⚕️", STRANGER, "")
    assert first.url == f"https://www.facebook.com/{top}"
    assert first.published_at == datetime(2026, 11, 2, 0, 0, 2, tzinfo=UTC)
    assert (second.parent, second.is_own) == (top, False)
    asked_for = [one.params["fields"] for one in meta.questions]
    assert not any("name" in fields or "picture" in fields for fields in asked_for)


def test_the_page_itself_is_known_and_its_posts_are_no_messages(meta):
    top = meta.say("Bonjour")
    meta.write("Merci de ce retour", PAGE, top)
    found = {item.text: item.is_own for item in drained(reader(meta))[0]}
    assert found == {"Bonjour": False, "Merci de ce retour": True}


def test_comments_under_a_post_of_a_visitor_answer_it(meta):
    post = meta.publish("Deux heures d’attente…", STRANGER)
    comment = meta.write("Pareil pour moi", above=post)
    reply = meta.write("Nous aussi", above=comment)
    found = {item.id: item for item in drained(reader(meta))[0]}
    assert found[post].text == "Deux heures d’attente…"
    assert (found[comment].parent, found[reply].parent) == (post, comment)


def test_who_wrote_may_be_missing(meta):
    meta.is_anonymous = True
    meta.publish("Sans nom", STRANGER)
    meta.say("Sans nom non plus")
    meta.recommend("Très bien", story=False)
    assert {item.author for item in drained(reader(meta))[0]} == {""}


def test_posts_that_name_the_page_are_brought_but_not_its_own(meta):
    named = meta.tag("Merci à la Clinique du Lac")
    meta.tag("Nous nous citons", PAGE)
    (item,), _cursor = drained(reader(meta))
    assert (item.id, item.author) == (named, STRANGER)
    assert drained(reader(meta, tagged=False))[0] == []


def test_a_recommendation_says_yes_or_no_in_its_title(meta):
    good = meta.recommend("Équipe formidable")
    bad = meta.recommend("Accueil glacial", "negative")
    starred = meta.recommend("Correct", "", stars=4)
    found = {item.id: item for item in drained(reader(meta))[0]}
    assert [found[one].title for one in (good, bad)] == [
        "Recommande cette page",
        "Ne recommande pas cette page",
    ]
    assert [found[one].rating for one in (good, bad)] == [None, None]
    assert (found[starred].rating, found[starred].title) == (Rating(4, 1, 5), "")
    assert found[good].author == STRANGER
    assert drained(reader(meta, recommendations=False))[0] == []


def test_a_recommendation_without_a_story_keeps_its_id_when_it_is_edited(meta):
    meta.recommend("Bien", story=False)
    (item,), cursor = drained(reader(meta))
    assert item.id.startswith(walls.NAMELESS)
    thing = next(one for one in meta.things.values() if one.kind == "Recommendation")
    thing.text = "Très bien"
    (edited,), cursor = drained(reader(meta), cursor)
    assert (edited.id, edited.text) == (item.id, "Très bien")
    meta.delete(thing.id)
    assert drained(reader(meta), cursor)[0] == []
    with Client() as asker, pytest.raises(NetworkRefused, match="no way to act"):
        reader(meta).reply(Answered(item.id), "Merci", "k", asker)


def test_a_recommendation_with_a_story_that_is_gone_is_noticed(meta):
    story = meta.recommend("Bien")
    cursor = drained(reader(meta))[1]
    meta.delete(story)
    assert drained(reader(meta), cursor)[0] == [Gone(story)]


def test_all_comments_of_a_post_are_brought_and_then_only_what_is_new(meta):
    meta.most = 10
    wanted = [meta.say(f"Avis {number}") for number in range(43)]
    items, cursor = drained(reader(meta))
    assert sorted(item.id for item in items) == sorted(wanted)
    asked = len(meta.questions)
    assert drained(reader(meta), cursor)[0] == []
    assert len(meta.questions) - asked == 3
    meta.write("Je découvre", above=wanted[0])
    assert texts(drained(reader(meta), cursor)[0]) == ["Je découvre"]


def test_a_deletion_far_down_is_noticed_by_the_count(meta):
    meta.most = 10
    wanted = [meta.say(f"Avis {number}") for number in range(30)]
    cursor = drained(reader(meta))[1]
    meta.delete(wanted[3])
    assert drained(reader(meta), cursor)[0] == [Gone(wanted[3])]


def test_an_edit_far_down_is_noticed_when_the_number_changes(meta):
    meta.most = 5
    wanted = [meta.say(f"Avis {number}") for number in range(12)]
    cursor = drained(reader(meta))[1]
    meta.edit(wanted[0], "Avis corrigé")
    items, cursor = drained(reader(meta), cursor)
    assert items == []
    meta.say("Nouveau")
    assert sorted(texts(drained(reader(meta), cursor)[0])) == ["Avis corrigé", "Nouveau"]


def test_a_comment_takes_its_replies_with_it_and_a_post_its_comments(meta):
    post = meta.publish("Question", STRANGER)
    top = meta.say("Bonjour")
    names = {top, meta.write("Oui", above=top), post, meta.write("Moi aussi", above=post)}
    cursor = drained(reader(meta))[1]
    meta.delete(top)
    meta.delete(post)
    items, cursor = drained(reader(meta), cursor)
    assert set(items) == {Gone(name) for name in names}
    assert drained(reader(meta), cursor)[0] == []


def test_a_comment_that_is_only_missing_from_the_list_is_not_gone(meta, monkeypatch):
    meta.say("Un")
    cursor = drained(reader(meta))[1]
    monkeypatch.setattr(meta, "under", lambda *_asked: [])
    assert drained(reader(meta), cursor)[0] == []


def test_posts_left_behind_by_newer_ones_are_not_asked_for(meta):
    meta.most = 5
    for number in range(12):
        meta.publish(f"Actualité {number}")
    cursor = drained(reader(meta, posts=10))[1]
    meta.publish("Encore")
    asked = len(meta.questions)
    drained(reader(meta, posts=10), cursor)
    assert not [one for one in meta.questions[asked:] if one.params["fields"] == "id"]


def test_older_posts_are_brought_once(meta):
    meta.most = 5
    posts = [meta.publish(f"Actualité {number}") for number in range(30)]
    for post in posts:
        meta.write(f"Sous {post}", above=post)
    items, cursor = drained(reader(meta, posts=10))
    assert len(texts(items)) == 30
    asked = len(meta.questions)
    assert drained(reader(meta, posts=10), cursor)[0] == []
    assert sum(one.path.endswith("/feed") for one in meta.questions[asked:]) == 2


def test_backfill_goes_on_where_it_stopped(meta):
    meta.most = 2
    for number in range(9):
        meta.write(f"Avis {number}", above=meta.publish(f"Actualité {number}"))
    with Client() as asker:
        pages = reader(meta).fetch("", asker)
        brought = [next(pages), next(pages)]
    rest, cursor = drained(reader(meta), brought[-1].cursor)
    found = sorted(texts([*brought[0].items, *brought[1].items, *rest]))
    assert found == [f"Avis {number}" for number in range(9)]
    meta.say("Nouveau")
    assert texts(drained(reader(meta), cursor)[0]) == ["Nouveau"]


def test_a_page_of_posts_with_many_comments_is_handed_over_in_parts(meta, monkeypatch):
    monkeypatch.setattr(graph_rounds, "MOST_ITEMS", 3)
    for number in range(4):
        post = meta.publish(f"Actualité {number}")
        for nth in range(3):
            meta.write(f"Avis {number}.{nth}", above=post)
    with Client() as asker:
        first = next(reader(meta).fetch("", asker))
    assert len(first.items) == 3
    rest = drained(reader(meta), first.cursor)[0]
    assert len(texts(rest)) == 9


def test_a_place_in_the_list_that_facebook_forgot_begins_again(meta):
    meta.most = 2
    for number in range(5):
        meta.write(f"Avis {number}", above=meta.publish("Actualité"))
    with Client() as asker:
        cursor = next(reader(meta).fetch("", asker)).cursor
    told = json.loads(cursor)
    told["feed"]["after"] = "forgotten"
    assert len(texts(drained(reader(meta), json.dumps(told))[0])) == 3


@pytest.mark.parametrize("edge", ["tagged", "ratings"])
def test_a_wall_that_is_refused_does_not_hide_the_others(meta, edge):
    meta.say("Bonjour")
    meta.closed[edge] = 12 if edge == "ratings" else 10
    with Client() as asker:
        pages = reader(meta).fetch("", asker)
        assert texts(next(pages).items) == ["Bonjour"]
        with pytest.raises(NetworkRefused) as caught:
            list(pages)
        remarks = reader(meta).check(asker)
    assert not isinstance(caught.value, CredentialsRefused)
    assert [remark.is_good for remark in remarks].count(False) == 1


def test_without_the_right_to_read_comments_somebody_must_connect_again(meta):
    meta.closed["feed"] = 200
    with Client() as asker, pytest.raises(CredentialsRefused):
        list(reader(meta).fetch("", asker))


def test_a_strange_token_is_refused_and_not_shown(meta):
    made = reader(meta, token="EAAB" + "x" * 60)
    with Client() as asker:
        with pytest.raises(CredentialsRefused) as caught:
            list(made.fetch("", asker))
        (remark,) = made.check(asker)
    assert not remark.is_good
    assert "x" * 20 not in str(caught.value) + remark.words.say("fr")


def test_the_diagnosis_names_the_page_and_the_quota(meta):
    meta.headers = {"X-App-Usage": json.dumps({"call_count": 28})}
    with Client() as asker:
        remarks = reader(meta).check(asker)
    said = [remark.words.say("fr") for remark in remarks]
    assert all(remark.is_good for remark in remarks)
    assert "Clinique du Lac" in said[0]
    assert said[-1] == "Quota de Meta utilisé : 28 %."


def test_the_token_of_a_person_is_noticed(meta):
    meta.once = [(200, {"id": STRANGER, "name": "Jeanne"})]
    with Client() as asker:
        remarks = reader(meta).check(asker)
    assert not remarks[0].is_good
    assert "Jeanne" in remarks[0].words.say("fr")


def test_a_network_that_asks_to_wait_is_waited_for(meta):
    usage = {PAGE: [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 12}]}
    meta.trouble = (400, refusal(80001), {"X-Business-Use-Case-Usage": json.dumps(usage)})
    with Client() as asker, pytest.raises(Throttled) as caught:
        list(reader(meta).fetch("", asker))
    assert caught.value.seconds == 12 * 60


def test_a_network_that_is_away(meta):
    meta.trouble = (502, b"<html>", {})
    made, answered = reader(meta), Answered(meta.post)
    with Client() as asker:
        with pytest.raises(NotReached):
            list(made.fetch("", asker))
        with pytest.raises(OutcomeUnknown):
            made.reply(answered, "Merci", "k", asker)


def test_what_is_no_json_is_refused(meta):
    meta.trouble = (200, b"<html>", {})
    with Client() as asker, pytest.raises(NetworkRefused):
        list(reader(meta).fetch("", asker))


def test_a_reply_stands_where_it_belongs_and_is_found(meta):
    top = meta.say("Bonjour")
    reply = meta.write("Et le samedi ?", above=top)
    made, answered = reader(meta), Answered(reply, thread=top)
    with Client() as asker:
        assert made.find_reply(answered, "Nous sommes ouverts.", "k", asker) is None
        sent = made.reply(answered, "Nous sommes ouverts.", "k", asker)
        assert meta.replies(reply) == ["Nous sommes ouverts."]
        assert made.find_reply(answered, "Nous  sommes\nouverts.", "k", asker).id == sent.id
    assert meta.questions[-1].params["filter"] == "stream"


def test_a_reply_that_facebook_moved_up_in_its_thread_is_found(meta):
    top = meta.say("Bonjour")
    reply = meta.write("Et le samedi ?", above=top)
    moved = meta.write("Nous sommes ouverts.", PAGE, top)
    meta.write("Nous sommes ouverts.", STRANGER, top)
    with Client() as asker:
        found = reader(meta).find_reply(Answered(reply, thread=top), "Nous sommes ouverts.", "k", asker)
    assert (found.id, found.url) == (moved, f"https://www.facebook.com/{moved}")


def test_the_same_words_under_another_comment_are_another_reply(meta):
    post = meta.publish("Question", STRANGER)
    first, second = meta.write("Un", above=post), meta.write("Deux", above=post)
    meta.write("Merci de votre message.", PAGE, first)
    with Client() as asker:
        assert (
            reader(meta).find_reply(Answered(second, thread=post), "Merci de votre message.", "k", asker)
            is None
        )


def test_hiding_and_removing_may_be_repeated(meta):
    top = meta.say("Bonjour")
    made, answered = reader(meta), Answered(top)
    with Client() as asker:
        for _time in range(2):
            made.hide(answered, asker)
        assert not meta.is_visible(top)
        made.show(answered, asker)
        assert meta.is_visible(top)
        for _time in range(2):
            made.remove(answered, asker)
        with pytest.raises(NetworkRefused):
            made.hide(answered, asker)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"feed": 3}', '{"feed": {"known": []}}', "null"])
def test_a_broken_cursor_begins_again(meta, broken):
    meta.say("Bonjour")
    assert texts(drained(reader(meta), broken)[0]) == ["Bonjour"]


@given(st.lists(ODD, max_size=3))
def test_odd_answers_are_left_out(found):
    for entry in asking.each(walls.Entry, found):
        for one in (entry, *asking.each(walls.Message, entry.comments.data)):
            heard = one.heard(PAGE, one.parent.id)
            assert max(len(heard.id), len(heard.parent), len(heard.author)) <= 200
    for one in asking.each(walls.Recommendation, found):
        assert 0 < len(one.heard(PAGE).id) <= 200


@pytest.mark.parametrize(
    "told", [{"page": "clinique"}, {"token": ""}, {"posts": 5}, {"posts": 500}, {"x": 1}]
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        FacebookSettings(**{"page": PAGE, "token": TOKEN, **told})


def test_settings_do_not_show_the_token(meta):
    assert TOKEN not in repr(FacebookSettings(page=PAGE, token=TOKEN))
