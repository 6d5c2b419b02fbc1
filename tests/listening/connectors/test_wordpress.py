"""The WordPress connector against a small site of one's own that pages, hides and fails as WordPress does."""

from __future__ import annotations

import contextlib
import html
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import client as client_module
from veilleur.listening.asking import json_of
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone, Heard
from veilleur.listening.connectors import wordpress, wordpress_api
from veilleur.listening.connectors.wordpress import WordPress, WordPressSettings
from veilleur.testing import check_connector

PASSWORD = "abcd EFGH 1234 ijkl"
OWN = 7
LISTED = {"all": {"approved", "hold"}, "hold": {"hold"}}


class FakeSite(ThreadingHTTPServer):
    """`comments` by id, as an editor sees them; it is its own `Stage`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: dict[int, dict] = {}
        self.unreadable: set[int] = set()
        self.trouble: dict[str, tuple[int, dict[str, str], bytes]] = {}
        """By method: what every such question is answered."""
        self.most = 100
        """A question for more comments at once is answered with HTTP 500."""
        self.may_moderate = True
        self.asked: list[dict[str, str]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def say(self, text: str, **told: object) -> str:
        number = max(self.comments, default=0) + 1
        self.comments[number] = {
            "id": number,
            "post": 1,
            "parent": 0,
            "author": 0,
            "author_name": "Léa",
            "author_email": "lea@example.org",
            "date_gmt": "2026-11-20T10:00:00",
            "content": {"raw": html.escape(text, quote=False), "rendered": "<p>…</p>"},
            "link": f"https://example.org/un-article/#comment-{number}",
            "status": "hold",
            **told,
        }
        return str(number)

    def edit(self, message: str, text: str) -> None:
        self.comments[int(message)]["content"]["raw"] = text

    def move(self, message: str, status: str) -> None:
        self.comments[int(message)]["status"] = status

    def delete(self, message: str) -> None:
        del self.comments[int(message)]

    def replies(self, message: str) -> list[str]:
        return [one["content"]["raw"] for one in self.comments.values() if str(one["parent"]) == message]

    def is_visible(self, message: str) -> bool:
        return self.comments[int(message)]["status"] == "approved"

    def listed(self, told: dict[str, str]) -> tuple[list[dict], int]:
        found = [self.comments[number] for number in sorted(self.comments)]
        if told["status"] != "any":
            found = [one for one in found if one["status"] in LISTED[told["status"]]]
        if "include" in told:
            found = [one for one in found if str(one["id"]) in told["include"].split(",")]
        for name in ("parent", "author"):
            found = [one for one in found if told.get(name, str(one[name])) == str(one[name])]
        start, size = int(told["offset"]), int(told["per_page"])
        shown = [one for one in found[start : start + size] if one["id"] not in self.unreadable]
        return shown, len(found)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who went away hears nothing."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeSite

    def do_GET(self) -> None:
        told = self._told()
        if "GET" in self.server.trouble:
            self._answer(*self.server.trouble["GET"])
        elif told["rest_route"] == "/":
            self._say({"name": "Cabinet"})
        elif not self._is_known():
            self._refuse(401, "rest_not_logged_in")
        elif told["rest_route"].endswith("/users/me"):
            self._say({"id": OWN, "name": "Vigie"})
        elif not self.server.may_moderate:
            self._refuse(403, "rest_forbidden_context")
        elif int(told["per_page"]) > self.server.most:
            self._refuse(500, "memory_exhausted")
        else:
            comments, total = self.server.listed(told)
            self._say(comments, {"X-WP-Total": str(total)})

    def do_POST(self) -> None:
        route = self._told()["rest_route"]
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "POST" in self.server.trouble:
            self._answer(*self.server.trouble["POST"])
        elif not self._is_known():
            self._refuse(401, "rest_not_logged_in")
        elif route == "/wp/v2/comments":
            self._publish(told)
        else:
            comment = self.server.comments[int(route.rpartition("/")[2])]
            if comment["status"] == told["status"]:
                self._refuse(500, "rest_comment_failed_edit")
            else:
                comment.update(told)
                self._say(comment)

    def _publish(self, told: dict) -> None:
        if told["content"] in self.server.replies(str(told["parent"])):
            self._refuse(409, "comment_duplicate")
            return
        text = html.unescape(told["content"])
        made = self.server.say(text, parent=told["parent"], author=OWN, status="approved")
        self._say(self.server.comments[int(made)])

    def _told(self) -> dict[str, str]:
        told = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(told)
        return told

    def _is_known(self) -> bool:
        known = b64encode(f"vigie:{PASSWORD}".encode()).decode()
        return self.headers["Authorization"] == f"Basic {known}"

    def _say(self, told: object, headers: dict[str, str] | None = None) -> None:
        self._answer(200, headers or {}, json.dumps(told).encode())

    def _refuse(self, code: int, name: str) -> None:
        self._answer(code, {}, json.dumps({"code": name, "message": "Non&nbsp;!"}).encode())

    def _answer(self, code: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def _running() -> Iterator[FakeSite]:
    server = FakeSite()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(monkeypatch):
    with _running() as made:
        monkeypatch.setenv(client_module.INTERNAL_HOSTS, made.host)
        monkeypatch.setattr(client_module, "PAUSE", 0)
        yield made


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(wordpress, "PAGE", 4)
    monkeypatch.setattr(wordpress, "SMALL_PAGE", 2)
    monkeypatch.setattr(wordpress, "WINDOW", 6)


def _connector(site: FakeSite, **told: str) -> WordPress:
    given = {"address": f"http://{site.host}", "user": "vigie", "password": PASSWORD}
    return WordPress(WordPressSettings(**{**given, **told}))


def _drained(site: FakeSite, since: str = "") -> tuple[list[Heard | Gone], str]:
    items = []
    with Client() as client:
        for page in _connector(site).fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def _ids(items: list[Heard | Gone]) -> list[str]:
    return [item.id for item in items if isinstance(item, Heard)]


def test_it_keeps_the_contract(site):
    check_connector(_connector(site), site)


def test_what_our_account_wrote_is_our_own(site):
    site.say("Un visiteur")
    site.say("Un collègue", author=OWN + 1)
    site.say("Nous", author=OWN)
    assert [one.is_own for one in _drained(site)[0]] == [False, False, True]


def test_a_comment_comes_with_what_wordpress_says_of_it(site):
    first = site.say("Bonjour", author=3)
    site.say("Merci", parent=int(first), date_gmt=None)
    (one, two), _cursor = _drained(site)
    assert one == Heard(
        "1",
        "Bonjour",
        author="user:3",
        url="https://example.org/un-article/#comment-1",
        published_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    )
    assert (two.parent, two.published_at) == ("1", None)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Très bien  :)\nmerci", "Très bien  :)\nmerci"),
        ("une ligne\r\nune autre &amp; fin", "une ligne\nune autre & fin"),
        ("3 &lt; 4 <strong>gras</strong> <3", "3 < 4 gras <3"),
        ("<blockquote>cité</blockquote>mon avis", "cité\nmon avis"),
        ("&#x1f637; malade<script>alert(1)</script>", "😷 malade"),
        ("", ""),
    ],
)
def test_texts_are_what_was_written(site, raw, text):
    site.edit(site.say(""), raw)
    assert _drained(site)[0][0].text == text


def test_visitors_are_told_apart_and_their_e_mail_is_not_kept(site):
    site.say("1")
    site.say("2", author_name=" LÉA", author_email="Lea@example.org ")
    site.say("3", author_email="autre@example.org")
    site.say("4", author_name="Zoé")
    site.say("5", author_name="", author_email="")
    items, cursor = _drained(site)
    first, same, other, namesake, nobody = [item.author for item in items]
    assert first == same
    assert len({first, other, namesake, nobody}) == 4
    assert nobody == ""
    assert "example.org" not in cursor + repr([item.author for item in items])
    comment = wordpress_api.Comment.model_validate(site.comments[1])
    assert "lea@" not in repr(comment)


def test_addresses_and_browsers_of_visitors_are_never_asked_for(site):
    site.say("1")
    _drained(site)
    fields = {field for told in site.asked for field in told.get("_fields", "everything").split(",")}
    assert not fields & {"everything", "author_ip", "author_user_agent", "author_avatar_urls", "author_url"}


def test_history_comes_oldest_first_in_pages_that_can_be_gone_on_from(site, small):
    said = [site.say(f"Avis {number}") for number in range(15)]
    with Client() as client:
        pages = list(_connector(site).fetch("", client))
    assert [number for page in pages for number in _ids(list(page.items))] == said
    assert max(len(page.items) for page in pages) <= 4
    heard: set[str] = set()
    for page in pages:
        heard |= set(_ids(list(page.items)))
        assert heard | set(_ids(_drained(site, page.cursor)[0])) == set(said)


def test_a_host_that_takes_one_page_at_a_time_gets_to_the_end(site, small):
    said = {site.say(f"Avis {number}") for number in range(25)}
    heard: set[str] = set()
    since = ""
    for _ in range(12):
        with Client() as client:
            page = next(_connector(site).fetch(since, client))
        heard |= set(_ids(list(page.items)))
        since = page.cursor
    assert heard == said


def test_nothing_new_is_nothing_and_an_old_cursor_brings_the_same_again(site):
    first = site.say("1")
    before = _drained(site)[1]
    second = site.say("2")
    items, after = _drained(site, before)
    assert _ids(items) == [second]
    assert _drained(site, before)[0] == items
    assert _drained(site, after)[0] == []
    assert _ids(_drained(site)[0]) == [first, second]


def test_edits_are_seen_in_the_window_only(site, small):
    said = [site.say(f"Avis {number}") for number in range(10)]
    since = _drained(site)[1]
    site.edit(said[0], "trop ancien")
    site.edit(said[4], "corrigé")
    items, since = _drained(site, since)
    assert [(item.id, item.text) for item in items] == [(said[4], "corrigé")]
    assert _drained(site, since)[0] == []


def test_spam_bin_and_deletion_are_gone_and_coming_back_is_heard(site):
    said = [site.say(f"Avis {number}") for number in range(5)]
    since = _drained(site)[1]
    site.move(said[0], "spam")
    site.move(said[1], "trash")
    site.delete(said[2])
    site.move(said[3], "approved")
    items, later = _drained(site, since)
    assert items == [Gone(number) for number in said[:3]]
    assert _drained(site, since)[0] == items
    assert _drained(site, later)[0] == []
    site.move(said[0], "hold")
    assert _ids(_drained(site, later)[0]) == [said[0]]


def test_what_the_account_may_not_read_is_not_gone(site, small):
    said = [site.say(f"Avis {number}") for number in range(30)]
    since = _drained(site)[1]
    site.unreadable = {int(number) for number in said[20:]}
    items = _drained(site, since)[0]
    assert not any(isinstance(item, Gone) for item in items)
    assert set(_ids(_drained(site)[0])) == set(said[:20])


def test_a_site_that_lost_most_of_its_comments_is_read_on(site, small):
    said = [site.say(f"Avis {number}") for number in range(40)]
    since = _drained(site)[1]
    for number in said[:38]:
        site.delete(number)
    new = site.say("Après")
    items, _cursor = _drained(site, since)
    assert new in _ids(items)
    assert {item.id for item in items if isinstance(item, Gone)} == set(said[34:38])


def test_every_comment_was_deleted(site):
    said = [site.say("1"), site.say("2")]
    since = _drained(site)[1]
    site.comments.clear()
    items, later = _drained(site, since)
    assert items == [Gone(number) for number in said]
    assert _drained(site, later)[0] == []


ACTS = st.lists(st.tuples(st.sampled_from(["say", "delete", "spam", "edit", "page"]), st.integers(0, 60)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS, st.sets(st.integers(1, 25), max_size=3))
def test_whatever_happens_between_pages_nothing_is_lost(site, small, acts, unreadable):
    site.comments.clear()
    site.unreadable = unreadable
    for number in range(12):
        site.say(f"Avis {number}")
    replica: dict[str, str] = {}
    with Client() as client:
        since, pages = "", iter(())
        for act, pick in [*acts, *[("page", 0)] * 60]:
            since, pages = _happens(site, client, replica, act, pick, since, pages)
    alive = {str(one["id"]): one for one in site.comments.values() if one["status"] in LISTED["all"]}
    alive = {number: one for number, one in alive.items() if int(number) not in unreadable}
    assert alive.keys() <= replica.keys()
    newest = sorted(alive, key=int)[-3:]
    assert {number: replica[number] for number in newest} == {
        number: alive[number]["content"]["raw"] for number in newest
    }


def _happens(site, client, replica, act, pick, since, pages):
    some = sorted(site.comments)[pick % len(site.comments)] if site.comments else 0
    if act == "say":
        site.say(f"Nouveau {pick}")
    elif act == "page":
        page = next(pages, None)
        if page is None:
            return since, _connector(site).fetch(since, client)
        for item in page.items:
            if isinstance(item, Heard):
                replica[item.id] = item.text
            else:
                replica.pop(item.id, None)
        if pick % 5 == 4:
            return page.cursor, iter(())
        return page.cursor, pages
    elif some and act == "delete":
        site.delete(str(some))
    elif some and act == "edit":
        site.edit(str(some), f"Corrigé {pick}")
    elif some:
        site.move(str(some), act)
    return since, pages


def test_a_page_that_is_too_much_is_asked_for_in_pieces(site, small):
    said = [site.say(f"Avis {number}") for number in range(9)]
    site.most = 2
    assert _ids(_drained(site)[0]) == said
    site.most = 1
    with pytest.raises(NotReached):
        _drained(site)


def test_one_odd_comment_is_left_out_and_the_others_come(site, small):
    said = [site.say(f"Avis {number}") for number in range(12)]
    site.comments[4]["content"] = None
    site.comments[5]["id"] = "cinq"
    site.comments[8]["author_name"] = 8
    assert _ids(_drained(site)[0]) == [number for number in said if number not in {"4", "5"}]


@pytest.mark.parametrize(
    "name", ["", "x", "{}", "[]", "null", '{"last": -1}', '{"last": 1, "read": 1e40}', "[" * 9999]
)
def test_a_broken_cursor_means_from_the_beginning(site, name):
    said = site.say("1")
    assert _ids(_drained(site, name)[0]) == [said]


@given(
    st.text() | st.from_regex(r'\{"last":\d+,"read":\d+,"known":\{("\d+":"a")?\},"is_midway":(true|false)\}')
)
def test_no_cursor_makes_it_fall_over(cursor):
    assert wordpress._Mark.of(cursor).offset >= 0


def test_a_cursor_is_never_too_long():
    known = dict.fromkeys(range(10**18, 10**18 + wordpress.WINDOW), "0123456789ab")
    assert len(wordpress._Mark(known=known).text) < MOST_CURSOR / 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*wordpress_api.FIELDS.split(","), "raw"]), inner)
    ),
)


@given(JSON.map(lambda told: json.dumps(told).encode()) | st.binary())
def test_no_answer_makes_it_fall_over(content):
    answer = httpx.Response(403, content=content)
    with contextlib.suppress(NetworkRefused):
        wordpress_api._comments(json_of(answer))
    with contextlib.suppress(NetworkRefused):
        wordpress_api._judge(answer)
    with contextlib.suppress(OutcomeUnknown):
        wordpress._sent(answer)


@given(
    st.text(),
    st.text(),
    st.text(),
    st.one_of(
        st.text(), st.datetimes().map(str), st.sampled_from(["0000-00-00T00:00:00", "0001-01-01T00:00+14:00"])
    ),
)
def test_no_comment_makes_it_fall_over(raw, name, email, date):
    told = {"id": 1, "status": "hold", "content": {"raw": raw}, "date_gmt": date}
    (comment,) = wordpress_api._comments([{**told, "author_name": name, "author_email": email}])
    heard = comment.heard(1)
    assert heard.published_at is None or heard.published_at.utcoffset() is not None
    assert len(heard.author) < 60


HTML = b"<!doctype html><title>Accueil</title>"


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        ((401, {}, b"{}"), CredentialsRefused),
        ((403, {}, HTML), CredentialsRefused),
        ((404, {}, HTML), NetworkRefused),
        ((301, {"Location": "/ailleurs"}, b""), NetworkRefused),
        ((429, {"Retry-After": "7"}, b""), Throttled),
        ((503, {"Retry-After": "600"}, HTML), Throttled),
        ((500, {}, HTML), NotReached),
        ((502, {}, HTML), NotReached),
        ((200, {"X-WP-Total": "1"}, HTML), NetworkRefused),
        ((200, {"X-WP-Total": "1"}, b"{}"), NetworkRefused),
        ((200, {"X-WP-Total": "1"}, b'[{"id": 0}]'), NetworkRefused),
        ((200, {"X-WP-Total": "1"}, b"[" * 100_000), NetworkRefused),
        ((200, {}, b"[]"), NetworkRefused),
        ((200, {"X-WP-Total": "9" * 5000}, b"[]"), NetworkRefused),
        ((200, {"X-WP-Total": "1"}, b"x" * 5_300_000), NetworkRefused),
    ],
)
def test_each_answer_to_a_question_means_one_thing(site, trouble, raised):
    site.trouble["GET"] = trouble
    with pytest.raises(raised) as error:
        _drained(site)
    assert isinstance(error.value, Throttled) == (raised is Throttled)


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        ((401, {}, b"{}"), CredentialsRefused),
        ((403, {}, b'{"code": "rest_comment_closed", "message": "Ferm\\u00e9"}'), NetworkRefused),
        ((403, {}, b'{"code": "rest_cannot_edit"}'), CredentialsRefused),
        ((400, {}, b"{}"), NetworkRefused),
        ((409, {}, b'{"code": "comment_duplicate"}'), NetworkRefused),
        ((429, {}, b""), Throttled),
        ((503, {"Retry-After": "600"}, HTML), Throttled),
        ((500, {}, HTML), OutcomeUnknown),
        ((200, {}, HTML), OutcomeUnknown),
        ((200, {}, b'{"id": "x"}'), OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(site, trouble, raised):
    message = Answered(site.say("1"))
    site.trouble["POST"] = trouble
    with Client() as client, pytest.raises(raised) as error:
        _connector(site).reply(message, "Merci", "k", client)
    assert type(error.value) is raised


def test_a_stranger_is_refused_whatever_they_ask_for(site):
    message = Answered(site.say("1"))
    stranger = _connector(site, password="something else")
    with Client() as client:
        for act in (stranger.hide, stranger.show, stranger.remove):
            with pytest.raises(CredentialsRefused):
                act(message, client)
        with pytest.raises(CredentialsRefused):
            list(stranger.fetch("", client))


def test_nobody_there_is_not_reached(site):
    site.shutdown()
    site.server_close()
    with pytest.raises(NotReached):
        _drained(site)


def test_a_reply_is_published_once_under_its_parent(site):
    message, other = Answered(site.say("1")), Answered(site.say("2"))
    text = "Bonjour,\n2 > 1 & <b>merci</b> 👩‍⚕️ \ud83d"
    connector = _connector(site)
    with Client() as client:
        assert connector.find_reply(message, text, "k", client) is None
        sent = connector.reply(message, text, "k", client)
        assert connector.reply(message, text, "k", client) == sent
        assert connector.find_reply(message, text, "k", client) == sent
        assert connector.find_reply(other, text, "k", client) is None
        site.move(sent.id, "trash")
        assert connector.find_reply(message, text, "k", client) == sent
    assert sent.url == f"https://example.org/un-article/#comment-{sent.id}"
    assert site.replies("1") == ["Bonjour,\n2 &gt; 1 &amp; &lt;b&gt;merci&lt;/b&gt; 👩‍⚕️ ?"]


def test_the_words_of_somebody_else_are_no_reply_of_ours(site):
    message = site.say("1")
    site.say("Merci", parent=int(message), author=OWN + 1)
    with Client() as client:
        assert _connector(site).find_reply(Answered(message), "Merci", "k", client) is None


@pytest.mark.parametrize("status", ["spam", "trash", "post-trashed", None])
def test_what_is_out_of_place_is_not_answered_nor_shown(site, status):
    message = Answered(site.say("1", status=status) if status else "99")
    connector = _connector(site)
    with Client() as client:
        with pytest.raises(NetworkRefused, match="bin"):
            connector.reply(message, "Bonjour", "k", client)
        with pytest.raises(NetworkRefused, match="bin"):
            connector.show(message, client)
        connector.hide(message, client)
    assert not status or site.comments[1]["status"] == status


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("hide", "approved", "hold"),
        ("hide", "hold", "hold"),
        ("show", "hold", "approved"),
        ("show", "approved", "approved"),
        ("remove", "approved", "trash"),
        ("remove", "hold", "trash"),
        ("remove", "spam", "trash"),
        ("remove", "trash", "trash"),
        ("remove", "post-trashed", "post-trashed"),
    ],
)
def test_moderation_leads_to_one_state_and_may_be_repeated(site, act, before, after):
    message = Answered(site.say("1", status=before))
    with Client() as client:
        getattr(_connector(site), act)(message, client)
        getattr(_connector(site), act)(message, client)
        _connector(site).remove(Answered("99"), client)
    assert site.comments[1]["status"] == after


def test_check_says_who_may_do_what(site):
    site.say("1", status="approved")
    site.say("2")
    site.say("3", status="spam")
    with Client() as client:
        remarks = _connector(site).check(client)
    assert all(remark.is_good for remark in remarks)
    told = " ".join(remark.words.say("fr") for remark in remarks)
    assert "Vigie" in told
    assert "Commentaires : 2, dont en attente : 1" in told


def test_check_finds_what_is_wrong(site):
    with Client() as client:
        (unknown,) = _connector(site, user="personne").check(client)
        site.may_moderate = False
        (powerless,) = _connector(site).check(client)
    assert "mot de passe d’application" in unknown.words.say("fr")
    assert "Éditeur" in powerless.words.say("fr")
    assert not any(remark.is_good for remark in (unknown, powerless))


def test_check_tells_the_address_that_the_site_sends_on_to(site, monkeypatch):
    with _running() as other, Client() as client:
        monkeypatch.setenv(client_module.INTERNAL_HOSTS, f"{site.host},{other.host}")
        headers = {"Location": f"http://{other.host}/blog/?rest_route=/"}
        site.trouble["GET"] = (301, headers, b"")
        (remark,) = _connector(site).check(client)
    assert f"http://{other.host}/blog/ " in remark.words.say("fr")
    assert not remark.is_good


def test_check_goes_on_when_strangers_may_not_ask(site):
    site.trouble["GET"] = (401, {}, b"{}")
    with Client() as client:
        (remark,) = _connector(site).check(client)
    assert not remark.is_good


@pytest.mark.parametrize(
    ("given_address", "kept"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org/blog/", "https://example.org/blog"),
        ("https://example.org/wp-admin/profile.php", "https://example.org"),
        ("https://example.org/blog/wp-login.php", "https://example.org/blog"),
        ("https://example.org/wp-json/wp/v2/", "https://example.org"),
        ("https://example.org/wp-adminer", "https://example.org/wp-adminer"),
    ],
)
def test_the_address_of_the_site_is_found_in_that_of_its_pages(given_address, kept):
    assert WordPressSettings(address=given_address, user="vigie", password=PASSWORD).address == kept


@pytest.mark.parametrize(
    "told", [{"address": "example.org"}, {"user": "a:b"}, {"user": ""}, {"password": "short"}]
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        WordPressSettings(**{"address": "https://example.org", "user": "vigie", "password": PASSWORD, **told})


def test_a_secret_is_not_in_its_words():
    made = WordPressSettings(address="https://example.org", user="vigie", password=PASSWORD)
    assert PASSWORD not in f"{made} {made!r}"


def test_everything_that_is_shown_is_in_both_languages():
    for words in (WordPress.title, *WordPress.limits):
        assert set(words.by_language) == {"fr", "en"}
        assert words.say("fr") != words.say("en")
