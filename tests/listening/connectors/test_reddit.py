"""Reddit: subreddits, searches and the inbox, what changed in them, and what leaves in the account's name."""

from __future__ import annotations

import contextlib
import json
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, reached, texts
from tests.listening.brought import drained as every
from tests.standins.reddit import ACCOUNT, OAUTH, PASSWORD, STRANGER, SUBREDDIT, FakeReddit, listing
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone
from veilleur.listening.connectors import reddit_api as api
from veilleur.listening.connectors import reddit_reading as reading
from veilleur.listening.connectors.reddit import Reddit
from veilleur.listening.connectors.reddit_settings import RedditSettings
from veilleur.testing import check_connector

drained = partial(every, most=api.PAGE)


@pytest.fixture
def network(monkeypatch):
    with reached(FakeReddit(), monkeypatch) as running:
        yield running


def settings(**told) -> RedditSettings:
    return RedditSettings(**{"account": ACCOUNT, **OAUTH, "subreddits": (SUBREDDIT,), "inbox": False, **told})


def account(network: FakeReddit, **told) -> Reddit:
    return Reddit(settings(**told), api=network.url, tokens=f"{network.url}/api/v1/access_token")


def test_it_keeps_the_contract(network):
    check_connector(account(network, inbox=True), network)


def test_it_keeps_the_contract_where_pages_are_short_and_with_a_password(network):
    network.page = 2
    for number in range(7):
        network.say(f"Avant {number}")
    check_connector(account(network, refresh_token="", password=PASSWORD), network)


def test_posts_and_comments_are_brought_in_the_markdown_they_were_written_in(network):
    said = "**Très** clair & <3 !\n\n> Merci 👩‍⚕️ [lien](https://example.org)"
    top = network.say(said)
    reply = network.write("Merci à vous", ACCOUNT, top)
    items = {item.id: item for item in drained(account(network))[0]}
    post, first, second = items[network.post], items[top], items[reply]
    assert (post.title, post.text, post.parent, post.thread) == (
        "La clinique du lac",
        "Vos expériences ?",
        "",
        "",
    )
    assert (first.text, first.author, first.title) == (said, "t2_leamartin", "")
    assert (first.parent, first.thread, first.is_own) == (network.post, network.post, False)
    assert (second.parent, second.thread, second.is_own) == (top, network.post, True)
    assert first.url.startswith(f"https://www.reddit.com/r/{SUBREDDIT}/comments/{network.post[3:]}/")
    assert first.published_at.timestamp() == pytest.approx(network.things[top]["at"])
    assert STRANGER not in repr(items)


def test_every_call_says_who_calls(network):
    drained(account(network))
    agents = {one.headers["User-Agent"] for one in network.questions}
    (agent,) = agents
    assert agent.startswith("server:fr.veilleur:v")
    assert agent.endswith(f"(by /u/{ACCOUNT})")


def test_only_what_changed_is_brought_again(network):
    first = network.say("Un")
    cursor = drained(account(network))[1]
    assert drained(account(network), cursor)[0] == []
    network.edit(first, "Un, corrigé")
    network.say("Deux")
    items, cursor = drained(account(network), cursor)
    assert sorted(texts(items)) == ["Deux", "Un, corrigé"]
    assert drained(account(network), cursor)[0] == []


def test_with_words_only_what_holds_one_is_brought(network):
    network.say("J’ai vu le Dr  MARTIN hier")
    network.say("Rien à voir")
    network.write("Qui connaît ?", title="Docteur Martinez", subreddit="lyon")
    network.write("Qui connaît le dr martin ?", title="Conseil", subreddit="lyon")
    made = account(network, words=("dr martin",))
    assert sorted(texts(drained(made)[0])) == ["J’ai vu le Dr  MARTIN hier", "Qui connaît le dr martin ?"]


def test_the_search_is_asked_with_and_without_accents_newest_first(network):
    drained(account(network, subreddits=(), words=("clinique de l’étoile",)))
    asked = [one.params for one in network.questions if one.path == "/search"]
    assert [one["q"] for one in asked] == ['"clinique de l’étoile"', '"clinique de l\'etoile"']
    assert {(one["sort"], one["type"], one["raw_json"]) for one in asked} == {("new", "link", "1")}


