"""The WordPress connector against a real one: visitors write in the public form, an editor moderates."""

from __future__ import annotations

import itertools
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.counterparts.conftest import Server, running
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Gone, Heard
from veilleur.listening.connectors import wordpress
from veilleur.listening.connectors.wordpress import WordPress, WordPressSettings
from veilleur.testing import check_connector

POST = 1
"""Every new site has one post, open to comments."""
FLOOD = 16
"""Seconds after which WordPress takes the next comment of one visitor."""
_PERSON = {"username": "nadia", "email": "nadia@example.org", "password": "a long password of Nadia"}


class Visitors:
    """A `Stage`: each visitor has an address and a name of their own, and an editor has the rights."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._numbers = itertools.count(2)
        with self._rest("vigie", server.secret("app-password")) as owner:
            made = owner.post("/users", json={**_PERSON, "roles": ["editor"]}).raise_for_status().json()
            self.secret = self._password(owner, made)
            self.editor = self._rest("nadia", self.secret)
            reader = {**_PERSON, "username": "luc", "email": "luc@example.org"}
            made = owner.post("/users", json=reader).raise_for_status().json()
            self.secret_of_a_reader = self._password(owner, made)
        self.public = httpx.Client(base_url=self.url)

    def _rest(self, user: str, password: str) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/wp-json/wp/v2", auth=(user, password), timeout=30)

    def _password(self, owner: httpx.Client, user: dict[str, int]) -> str:
        made = owner.post(f"/users/{user['id']}/application-passwords", json={"name": "test"})
        return made.raise_for_status().json()["password"]

    def say(self, text: str, *, name: str = "Léa", email: str = "", under: str = "0") -> str:
        number = next(self._numbers)
        told = {
            "comment_post_ID": POST,
            "comment": text,
            "author": name,
            "email": email or f"visitor-{number}@example.org",
            "comment_parent": under,
        }
        way = httpx.HTTPTransport(local_address=f"127.0.1.{number}")
        with httpx.Client(base_url=self.url, transport=way, timeout=30) as visitor:
            answer = visitor.post("/wp-comments-post.php", data=told)
        found = re.search(r"#comment-(\d+)$", answer.headers.get("location", ""))
        assert found, (answer.status_code, answer.text[:300])
        return found[1]

    def edit(self, message: str, text: str) -> None:
        self.editor.post(f"/comments/{message}", json={"content": text}).raise_for_status()

    def delete(self, message: str) -> None:
        self.editor.delete(f"/comments/{message}", params={"force": "true"}).raise_for_status()

    def move(self, message: str, status: str) -> None:
        self.editor.post(f"/comments/{message}", json={"status": status}).raise_for_status()

    def replies(self, message: str) -> list[str]:
        params = {"parent": message, "status": "all", "context": "edit"}
        told = self.editor.get("/comments", params=params).raise_for_status().json()
        return [one["content"]["raw"] for one in told]

    def is_visible(self, message: str) -> bool:
        page = self.public.get("/hello-world/").raise_for_status().text
        return f'id="comment-{message}"' in page


@pytest.fixture(scope="module")
def server():
    with running("wordpress") as made:
        yield made


@pytest.fixture(scope="module")
def visitors(server):
    return Visitors(server)


@pytest.fixture
def connector(server, allowed):
    allowed(server.port)
    return _connector(server)


def _connector(server: Server, **told: str) -> WordPress:
    given = {"address": server.url, "user": "vigie", "password": server.secret("app-password")}
    return WordPress(WordPressSettings(**{**given, **told}))


def _drained(connector: WordPress, since: str, **bounds: float) -> tuple[list[Heard | Gone], str]:
    items = []
    with Client(**bounds) as client:
        for page in connector.fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def test_it_keeps_the_contract(connector, visitors):
    check_connector(connector, visitors)


def test_an_editor_has_rights_enough(server, visitors, allowed):
    allowed(server.port)
    check_connector(_connector(server, user="nadia", password=visitors.secret), visitors)


def test_what_is_asked_for_holds_no_address_and_tells_visitors_apart(connector, visitors):
    since = _drained(connector, "")[1]
    same = [visitors.say("Avis 1", name="Zoé", email="zoe@example.org")]
    time.sleep(FLOOD)
    same.append(visitors.say("Avis 2", name="Zoé", email="zoe@example.org"))
    other = visitors.say("Avis 3", name="Zoé", email="autre@example.org")
    answer = visitors.say("Réponse\r\nsur deux lignes & plus <b>gras</b>", under=same[0])
    items = {item.id: item for item in _drained(connector, since)[0]}
    assert items[same[0]].author == items[same[1]].author != items[other].author
    assert items[answer].parent == same[0]
    assert items[answer].text == "Réponse\nsur deux lignes & plus gras"
    assert items[answer].url.endswith(f"#comment-{answer}")
    assert abs(items[answer].published_at.timestamp() - time.time()) < 120
    assert "@" not in repr(list(items.values()))


def test_spam_and_bin_are_gone_and_come_back_when_they_are_taken_out(connector, visitors):
    said = [visitors.say(f"Dans la corbeille ou presque {number}") for number in range(2)]
    since = _drained(connector, "")[1]
    for message, status in zip(said, ("spam", "trash"), strict=True):
        visitors.move(message, status)
    items, later = _drained(connector, since)
    assert items == [Gone(message) for message in said]
    assert _drained(connector, later)[0] == []
    visitors.move(said[0], "approved")
    visitors.move(said[1], "untrash")
    items, _ = _drained(connector, later)
    assert [item.id for item in items if isinstance(item, Heard)] == said
    assert [item for item in _drained(connector, since)[0] if isinstance(item, Gone)] == []


def test_a_reply_is_published_once_with_its_signs_and_lines(connector, visitors):
    message = visitors.say("Une question ?")
    text = "Bonjour,\n2 > 1 & <3 : « merci » 👩‍⚕️ \ud83d"
    with Client() as client:
        sent = connector.reply(Answered(message), text, "k", client)
        assert connector.reply(Answered(message), text, "k", client).id == sent.id
        assert connector.find_reply(Answered(message), text, "k", client) == sent
        connector.remove(Answered(sent.id), client)
        assert connector.find_reply(Answered(message), text, "k", client).id == sent.id
        connector.show(Answered(message), client)
    assert visitors.replies(message) == []


def test_a_reply_to_a_held_comment_appears_with_it(connector, visitors):
    message = visitors.say("J’attends.")
    with Client() as client:
        sent = connector.reply(Answered(message), "Merci d’attendre.", "k", client)
        assert not visitors.is_visible(sent.id)
        connector.show(Answered(message), client)
    assert visitors.is_visible(sent.id)
    assert visitors.is_visible(message)


def test_what_is_removed_is_not_answered_nor_shown(connector, visitors):
    message = visitors.say("À retirer.")
    with Client() as client:
        for _time in range(2):
            connector.remove(Answered(message), client)
        connector.hide(Answered(message), client)
        with pytest.raises(NetworkRefused, match="bin"):
            connector.reply(Answered(message), "Bonjour", "k", client)
        with pytest.raises(NetworkRefused, match="bin"):
            connector.show(Answered(message), client)
        visitors.delete(message)
        connector.remove(Answered(message), client)


def test_a_closed_discussion_is_no_matter_of_credentials(connector, visitors):
    message = visitors.say("Avant la fermeture.")
    visitors.editor.post(f"/posts/{POST}", json={"comment_status": "closed"}).raise_for_status()
    try:
        with Client() as client, pytest.raises(NetworkRefused) as refused:
            connector.reply(Answered(message), "Bonjour", "k", client)
    finally:
        visitors.editor.post(f"/posts/{POST}", json={"comment_status": "open"}).raise_for_status()
    assert not isinstance(refused.value, CredentialsRefused)


def test_pages_are_gone_on_from_while_comments_are_taken_away(connector, visitors, monkeypatch):
    monkeypatch.setattr(wordpress, "PAGE", 4)
    monkeypatch.setattr(wordpress, "WINDOW", 6)
    said = [visitors.say(f"Page {number}") for number in range(14)]
    heard: set[str] = set()
    since = ""
    for _ in range(60):
        with Client() as client:
            page = next(connector.fetch(since, client))
        heard |= {item.id for item in page.items}
        since = page.cursor
        if said[3] in heard:
            break
    for message in said[:3]:
        visitors.delete(message)
    heard |= {item.id for item in _drained(connector, since)[0]}
    assert heard >= set(said)


def test_wrong_credentials_are_refused(server, visitors, allowed):
    allowed(server.port)
    stranger = _connector(server, password="not the password")
    with Client() as client:
        assert [remark.is_good for remark in stranger.check(client)] == [False]
        for act in (
            lambda: next(stranger.fetch("", client)),
            lambda: stranger.reply(Answered("1"), "Bonjour", "k", client),
            lambda: stranger.find_reply(Answered("1"), "Bonjour", "k", client),
            lambda: stranger.hide(Answered("999"), client),
            lambda: stranger.remove(Answered("999"), client),
        ):
            with pytest.raises(CredentialsRefused):
                act()


def test_an_account_without_rights_is_told_so(server, visitors, allowed):
    allowed(server.port)
    reader = _connector(server, user="luc", password=visitors.secret_of_a_reader)
    with Client() as client:
        (remark,) = reader.check(client)
        assert not remark.is_good
        assert "Éditeur" in remark.words.say("fr")
        with pytest.raises(CredentialsRefused):
            next(reader.fetch("", client))


def test_a_frozen_server_is_not_reached_and_nothing_is_lost(server, connector, visitors):
    since = _drained(connector, "")[1]
    with ThreadPoolExecutor() as other:
        with server.frozen():
            said = other.submit(visitors.say, "Pendant la panne.")
            with pytest.raises(NotReached):
                _drained(connector, since, seconds=0.3)
            assert not said.done()
        message = said.result()
    assert message in {item.id for item in _drained(connector, since)[0]}


def test_a_stopped_server_is_not_reached(server, connector):
    server.run("stop", 60)
    with pytest.raises(NotReached):
        _drained(connector, "")
