"""Bluesky without Bluesky: a small server that speaks as one does, well and badly."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import atproto, client, firehose
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone, Heard
from veilleur.listening.connectors import bluesky
from veilleur.listening.connectors.bluesky import WINDOW, Bluesky, BlueskySettings
from veilleur.listening.watching import Watch, folded

OWN = "did:plc:cabinet"
PASSWORD = "aaaa-bbbb-cccc-dddd"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "k" * 32


def uri(number: int, did: str = "did:plc:patient") -> str:
    return f"at://{did}/app.bsky.feed.post/3l{number:011d}".replace("0", "a").replace("1", "b")


def post(number: int, text: str = "Bonjour", did: str = "did:plc:patient", **more):
    at = (NOON + timedelta(minutes=number)).isoformat()
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at, **more.pop("record", {})}
    author = {"did": did, "handle": "patient.example"}
    return {
        "uri": uri(number, did),
        "cid": f"c{number}",
        "author": author,
        "record": record,
        "indexedAt": at,
    } | more


class Network(ThreadingHTTPServer):
    """What it is told and asked is kept; `answers` replaces what a method would say."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: list[dict] = []
        """Notifications, oldest first."""
        self.posts: list[dict] = []
        """What a search looks through, oldest first."""
        self.unseen: set[str] = set()
        """There, and not shown to this account."""
        self.records: dict[str, dict] = {}
        self.reports: list[dict] = []
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.answers: dict[str, tuple[int, object]] = {}
        self.headers: dict[str, str] = {}
        self.expired: set[str] = set()
        self.signed_in = 0
        self.identity: object = None
        self.page = 100

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """Who hung up needs no answer."""

    def there(self) -> dict[str, dict]:
        return {one["uri"]: one for one in [*self.told, *self.posts]}

    def say(self, method: str, asked: dict[str, list[str]]) -> tuple[int, object]:
        match method.rpartition(".")[2]:
            case "listNotifications":
                return 200, self.listed("notifications", self.told, asked)
            case "searchPosts":
                word = asked["q"][0]
                return 200, self.listed(
                    "posts", [p for p in self.posts if word in p["record"]["text"]], asked
                )
            case "getPosts":
                assert len(asked["uris"]) <= 25
                there = self.there()
                return 200, {
                    "posts": [there[u] for u in asked["uris"] if u in there and u not in self.unseen]
                }
            case "getRecord":
                address = f"at://{asked['repo'][0]}/{asked['collection'][0]}/{asked['rkey'][0]}"
                known = self.records.get(address) or self.there().get(address)
                return (200, {"uri": address}) if known else (400, {"error": "RecordNotFound"})
            case "resolveHandle":
                known = asked["handle"][0] == "patient.example"
                return (200, {"did": "did:plc:patient"}) if known else (400, {"error": "InvalidRequest"})
        raise AssertionError(method)

    def listed(self, key: str, entries: list[dict], asked: dict[str, list[str]]) -> dict:
        start = int(asked.get("cursor", ["0"])[0])
        newest = entries[::-1]
        told: dict[str, object] = {key: newest[start : start + self.page]}
        return told | ({"cursor": str(start + self.page)} if start + self.page < len(newest) else {})

    def do(self, method: str, told: dict) -> tuple[int, object]:
        match method.rpartition(".")[2]:
            case "createSession":
                if (told["identifier"], told["password"]) != ("cabinet.example", PASSWORD):
                    return 401, {
                        "error": "AuthenticationRequired",
                        "message": "Invalid identifier or password",
                    }
                self.signed_in += 1
                session = {"accessJwt": f"t{self.signed_in}", "did": OWN, "handle": "cabinet.example"}
                return 200, session | {"didDoc": self.identity, "active": True}
            case "putRecord":
                address = f"at://{told['repo']}/{told['collection']}/{told['rkey']}"
                assert "swapRecord" in told
                if address in self.records:
                    return 400, {"error": "InvalidSwap", "message": "Record was at c1"}
                self.records[address] = told["record"]
                return 200, {"uri": address, "cid": "c1"}
            case "createReport":
                self.reports.append(told)
                return 200, {"id": 1}
        raise AssertionError(method)


