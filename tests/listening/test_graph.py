"""Meta's Graph API: what its errors mean, when it rests; rounds over posts, and what a cursor keeps."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.listening.brought import ANY_JSON, reached
from tests.standins.graph import PAGE, SECRET, TOKEN, FakeFacebook, refusal
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, client, graph, graph_rounds
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Heard
from veilleur.listening.graph import Graph, Missing, RightMissing
from veilleur.listening.graph_rounds import Remembered, Round
from veilleur.listening.oauth2 import Pasted

FULL = {"call_count": 97, "total_time": 12, "total_cputime": 3}
USAGE, BUSINESS = "X-App-Usage", "X-Business-Use-Case-Usage"


@pytest.fixture
def meta(monkeypatch):
    with reached(FakeFacebook(), monkeypatch) as running:
        yield running


def answer(status: int, told: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=json.dumps(told).encode(), headers=named)


def named(meta: FakeFacebook, made: Graph | None = None) -> str:
    with Client() as asker:
        return (made or Graph(meta.api, Pasted(SecretStr(TOKEN)))).read(PAGE, {"fields": "name"}, asker)[
            "name"
        ]


@pytest.mark.parametrize(
    ("code", "subcode", "wanted"),
    [
        *((code, 0, Throttled) for code in (4, 17, 32, 341, 613, 80001, 80002)),
        *((code, 0, CredentialsRefused) for code in (102, 190)),
        *((code, 0, RightMissing) for code in (3, 10, 200, 230, 299)),
        *((code, 0, OutcomeUnknown) for code in (1, 2)),
        (100, 33, Missing),
        (803, 0, Missing),
        (100, 0, NetworkRefused),
        (12, 0, NetworkRefused),
        (368, 0, NetworkRefused),
    ],
)
def test_an_error_means_what_its_code_says(code, subcode, wanted):
    with pytest.raises(NetworkRefused if wanted is NetworkRefused else wanted) as caught:
        graph.judge(answer(400, refusal(code, "not like this", subcode)))
    assert type(caught.value) is wanted
    assert f"(#{code}) not like this [fbtrace AbCdEf]" in str(caught.value)


def test_an_error_that_passes_is_told_by_its_flag():
    with pytest.raises(OutcomeUnknown):
        graph.judge(answer(400, refusal(9999, is_transient=True)))


@pytest.mark.parametrize(
    "told", [[], "no", {"error": "no"}, {"error": {}}, {"error": {"code": "many"}}, None]
)
def test_an_error_of_another_shape_is_judged_by_its_status(told):
    assert graph.judge(answer(400, told)) is None


def test_a_token_is_never_repeated():
    with pytest.raises(CredentialsRefused) as caught:
        graph.judge(answer(400, refusal(190, f"Malformed access token {TOKEN}")))
    assert TOKEN not in str(caught.value)


def test_the_wait_is_that_which_meta_asks_for():
    business = json.dumps({PAGE: [{**FULL, "estimated_time_to_regain_access": 7}]})
    with pytest.raises(Throttled) as caught:
        graph.judge(answer(400, refusal(32), x_business_use_case_usage=business))
    assert caught.value.seconds == 7 * 60
    with pytest.raises(Throttled) as caught:
        graph.judge(answer(400, refusal(4), x_app_usage=json.dumps(FULL)))
    assert caught.value.seconds == graph.PAUSE


@given(ANY_JSON, ANY_JSON)
def test_odd_quotas_are_no_quotas(app, business):
    told = answer(200, {}, x_app_usage=json.dumps(app), x_business_use_case_usage=json.dumps(business))
    assert 0 <= graph.spent(told) < 1e9
    assert 0 <= graph.waiting_time(told) <= client.LONGEST_WAIT


def test_nothing_is_read_once_the_quota_is_nearly_spent(meta):
    made = Graph(meta.api, Pasted(SecretStr(TOKEN)))
    meta.headers = {USAGE: json.dumps(FULL)}
    named(meta, made)
    with pytest.raises(Throttled, match="97 %") as caught:
        named(meta, made)
    assert graph.PAUSE - 5 < caught.value.seconds <= graph.PAUSE
    assert len(meta.questions) == 1
    with Client() as asker:
        assert made.published(f"{meta.post}/comments", "Merci", asker)


def test_a_quota_with_room_is_no_reason_to_wait(meta):
    made = Graph(meta.api, Pasted(SecretStr(TOKEN)))
    meta.headers = {BUSINESS: json.dumps({PAGE: [{**FULL, "call_count": 40}]})}
    assert named(meta, made) == named(meta, made)
    assert made.spent == 40


def test_a_signed_application_is_served(meta):
    meta.is_signed = True
    assert named(meta, Graph(meta.api, Pasted(SecretStr(TOKEN)), SECRET))
    with pytest.raises(NetworkRefused, match="appsecret_proof"):
        named(meta)
    assert all(TOKEN not in str(one.params) for one in meta.questions)


def test_a_server_that_falls_over_is_asked_again_and_a_change_is_not(meta):
    meta.once = [(500, refusal(2)), (503, b"down")]
    assert named(meta)
    meta.once = [(500, refusal(1))]
    with Client() as asker, pytest.raises(OutcomeUnknown):
        Graph(meta.api, Pasted(SecretStr(TOKEN))).published(f"{meta.post}/comments", "Merci", asker)
    meta.trouble = (500, refusal(2), {})
    with pytest.raises(NotReached):
        named(meta)


@pytest.mark.parametrize("told", [b"true", {}, {"id": 12}, {"id": "../me"}, b"<html>"])
def test_a_reply_without_an_id_is_read_back(meta, told):
    meta.once = [(200, told)]
    with Client() as asker, pytest.raises(OutcomeUnknown):
        Graph(meta.api, Pasted(SecretStr(TOKEN))).published(f"{meta.post}/comments", "Merci", asker)


def test_what_may_not_be_removed_is_not_taken_for_gone(meta):
    made, there = Graph(meta.api, Pasted(SecretStr(TOKEN))), meta.say("Bonjour")
    with Client() as asker:
        meta.once = [(400, refusal(100, "does not exist", 33))]
        with pytest.raises(Missing):
            made.remove(there, asker)
        made.remove(there, asker)
        made.remove(there, asker)
    assert not meta.is_visible(there)


@pytest.mark.parametrize("name", ["", "../me", "a/b", "rating:ab", "1?x", "é", "1" * 101])
def test_only_ids_stand_in_addresses(name):
    with pytest.raises(NetworkRefused):
        graph.known_id(name)


@given(ANY_JSON)
def test_lists_of_any_shape_are_read_or_refused(told):
    try:
        found = asking.parsed(graph.Listing, told)
    except NetworkRefused:
        return
    assert len(found.after) <= graph.LONGEST_CURSOR


@given(st.text() | ANY_JSON.map(json.dumps))
def test_a_broken_cursor_is_none(cursor):
    assert all(isinstance(one, Round) for one in graph_rounds.rounds(cursor).values())


def test_a_cursor_brings_back_what_it_was_made_of():
    told = {"feed": Round("abc", 3, True, {"1": Remembered(2, {"2": "ff"})}, {"3": Remembered()})}
    assert graph_rounds.rounds(graph_rounds.cursor(told)) == told


def test_a_cursor_that_grows_too_long_forgets_words_and_not_posts():
    posts = {f"{number}": Remembered(30, {f"{number}_{n}".ljust(90, "0"): "f" * 8 for n in range(30)})
             for number in range(90)}  # fmt: skip
    text = graph_rounds.cursor({"feed": Round(known=posts)})
    assert len(text) <= MOST_CURSOR
    kept = graph_rounds.rounds(text)["feed"].known
    assert kept == {name: Remembered(30) for name in posts}


def test_no_more_is_remembered_than_there_is_room_for():
    memory = Round()
    for number in range(100):
        said = {f"{number}_{n}": "ffffffff" for n in range(400)}
        memory = memory.noting(str(number), 400, said, 50)
    assert len(memory.now) == 50
    assert sum(len(one.said) for one in memory.now.values()) <= graph_rounds.MOST_REMEMBERED
    assert max(len(one.said) for one in memory.now.values()) <= graph_rounds.MOST_OF_A_POST


def test_a_digest_tells_edits():
    assert graph_rounds.digest(Heard("1", "a")) == graph_rounds.digest(Heard("2", "a"))
    assert graph_rounds.digest(Heard("1", "a")) != graph_rounds.digest(Heard("1", "a", title="b"))
    assert graph_rounds.digest(Heard("1", "\ud800"))
