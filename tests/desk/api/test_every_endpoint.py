"""Every endpoint is asked: without a token, with another organisation's, and without the scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.desk.api.conftest import Program
from tests.desk.api.endpoints import BODIES, Endpoint, document, endpoints, objects
from veilleur.desk.accounts.models import Organisation, Role, User
from veilleur.desk.accounts.permissions import ALLOWED, May, Workplace, rights_with, workplace_of
from veilleur.desk.inbox.models import MentionRow

ALL = endpoints()
BY_ID = [endpoint for endpoint in ALL if endpoint.has_object]
by_name = pytest.mark.parametrize("endpoint", ALL, ids=lambda endpoint: endpoint.name)
OF_EVERYBODY = {"change_view", "drop_view"}
"""What is everybody's is changed by those who work here."""
MARKS = ("Clinique A", "clinique-a", "alice@example.org", "Trop d'attente aux urgences")


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """The belongings of A."""
    return objects(organisation_a, make_mention)


def test_there_are_endpoints_and_each_body_is_of_one() -> None:
    assert len(ALL) > 60
    taking = {
        described["operationId"]
        for methods in document()["paths"].values()
        for described in methods.values()
        if "requestBody" in described
    }
    assert taking == set(BODIES)


@by_name
def test_without_a_token(endpoint: Endpoint, of_a: dict[str, Any]) -> None:
    for program in (Program(), Program("vlr_00000000_nothing")):
        answer = endpoint.call(program, of_a)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert "WWW-Authenticate" in answer


@pytest.mark.parametrize("endpoint", BY_ID, ids=lambda endpoint: endpoint.name)
def test_what_is_another_organisation_s_does_not_exist(
    endpoint: Endpoint, of_a: dict[str, Any], program_b: Program
) -> None:
    answer = endpoint.call(program_b, of_a)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), answer.content


@pytest.mark.parametrize("endpoint", BY_ID, ids=lambda endpoint: endpoint.name)
def test_what_cannot_exist_is_not_found(endpoint: Endpoint, of_a: dict[str, Any], program_a: Program) -> None:
    for number in (0, 2**31, 2**63, 10**40):
        absent = {name: number for name, value in of_a.items() if isinstance(value, int)}
        assert endpoint.call(program_a, {**of_a, **absent, "source": str(number)}).status_code == 404


@by_name
def test_nothing_of_another_organisation_is_told(
    endpoint: Endpoint, of_a: dict[str, Any], alice: User, program_b: Program
) -> None:
    told = endpoint.call(program_b, of_a).content.decode()
    assert [mark for mark in MARKS if mark in told] == []


@by_name
def test_without_the_scope(
    endpoint: Endpoint, of_a: dict[str, Any], program: Callable[..., Program], place_a: Workplace
) -> None:
    needed = May(endpoint.scope)
    others = [may for may in May if needed not in rights_with([may])]
    if needed is May.ENTER:
        assert others == [], "whoever has a token may read the figures"
        return
    answer = endpoint.call(program(place_a, *others), of_a)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:veilleur:problem:forbidden")


@by_name
def test_without_the_right(
    endpoint: Endpoint,
    of_a: dict[str, Any],
    program: Callable[..., Program],
    organisation_a: Organisation,
    reader_a: User,
) -> None:
    answer = endpoint.call(program(workplace_of(reader_a, organisation_a.slug)), of_a)
    is_refused = May(endpoint.scope) not in ALLOWED[Role.READER] or endpoint.name in OF_EVERYBODY
    assert (answer.status_code == 403) == is_refused


@by_name
def test_with_all_that_is_needed_nothing_is_missing(
    endpoint: Endpoint, of_a: dict[str, Any], program_a: Program
) -> None:
    answer = endpoint.call(program_a, of_a)
    documented = document()["paths"][endpoint.template][endpoint.method]["responses"]
    assert answer.status_code in documented
    assert answer.status_code < 300 or answer.status_code in {409, 412}, answer.content