class Handler(BaseHTTPRequestHandler):
    server: Network
    wbufsize = -1
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.handled(parts.path.removeprefix("/xrpc/"), parse_qs(parts.query), self.server.say)

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.handled(self.path.removeprefix("/xrpc/"), told, self.server.do)

    def handled(self, method: str, told: dict, act) -> None:
        name = method.rpartition(".")[2]
        self.server.asked.append((name, told))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.server.expired:
            self.answer(400, {"error": "ExpiredToken", "message": "Token has expired"})
        elif name in self.server.answers:
            self.answer(*self.server.answers[name])
        else:
            self.answer(*act(method, told))

    def answer(self, code: int, content: object) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def served() -> Iterator[Network]:
    server = Network()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(client, "PAUSE", 0.01)
    with served() as running:
        monkeypatch.setenv(client.INTERNAL_HOSTS, urlsplit(running.url).netloc)
        yield running


def made(network: Network, **told) -> Bluesky:
    named = {"handle": "cabinet.example", "password": PASSWORD, "service": network.url, "relay": network.url}
    return Bluesky(BlueskySettings(**{**named, **told}))


def pages(connector: Bluesky, since: str = ""):
    with Client(seconds=2) as asking:
        return list(connector.fetch(since, asking))


def drained(connector: Bluesky, since: str = "") -> tuple[list[Heard | Gone], str]:
    brought = pages(connector, since)
    return [item for page in brought for item in page.items], brought[-1].cursor


# What is brought


def test_what_the_account_is_told_comes_oldest_first_in_pages(network):
    network.told = [post(number, reason="reply") for number in range(250)]
    brought = pages(made(network))
    assert [len(page.items) for page in brought] == [100, 100, 50, 0]
    assert [item.id for page in brought for item in page.items] == [uri(number) for number in range(250)]
    rest, _cursor = drained(made(network), brought[0].cursor)
    assert [item.id for item in rest] == [uri(number) for number in range(100, 250)]


def test_a_message_is_what_the_network_says(network):
    root = {"uri": uri(1, OWN), "cid": "c"}
    where = {"root": root, "parent": {"uri": uri(2), "cid": "c"}}
    network.told = [post(3, "Merci\n« beaucoup » 👩‍⚕️", record={"reply": where, "langs": ["fr", "en"]})]
    (item,), _cursor = drained(made(network))
    rkey = uri(3).rpartition("/")[2]
    assert item == Heard(
        uri(3),
        "Merci\n« beaucoup » 👩‍⚕️",
        author="did:plc:patient",
        url=f"https://bsky.app/profile/patient.example/post/{rkey}",
        parent=uri(2),
        thread=uri(1, OWN),
        language="fr",
        published_at=NOON + timedelta(minutes=3),
    )


def test_a_handle_that_is_not_good_is_not_in_the_address(network):
    network.told = [post(1) | {"author": {"did": "did:plc:patient", "handle": "handle.invalid"}}]
    (item,), _cursor = drained(made(network))
    assert "/profile/did:plc:patient/post/" in item.url