def test_a_post_that_the_search_finds_late_is_brought(network):
    made = account(network, subreddits=(), words=("urgences",))
    late = network.write("Les urgences du lac", title="Attente", subreddit="lyon")
    network.unindexed.add(late)
    network.write("Les urgences", title="Avis", subreddit="lyon")
    items, cursor = drained(made)
    assert texts(items) == ["Les urgences"]
    network.unindexed.clear()
    assert texts(drained(made, cursor)[0]) == ["Les urgences du lac"]


def test_the_inbox_brings_mentions_and_answers_and_no_private_message(network):
    own = network.write("Nous répondons ici.", ACCOUNT, title="Questions ?", subreddit="lyon")
    answer = network.write("Merci u/CliniqueDuLac", parent=own)
    own_comment = network.write("Avec plaisir", ACCOUNT, answer)
    again = network.write("Encore merci", parent=own_comment)
    items = {item.id: item for item in drained(account(network, subreddits=(), inbox=True))[0]}
    assert set(items) == {answer, again}
    assert (items[again].parent, items[again].thread) == (own_comment, own)
    assert items[again].url.endswith(f"/{again[3:]}/")
    asked = {one.path for one in network.questions if one.path.startswith("/message")}
    assert asked == {"/message/mentions", "/message/comments", "/message/selfreply"}


def test_what_came_by_two_ways_is_brought_once(network):
    network.say("Bonjour u/CliniqueDuLac")
    items = drained(account(network, inbox=True))[0]
    assert texts(items).count("Bonjour u/CliniqueDuLac") == 1


def test_removed_and_deleted_messages_are_gone(network):
    ids = [network.say(f"Avis {number}") for number in range(4)]
    cursor = drained(account(network))[1]
    network.delete(ids[0])
    network.moderate(ids[1])
    del network.things[ids[2]]
    network.delete(network.post)
    items, cursor = drained(account(network), cursor)
    assert set(items) == {Gone(one) for one in [*ids[:3], network.post]}
    assert drained(account(network), cursor)[0] == []


def test_a_message_that_speaks_of_deleted_is_not_gone(network):
    told = {"name": "t1_a", "author": "lea", "author_fullname": "t2_x", "body": "[deleted]"}
    assert not api.Thing(**told).is_gone
    left = api.Thing(name="t1_a", author="[deleted]", body="Bonjour")
    assert (left.is_gone, left.by) == (False, "")


def test_an_empty_answer_proves_no_deletion(network, monkeypatch):
    network.say("Bonjour")
    cursor = drained(account(network))[1]
    made = account(network)
    monkeypatch.setattr(reading, "OVERLAP", 0.0)
    network.things = {"t3_zz": network.things[network.post] | {"at": 1.0, "name": "t3_zz"}}
    assert not any(isinstance(item, Gone) for item in drained(made, cursor)[0])


def test_backfill_goes_on_where_it_stopped(network):
    network.page = 3
    for number in range(10):
        network.say(f"Avis {number}")
    with Client() as client:
        pages = account(network).fetch("", client)
        brought = [next(pages) for _page in range(3)]
    rest, cursor = drained(account(network), brought[-1].cursor)
    found = texts([item for page in brought for item in page.items] + rest)
    assert sorted(found) == sorted(["Vos expériences ?", *(f"Avis {number}" for number in range(10))])
    network.say("Nouveau")
    assert texts(drained(account(network), cursor)[0]) == ["Nouveau"]


def test_a_page_that_reddit_forgot_begins_again(network):
    network.page = 3
    for number in range(7):
        network.say(f"Avis {number}")
    with Client() as client:
        pages = account(network).fetch("", client)
        cursor = [next(pages) for _page in range(2)][-1].cursor
    network.delete(reading.memory(cursor).reached[f"r/{SUBREDDIT}/comments"].after)
    assert len(texts(drained(account(network), cursor)[0])) == 4


