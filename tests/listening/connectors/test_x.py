"""X: mentions and searches page by page, replies that are published once, limits that are kept."""

from __future__ import annotations

import contextlib
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_x import ACCOUNT, KEYS, OWN, STRANGER, TOKEN, FakeX
from tests.listening.brought import ANY_JSON, drained, reached, texts
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, oauth1
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Gone
from veilleur.listening.connectors import x, x_posts
from veilleur.listening.connectors.x import X, XSettings
from veilleur.testing import check_connector

DAY = 24 * 3600
PROBLEMS = "https://api.twitter.com/2/problems"


@pytest.fixture
def network(monkeypatch):
    with reached(FakeX(), monkeypatch) as running:
        yield running


def reader(network: FakeX, **told) -> X:
    return X(XSettings(**{"account": ACCOUNT, "hours": 0, **KEYS, **told}), api=network.url)


@pytest.mark.parametrize("is_old", [False, True])
def test_it_keeps_the_contract_by_either_names(network, is_old):
    network.is_old = is_old
    check_connector(reader(network), network)


def test_a_post_is_brought_whole_and_its_author_not_by_name(network):
    root = network.write(f"@{ACCOUNT} L'accueil < 10 min & \n bravo 👩‍⚕️")
    answer = network.write(f"@{ACCOUNT} oui", parent=root)
    first, second = drained(reader(network))[0]
    assert (first.id, first.text) == (root, f"@{ACCOUNT} L'accueil < 10 min & \n bravo 👩‍⚕️")
    assert (first.author, first.language, first.parent, first.thread) == (STRANGER, "fr", "", "")
    assert first.url == f"https://x.com/lea/status/{root}"
    assert first.published_at.isoformat() == "2026-11-02T08:15:30+00:00"
    assert (second.id, second.parent, second.thread) == (answer, root, root)
    assert "Martin" not in repr([first, second])


def test_the_whole_of_a_long_post_is_brought_and_no_language_is_guessed(network):
    more = {"note_post": {"text": "Tout. " * 100}}
    network.write(f"@{ACCOUNT} Tout…", more=more, lang="qme")
    (item,) = drained(reader(network))[0]
    assert item.text == "Tout. " * 100
    assert item.language == ""


def test_neither_reposts_nor_our_own_posts_are_brought(network):
    network.write(f"@{ACCOUNT} nous", OWN)
    network.write(f"RT @{ACCOUNT}", more={"referenced_posts": [{"type": "retweeted", "id": "1"}]})
    network.say("eux")
    assert texts(drained(reader(network))[0]) == [f"@{ACCOUNT} eux"]


def test_words_are_looked_for(network):
    network.write("J’ai vu le dr martin hier")
    network.write("Rien à voir")
    made = reader(network, words=("  ", '"dr   martin"'))
    assert texts(drained(made)[0]) == ["J’ai vu le dr martin hier"]


def test_what_search_cannot_reach_any_more_is_not_asked_for(network):
    made = reader(network, words=("martin",))
    network.write("martin, il y a longtemps", age=10 * DAY)
    cursor = drained(made)[1]
    network.write("martin, hier", age=DAY)
    items, _cursor = drained(made, cursor)
    assert "martin, hier" in texts(items)
    searches = [one for one in network.questions if "search" in one.path]
    assert all("since_id" not in one.params for one in searches)


def test_pages_go_on_where_they_stopped(network):
    wanted = [network.say(f"Message {number}") for number in range(250)]
    with Client() as client:
        first = next(reader(network).fetch("", client))
    assert len(first.items) == 100
    newer = network.say("Entre-temps")
    rest, cursor = drained(reader(network), first.cursor)
    assert sorted(item.id for item in (*first.items, *rest)) == sorted(wanted)
    assert [item.id for item in drained(reader(network), cursor)[0]] == [newer]
    again, _cursor = drained(reader(network), first.cursor)
    assert {item.id for item in rest} <= {item.id for item in again}


def test_every_version_of_a_post_has_one_id(network):
    first = network.say("Mal")
    cursor = drained(reader(network))[1]
    network.edit(first, "Bien, en fait")
    (item,) = drained(reader(network), cursor)[0]
    assert (item.id, item.text) == (first, f"@{ACCOUNT} Bien, en fait")