@pytest.mark.parametrize("said", ["", "hier", "2199-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_date_that_cannot_be_is_when_the_network_saw_it(network, said):
    network.told = [post(1, record={"createdAt": said})]
    (item,), _cursor = drained(made(network))
    assert item.published_at == NOON + timedelta(minutes=1)


def test_nothing_comes_twice_unless_asked_from_an_old_cursor(network):
    network.told = [post(1), post(2)]
    first, cursor = drained(made(network))
    assert len(first) == 2
    assert drained(made(network), cursor)[0] == []
    network.told.append(post(3))
    for _time in range(2):
        assert [item.id for item in drained(made(network), cursor)[0]] == [uri(3)]


def test_what_turns_up_late_is_brought(network):
    network.told = [post(1), post(600)]
    _items, cursor = drained(made(network))
    network.told.insert(1, post(2))
    assert [item.id for item in drained(made(network), cursor)[0]] == [uri(2)]


def test_what_was_brought_long_ago_is_not_asked_for_again(network):
    network.page = 10
    network.told = [post(1440 * day) for day in range(60)]
    _items, cursor = drained(made(network))
    network.asked.clear()
    drained(made(network), cursor)
    assert [name for name, _told in network.asked].count("listNotifications") == 1


def test_the_account_itself_is_not_brought(network):
    network.posts = [post(1, "délai", did=OWN), post(2, "délai")]
    items, _cursor = drained(made(network, words=("délai",)))
    assert [item.id for item in items] == [uri(2)]


def test_words_are_looked_for_with_and_without_accents_and_whole(network):
    network.posts = [post(1, "Un délai"), post(2, "un delai"), post(3, "délaissée"), post(4, "rien")]
    items, cursor = drained(made(network, words=("délai",)))
    assert [item.id for item in items] == [uri(1), uri(2)]
    asked = [told["q"][0] for name, told in network.asked if name == "searchPosts"]
    assert asked == ["délai", "delai"]
    network.asked.clear()
    assert drained(made(network, words=("délai",)), cursor)[0] == []
    assert all("since" in told for name, told in network.asked if name == "searchPosts")


def test_a_new_word_brings_its_past_and_an_old_one_is_forgotten(network):
    network.posts = [post(1, "attente"), post(9, "accueil")]
    _items, cursor = drained(made(network, words=("accueil",)))
    items, cursor = drained(made(network, words=("attente",)), cursor)
    assert [item.id for item in items] == [uri(1)]
    assert "accueil" not in cursor


def test_a_search_does_not_go_on_without_end(network):
    network.page = 1
    network.posts = [post(number, "attente") for number in range(50)]
    items, _cursor = drained(made(network, words=("attente",)))
    assert [item.id for item in items] == [uri(number) for number in range(40, 50)]


def test_a_deletion_is_noticed_once(network):
    network.told = [post(number) for number in range(60)]
    _items, cursor = drained(made(network))
    del network.told[30]
    items, after = drained(made(network), cursor)
    assert items == [Gone(uri(30))]
    assert drained(made(network), cursor)[0] == items
    assert drained(made(network), after)[0] == []


def test_what_is_only_hidden_from_the_account_is_not_gone(network):
    network.told = [post(1), post(2)]
    _items, cursor = drained(made(network))
    network.unseen = {uri(1)}
    assert drained(made(network), cursor)[0] == []


def test_a_deletion_of_a_whole_account_is_noticed(network):
    network.told = [post(1)]
    _items, cursor = drained(made(network))
    network.told = []
    network.answers["getRecord"] = (400, {"error": "InvalidRequest", "message": "Could not find repo: x"})
    assert drained(made(network), cursor)[0] == [Gone(uri(1))]


def test_not_too_many_are_asked_for_one_by_one(network):
    network.told = [post(number) for number in range(100)]
    _items, cursor = drained(made(network))
    network.told = []
    items, cursor = drained(made(network), cursor)
    assert len(items) == bluesky.MOST_CONFIRMED
    assert len(drained(made(network), cursor)[0]) == 50


def test_a_cursor_stays_short(network):
    network.told = [post(number, did="did:web:" + "x" * 130) for number in range(WINDOW + 200)]
    _items, cursor = drained(made(network, words=("mot",)))
    assert len(cursor) < MOST_CURSOR
    assert cursor.count("at://") == WINDOW


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"recent": ["x"]}', '{"marks": {"": "hier"}}', "12"])
def test_a_broken_cursor_means_from_the_beginning(network, cursor):
    network.told = [post(1)]
    assert [item.id for item in drained(made(network), cursor)[0]] == [uri(1)]


KEYS = st.sampled_from(["marks", "recent", "", "a"]) | st.text()
CURSORS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda told: st.lists(told) | st.dictionaries(KEYS, told),
    max_leaves=8,
)


@settings(max_examples=50)
@given(CURSORS)
def test_no_cursor_makes_it_fall_over(told):
    place = bluesky._Place.of(json.dumps(told))
    assert bluesky._Place.of(place.model_dump_json()) == place