def test_what_was_read_is_not_walked_through_again(network):
    network.page = 5
    for number in range(40):
        network.write(f"Avis {number}", parent=network.post, at=network.born - 90_000 + 1_000 * number)
    cursor = drained(account(network))[1]
    network.say("Nouveau")
    asked = len(network.questions)
    assert texts(drained(account(network), cursor)[0]) == ["Nouveau"]
    paths = [one.path for one in network.questions[asked:]]
    assert paths.count(f"/r/{SUBREDDIT}/comments") == 2


def test_things_are_looked_at_again_in_turn(network, monkeypatch):
    monkeypatch.setattr(reading, "LOOKED_AT", 5)
    old = [
        network.write(f"Avis {number}", parent=network.post, at=network.born - 90_000 + number)
        for number in range(30)
    ]
    network.say("Nouveau")
    network.page = 1
    monkeypatch.setattr(reading, "MOST_PAGES", 31)
    cursor = drained(account(network))[1]
    network.delete(old[3])
    items, rounds = [], 0
    while not items and rounds < 6:
        items, cursor = drained(account(network), cursor)
        rounds += 1
    assert items == [Gone(old[3])]


def test_a_private_or_unknown_subreddit_is_told_of_after_the_others(network):
    network.private.add("prive")
    network.say("Ici")
    for name, words in (("prive", "private"), ("nulle_part", "no subreddit")):
        made = account(network, subreddits=(name, SUBREDDIT))
        with Client() as client:
            pages = made.fetch("", client)
            brought = [next(pages), next(pages)]
            assert "Ici" in texts(item for page in brought for item in page.items)
            with pytest.raises(NetworkRefused, match=words) as caught:
                list(pages)
            assert not isinstance(caught.value, CredentialsRefused)
            remarks = made.check(client)
        assert [remark.is_good for remark in remarks] == [True, False, True, True]


def test_collecting_leaves_some_of_the_limit_to_replies(network):
    top = network.say("Bonjour")
    network.left = 10.5
    made = account(network)
    with Client() as client:
        pages = made.fetch("", client)
        next(pages)
        with pytest.raises(Throttled) as caught:
            list(pages)
        assert 290 < caught.value.seconds <= 300
        assert made.reply(Answered(top), "Merci.", "k", client).id
        network.left = 1.0
        made.reply(Answered(top), "Merci encore.", "k", client)
        asked = len(network.questions)
        with pytest.raises(Throttled):
            made.reply(Answered(top), "Merci toujours.", "k", client)
    assert len(network.questions) == asked


def test_a_hurried_reply_waits_as_long_as_reddit_says(network):
    top = network.say("Bonjour")
    network.hurry = 540.0
    with Client() as client, pytest.raises(Throttled, match="RATELIMIT") as caught:
        account(network).reply(Answered(top), "Merci.", "k", client)
    assert caught.value.seconds == 540
    assert network.replies(top) == []


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Take a break for 9 minutes before trying again.", 540),
        ("try again in 40 seconds.", 40),
        ("try again in 1 hour.", 3600),
        ("you are doing that too much.", 60),
    ],
)
def test_a_sentence_says_how_long_to_wait(words, seconds):
    assert api.waiting_time(words) == seconds


def test_a_reply_is_found_under_a_post_and_under_a_comment(network):
    top = network.say("Bonjour")
    network.write("Merci.", parent=top)
    with Client() as client:
        made = account(network)
        for answered in (Answered(network.post), Answered(top), Answered(top, thread=network.post)):
            assert made.find_reply(answered, "Merci.", "k", client) is None
        under_post = made.reply(Answered(network.post), "Merci.", "k", client)
        under_top = made.reply(Answered(top), "Merci.", "k", client)
        assert made.find_reply(Answered(network.post), "Merci. ", "k", client) == under_post
        assert made.find_reply(Answered(top), "Merci.", "k", client) == under_top
        with pytest.raises(NetworkRefused):
            made.find_reply(Answered("t1_zzz"), "Merci.", "k", client)


def test_a_report_reaches_the_moderators(network):
    top = network.say("Bonjour")
    with Client() as client:
        for _time in range(2):
            account(network).report(Answered(top), "Données de santé " * 20, client)
        with pytest.raises(NetworkRefused, match="no message"):
            account(network).report(Answered("../t1_a"), "x", client)
    assert [one[0] for one in network.reports] == [top, top]
    assert len(network.reports[0][1]) == 100


