"""What belongs to one organisation does not exist for another: every address is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.desk.addresses import SHARED, Address, addresses, belongings
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.models import MentionRow

ALL = addresses()
OF_AN_ORGANISATION = [address for address in ALL if "organisation" in address.parameters]
OF_AN_OBJECT = [
    address for address in OF_AN_ORGANISATION if set(address.parameters) - {"organisation", *SHARED}
]
METHODS = ["get", "post"]

# Every field of every act, filled so that only the missing object can stop it.
WELL_FILLED = {
    "version": 1,
    "to": "me",
    "until": "tomorrow",
    "outcome": "nothing",
    "label": "sentiment:pos",
    "text": "A note.",
    "ground": "insult",
    "reason": "A complaint is filed.",
}

by_name = pytest.mark.parametrize("address", OF_AN_ORGANISATION, ids=lambda address: address.name)
by_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """The belongings of A."""
    return belongings(organisation_a, make_mention)


@by_name
@by_method
def test_a_stranger_finds_nothing(
    address: Address, method: str, of_a: dict[str, Any], client_b: Client
) -> None:
    assert getattr(client_b, method)(address.of(of_a)).status_code == 404


@by_name
@by_method
def test_an_organisation_that_does_not_exist_answers_the_same(
    address: Address, method: str, of_a: dict[str, Any], client_b: Client
) -> None:
    path = address.of({**of_a, "organisation": "nobody"})
    assert getattr(client_b, method)(path).status_code == 404


@by_name
@by_method
def test_a_visitor_is_sent_to_the_door(
    address: Address, method: str, of_a: dict[str, Any], client: Client
) -> None:
    path = address.of(of_a)
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("address", OF_AN_OBJECT, ids=lambda address: address.name)
def test_an_object_of_another_organisation_is_not_found_under_one_s_own(
    address: Address, of_a: dict[str, Any], client_b: Client, organisation_b: Organisation
) -> None:
    path = address.of({**of_a, "organisation": organisation_b.slug})
    codes = {client_b.get(path).status_code, client_b.post(path, WELL_FILLED).status_code}
    assert 404 in codes
    assert codes <= {404, 405}


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**40])
@pytest.mark.parametrize("address", OF_AN_OBJECT, ids=lambda address: address.name)
def test_an_object_that_cannot_exist_is_not_found(
    address: Address, number: int, of_a: dict[str, Any], client_a: Client
) -> None:
    absent = {name: number for name, value in of_a.items() if isinstance(value, int)}
    path = address.of({**of_a, **absent, "source": str(number), "author": str(number)})
    codes = {client_a.get(path).status_code, client_a.post(path, WELL_FILLED).status_code}
    assert 404 in codes
    assert codes <= {404, 405}


@pytest.mark.parametrize(
    "address", [address for address in ALL if not address.parameters], ids=lambda address: address.name
)
def test_pages_of_nobody_show_no_organisation(
    address: Address, client_b: Client, organisation_a: Organisation, bob: User, settings: Any
) -> None:
    settings.PUBLIC_CHECK = True
    answer = client_b.get(address.of({}), follow=True)
    # What speaks of a second factor that one does not have is not there; a failed sign-on says 401.
    absent = {401, 404} if address.name.startswith(("mfa_", "socialaccount_")) else set()
    assert answer.status_code in {200, 405} | absent
    assert organisation_a.name not in answer.content.decode()


def test_the_list_of_addresses_is_not_empty_by_mistake() -> None:
    names = {address.name for address in ALL}
    assert {"home", "account_login", "trail", "members"} <= names
    assert len(OF_AN_ORGANISATION) >= 3