FIELDS = st.sampled_from(["uri", "cid", "author", "record", "indexedAt", "did", "reply", "root"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("2026-01-01T00:00:00Z"),
    lambda told: st.lists(told, max_size=3) | st.dictionaries(FIELDS, told),
    max_leaves=12,
)


@given(ODD, st.sampled_from(["uri", "cid", "author", "record", "indexedAt", "viewer"]))
def test_an_odd_post_is_left_out(odd, field):
    good = post(1)
    for one in atproto.posts_of([odd, good | {field: odd}, good]):
        heard = bluesky._heard(one)
        assert len(heard.id) <= 200
        assert heard.published_at.tzinfo
    assert atproto.posts_of([odd, good])[-1].uri == uri(1)


# What goes wrong


@pytest.mark.parametrize(
    ("code", "said", "raised"),
    [
        (200, b"<html>", NetworkRefused),
        (200, [], NetworkRefused),
        (200, {"notifications": 3}, NetworkRefused),
        (400, {"error": "InvalidRequest"}, NetworkRefused),
        (401, {"error": "AuthMissing"}, CredentialsRefused),
        (403, {}, CredentialsRefused),
        (429, {}, Throttled),
        (500, {}, NotReached),
        (502, b"", NotReached),
    ],
)
def test_each_answer_means_one_thing(network, code, said, raised):
    network.answers["listNotifications"] = (code, said)
    with pytest.raises(raised):
        drained(made(network))


@pytest.mark.parametrize(
    ("code", "said", "raised"),
    [
        (401, {"error": "AuthFactorTokenRequired"}, CredentialsRefused),
        (429, {}, Throttled),
        (500, {}, NotReached),
        (200, {"did": OWN}, NetworkRefused),
        (200, b"x" * 6_000_000, NotReached),
    ],
)
def test_signing_in_changes_nothing(network, code, said, raised):
    network.answers["createSession"] = (code, said)
    with pytest.raises(raised):
        drained(made(network))
    with pytest.raises(raised), Client() as asking:
        made(network).reply(Answered(uri(1)), "Merci.", KEY, asking)


def test_one_signs_in_once_an_hour(network, monkeypatch):
    drained(made(network))
    drained(made(network))
    assert network.signed_in == 1
    monkeypatch.setattr(atproto.time, "monotonic", lambda: 10.0**9)
    drained(made(network))
    assert network.signed_in == 2


def test_a_session_that_ended_early_is_begun_anew(network):
    drained(made(network))
    network.expired = {"t1"}
    drained(made(network))
    assert network.signed_in == 2
    network.expired |= {f"t{number}" for number in range(9)}
    with pytest.raises(NetworkRefused, match="ExpiredToken"):
        drained(made(network))


def test_nobody_there_is_not_reached(network):
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        drained(made(network))
    with pytest.raises(NotReached), Client() as asking:
        next(made(network).stream("", asking))


@pytest.mark.parametrize(
    ("identity", "service", "host"),
    [
        ("https://pds.example", "https://bsky.social", "https://pds.example"),
        ("https://pds.example/", "http://localhost:1", "https://pds.example"),
        ("http://pds.example", "https://bsky.social", "https://bsky.social"),
        ("ftp://pds.example", "https://bsky.social", "https://bsky.social"),
        ("https://[", "https://bsky.social", "https://bsky.social"),
        (3, "https://bsky.social", "https://bsky.social"),
    ],
)
def test_questions_go_to_the_server_of_the_account_if_that_is_safe(identity, service, host):
    told = {"service": [{"id": "#other"}, {"id": "did:x#atproto_pds", "serviceEndpoint": identity}]}
    assert atproto._host(told, service) == host


@pytest.mark.parametrize("identity", [None, 3, [], {}, {"service": 3}, {"service": [3]}])
def test_an_odd_identity_is_no_other_server(identity):
    assert atproto._host(identity, "https://bsky.social") == "https://bsky.social"


# The diagnosis


def remarks(connector: Bluesky):
    with Client(seconds=2) as asking:
        return connector.check(asking)


def test_good_settings_are_called_good_with_what_is_left(network):
    network.headers = {"ratelimit-limit": "3000", "ratelimit-remaining": "2990"}
    found = remarks(made(network, words=("mot",)))
    assert all(remark.is_good for remark in found)
    assert "@cabinet.example" in found[0].words.say("fr")
    assert "2990" in found[-1].words.say("en")


def test_a_wrong_password_is_told_apart(network):
    (remark,) = remarks(made(network, password="zzzz-zzzz-zzzz-zzzz"))
    assert not remark.is_good


def test_a_word_that_cannot_be_searched_is_named(network):
    network.answers["searchPosts"] = (400, {"error": "InvalidRequest"})
    assert ["« mot »" in remark.words.say("fr") for remark in remarks(made(network, words=("mot",)))] == [
        False,
        True,
    ]


def test_a_suspended_account_is_told(network):
    session = {"accessJwt": "t", "did": OWN, "handle": "cabinet.example", "active": False}
    network.answers["createSession"] = (200, session)
    assert [remark.is_good for remark in remarks(made(network))] == [False]


def test_the_password_is_in_no_words(network):
    made_of = BlueskySettings(handle="a.b.cd", password=PASSWORD)
    account = atproto.Account("https://bsky.social", "a.b.cd", SecretStr(PASSWORD))
    assert PASSWORD not in f"{made_of} {made_of!r} {account}"


@pytest.mark.parametrize(
    "told", ["cabinet.bsky.social", " @Cabinet.bsky.social\u202c", "\u200ecabinet.bsky.social "]
)
def test_a_handle_is_taken_as_people_copy_it(told):
    assert BlueskySettings(handle=told, password="x").handle == "cabinet.bsky.social"


@pytest.mark.parametrize("told", ["", "cabinet", "cabinet bsky.social", "moi@example.org", "a..b", "-a.bc"])
def test_what_is_no_handle_is_refused(told):
    with pytest.raises(ValidationError):
        BlueskySettings(handle=told, password="x")


def test_words_are_kept_once_and_empty_lines_not():
    assert BlueskySettings(handle="a.bc", password="x", words=(" mot", "", "mot")).words == ("mot",)
    with pytest.raises(ValidationError):
        BlueskySettings(handle="a.bc", password="x", words=("\u200d",))


# Replies and reports


def replied(network: Network, text: str = "Merci.", number: int = 1, key: str = KEY):
    with Client(seconds=1) as asking:
        return made(network).reply(Answered(uri(number)), text, key, asking)


def test_a_reply_stands_under_its_message_in_its_conversation(network):
    root = {"uri": uri(1, OWN), "cid": "root"}
    network.told = [post(2), post(3, record={"reply": {"root": root, "parent": root}})]
    first, second = replied(network, number=2), replied(network, number=3)
    under = network.records[first.id]["reply"]
    assert under == {"root": {"uri": uri(2), "cid": "c2"}, "parent": {"uri": uri(2), "cid": "c2"}}
    assert network.records[second.id]["reply"] == {"root": root, "parent": {"uri": uri(3), "cid": "c3"}}
    record = network.records[first.id]
    assert (record["langs"], record["text"]) == (["fr"], "Merci.")
    assert datetime.fromisoformat(record["createdAt"]).tzinfo
    assert first.url == f"https://bsky.app/profile/cabinet.example/post/{first.id.rpartition('/')[2]}"


def test_one_key_publishes_once_and_is_found_again(network):
    network.told = [post(1)]
    sent = replied(network)
    assert replied(network, "Autrement dit") == sent
    assert [record["text"] for record in network.records.values()] == ["Merci."]
    with Client() as asking:
        assert made(network).find_reply(Answered(uri(1)), "Merci.", KEY, asking) == sent
        assert made(network).find_reply(Answered(uri(1)), "Merci.", "l" * 32, asking) is None
    assert replied(network, key="l" * 32) != sent


def test_links_and_known_accounts_can_be_followed(network):
    network.told = [post(1)]
    sent = replied(
        network, "É @patient.example (voir www.example.org/é), @nul.example et moi@patient.example"
    )
    features = {
        facet["features"][0]["$type"].partition("#")[2]: facet for facet in network.records[sent.id]["facets"]
    }
    assert features["mention"]["features"][0]["did"] == "did:plc:patient"
    assert features["mention"]["index"] == {"byteStart": 3, "byteEnd": 19}
    assert features["link"]["features"][0]["uri"] == "https://www.example.org/é"
    assert len(network.records[sent.id]["facets"]) == 2


@pytest.mark.parametrize(
    ("text", "fits"), [("👩‍⚕️" * 200, True), ("e" * 300, True), ("e" * 301, False), ("👩‍⚕️" * 290, False)]
)
def test_a_reply_has_300_signs_and_3000_bytes(network, text, fits):
    network.told = [post(1)]
    if fits:
        assert network.records[replied(network, text).id]["text"] == text
    else:
        with pytest.raises(NetworkRefused, match="at most 300"):
            replied(network, text)


def test_half_a_character_does_not_stop_a_reply(network):
    network.told = [post(1)]
    assert network.records[replied(network, "Merci \ud83d").id]["text"] == "Merci ?"


@pytest.mark.parametrize(
    "message", ["", "3", "https://bsky.app/profile/a/post/b", "at://did:plc:a/app.bsky.feed.like/1"]
)
def test_what_is_no_post_takes_no_reply(network, message):
    with Client() as asking, pytest.raises(NetworkRefused, match="not the address"):
        made(network).reply(Answered(message), "Merci.", KEY, asking)


def test_what_is_gone_or_closed_takes_no_reply(network):
    with pytest.raises(NetworkRefused, match="not there any more"):
        replied(network)
    network.told = [post(1, viewer={"replyDisabled": True})]
    with pytest.raises(NetworkRefused, match="does not take replies"):
        replied(network)


@pytest.mark.parametrize(
    ("code", "said", "raised"),
    [
        (400, {"error": "InvalidRequest", "message": "Invalid record"}, NetworkRefused),
        (401, {}, CredentialsRefused),
        (429, {}, Throttled),
        (500, {}, OutcomeUnknown),
    ],
)
def test_a_reply_that_fails_says_what_is_known(network, code, said, raised):
    network.told = [post(1)]
    network.answers["putRecord"] = (code, said)
    with pytest.raises(raised):
        replied(network)


def test_a_report_names_the_version_that_was_seen(network):
    network.told = [post(1)]
    with Client() as asking:
        made(network).report(Answered(uri(1)), "Injure \ud83d" + "x" * 3000, asking)
    (told,) = network.reports
    assert told["subject"] == {"$type": "com.atproto.repo.strongRef", "uri": uri(1), "cid": "c1"}
    assert told["reasonType"] == "com.atproto.moderation.defs#reasonOther"
    assert len(told["reason"]) == bluesky.MOST_REASON


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_record_key_is_always_a_tid(parent, key):
    made_of = atproto.record_key(
        parent.encode("utf-8", "replace").decode(), key.encode("utf-8", "replace").decode()
    )
    assert re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", made_of)


@given(st.integers(0, 2**63 - 1), st.text("abc", max_size=5))
def test_a_record_key_lies_within_a_second_of_what_it_answers(number, key):
    tid = "".join(atproto._SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))
    later = atproto._microseconds(atproto.record_key(f"at://did:plc:a/app.bsky.feed.post/{tid}", key))
    assert 0 <= later - atproto._microseconds(tid) < 2**20


