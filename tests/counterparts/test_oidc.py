"""Single sign-on with two real providers of OpenID Connect, by their own pages of sign-in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.counterparts.conftest import Server, running
from veilleur.desk.accounts.actions import admit, found_organisation
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.outside import providers_of

CALLBACK = "http://testserver/sign-on/real/callback/"
FIELD = re.compile(r"<input[^>]*>", re.IGNORECASE)
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture(scope="module", params=["oidc", "oidc-node"])
def provider(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One provider after the other."""
    patch = pytest.MonkeyPatch()
    patch.setenv("REDIRECT", CALLBACK)
    with running(request.param) as server:
        yield server
    patch.undo()


@pytest.fixture
def connected(provider: Server, settings: Any, db: None) -> Server:
    """The desk knows the provider; Alice is a member."""
    known = {
        "id": "real",
        "name": "Real",
        "server_url": provider.url,
        "client_id": "vigie",
        "secret": "vigie-secret",
        "domains": ["example.org"],
    }
    (one,) = providers_of(json.dumps([known]))
    settings.OIDC = {one.id: one}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [one.for_allauth()]}
    }
    cache.clear()
    house = found_organisation("clinique", "Clinique")
    admit(house, "alice@example.org", "Alice", password=None, by="tests")
    return provider


def filled(page: str, who: str) -> dict[str, str]:
    """The fields of the first form of a page, with `who` where a person is asked for."""
    form = page.split("<form", 1)[1].split("</form>", 1)[0]
    fields = [dict(ATTRIBUTE.findall(field)) for field in FIELD.findall(form)]
    named = {field["name"]: field.get("value", "") for field in fields if "name" in field}
    return {name: who if name in {"sub", "login", "password"} else value for name, value in named.items()}


def come(client: Client, server: Server, who: str) -> None:
    """Through the pages of the provider, as a browser would, and back to the desk."""
    address = client.get(reverse("openid_connect_login", args=["real"]))["Location"]
    with httpx.Client(timeout=20) as browser:
        answer = browser.get(address)
        for _step in range(12):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["Location"])
                if address.startswith(CALLBACK):
                    client.get(urlsplit(address).path, dict(parse_qsl(urlsplit(address).query)))
                    return
                answer = browser.get(address)
                continue
            action = re.search(r'<form[^>]*action="([^"]*)"', answer.text)
            target = urljoin(str(answer.url), action[1] if action and action[1] else str(answer.url))
            answer = browser.post(target, data=filled(answer.text, who))
    pytest.fail(f"{server.name} never led back: {answer.status_code} {answer.text[:400]}")


def test_a_member_enters_and_a_stranger_does_not(connected: Server) -> None:
    if connected.name == "oidc":  # this one says of people what it was told
        claims = {"email": "alice@example.org", "email_verified": True}
        httpx.put(f"{connected.url}/users/alice", json=claims).raise_for_status()
        claims = {"email": "eve@example.org", "email_verified": True}
        httpx.put(f"{connected.url}/users/eve", json=claims).raise_for_status()
    client = Client()
    come(client, connected, "alice")
    assert client.session["_auth_user_id"] == str(User.objects.get(email="alice@example.org").pk)
    stranger = Client()
    come(stranger, connected, "eve")
    assert "_auth_user_id" not in stranger.session
    assert not User.objects.filter(email="eve@example.org").exists()
