"""The comments of a real WordPress, heard through its Atom feed."""

from __future__ import annotations

import httpx
import pytest

from tests.counterparts.conftest import Server, running
from veilleur.errors import NotReached
from veilleur.listening import client as clients
from veilleur.listening.client import Client
from veilleur.listening.connectors import feed as feeds
from veilleur.listening.connectors.feed import Feed, FeedSettings
from veilleur.testing import check_connector


@pytest.fixture(scope="module")
def wordpress():
    with running("wordpress") as server:
        yield server


class Comments:
    """Somebody who writes comments under the first article, through the REST interface."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.http = httpx.Client(
            base_url=f"{server.url}/wp-json/wp/v2/", auth=("vigie", server.secret("app-password")), timeout=60
        )

    def clear(self) -> None:
        """WordPress publishes the same words once."""
        for one in self.http.get("comments", params={"per_page": 100}).raise_for_status().json():
            self.http.delete(f"comments/{one['id']}", params={"force": True}).raise_for_status()

    def say(self, text: str, parent: str = "") -> str:
        told = {"post": 1, "content": text, "parent": parent.rpartition("-")[2] or 0, "status": "approved"}
        made = self.http.post("comments", json=told).raise_for_status().json()
        return f"{self.url}/?p=1#comment-{made['id']}"

    def edit(self, message: str, text: str) -> None:
        told = {"content": text}
        self.http.post(f"comments/{message.rpartition('-')[2]}", json=told).raise_for_status()


def reader(server: Server, path: str) -> Feed:
    return Feed(FeedSettings(address=server.url + path))


def brought(made: Feed, since: str = "", seconds: float = 60):
    with Client(seconds=seconds) as client:
        (*_pages, last) = made.fetch(since, client)
    return {one.id: one for one in last.items}, last.cursor


@pytest.mark.parametrize("path", ["/comments/feed/atom/", "/comments/feed/", "/?feed=comments-rss2"])
def test_wordpress(wordpress, allowed, monkeypatch, path):
    allowed(wordpress.port)
    monkeypatch.setattr(feeds, "LONGEST_TRUST", 0.0)
    comments = Comments(wordpress)
    comments.clear()
    check_connector(reader(wordpress, path), comments, 30.0)


def test_answers_conditions_and_silence(wordpress, allowed, monkeypatch):
    allowed(wordpress.port)
    monkeypatch.setattr(clients, "PAUSE", 0.1)
    comments, made = Comments(wordpress), reader(wordpress, "/comments/feed/atom/")
    first = comments.say("Le secrétariat ne répond pas.")
    second = comments.say("Même chose ici !", parent=first)
    found, cursor = brought(made)
    assert found[second].parent == first
    assert "vigie" not in found[second].title
    assert brought(made, cursor) == ({}, cursor)
    with wordpress.frozen(), pytest.raises(NotReached):
        brought(made, cursor, 0.5)
    third = comments.say("Et encore une fois.")
    assert set(brought(made, cursor)[0]) == {third}


def test_the_front_page_tells_where_its_feeds_are(wordpress, allowed):
    allowed(wordpress.port)
    with Client(seconds=60) as client:
        (remark,) = reader(wordpress, "/").check(client)
    assert f"{wordpress.url}/comments/feed/" in remark.words.say("fr")