def test_deletions_are_looked_for_as_often_as_wished(network):
    gone = network.say("Un")
    rare, often = reader(network, hours=24), reader(network)
    cursor = drained(rare)[1]
    network.delete(gone)
    assert drained(rare, cursor)[0] == []
    assert drained(often, cursor)[0] == [Gone(gone)]


def test_the_account_is_asked_for_once(network):
    cursor = drained(reader(network))[1]
    drained(reader(network), cursor)
    assert len([one for one in network.questions if "by/username" in one.path]) == 1


def test_a_reply_is_published_under_its_message_and_found_again(network):
    post = network.say("Une question")
    with Client() as client:
        sent = reader(network).reply(Answered(post), "Bonjour, voir https://example.org", "k", client)
        assert sent.url == f"https://x.com/{ACCOUNT}/status/{sent.id}"
        links = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/"}]}
        network.posts[sent.id] |= {"text": "@lea Bonjour, voir https://t.co/a", "more": {"entities": links}}
        found = reader(network).find_reply(Answered(post), "Bonjour, voir https://example.org", "k", client)
        assert found == sent
        other = network.say("Une autre")
        assert reader(network).find_reply(Answered(other, thread=post), "Bonjour", "k", client) is None


def test_the_same_words_are_published_once(network):
    post = network.say("Une question")
    with Client() as client:
        sent = reader(network).reply(Answered(post), "Merci.", "k", client)
        assert reader(network).reply(Answered(post), "Merci.", "k", client) == sent
        with pytest.raises(NetworkRefused, match="duplicate"):
            reader(network).reply(Answered(network.say("Autre")), "Merci.", "k2", client)
    assert len(network.replies(post)) == 1


def test_a_reply_without_an_answer_is_read_back(network):
    post = network.say("Une question")
    network.slowness = 1.0
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        reader(network).reply(Answered(post), "Merci.", "k", client)
    network.slowness = 0.0
    with Client() as client:
        assert reader(network).find_reply(Answered(post), "Merci.", "k", client) is not None
    assert len(network.replies(post)) == 1


def test_what_is_no_post_is_not_asked_about(network):
    with Client() as client:
        for act in (reader(network).hide, reader(network).show):
            with pytest.raises(NetworkRefused, match="no post"):
                act(Answered("1/../../users"), client)
    assert network.questions == []


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (401, {}, CredentialsRefused),
        (403, {"type": f"{PROBLEMS}/client-not-enrolled"}, CredentialsRefused),
        (403, {"type": f"{PROBLEMS}/not-authorized-for-resource"}, NetworkRefused),
        (402, {"title": "CreditsDepleted"}, NetworkRefused),
        (429, {}, Throttled),
        (404, {}, NetworkRefused),
        (500, {}, NotReached),
        (200, b"<html>", NetworkRefused),
        (200, {"data": {"id": "abc"}}, NetworkRefused),
        (200, {"data": []}, NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(network, code, told, raised):
    network.trouble = (code, told, {})
    with pytest.raises(raised) as caught:
        drained(reader(network))
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (403, {"type": "about:blank", "detail": "You are not permitted"}, NetworkRefused),
        (403, {"type": f"{PROBLEMS}/oauth1-permissions"}, CredentialsRefused),
        (400, {"detail": "post.fields"}, NetworkRefused),
        (503, {}, OutcomeUnknown),
        (201, {}, OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(network, code, told, raised):
    network.trouble = (code, told, {})
    with Client() as client, pytest.raises(raised):
        reader(network).reply(Answered("12"), "Merci.", "k", client)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"x-rate-limit-reset": "{600}"}, 590, 600),
        ({"x-rate-limit-reset": "{600}", "x-rate-limit-remaining": "0"}, 590, 600),
        (
            {
                "x-rate-limit-reset": "{600}",
                "x-rate-limit-remaining": "4",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "{7200}",
            },
            7190,
            7200,
        ),
        ({"x-rate-limit-reset": "{-50}"}, 1, 1),
        ({"x-rate-limit-reset": "99999999999"}, DAY, DAY),
        ({"x-rate-limit-reset": "soon", "Retry-After": "7"}, 7, 7),
        ({}, 60, 60),
    ],
)
def test_x_says_how_long_to_wait(network, headers, least, most):
    now = int(time.time())
    said = {name: f"{now + int(one[1:-1])}" if one[0] == "{" else one for name, one in headers.items()}
    network.trouble = (429, {"title": "Too Many Requests"}, said)
    with pytest.raises(Throttled) as caught:
        drained(reader(network))
    assert least <= caught.value.seconds <= most


