"""Schemathesis drives every page with random queries and bodies: nothing makes the desk fall over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from tests.desk.addresses import addresses, belongings
from tests.desk.openapi import Page, document
from veilleur.desk.accounts import forms as accounts
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import MentionRow

NOTHING: dict[str, Any] = {}
EXAMPLES = 15

PAGES = {
    "home": Page(get=NOTHING),
    "account_login": Page(get=NOTHING),
    "account_logout": Page(get=NOTHING),
    "account_change_password": Page(get=NOTHING, post=NOTHING),
    "preferences": Page(get=NOTHING, post=accounts.LanguageForm.base_fields),
    "trail": Page(get=accounts.TrailForm.base_fields),
    "verify_trail": Page(post=NOTHING),
    "members": Page(get=NOTHING),
}
"""What each address takes. A new address without a line here makes the tests fail."""

KNOWN = addresses()
WITHOUT_PAGE = sorted({address.name for address in KNOWN} - PAGES.keys())
COVERED = [address for address in KNOWN if address.name in PAGES]


def test_every_address_says_what_it_takes() -> None:
    assert WITHOUT_PAGE == []
    assert sorted(PAGES.keys() - {address.name for address in KNOWN}) == []


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """The belongings of A."""
    return belongings(organisation_a, make_mention)


def send(client: Client, case: Case) -> int:
    """Sends what Schemathesis drew as a browser would; an error inside a view is raised here."""
    path = case.formatted_path
    if case.method == "GET":
        return client.get(path, _texts(case.query or {})).status_code
    body = case.body if isinstance(case.body, dict) else {}
    return client.post(path, _texts(body)).status_code


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return SimpleUploadedFile("avis.csv", value)
    # A browser sends UTF-8: a lone surrogate cannot leave it.
    return str(value).encode("utf-8", "replace").decode()


@pytest.mark.parametrize("address", COVERED, ids=lambda address: address.name)
def test_no_request_makes_the_desk_fall_over(address: Any, of_a: dict[str, Any], client_a: Client) -> None:
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    schema = schemathesis.openapi.from_dict(document(PAGES, [address], of_a))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema.as_strategy())
    def ask(case: Case) -> None:
        assert send(client_a, case) < 500

    ask()


@pytest.mark.parametrize("address", COVERED, ids=lambda address: address.name)
def test_a_page_takes_no_other_method(address: Any, of_a: dict[str, Any], client_a: Client) -> None:
    page, path = PAGES[address.name], address.of(of_a)
    if page.get is None:
        assert client_a.get(path).status_code == 405
    if page.post is None and not address.name.startswith("account_"):
        assert client_a.post(path).status_code == 405
