"""The Matrix connector against a homeserver of one's own that says what the test wants it to say."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from veilleur.errors import (
    CredentialsRefused,
    NetworkRefused,
    NotReached,
    OutcomeUnknown,
    Throttled,
)
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone, Heard
from veilleur.listening.connectors import matrix_api
from veilleur.listening.connectors.matrix import Matrix, MatrixSettings, _begun, _Cursor, _items

ROOM, ME, LEA = "!room:example.org", "@desk:example.org", "@lea:example.org"


def message(event_id: str, body: object = "bonjour", sender: str = LEA, **content):
    content = {"msgtype": "m.text", "body": body, **content}
    told = {"event_id": event_id, "sender": sender, "type": "m.room.message", "content": content}
    return {**told, "origin_server_ts": 1_795_000_000_000}


def edit(event_id: str, of: str, body: str, sender: str = LEA):
    new = {"msgtype": "m.text", "body": body}
    relation = {"rel_type": "m.replace", "event_id": of}
    return message(event_id, f"* {body}", sender, **{"m.new_content": new, "m.relates_to": relation})


class Homeserver(ThreadingHTTPServer):
    """Answers from `said`: the end of a path → a JSON value, or a status and bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.said: dict[str, object] = {
            "whoami": {"user_id": ME},
            "joined_rooms": {"joined_rooms": [ROOM]},
            "sync": {"next_batch": "s1"},
            "messages": {"chunk": []},
            "$m1": message("$m1"),
            "context/$m1": {"end": "t1"},
        }

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Homeserver

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, path, query, body))
        found = [name for name in self.server.said if path.endswith(name)]
        told = self.server.said[max(found, key=len)] if found else (404, b'{"errcode": "M_NOT_FOUND"}')
        told = told(query) if callable(told) else told
        status, content = told if isinstance(told, tuple) else (200, json.dumps(told).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def homeserver():
    server = Homeserver()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(monkeypatch):
    with homeserver() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        monkeypatch.setattr("veilleur.listening.client.PAUSE", 0.01)
        yield running


def matrix(server: Homeserver, *rooms: str) -> Matrix:
    return Matrix(
        MatrixSettings(address=f"http://{server.host}/", token="secret-token", rooms=rooms or (ROOM,))
    )


def fetched(server: Homeserver, since: str = ""):
    with Client() as client:
        pages = list(matrix(server).fetch(since, client))
    return [item for page in pages for item in page.items], pages[-1].cursor


def test_history_first_then_what_is_new(server):
    pages = {"": {"chunk": [message("$m1")], "end": "t1"}, "t1": {"chunk": [message("$m2")]}}
    server.said["messages"] = lambda query: pages[query.get("from", "")]
    batches = iter(["s1", "s2", "s3"])
    timeline = {"timeline": {"events": [message("$m3"), message("$own", sender=ME)]}}
    new = {"": {}, "s1": {"rooms": {"join": {ROOM: timeline}}}, "s2": {}}
    server.said["sync"] = lambda query: {"next_batch": next(batches), **new[query.get("since", "")]}
    items, cursor = fetched(server)
    assert [item.id for item in items] == ["$m1", "$m2", "$m3"]
    assert _Cursor.of(cursor).since == "s3"
    asked = [query for _verb, path, query, _body in server.asked if path.endswith("messages")]
    assert [(query.get("from"), query["to"]) for query in asked] == [(None, "s1"), ("t1", "s1")]


def test_what_sync_left_out_is_asked_for_whole(server):
    limited = {"rooms": {"join": {ROOM: {"timeline": {"limited": True, "events": [message("$late")]}}}}}
    server.said["sync"] = lambda query: {
        "next_batch": "s2",
        **(limited if query["since"] == "s1" else {}),
    }
    server.said["messages"] = {"chunk": [message("$early"), message("$late")]}
    items, _cursor = fetched(server, json.dumps({"since": "s1", "rooms": [ROOM]}))
    assert [item.id for item in items] == ["$early", "$late"]
    (query,) = [query for _verb, path, query, _body in server.asked if path.endswith("messages")]
    assert (query["from"], query["to"]) == ("s1", "s2")


def test_edits_and_redactions(server):
    server.said["$old"] = message("$old", "avant", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$m1"}}})
    redaction = {"event_id": "$r", "sender": ME, "type": "m.room.redaction", "redacts": "$m1"}
    server.said["messages"] = {
        "chunk": [
            message("$m1"),
            edit("$e1", "$m1", "corrigé"),
            edit("$e2", "$old", "après"),
            edit("$e3", "$nowhere", "rien"),
            edit("$e4", "$m1", "usurpé", "@eve:example.org"),
            redaction,
        ]
    }
    items = fetched(server)[0]
    assert [(item.id, getattr(item, "text", None)) for item in items] == [
        ("$m1", "bonjour"),
        ("$m1", "corrigé"),
        ("$old", "après"),
        ("$m1", None),
    ]
    assert items[2].parent == "$m1"
    assert items[3] == Gone("$m1")


def test_a_token_that_is_not_known_any_more_means_from_the_beginning(server):
    refused = (400, b'{"errcode": "M_UNKNOWN"}')
    server.said["sync"] = lambda query: refused if query.get("since") == "old" else {"next_batch": "s1"}
    server.said["messages"] = {"chunk": [message("$m1")]}
    items, _cursor = fetched(server, json.dumps({"since": "old", "rooms": [ROOM]}))
    assert [item.id for item in items] == ["$m1"]


def test_a_reply_says_what_it_answers_and_bears_its_key(server):
    server.said["send/m.room.message/k1"] = {"event_id": "$sent"}
    with Client() as client:
        sent = matrix(server).reply(Answered("$m1"), "Merci.", "k1", client)
    assert sent.url == "https://matrix.to/#/%21room%3Aexample.org/%24sent?via=example.org"
    verb, path, _query, body = server.asked[-1]
    assert (verb, path) == ("PUT", f"/_matrix/client/v3/rooms/{ROOM}/send/m.room.message/k1")
    told = json.loads(body)
    assert told["m.relates_to"] == {"m.in_reply_to": {"event_id": "$m1"}}
    server.said["messages"] = {
        "chunk": [message("$x", sender=ME), {**message("$sent", sender=ME), "content": told}]
    }
    with Client() as client:
        assert matrix(server).find_reply(Answered("$m1"), "Merci.", "k1", client) == sent
        assert matrix(server).find_reply(Answered("$m1"), "Merci.", "k2", client) is None


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((400, b"{}"), NetworkRefused),
        ((403, b"{}"), CredentialsRefused),
        ((413, b"{}"), NetworkRefused),
        ((429, b"{}"), Throttled),
        ((500, b"{}"), OutcomeUnknown),
        ((200, b"no"), OutcomeUnknown),
        ((200, b"[]"), OutcomeUnknown),
        ((200, b'{"event_id": 4}'), OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(server, answer, raised):
    server.said["send/m.room.message/k1"] = answer
    with Client() as client, pytest.raises(raised):
        matrix(server).reply(Answered("$m1"), "Merci.", "k1", client)


@pytest.mark.parametrize("where", ["whoami", "joined_rooms", "sync", "messages"])
@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((401, b'{"errcode": "M_UNKNOWN_TOKEN"}'), CredentialsRefused),
        ((404, b"{}"), NetworkRefused),
        ((429, b"{}"), Throttled),
        ((502, b""), NotReached),
        ((200, b"<html>"), NetworkRefused),
        ((200, b"[" * 100_000), NetworkRefused),
        ((200, b'{"next_batch": "", "end": 7, "joined_rooms": {}}'), NetworkRefused),
    ],
)
def test_each_answer_to_a_question_means_one_thing(server, where, answer, raised):
    server.said[where] = answer
    with pytest.raises(raised):
        fetched(server)


def test_a_message_that_was_deleted_is_not_answered_and_not_removed_twice(server):
    server.said["$m1"] = {**message("$m1"), "content": {}}
    with Client() as client:
        with pytest.raises(NetworkRefused):
            matrix(server).reply(Answered("$m1"), "Merci.", "k1", client)
        matrix(server).remove(Answered("$m1"), client)
        with pytest.raises(NetworkRefused):
            matrix(server).remove(Answered("$elsewhere"), client)
        with pytest.raises(NetworkRefused):
            matrix(server).remove(Answered("../../x"), client)
    assert not [verb for verb, *_rest in server.asked if verb == "PUT"]


def test_nobody_there_is_not_reached(server):
    server.shutdown()
    server.server_close()
    with Client() as client, pytest.raises(NotReached):
        matrix(server).check(client)


@pytest.mark.parametrize("rooms", [(), ("room",), ("!a b",), ("!a",) * 31])
def test_rooms_that_are_none(rooms):
    with pytest.raises(ValidationError):
        MatrixSettings(address="https://example.org", token="x", rooms=rooms)


def test_a_secret_is_not_in_its_words():
    settings = MatrixSettings(address="https://example.org", token="secret-token", rooms=(ROOM,))
    assert "secret-token" not in f"{settings} {settings!r}"


def test_the_longest_cursor_is_short_enough():
    rooms = tuple(f"!{number:0254d}" for number in range(30))
    fills = [{"room": room, "start": "s" * 2000, "end": "s" * 2000} for room in rooms]
    cursor = _Cursor.of(json.dumps({"since": "s" * 2000, "rooms": rooms, "fills": fills}))
    assert cursor is not None
    assert len(cursor.model_dump_json()) <= MOST_CURSOR


@given(st.text())
def test_no_cursor_makes_it_fall_over(text):
    assert isinstance(_Cursor.of(text).since, str)


def test_a_cursor_forgets_rooms_that_are_left_and_reads_new_ones():
    old = _Cursor.of(
        json.dumps({"since": "s1", "rooms": ["!a"], "fills": [{"room": "!a", "start": "", "end": "s1"}]})
    )
    begun = _begun(old, ("!b",), None)
    assert [(fill.room, fill.start, fill.end) for fill in begun.fills] == [("!b", "", "s1")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "msgtype",
    "body",
    "m.relates_to",
    "m.new_content",
    "redacts",
    "rel_type",
    "event_id",
    "m.in_reply_to",
]
ODD = JSON | st.sampled_from(
    ["m.text", "m.replace", "m.thread", "$m1", {"event_id": "$m1", "rel_type": "m.replace"}]
)
CONTENT = st.dictionaries(
    st.sampled_from(NAMES), ODD | st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4)
)
EVENTS = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["$m1", "$m2"]) | JSON,
        "sender": st.sampled_from([LEA, ME]) | JSON,
        "type": st.sampled_from(["m.room.message", "m.room.redaction", "m.sticker"]) | JSON,
        "content": CONTENT | JSON,
        "origin_server_ts": st.integers() | JSON,
    }
)


class Nowhere:
    """Knows no event."""

    def event(self, room, event):
        return None


@given(st.lists(EVENTS, max_size=5) | JSON)
def test_no_event_makes_it_fall_over(told):
    for item in _items(matrix_api.events_of(told), ROOM, ME, Nowhere()):
        assert isinstance(item, Heard | Gone)
        assert 0 < len(item.id) <= 200
        if isinstance(item, Heard):
            assert item.text.strip()
            assert item.author == LEA