@given(st.text(max_size=300))
def test_facets_lie_within_the_text(text):
    raw = text.encode("utf-8", "replace")
    for facet in atproto.facets(raw.decode(), lambda handle: "did:plc:a"):
        index = facet["index"]
        assert 0 <= index["byteStart"] < index["byteEnd"] <= len(raw)
        raw[index["byteStart"] : index["byteEnd"]].decode()


@given(st.text(max_size=60), st.text(max_size=100))
def test_a_word_is_found_where_it_stands(word, text):
    watch = Watch.of(word)
    watch.is_in(folded(text))
    assert watch.spellings[0] == word


# The stream


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def commit(seq: int, *ops: tuple[str, int, dict | None], did: str = "did:plc:patient") -> bytes:
    """A message as a server writes it, with an archive of the records."""
    told, archive = [], b""
    root = b"\x01\x71\x12\x20" + hashlib.sha256(b"").digest()
    for action, number, record in ops:
        block = libipld.encode_dag_cbor(record) if record else b""
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()
        told.append(
            {"action": action, "path": uri(number).removeprefix("at://did:plc:patient/"), "cid": None}
        )
        if record:
            told[-1]["cid"] = cid
            archive += varint(len(cid) + len(block)) + cid + block
    head = libipld.encode_dag_cbor({"version": 1, "roots": [root]})
    body = {
        "seq": seq,
        "repo": did,
        "ops": told,
        "time": NOON.isoformat(),
        "blocks": varint(len(head)) + head + archive,
    }
    return libipld.encode_dag_cbor({"op": 1, "t": "#commit"}) + libipld.encode_dag_cbor(body)