def test_the_diagnosis_tells_whose_token_it_is_and_what_is_left(network):
    network.headers = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "299"}
    with Client() as client:
        found, name, left = reader(network, words=("martin",)).check(client)
        assert [found.is_good, name.is_good, left.is_good] == [True, True, True]
        assert f"@{ACCOUNT}" in name.words.say("fr")
        assert "299" in left.words.say("fr")
        _found, name, _left = reader(network, token=TOKEN, access_token="").check(client)
        assert "application" in name.words.say("fr")
        network.once = [(200, {"data": {"id": OWN}}), (200, {"data": {"id": "1", "username": "autre"}})]
        _found, name, _left = reader(network).check(client)
        assert not name.is_good
        (refused,) = reader(network, token="wrong", access_token="").check(client)
        assert not refused.is_good


def test_nobody_there_is_not_reached(network):
    made = reader(network)
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        drained(made)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "{",
        "[]",
        '{"recent": ["../x"]}',
        '{"account": ["CliniqueDuLac", "a"]}',
        "null",
        "\ud83d",
        "[" * 9999,
    ],
)
def test_a_broken_cursor_means_from_the_beginning(network, cursor):
    network.say("Bonjour")
    assert len(drained(reader(network), cursor)[0]) == 1


def test_odd_entries_are_left_out_and_the_others_brought(network):
    good = {"id": "20", "text": "Bonjour \ud83d", "author_id": None, "referenced_posts": {}, "lang": None}
    page = {"data": [3, {"id": "x"}, good], "includes": None, "errors": "odd"}
    network.once = [(200, {"data": {"id": OWN}}), (200, page)]
    items, _cursor = drained(reader(network))
    assert [(item.id, item.text, item.author) for item in items] == [("20", "Bonjour �", "")]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {**KEYS, "access_secret": ""},
        {"token": TOKEN, "account": "@clinique du lac"},
        {"token": TOKEN, "words": tuple(f"{'mot' * 10} {number}" for number in range(30))},
        {"token": TOKEN, "hours": -1},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        XSettings(**{"account": ACCOUNT, **told})


def test_secrets_are_in_no_words(network):
    settings = XSettings(account=ACCOUNT, token=TOKEN, **KEYS)
    assert TOKEN not in repr(settings)
    assert "cs" not in repr(settings.keys)


def test_a_request_is_signed_as_x_shows_it():
    """The example of “Creating a signature” in the documentation of X."""
    keys = oauth1.Keys(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    params = {"include_entities": "true", "status": "Hello Ladies + Gentlemen, a signed OAuth request!"}
    said = oauth1.header(
        keys,
        "POST",
        "https://api.twitter.com/1.1/statuses/update.json",
        params,
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp=1318622958,
    )
    assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in said


@given(ANY_JSON)
def test_no_answer_makes_it_fall_over(told):
    with contextlib.suppress(NetworkRefused):
        for post in asking.each(x_posts.Post, asking.parsed(x_posts.Found, told).data):
            assert x_posts.heard(post, {}).id
            assert isinstance(post.plain, str)


@given(st.dictionaries(st.sampled_from(["text", "entities", "note_post", "edit_history_post_ids"]), ANY_JSON))
def test_no_post_makes_it_fall_over(told):
    for post in asking.each(x_posts.Post, [{"id": "7", **told}]):
        assert x_posts.heard(post, {}).id
        assert isinstance(post.plain, str)


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(x_posts.memory(text), x_posts.Memory)
    assert isinstance(x_posts.memory(json.dumps(told)), x_posts.Memory)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_no_words_break_out_of_the_query(words):
    with contextlib.suppress(ValidationError):
        kept = XSettings(account=ACCOUNT, token=TOKEN, words=tuple(words)).words
        quoted = [one for one in kept if not re.fullmatch(r"#\w+", one)]
        assert x.query_of(kept, ACCOUNT).count('"') == 2 * len(quoted)


def test_a_list_without_end_ends(network):
    page = {"data": [{"id": "20"}], "meta": {"next_token": "again"}}
    network.once = [(200, {"data": {"id": OWN}}), (200, page), (200, page)]
    assert len(drained(reader(network))[0]) == 2
    assert len([one for one in network.questions if "mentions" in one.path]) == 2
