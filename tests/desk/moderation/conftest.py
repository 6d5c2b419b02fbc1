"""A clinic that moderates a guest book of the tests."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.guest_book import TOKEN, GuestBookServer, guest_book
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.moderation import actions
from veilleur.desk.moderation.models import NetworkAct, Verb
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Source
from veilleur.listening import connector as protocol
from veilleur.listening.client import INTERNAL_HOSTS

EXAMPLE = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "one_connector.py"))
REASON = {"ground": "insult", "words": "Deux mots grossiers."}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is installed beside the connectors of the house, by name."""
    known = {**protocol.connectors(), "guestbook": EXAMPLE["GuestBook"]}
    for module in ("veilleur.desk.sources.connections", "veilleur.desk.inbox.collectors"):
        monkeypatch.setattr(f"{module}.connectors", lambda: known)
    monkeypatch.setattr(known["guestbook"], "seconds", 0.25)
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
def said(
    book: GuestBookServer, source: Source, make_mention: Callable[..., MentionRow]
) -> Callable[..., MentionRow]:
    """`said(text, **fields)`: an entry of the book, and the message that was made of it."""

    def say(text: str = "Bande de nuls.", **fields: Any) -> MentionRow:
        entry = book.say(text)
        return make_mention(source.organisation, text=text, source=source, external_id=entry, **fields)

    return say


@pytest.fixture
def place_marie(member_a: User, organisation_a: Organisation) -> Workplace:
    """Marie, who handles messages and does not configure."""
    return workplace_of(member_a, organisation_a.slug)


@pytest.fixture
def asked(place_a: Workplace) -> Callable[..., NetworkAct]:
    """`asked(mention, verb)`: Alice asks for an act; its time to be taken back is over at once."""

    def ask(mention: MentionRow, verb: Verb = Verb.HIDE, **more: Any) -> NetworkAct:
        reason = REASON if verb in actions.REASONED else {}
        ticket = mention.ticket
        ticket.refresh_from_db()
        told = {"verb": verb, **reason, **more}
        act = actions.ask(place_a, ticket.pk, ticket.version, now=timezone.now(), **told)
        NetworkAct.objects.filter(pk=act.pk).update(leaves_at=None)
        return act

    return ask