def said(text: str, **more) -> dict:
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": NOON.isoformat(), **more}


@contextmanager
def streamed(*frames: bytes | str | None) -> Iterator[tuple[str, list[str]]]:
    """A relay that sends frames (None: a second of silence) and then stays; the paths it was asked for."""
    asked: list[str] = []

    def send(stream) -> None:
        asked.append(stream.request.path)
        with suppress(ConnectionClosed):
            for frame in frames:
                if frame is None:
                    time.sleep(1)
                else:
                    stream.send(frame)
            for _message in stream:
                pass

    with serve(send, "127.0.0.1", 0) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{relay.socket.getsockname()[1]}", asked
        relay.shutdown()


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(bluesky, "QUIET", 0.2)


def listened(network: Network, monkeypatch, frames, count: int, since: str = "", **told):
    """So many pages of a stream, and what the relay was asked for."""
    with streamed(*frames) as (relay, asked):
        hosts = ",".join(urlsplit(url).netloc for url in (relay, network.url))
        monkeypatch.setenv(client.INTERNAL_HOSTS, hosts)
        with Client() as asking:
            stream = made(network, relay=relay, **told).stream(since, asking)
            brought = [next(stream) for _page in range(count)]
            stream.close()
    return brought, asked


def test_the_stream_brings_what_concerns_the_account(network, monkeypatch, quiet):
    to_us = {"root": {"uri": uri(1, OWN), "cid": "c"}, "parent": {"uri": uri(1, OWN), "cid": "c"}}
    named = [{"features": [{"$type": "app.bsky.richtext.facet#mention", "did": OWN}]}]
    frames = [
        commit(4, ("create", 4, said("à vous", reply=to_us))),
        commit(5, ("create", 5, said("rien")), ("delete", 1, None)),
        commit(6, ("create", 6, said("cité", facets=named)), ("create", 7, said("QUEL DELAI"))),
    ]
    (first, second), asked = listened(network, monkeypatch, frames, 2, "3", words=("délai",))
    assert [(item.id, item.thread, item.author) for item in first.items] == [
        (uri(4), uri(1, OWN), "did:plc:patient")
    ]
    assert first.cursor == "4"
    assert {item.id for item in second.items} == {uri(6), uri(7), uri(1)}
    assert Gone(uri(1)) in second.items
    assert second.cursor == "6"
    assert asked == ["/xrpc/com.atproto.sync.subscribeRepos?cursor=3"]