def test_the_diagnosis_names_account_rights_and_what_is_left(network):
    network.scope = "identity read"
    with Client() as client:
        remarks = account(network, inbox=True, words=("dr martin",)).check(client)
        lacking = [remark.words.say("en") for remark in remarks if not remark.is_good]
        assert [words.split("“")[1].split("”")[0] for words in lacking] == [
            "submit",
            "report",
            "privatemessages",
        ]
        assert remarks[0].words.say("fr") == f"Les réponses partiront au nom de u/{ACCOUNT}."
        assert remarks[-1].words.say("en").startswith("59")
        network.scope = "*"
        assert all(remark.is_good for remark in account(network).check(client))
        assert not account(network, account="quelquun").check(client)[0].is_good


@pytest.mark.parametrize(
    "told",
    [
        {"refresh_token": "revoked"},
        {"refresh_token": "", "password": "wrong"},
        {"client_secret": "wrong"},
    ],
)
def test_credentials_that_are_not_accepted_are_told_apart(network, told):
    with pytest.raises(CredentialsRefused):
        drained(account(network, **told))
    with Client() as client:
        (remark,) = account(network, **told).check(client)
    assert not remark.is_good


def test_one_token_serves_many_questions(network):
    made = account(network)
    drained(made)
    drained(made)
    assert network.tokens == 1


