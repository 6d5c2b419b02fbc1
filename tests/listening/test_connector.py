"""The contract of connectors: the example keeps it, and what breaks it is named."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.guest_book import TOKEN, GuestBookServer, guest_book
from veilleur import plugins
from veilleur.errors import CredentialsRefused, PluginInvalid
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import Answered, Capability, Heard, Page, connectors
from veilleur.testing import check_connector

EXAMPLE = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "one_connector.py"))
GuestBook, GuestBookSettings = EXAMPLE["GuestBook"], EXAMPLE["GuestBookSettings"]


@pytest.fixture
def book(monkeypatch):
    with guest_book() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


def reader(book: GuestBookServer, made=GuestBook, token: str = TOKEN):
    return made(GuestBookSettings(address=book.address, token=token))


def test_the_example_keeps_the_contract(book):
    for number in range(50):
        book.say(f"Avant {number}")
    check_connector(reader(book), book)


def test_wrong_credentials_are_told_apart(book):
    with pytest.raises(CredentialsRefused), Client() as client:
        reader(book, token="another").check(client)


class Forgetful(GuestBook):
    def fetch(self, since, client):
        for page in super().fetch(since, client):
            yield Page(page.items[1:], page.cursor)


class Chatty(GuestBook):
    def reply(self, answered, text, key, client):
        super().reply(answered, text, f"{key}1", client)
        return super().reply(answered, text, f"{key}2", client)


class Blind(GuestBook):
    def fetch(self, since, client):
        for page in super().fetch(since, client):
            kept = tuple(one for one in page.items if isinstance(one, Heard))
            yield Page(kept, page.cursor)


class Folding(GuestBook):
    def fetch(self, since, client):
        for page in super().fetch(since, client):
            yield Page(
                tuple(
                    Heard(one.id, one.text.lower()) if isinstance(one, Heard) else one for one in page.items
                ),
                page.cursor,
            )


class Lost(GuestBook):
    capabilities = GuestBook.capabilities | {Capability.READ_BACK}

    def find_reply(self, answered, text, key, client):
        return None


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Forgetful, "of 3 in time after say"),
        (Chatty, "publishes one reply 2 times"),
        (Blind, "in time after delete"),
        (Folding, "brings 'bonjour"),
        (Lost, "does not find the reply"),
    ],
)
def test_what_breaks_the_contract_is_named(book, made, said):
    with pytest.raises(PluginInvalid, match=said):
        check_connector(reader(book, made), book, patience=0.3)


class Half:
    name = "half"
    title = limits = settings = seconds = check = None
    capabilities = frozenset({Capability.COMMENTS, Capability.HIDE})

    def fetch(self, since, client):
        yield Page((), since)


@pytest.mark.parametrize("made", [Half, object(), None])
def test_a_class_that_lacks_something_is_not_installed(made, monkeypatch):
    monkeypatch.setattr(plugins, "installed", lambda _group: [("half", made)])
    connectors.cache_clear()
    with pytest.raises(PluginInvalid, match="lacks"):
        connectors()
    connectors.cache_clear()


def test_every_connector_that_is_installed_says_what_it_is():
    for name, made in connectors().items():
        assert made.name == name
        assert made.title.say("fr")
        assert made.title.say("en")
        assert all(words.say("fr") != words.say("en") for words in made.limits)
        assert made.seconds <= 900
        assert made.seconds <= 300 or Capability.REPLY not in made.capabilities


def test_a_reply_stands_under_what_it_answers(book):
    entry = book.say("Bonjour")
    with Client() as client:
        sent = reader(book).reply(Answered(entry), "Merci.", "k", client)
    assert book.entries[sent.id]["answers"] == entry