def test_a_silent_stream_brings_empty_pages(network, monkeypatch, quiet):
    (first, second), asked = listened(network, monkeypatch, [commit(5, ("create", 1, said("rien"))), None], 2)
    assert (first.items, first.cursor) == ((), "5")
    assert (second.items, second.cursor) == ((), "5")
    assert asked == ["/xrpc/com.atproto.sync.subscribeRepos"]


def test_what_the_account_says_is_not_streamed(network, monkeypatch, quiet):
    (page,), _asked = listened(network, monkeypatch, [commit(5, ("create", 1, said(OWN)), did=OWN)], 1)
    assert page.items == ()


def test_a_number_of_another_relay_begins_from_now(network, monkeypatch, quiet):
    refusal = libipld.encode_dag_cbor({"op": -1}) + libipld.encode_dag_cbor({"error": "FutureCursor"})
    with pytest.raises(firehose.CursorUnknown):
        firehose.event_of(refusal)
    with pytest.raises(firehose.CursorUnknown):
        _pages, _asked = listened(network, monkeypatch, [refusal], 1, "99")
    assert bluesky._number("x") is None


def test_a_stream_that_ends_is_not_reached(network, monkeypatch, quiet):
    slow = libipld.encode_dag_cbor({"op": -1}) + libipld.encode_dag_cbor({"error": "ConsumerTooSlow"})
    with pytest.raises(NotReached, match="ConsumerTooSlow"):
        listened(network, monkeypatch, [slow], 1)
    with pytest.raises(NotReached), Client() as asking:  # speaks HTTP, and streams nothing
        next(made(network).stream("", asking))


