"""Two organisations that must never meet: Alice manages A, Bob manages B."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from typer.testing import CliRunner

from veilleur.cli import app
from veilleur.desk.accounts.actions import admit, found_organisation
from veilleur.desk.accounts.models import Organisation, Role, User
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.models import MentionRow, ReadingRow, TicketRow
from veilleur.desk.sources.models import Source
from veilleur.listening.queries import marks_of
from veilleur.vocabulary import Priority

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MENTION_FIELDS = {field.name for field in MentionRow._meta.get_fields()}
TICKET_FIELDS = {field.name for field in TicketRow._meta.get_fields()}

MakeMention = Callable[..., MentionRow]


@pytest.fixture
def run() -> Iterator[Callable[..., Any]]:
    """Runs `veilleur …` in this process, and leaves its language as it was."""
    with translation.override(None):
        yield lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def organisation_a(db: None) -> Organisation:
    """A French clinic."""
    return found_organisation("clinique-a", "Clinique A")


@pytest.fixture
def organisation_b(db: None) -> Organisation:
    """An English trust, a stranger to A."""
    return found_organisation("trust-b", "Trust B", language="en", time_zone="Europe/London")


def _person(organisation: Organisation, name: str, role: str) -> User:
    return admit(
        organisation, f"{name.lower()}@example.org", name, role, password="a long enough one", by="tests"
    )


@pytest.fixture
def alice(organisation_a: Organisation) -> User:
    """Manager of A."""
    return _person(organisation_a, "Alice", Role.MANAGER)


@pytest.fixture
def member_a(organisation_a: Organisation) -> User:
    """Works on the messages of A."""
    return _person(organisation_a, "Marie", Role.MEMBER)


@pytest.fixture
def reader_a(organisation_a: Organisation) -> User:
    """Only reads in A."""
    return _person(organisation_a, "Rémi", Role.READER)


@pytest.fixture
def bob(organisation_b: Organisation) -> User:
    """Manager of B."""
    return _person(organisation_b, "Bob", Role.MANAGER)


@pytest.fixture
def place_a(alice: User, organisation_a: Organisation) -> Workplace:
    """Alice at work."""
    return workplace_of(alice, organisation_a.slug)


@pytest.fixture
def place_b(bob: User, organisation_b: Organisation) -> Workplace:
    """Bob at work."""
    return workplace_of(bob, organisation_b.slug)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def client_a(alice: User) -> Client:
    """Alice's browser."""
    return _signed_in(alice)


@pytest.fixture
def client_b(bob: User) -> Client:
    """Bob's browser."""
    return _signed_in(bob)


@pytest.fixture
def client_reader_a(reader_a: User) -> Client:
    """The browser of somebody who may only read in A."""
    return _signed_in(reader_a)


@pytest.fixture
def make_mention(db: None) -> MakeMention:
    """A factory: `make_mention(organisation, text=…, **fields)` writes the rows directly.

    Returns the `MentionRow`; its `.reading` and `.ticket` are there. `fields` may be those of
    the mention or of the ticket (`queue`, `status`, `priority`, `due_at`, `assignee`…), plus
    `findings`, `source_key`. Each message is one minute younger than the one before it.
    """
    numbers = itertools.count(1)

    def make(organisation: Organisation, text: str = "Trop d'attente.", **fields: Any) -> MentionRow:
        return _write_mention(organisation, text, next(numbers), fields)

    return make


def _write_mention(organisation: Organisation, text: str, number: int, fields: dict[str, Any]) -> MentionRow:
    findings = fields.pop("findings", [])
    key = fields.pop("source_key", "avis")
    source = fields.pop("source", None) or _source(organisation, key)
    _refuse_unknown(fields)
    moment = fields.get("published_at", MORNING + timedelta(minutes=number))
    mention = MentionRow.objects.create(
        **{
            "organisation": organisation,
            "source": source,
            "external_id": f"m{number}",
            "digest": f"{number:064x}",
            "text": text,
            "published_at": moment,
            "collected_at": MORNING,
            **{name: value for name, value in fields.items() if name in MENTION_FIELDS},
        }
    )
    reading = ReadingRow.objects.create(
        mention=mention, digest=mention.digest, reader="tests/1", findings=findings
    )
    mention.marks = marks_of(mention_of(mention), reading_of(reading))
    mention.save(update_fields=["marks"])
    TicketRow.objects.create(
        **{
            "organisation": organisation,
            "mention": mention,
            "source": source,
            "queue": "todo",
            "priority": Priority.NORMAL.rank,
            "reasons": [],
            "opened_at": MORNING,
            "moment": moment or mention.collected_at,
            "language": "fr",
            "sentiment": "neg",
            "network": mention.network,
            "place": mention.place,
            "rating_share": _rating_share(mention),
            **{name: value for name, value in fields.items() if name in TICKET_FIELDS},
        }
    )
    return mention


def _rating_share(mention: MentionRow) -> float | None:
    if mention.rating_value is None:
        return None
    return (mention.rating_value - mention.rating_worst) / (mention.rating_best - mention.rating_worst)


def _source(organisation: Organisation, key: str) -> Source:
    source, _ = Source.objects.get_or_create(organisation=organisation, key=key, defaults={"name": key})
    return source


def _refuse_unknown(fields: dict[str, Any]) -> None:
    unknown = sorted(set(fields) - MENTION_FIELDS - TICKET_FIELDS)
    if unknown:
        raise TypeError(f"make_mention knows no field {unknown}")
