"""A clinic that answers through a network of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from tests.fake_network import SECRET, FakeNetwork, fake_network
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.replies import actions
from veilleur.desk.replies.models import Approval, Reply, ReplyPolicy
from veilleur.desk.sources.connections import connect
from veilleur.listening.client import INTERNAL_HOSTS

BAD = "Bonjour, suite à votre intervention du 12 mars, votre genou a été opéré dans les règles."
GOOD = "Bonjour, merci pour ce message. L'accueil répond aux demandes par téléphone."


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNetwork]:
    """A network that Veilleur may reach."""
    with fake_network() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


@pytest.fixture
def place_marie(member_a: User, place_a: Workplace) -> Workplace:
    """Marie, a colleague of Alice, at work."""
    return workplace_of(member_a, place_a.organisation.slug)


@pytest.fixture
def review(organisation_a, make_mention):
    """A one-star review."""
    fields = {"rating_value": 1.0, "rating_worst": 1.0, "rating_best": 5.0, "network": "Google"}
    return make_mention(
        organisation_a, text="Opéré du genou le 12 mars, une catastrophe.", author="Zoé", **fields
    )


@pytest.fixture
def connected(network: FakeNetwork, review) -> FakeNetwork:
    """The source of the review, connected to the network."""
    told = {"address": network.address, "secret": SECRET, "seconds": 1}
    connect(review.source, "gateway", told, by="alice@example.org")
    return network


@pytest.fixture
def no_second_reader(organisation_a) -> None:
    """The house lets everybody send."""
    ReplyPolicy.objects.create(organisation=organisation_a, approval=Approval.NEVER)


@pytest.fixture
def begun(place_a: Workplace) -> Callable[..., Reply]:
    """`begun(mention, text)`: Alice writes a reply."""

    def begin(mention: Any, text: str = GOOD) -> Reply:
        return actions.begin(place_a, mention.ticket.pk, text=text, now=timezone.now())

    return begin
