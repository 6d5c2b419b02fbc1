"""Mastodon against a server of one's own on 127.0.0.1, which speaks as much of the API as is needed."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import client as outside
from veilleur.listening.asking import parsed
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Capability, Gone
from veilleur.listening.connectors import mastodon_api as api
from veilleur.listening.connectors import mastodon_reading as reading
from veilleur.listening.connectors.mastodon import Mastodon, MastodonSettings
from veilleur.listening.connectors.mastodon_reading import Memory
from veilleur.testing import check_connector

TOKEN = "a-token"
ME, BOB = {"id": "1", "acct": "clinique"}, {"id": "2", "acct": "bob@ailleurs.example", "email": "b@x.fr"}
NOW = datetime.now(UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat().replace("+00:00", "Z")


class FakeMastodon(ThreadingHTTPServer):
    """`posts` and `notifications` are oldest first; `instead` answers for a path: code, headers, body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: dict[str, dict] = {}
        self.published = 0
        self.notifications: list[dict] = []
        self.keys: dict[str, str] = {}
        self.reports: list[dict] = []
        self.asked: list[str] = []
        self.left_over: list[str] = []
        self.headers: dict[str, str] = {}
        self.instead: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.scopes: list[str] | None = ["read", "write:statuses", "write:reports"]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def publish(self, text: str, account=BOB, *, at: str = "", parent: str = "", **told) -> str:
        key = str(1000 + self.published)
        self.published += 1
        self.posts[key] = {
            "id": key,
            "account": account,
            "created_at": at or ago(minutes=1),
            "visibility": "public",
            "content": f"<p>{text}</p>",
            "text": text,
            "url": f"https://exemple.org/@x/{key}",
            "in_reply_to_id": parent or None,
            "language": "fr",
            **told,
        }
        return key

    def mention(self, text: str, *, at: str = "", **told) -> str:
        key = self.publish(f"@clinique {text}", at=at, **told)
        self.notify("mention", self.posts[key], at or ago(minutes=1))
        return key

    def notify(self, kind: str, status: dict, at: str) -> None:
        known = {"id": str(9000 + len(self.notifications)), "type": kind, "created_at": at}
        self.notifications.append({**known, "status": status})

    def delete(self, key: str) -> None:
        del self.posts[key]
        self.notifications = [one for one in self.notifications if one["status"]["id"] != key]

    def above(self, key: str) -> list[dict]:
        parent = self.posts.get(self.posts[key]["in_reply_to_id"] or "")
        return [*self.above(parent["id"]), parent] if parent else []


