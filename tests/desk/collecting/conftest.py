"""A clinic that listens to a guest book of the tests."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guest_book import TOKEN, GuestBookServer, guest_book
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Listening, Source
from veilleur.listening import connector as protocol
from veilleur.listening.client import INTERNAL_HOSTS

EXAMPLE = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "one_connector.py"))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What is installed beside the connectors of the house, by name."""
    known = {**protocol.connectors(), "guestbook": EXAMPLE["GuestBook"]}
    for module in ("veilleur.desk.sources.connections", "veilleur.desk.inbox.collectors"):
        monkeypatch.setattr(f"{module}.connectors", lambda: known)
    return known


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Iterator[GuestBookServer]:
    """A guest book that Veilleur may reach."""
    with guest_book() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


@pytest.fixture
def source(book: GuestBookServer, installed: object, organisation_a: Organisation) -> Source:
    """The guest book as a source of the clinic."""
    made = Source.objects.create(organisation=organisation_a, key="livre-d-or", name="Livre d’or")
    connect(made, "guestbook", {"address": book.address, "token": TOKEN}, by="alice@example.org")
    return made


@pytest.fixture
def listening(source: Source) -> Listening:
    """How it is listened to."""
    return Listening.objects.get(source=source)
