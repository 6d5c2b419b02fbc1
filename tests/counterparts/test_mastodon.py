"""Mastodon against snac, which speaks its API; bob speaks through Mastodon.py and snac's own pages."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
import requests
from mastodon import Mastodon as Peer
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from tests.counterparts.conftest import Server, running
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Gone, Heard, Sent
from veilleur.listening.connectors.mastodon import Mastodon, MastodonSettings
from veilleur.testing import check_connector

PATIENCE = 60.0
"""Seconds: snac hands posts from one account to the other in the background."""


def patient() -> requests.Session:
    """snac drops a connection now and then on a busy machine."""
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=Retry(5, allowed_methods=None, backoff_factor=0.2)))
    return session


def logged_in(server: Server, name: str) -> Peer:
    """A client of somebody else's make, through the log-in form."""
    scopes, session = ["read", "write"], patient()
    address = f"http://localhost:{server.port}"
    known = Peer.create_app("somebody", api_base_url=address, scopes=scopes, session=session)
    peer = Peer(*known, api_base_url=address, version_check_mode="none", session=session)
    page = session.get(peer.auth_request_url(scopes=scopes)).text
    told = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))
    action = re.search(r'action="([^"]+)"', page)[1]
    answer = session.post(action, data=told | {"login": name, "passwd": server.secret(f"{name}.pw")})
    peer.log_in(code=answer.text.partition("&")[0], scopes=scopes)
    return peer


class Followed(Mastodon):
    """What the host does after a doubt: look first, then send again."""

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        try:
            return super().reply(answered, text, key, client)
        except OutcomeUnknown:
            found = self.find_reply(answered, text, key, client)
            return found or super().reply(answered, text, key, client)


def known_as(message: object) -> str:
    """snac's key without the time of the last change, which stands before it."""
    return "0" * 10 + str(message)[10:]


class Bob:
    """Somebody who mentions alice."""

    def __init__(self, server: Server) -> None:
        self.server, self.peer = server, logged_in(server, "bob")

    def say(self, text: str) -> str:
        return known_as(self.peer.status_post(f"@alice {text}").id)

    def edit(self, message: str, text: str) -> None:
        self.peer.status_update(message, f"@alice {text}")

    def delete(self, message: str) -> None:
        """snac deletes through its own pages, not through the API."""
        post = self.peer.status(message)
        answer = patient().post(
            f"http://localhost:{self.server.port}/bob/admin/action",
            auth=("bob", self.server.secret("bob.pw")),
            data={"action": "Delete", "id": post.uri, "actor": post.account.url},
            allow_redirects=False,
        )
        assert answer.status_code == 303

    def replies(self, message: str) -> list[str]:
        return [one.content for one in self.peer.status_context(message).descendants]

    def is_visible(self, message: str) -> bool:
        raise NotImplementedError


@pytest.fixture
def server(allowed):
    with running("snac") as server:
        allowed(server.port)
        yield server


def connector(server: Server, token: str, **told) -> Followed:
    return Followed(MastodonSettings(address=f"http://localhost:{server.port}", token=token, **told))


def brought(made: Followed, since: str = "", **limits) -> tuple[list[Heard | Gone], str]:
    items = []
    with Client(**limits) as client:
        for page in made.fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def arrives(made: Followed, since: str, wanted) -> Heard | Gone:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = [item for item in brought(made, since)[0] if wanted(item)]
        if found:
            return found[0]
        time.sleep(0.5)
    raise AssertionError("it did not arrive")


def test_it_keeps_its_contract(server):
    made = connector(server, logged_in(server, "alice").access_token)
    check_connector(made, Bob(server), patience=PATIENCE)