class _Handler(BaseHTTPRequestHandler):
    server: FakeMastodon
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        path, asked = self._told()
        self._answer(*(self.server.instead.get(path) or self._found(path, asked)))

    def do_POST(self) -> None:
        path, _asked = self._told()
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(*(self.server.instead.get(path) or self._made(path, told)))

    def _told(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        self.server.left_over.append(self.headers["Connection"])
        return unquote(parts.path), {name: values[0] for name, values in parse_qs(parts.query).items()}

    def _found(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._say({"error": "The access token is invalid"}, 401)
        told = [self._account(path), self._listed(path, asked), self._post(*path.split("/")[4:6])]
        found = next((one for one in told if one is not None), None)
        return self._say({"error": "Record not found"}, 404) if found is None else self._say(found)

    def _account(self, path: str) -> object:
        most = {"version": "4.3.2", "configuration": {"statuses": {"max_characters": 500}}}
        return {
            "/api/v1/accounts/verify_credentials": ME,
            "/api/v1/apps/verify_credentials": {"name": "x", "scopes": self.server.scopes},
            "/api/v1/instance": most,
            "/api/v2/instance": most,
        }.get(path)

    def _listed(self, path: str, asked: dict[str, str]) -> object:
        newest, limit = list(self.server.posts.values())[::-1], int(asked.get("limit", "20"))
        if path == "/api/v1/notifications":
            return _before(self.server.notifications[::-1], asked)[:limit]
        if path == "/api/v2/search":
            found = [one for one in newest if asked["q"] in one["content"]]
            return {"statuses": found[int(asked.get("offset", "0")) :][:limit]}
        if path.startswith("/api/v1/timelines/tag/"):
            tagged = [one for one in newest if f"#{path.rpartition('/')[2]}" in one["content"]]
            return _before(tagged, asked)[:limit]
        return None

    def _post(self, key: str = "", part: str = "") -> object:
        if part == "context" and key in self.server.posts:
            below = [one for one in self.server.posts.values() if key == one["in_reply_to_id"]]
            return {"ancestors": self.server.above(key), "descendants": below}
        return self.server.posts.get(key)

    def _made(self, path: str, told: dict) -> tuple[int, dict[str, str], bytes]:
        if path == "/api/v1/reports":
            self.server.reports.append(told)
            return self._say({"id": "1"})
        key = self.headers["Idempotency-Key"]
        if key not in self.server.keys:
            more = {"account": ME, "parent": told["in_reply_to_id"], "visibility": told["visibility"]}
            self.server.keys[key] = self.server.publish(told["status"], **more)
        return self._say(self.server.posts[self.server.keys[key]])

    def _say(self, told: object, code: int = 200) -> tuple[int, dict[str, str], bytes]:
        return code, {}, json.dumps(told).encode()

    def _answer(self, code: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(code)
        for name, value in (self.server.headers | headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def _before(newest: list[dict], asked: dict[str, str]) -> list[dict]:
    return [one for one in newest if int(one["id"]) < int(asked.get("max_id", "99999"))]


@pytest.fixture
def network(monkeypatch):
    server = FakeMastodon()
    monkeypatch.setenv(outside.INTERNAL_HOSTS, server.address.removeprefix("http://"))
    monkeypatch.setattr(outside, "PAUSE", 0.0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def connector(network: FakeMastodon, **told) -> Mastodon:
    return Mastodon(MastodonSettings(**{"address": network.address + "/", "token": TOKEN, **told}))


def pages(made: Mastodon, since: str = ""):
    with Client() as client:
        return list(made.fetch(since, client))


def brought(made: Mastodon, since: str = ""):
    found = pages(made, since)
    return [item for page in found for item in page.items], found[-1].cursor


class Stage:
    """Somebody who mentions the account."""

    def __init__(self, network: FakeMastodon) -> None:
        self.network = network
        self.say, self.delete = network.mention, network.delete

    def edit(self, message: str, text: str) -> None:
        self.network.posts[message]["content"] = f"<p>{text}</p>"

    def replies(self, message: str) -> list[str]:
        return [one["text"] for one in self.network.posts.values() if one["in_reply_to_id"] == message]

    def is_visible(self, message: str) -> bool:
        raise NotImplementedError


def test_it_keeps_its_contract(network):
    check_connector(connector(network), Stage(network))
    assert Capability.KEEPS_KEYS not in Mastodon.capabilities


def test_a_mention_comes_whole_and_without_what_is_not_needed(network):
    opened = network.publish("Avis sur la clinique ?")
    above = network.publish("Pas vue", parent=opened)
    network.mention("3&nbsp;h<br>d’attente", parent=above, spoiler_text="Urgences", at=ago(hours=2))
    (heard,), _cursor = brought(connector(network))
    assert (heard.text, heard.title) == ("@clinique 3\xa0h\nd’attente", "Urgences")
    assert (heard.author, heard.language, heard.url) == ("2", "fr", "https://exemple.org/@x/1002")
    assert (heard.parent, heard.thread) == (above, opened)
    assert heard.published_at == datetime.fromisoformat(ago(hours=2))
    assert "b@x.fr" not in repr(heard)


def test_pages_come_oldest_first_and_each_can_be_gone_on_from(network):
    keys = [network.mention(f"numéro {number}", at=ago(days=8, hours=-number)) for number in range(100)]
    made = connector(network)
    found = pages(made)
    assert [item.id for page in found for item in page.items] == keys
    assert [len(page.items) for page in found] == [40, 40, 20, 0]
    assert [item.id for item in brought(made, found[0].cursor)[0]] == keys[40:]
    assert brought(made, found[0].cursor)[0] == brought(made, found[0].cursor)[0]
    assert brought(made, found[-1].cursor)[0] == []


def test_other_notifications_do_not_hide_mentions_behind_them(network):
    key = network.mention("Bonjour", at=ago(hours=3))
    for _number in range(90):
        network.notify("favourite", network.posts[key], ago(hours=2))
    assert [item.id for item in brought(connector(network))[0]] == [key]


def test_quiet_sources_cost_one_question_each(network):
    for number in range(100):
        network.publish(f"#sante {number}", at=ago(hours=5, minutes=-number))
    made = connector(network, hashtags=("sante",))
    since = brought(made)[1]
    network.asked.clear()
    assert brought(made, since)[0] == []
    timelines = [path for path in network.asked if "statuses/" not in path]
    assert len(timelines) == 3
    assert len(network.asked) <= 3 + reading.LOOKED_AT_AGAIN


def test_hashtags_and_words_leave_out_what_is_our_own_or_private(network):
    kept = network.publish("#sante rupture de stock")
    network.publish("#sante ouvert lundi", ME)
    network.publish("#sante entre nous", visibility="direct")
    made = connector(network, hashtags=("#Sante",), words=("rupture",))
    assert [item.id for item in brought(made)[0]] == [kept]
    whole = connector(network, hashtags=("sante",), private=True)
    assert len(brought(whole)[0]) == 2


def test_what_arrives_late_from_elsewhere_is_still_brought(network):
    network.publish("#sante un", at=ago(hours=1))
    made = connector(network, hashtags=("sante",))
    since = brought(made)[1]
    late = network.publish("#sante deux", at=ago(hours=20))
    assert [item.id for item in brought(made, since)[0]] == [late]


def test_the_first_time_goes_back_as_far_as_wished(network):
    network.publish("#sante vieux", at=ago(days=40))
    new = network.publish("#sante neuf", at=ago(days=20))
    assert [item.id for item in brought(connector(network, hashtags=("sante",), days=30))[0]] == [new]


def test_a_post_passed_on_is_the_post_itself(network):
    network.publish("#sante partagé", at=ago(hours=1))
    inner = dict(network.posts["1000"])
    network.posts["1000"] = {**inner, "account": ME, "content": "#sante", "reblog": inner}
    (heard,), _cursor = brought(connector(network, hashtags=("sante",)))
    assert heard.text == "#sante partagé"


def test_edits_and_deletions_behind_the_first_page_are_noticed_in_turn(network):
    keys = [network.mention(f"numéro {number}", at=ago(days=8, hours=-number)) for number in range(150)]
    made = connector(network)
    since = brought(made)[1]
    network.posts[keys[0]]["content"] = "<p>corrigé</p>"
    network.delete(keys[1])
    changed = []
    for _time in range(3):
        items, since = brought(made, since)
        changed += items
    assert [item.text for item in changed if not isinstance(item, Gone)] == ["corrigé"]
    assert [item for item in changed if isinstance(item, Gone)] == [Gone(keys[1])]


def test_one_odd_post_does_not_stop_the_others(network):
    network.mention("un")
    network.notifications[0]["status"] = {"id": 7, "content": None}
    network.notifications.insert(0, {"id": "0", "odd": True})
    kept = network.mention("deux")
    assert [item.id for item in brought(connector(network))[0]] == [kept]


def test_a_server_that_does_not_search_still_brings_the_rest(network):
    key = network.mention("un")
    network.instead["/api/v2/search"] = (403, {}, b"{}")
    made = connector(network, words=("attente",))
    assert [item.id for item in brought(made)[0]] == [key]
    with Client() as client:
        assert [remark.is_good for remark in made.check(client)].count(False) == 1


def test_an_unknown_conversation_is_no_obstacle(network):
    key = network.mention("un", parent="4")
    network.instead[f"/api/v1/statuses/{key}/context"] = (500, {}, b"")
    with pytest.raises(NotReached):
        brought(connector(network))
    network.instead[f"/api/v1/statuses/{key}/context"] = (200, {}, b"[]")
    assert [(item.parent, item.thread) for item in brought(connector(network))[0]] == [("4", "")]


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", '{"read": 3}', '{"read": {"@": 1e30}, "heard": {"a b": []}}']
)
def test_a_broken_cursor_is_the_beginning(network, cursor):
    key = network.mention("un")
    assert [item.id for item in brought(connector(network), cursor)[0]] == [key]


def test_a_cursor_stays_within_its_bounds():
    memory = Memory()
    memory.read = {"#" + "é" * 100 + str(number): 10**10 for number in range(31)}
    memory.heard = {f"{number:060}": ("a" * 12, 10**10 + number) for number in range(2500)}
    cursor = memory.text
    assert len(cursor) <= MOST_CURSOR
    assert len(Memory.of(cursor).heard) == reading.REMEMBERED
    assert f"{2499:060}" in Memory.of(cursor).heard


def test_the_wait_is_what_the_server_asks_for(network):
    reset = (datetime.now(UTC) + timedelta(seconds=120)).isoformat()
    network.instead["/api/v1/notifications"] = (429, {"X-RateLimit-Reset": reset}, b"{}")
    with pytest.raises(Throttled) as caught:
        brought(connector(network))
    assert 110 < caught.value.seconds <= 120
    network.instead["/api/v1/notifications"] = (429, {"X-RateLimit-Reset": "?", "Retry-After": "7"}, b"{}")
    with pytest.raises(Throttled) as caught:
        brought(connector(network))
    assert caught.value.seconds == 7


def test_collecting_leaves_some_of_the_quota_to_replies(network):
    key = network.mention("un")
    reset = (datetime.now(UTC) + timedelta(seconds=200)).isoformat()
    network.headers = {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": reset}
    with pytest.raises(Throttled) as caught:
        brought(connector(network))
    assert 190 < caught.value.seconds <= 200
    with Client() as client:
        assert connector(network).reply(Answered(key), "Merci.", "k", client).id
        assert not all(remark.is_good for remark in connector(network).check(client))


@pytest.mark.parametrize(
    ("code", "content", "raised"),
    [
        (401, b"{}", CredentialsRefused),
        (403, b"{}", CredentialsRefused),
        (422, b"{}", CredentialsRefused),
        (404, b"", NetworkRefused),
        (301, b"", NetworkRefused),
        (500, b"", NotReached),
        (200, b"<html>", NetworkRefused),
        (200, b"[" * 100_000, NetworkRefused),
        (200, b'{"id": "../1", "acct": "x"}', NetworkRefused),
        (200, b'{"id": "1"}', NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(network, code, content, raised):
    network.instead["/api/v1/accounts/verify_credentials"] = (code, {}, content)
    with Client() as client, pytest.raises(raised):
        connector(network).check(client)
    with pytest.raises(raised):
        brought(connector(network))


def test_nobody_there_is_not_reached(network):
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        brought(connector(network))


def test_rights_that_are_missing_are_named(network):
    network.scopes = ["profile", "read:notifications", "read:statuses"]
    with Client() as client:
        remarks = connector(network).check(client)
    missing = [remark.words.say("en") for remark in remarks if not remark.is_good]
    assert missing == [
        "The right “write:statuses” is missing.",
        "The right “write:reports” is missing.",
    ]
    network.scopes = None
    network.instead["/api/v1/notifications"] = (403, {}, b"{}")
    network.instead["/api/v2/instance"] = (404, {}, b"")
    with Client() as client:
        remarks = connector(network).check(client)
    assert [remark.words.say("fr") for remark in remarks if not remark.is_good] == [
        "Le jeton ne permet pas de lire les mentions."
    ]
    assert "4.3.2 ; 500 caractères au plus" in remarks[0].words.say("fr")


def test_a_reply_names_its_reader_once_and_stays_as_private_as_the_post(network):
    key = network.mention("un", visibility="direct")
    with Client() as client:
        made = connector(network)
        first = made.reply(Answered(key), "Bonjour \ud83d", "k1", client)
        assert made.reply(Answered(key), "Bonjour \ud83d", "k1", client).id == first.id
        second = made.reply(Answered(key), "@bob@ailleurs.example Bonjour", "k2", client)
        assert made.find_reply(Answered(key), "Bonjour \ud83d", "k1", client).id == first.id
    told = [
        (network.posts[sent.id]["text"], network.posts[sent.id]["visibility"]) for sent in (first, second)
    ]
    assert told == [
        ("@bob@ailleurs.example Bonjour ?", "direct"),
        ("@bob@ailleurs.example Bonjour", "direct"),
    ]


def test_a_reply_leaves_over_a_connection_that_nobody_may_have_closed_meanwhile(network):
    key = network.mention("un")
    with Client() as client:
        connector(network).reply(Answered(key), "Merci.", "k", client)
    assert network.left_over == ["close", "close"]


def test_what_others_wrote_or_elsewhere_is_not_our_reply(network):
    key = network.mention("un")
    network.publish("@bob@ailleurs.example Merci.", parent=key)
    other = network.publish("@bob@ailleurs.example Merci.", ME)
    network.posts[other]["in_reply_to_id"] = "1"
    with Client() as client:
        assert connector(network).find_reply(Answered(key), "Merci.", "k", client) is None


def test_nothing_is_done_about_a_post_that_is_gone(network):
    with Client() as client:
        for act in (
            lambda made: made.reply(Answered("77"), "Merci.", "k", client),
            lambda made: made.find_reply(Answered("77"), "Merci.", "k", client),
            lambda made: made.report(Answered("../accounts/1"), "Publicité", client),
        ):
            with pytest.raises(NetworkRefused, match="not on the server"):
                act(connector(network))
    assert not network.keys
    assert not network.reports


@pytest.mark.parametrize(
    ("code", "content", "raised"),
    [
        (200, b"published", OutcomeUnknown),
        (200, b"{}", OutcomeUnknown),
        (500, b"", OutcomeUnknown),
        (503, b"", OutcomeUnknown),
        (403, b"", CredentialsRefused),
        (422, b"too long", NetworkRefused),
        (429, b"", Throttled),
    ],
)
def test_what_became_of_a_reply(network, code, content, raised):
    key = network.mention("un")
    network.instead["/api/v1/statuses"] = (code, {}, content)
    with Client() as client, pytest.raises(raised):
        connector(network).reply(Answered(key), "Merci.", "k", client)


def test_a_report_names_the_post_its_author_and_the_reason(network):
    key = network.mention("un")
    with Client() as client:
        connector(network).report(Answered(key), "Publicité", client)
    assert network.reports == [{"account_id": "2", "status_ids": [key], "comment": "Publicité"}]


def test_a_key_of_snac_stays_when_the_post_is_edited():
    md5 = "a9126898b694f42af227c722e0f351b5"
    told = {"account": ME, "created_at": ago(hours=1), "visibility": "public"}
    keys = {parsed(api.Status, told | {"id": time + md5}).id for time in ("1795378174", "1795378999")}
    assert keys == {"0" * 10 + md5}


def test_settings_are_tidied_and_refused_in_time():
    made = MastodonSettings(
        address="https://exemple.org",
        token="t",
        hashtags=(" #Santé ", "santé", ""),
        words=(" deux  mots ", ""),
    )
    assert (made.hashtags, made.words) == (("santé",), ("deux mots",))
    for told in (
        {"hashtags": ("deux mots",)},
        {"words": ("https://exemple.org/x",)},
        {"days": 0},
    ):
        with pytest.raises(ValidationError):
            MastodonSettings(**{"address": "https://exemple.org", "token": "t", **told})
    assert "secret" not in repr(MastodonSettings(address="https://exemple.org", token="secret"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [*sorted(api.Status.model_fields), "reblog"]
STATUS = {"id": "1", "account": BOB, "created_at": ago(hours=1), "visibility": "public", "content": "<p>a"}


@given(JSON)
def test_no_answer_makes_the_parsers_fall_over(told):
    for read in (
        api.timeline,
        api.mentions,
        lambda one: parsed(api.Context, one),
        lambda one: parsed(api.Found, one),
        lambda one: parsed(api.Instance, one),
        lambda one: parsed(api.Application, one),
    ):
        try:
            read(told)
        except NetworkRefused:
            continue


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=3))
def test_no_odd_field_makes_a_post_fall_over(odd):
    for one in api.timeline([STATUS | odd]):
        assert len(one.status.digest) == 12
        assert isinstance(one.status.text + one.status.title + one.status.address, str)
        assert one.status.created_at.tzinfo


@given(st.text(max_size=60) | JSON.map(json.dumps))
def test_no_cursor_makes_the_memory_fall_over(cursor):
    assert Memory.of(cursor).text