def test_odd_messages_of_the_stream_are_passed_over(network, monkeypatch, quiet):
    good = commit(6, ("create", 6, said("délai")))
    frames = [
        "text",
        b"",
        b"\xff" * 20,
        b"\x81" * 5000,
        good[:-9],
        commit(5, ("create", 5, {"text": 3})),
        good,
    ]
    (page,), _asked = listened(network, monkeypatch, frames, 1, words=("délai",))
    assert [item.id for item in page.items] == [uri(6)]


def line(seq: int, operation: str, number: int, record: dict | None = None, **more) -> str:
    """A message as Jetstream writes it."""
    did, collection, rkey = uri(number).removeprefix("at://").split("/")
    where = {"did": did, "collection": collection, "rkey": rkey, "rev": rkey, "time": NOON.isoformat()}
    payload = {"$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": seq, "operation": operation}
    payload |= where | ({"record": record} if record else {}) | more
    return json.dumps({"$type": "message", "payload": payload})


def test_jetstream_says_the_same_as_json(network, monkeypatch, quiet):
    info = {
        "$type": "message",
        "payload": {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "x"},
    }
    frames = [json.dumps(info), line(7, "delete", 3), line(8, "update", 2, said("délai")), "{", "[]"]
    frames += [line(9, "create", 1, said("Un delai")), line(10, "create", 2, {"text": 3})]
    with streamed(*frames) as (relay, asked):
        hosts = ",".join(urlsplit(url).netloc for url in (relay, network.url))
        monkeypatch.setenv(client.INTERNAL_HOSTS, hosts)
        with Client() as asking:
            connector = made(network, relay=relay + firehose.JETSTREAM, words=("délai",))
            stream = connector.stream("", asking)
            first = next(stream)
            stream.close()
            stream = connector.stream("5", asking)
            next(stream)
            stream.close()
    assert [item.id for item in first.items] == [uri(1), uri(3)]
    assert first.cursor == "9"
    begun, resumed = (parse_qs(urlsplit(path).query) for path in asked)
    assert begun["collections"] == ["app.bsky.feed.post"]
    since = datetime.fromtimestamp(int(begun["cursor"][0]) / 1e6, UTC)
    assert timedelta(minutes=9) < datetime.now(UTC) - since < timedelta(minutes=11)
    assert resumed["cursor"] == ["5"]


def test_jetstream_says_why_it_ends():
    with pytest.raises(NotReached, match="ConsumerTooSlow"):
        firehose.line_of('{"$type": "error", "error": "ConsumerTooSlow"}')


@given(st.text(max_size=50) | ODD.map(json.dumps), ODD)
def test_no_line_makes_it_fall_over(content, odd):
    for told in (content, line(1, "create", 1, odd), line(1, "create", 1, said("x"), time=odd)):
        with suppress(NotReached, firehose.CursorUnknown):
            event = firehose.line_of(told)
            assert event is None or isinstance(event.seq, int)


@given(st.binary(max_size=200))
def test_no_message_makes_it_fall_over(content):
    good = commit(6, ("create", 6, said("délai")))
    for frame in (content, good[:40] + content + good[40:], good + content):
        with suppress(NotReached, firehose.CursorUnknown):
            event = firehose.event_of(frame)
            assert event is None or isinstance(event.seq, int)