@pytest.mark.parametrize(
    ("code", "told", "headers", "raised"),
    [
        (401, {}, {}, CredentialsRefused),
        (
            403,
            {},
            {"WWW-Authenticate": 'Bearer realm="reddit", error="insufficient_scope"'},
            CredentialsRefused,
        ),
        (403, {"reason": "quarantined"}, {}, NetworkRefused),
        (403, b"<html>whoa there, pardner!</html>", {}, NetworkRefused),
        (302, b"", {"Location": "/subreddits/search"}, NetworkRefused),
        (404, {"reason": "banned"}, {}, NetworkRefused),
        (429, b"", {"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "77"}, Throttled),
        (500, {}, {}, NotReached),
        (503, b"", {}, NotReached),
        (200, b"<html>", {}, NetworkRefused),
        (200, {"data": {"children": 3}}, {}, NetworkRefused),
        (200, [], {}, NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(network, code, told, headers, raised):
    made = account(network)
    drained(made)
    network.trouble = (code, told, headers)
    with pytest.raises(raised) as caught:
        drained(made)
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)
    if raised is Throttled:
        assert caught.value.seconds == 77


def errors(*told):
    return {"json": {"errors": list(told)}}


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (200, errors(["TOO_OLD", "that's a piece of history now", "parent"]), NetworkRefused),
        (200, errors(["USER_REQUIRED", "Please log in", None]), CredentialsRefused),
        (200, errors(["RATELIMIT", "try again in 2 minutes", "ratelimit"]), Throttled),
        (200, {"json": {"errors": 3, "data": {"things": 3}}}, OutcomeUnknown),
        (200, errors(), OutcomeUnknown),
        (200, {}, OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (403, {"message": "Forbidden"}, NetworkRefused),
        (429, b"", Throttled),
        (503, b"", OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(network, code, told, raised):
    made = account(network)
    drained(made)
    network.trouble = (code, told, {})
    with Client() as client, pytest.raises(raised):
        made.reply(Answered(network.post), "Merci.", "k", client)


def test_a_reply_without_an_answer_is_read_back(network):
    top, made = network.say("Bonjour"), account(network)
    drained(made)
    network.slowness = 1.0
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        made.reply(Answered(top), "Merci.", "k", client)
    network.slowness = 0.0
    with Client() as client:
        assert made.find_reply(Answered(top), "Merci.", "k", client) is not None
    assert network.replies(top) == ["Merci."]


def test_nobody_there_is_not_reached(network):
    made = account(network)
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        drained(made)


@pytest.mark.parametrize(
    "cursor",
    ["", "{", "[]", '{"heard": 1}', '{"heard": {"../x": ["", 1]}}', "null", "\ud83d", "[" * 10_000],
)
def test_a_broken_cursor_means_from_the_beginning(network, cursor):
    network.say("Bonjour")
    assert "Bonjour" in texts(drained(account(network), cursor)[0])


def test_odd_entries_are_left_out_and_the_others_brought(network):
    good = {
        "kind": "t1",
        "data": {"name": "t1_a", "body": "Bonjour \ud83d", "author": None, "permalink": "x"},
    }
    empty = {"kind": "t1", "data": {"name": "t1_b", "body": "  "}}
    odd = [3, {"kind": "more", "data": {"name": "t1__"}}, {"kind": "t4", "data": {"name": "t4_a"}}, empty]
    made = account(network)
    drained(made)
    network.trouble = (200, listing([*odd, good]), {})
    (item,) = drained(made)[0]
    assert (item.text, item.author, item.url, item.published_at) == ("Bonjour �", "", "", None)


def test_a_list_without_end_ends(network, monkeypatch):
    monkeypatch.setattr(
        network,
        "_listed",
        lambda _found, question, *_rest: (200, listing([], f"t1_{len(network.questions)}")),
    )
    assert drained(account(network))[0] == []
    assert len(network.questions) <= 1 + 2 * 2 * reading.MOST_PAGES


def test_the_longest_cursor_is_short_enough():
    things = [
        api.Thing(name=f"t1_{number:013}", body=str(number), created_utc=1e9 + number + 0.123456)
        for number in range(3000)
    ]
    told = reading.Memory().with_looked_at(things, [])
    for number in range(100):
        told = told.with_reach(f"?{number:040}", reading.Reach(1e9, 1e9, "t3_" + "a" * 13))
    assert len(told.heard) == reading.REMEMBERED
    assert len(reading.cursor(told)) <= MOST_CURSOR
    assert reading.memory(reading.cursor(told)) == told


@pytest.mark.parametrize(
    "told",
    [
        {"subreddits": ()},
        {"subreddits": ("not a subreddit",)},
        {"subreddits": tuple(f"name{number}" for number in range(11))},
        {"words": tuple(f"mot {number}" for number in range(21))},
        {"account": "?"},
        {"client_secret": ""},
        {"client_id": "a b"},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        settings(**told)


@pytest.mark.parametrize(
    "line",
    ["sante", " r/sante ", "/r/sante/", "https://www.reddit.com/r/sante/", "https://reddit.com/r/sante"],
)
def test_a_subreddit_is_known_by_its_name_or_its_address(line):
    assert settings(subreddits=(line,)).subreddits == ("sante",)


def test_an_account_is_known_however_it_is_written():
    assert settings(account=" /u/CliniqueDuLac ").account == "CliniqueDuLac"


@given(ANY_JSON)
def test_no_answer_makes_it_fall_over(told):
    with contextlib.suppress(NetworkRefused):
        _ = asking.parsed(api.Listing, told).things
    with contextlib.suppress(NetworkRefused):
        thing = asking.parsed(api.Thing, {"name": "t1_a", "created_utc": told, "body": told, "context": told})
        _ = thing.published_at, thing.thread, thing.url, thing.is_gone, thing.digest
    with contextlib.suppress(NetworkRefused, Throttled):
        api._require_no_errors(asking.parsed(api._Changed, {"json": {"errors": told}}).outcome)


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(reading.memory(text), reading.Memory)
    assert isinstance(reading.memory(json.dumps(told)), reading.Memory)


@given(
    st.lists(st.floats(0, 4e9), max_size=5), st.floats(0, 4e9), st.sampled_from(["", "t1_a", "t1_b", "odd"])
)
def test_what_was_reached_never_lies_in_the_future(moments, floor, after):
    things = [{"data": {"name": f"t1_{number}", "created_utc": at}} for number, at in enumerate(moments)]
    now = time.time()
    reach = reading.Reach(min(floor, now), after="t1_b").beyond(
        api.Listing(children=things, after=after), 10.0, now
    )
    assert max(reach.floor, reach.top) <= now
    assert reach.after in {"", "t1_a"}