def test_hashtags_and_words_bring_what_strangers_say(server):
    alice, bob = logged_in(server, "alice"), Bob(server)
    made = connector(server, alice.access_token, hashtags=("#Sante",), words=("urgences",))
    tagged = known_as(bob.peer.status_post("Deux heures d’attente #sante").id)
    own = known_as(alice.status_post("Ouvert lundi #sante").id)
    mention = bob.say("Les urgences étaient pleines.")
    first = arrives(made, "", lambda item: item.id == tagged)
    assert isinstance(first, Heard)
    assert first.text == "Deux heures d’attente #sante"
    assert first.author == str(bob.peer.me().id)
    arrives(made, "", lambda item: item.id == mention)
    items, since = brought(made)
    assert own not in {item.id for item in items}
    assert brought(made, since)[0] == []
    with Client() as client:
        assert all(remark.is_good for remark in made.check(client))


def test_an_answer_to_an_answer_knows_its_parent_and_its_thread(server):
    alice, bob = logged_in(server, "alice"), Bob(server)
    made = connector(server, alice.access_token)
    opened = bob.say("Bonjour ?")
    arrives(made, "", lambda item: item.id == opened)
    with Client() as client:
        sent = made.reply(Answered(opened), "Bonjour, écrivez à l’accueil.", "k" * 32, client)
        end = time.monotonic() + PATIENCE
        while not bob.replies(opened) and time.monotonic() < end:
            time.sleep(0.5)
        again = known_as(bob.peer.status_post("@alice Merci !", in_reply_to_id=sent.id).id)
    heard = arrives(made, "", lambda item: item.id == again)
    assert isinstance(heard, Heard)
    assert (heard.parent, heard.thread) == (sent.id, opened)


def test_this_server_publishes_twice_under_one_key_so_that_is_not_promised(server):
    alice, bob = logged_in(server, "alice"), Bob(server)
    made = connector(server, alice.access_token)
    opened = bob.say("Bonjour ?")
    arrives(made, "", lambda item: item.id == opened)
    with Client() as client:
        ids = {made.reply(Answered(opened), "Bonjour.", "k" * 32, client).id for _time in range(2)}
        assert len(ids) == 2
        assert made.find_reply(Answered(opened), "Bonjour.", "k" * 32, client).id in ids


def test_it_takes_no_reports_and_says_so(server):
    alice, bob = logged_in(server, "alice"), Bob(server)
    made = connector(server, alice.access_token)
    opened = bob.say("Bonjour ?")
    arrives(made, "", lambda item: item.id == opened)
    with Client() as client, pytest.raises(NetworkRefused, match="422"):
        made.report(Answered(opened), "Publicité", client)


def test_a_token_that_it_does_not_know(server):
    made = connector(server, "nobody")
    with Client() as client:
        with pytest.raises(CredentialsRefused):
            made.check(client)
        with pytest.raises(CredentialsRefused):
            list(made.fetch("", client))
        with pytest.raises(CredentialsRefused):
            made.reply(Answered("1234567890123"), "Bonjour.", "k" * 32, client)


def test_a_server_that_hangs_or_is_away_loses_nothing(server):
    made = connector(server, logged_in(server, "alice").access_token)
    since = brought(made)[1]
    with server.frozen(), pytest.raises(NotReached):
        brought(made, since, seconds=0.3)
    server.run("stop", 60)
    with pytest.raises(NotReached):
        brought(made, since)
    data = server.state / "data"
    subprocess.run(["snac", "note", data, "bob", "@alice Personne au standard."], check=True)
    restarted(server, data)
    heard = arrives(made, since, lambda item: "Personne au standard." in getattr(item, "text", ""))
    assert isinstance(heard, Heard)


def restarted(server: Server, data: Path) -> None:
    """With what it stored; the `stop` of its script ends it."""
    with (server.state / "snac.log").open("a") as log:
        started = subprocess.Popen(["snac", "httpd", data], stdout=log, stderr=log, start_new_session=True)
    (server.state / "snac.pid").write_text(f"{started.pid}\n")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            server.run("health")
        except RuntimeError:
            time.sleep(0.25)
        else:
            return
    raise AssertionError("it did not start again")
