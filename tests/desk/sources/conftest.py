"""A club where people sign in, on a network of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_api import serving
from tests.standins.club import Club
from tests.standins.oauth import CLIENT, CLIENT_SECRET, FakeOAuth
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.sources.models import Source
from veilleur.desk.sources.network_actions import add_network
from veilleur.listening import client, connector
from veilleur.listening.client import INTERNAL_HOSTS


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOAuth]:
    """A network that Veilleur may reach, with its connector installed."""
    monkeypatch.setitem(connector.connectors(), "club", Club)
    monkeypatch.setattr(client, "PAUSE", 0.01)
    with serving(FakeOAuth()) as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        assert isinstance(running, FakeOAuth)
        yield running


@pytest.fixture
def told(network: FakeOAuth) -> dict[str, object]:
    """What an administrator types."""
    return {"address": network.url, "client_id": CLIENT, "client_secret": CLIENT_SECRET}


@pytest.fixture
def club(place_a: Workplace, organisation_a: Organisation, told: dict[str, object]) -> Source:
    """A source of the clinic where nobody has signed in yet."""
    assert place_a.organisation == organisation_a
    return add_network(place_a, "club", "Club", told)
