"""An administrator signs in at a network: settings, rights, the way there and back, what was granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.fake_api import serving
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor
from tests.standins.oauth import CLIENT, CLIENT_SECRET, FakeOAuth

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/sources"


@pytest.fixture
def network(desk: Desk) -> Iterator[FakeOAuth]:
    """The club, on the port that the desk was told of."""
    running = FakeOAuth(desk.network_port)
    running.backs = {f"{desk.address}/oauth/callback/"}
    with serving(running):
        yield running


def choose(visitor: Visitor, network: FakeOAuth, name: str) -> None:
    """Types what an administrator types, up to the page of the sign-in."""
    page = visitor.page
    page.goto(f"{HOME}/networks/club/")
    page.get_by_label("Nom de cette source").fill(name)
    page.get_by_label("Adresse du club").fill(network.url)
    page.get_by_label("Identifiant client").fill(CLIENT)
    page.get_by_label("Code secret du client").fill(CLIENT_SECRET)
    visitor.look("sign-in-settings", full=True)
    page.get_by_role("button", name="Connecter", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter à Club")


def decide(visitor: Visitor, network: FakeOAuth, answer: str) -> None:
    """There and back."""
    page = visitor.page
    page.get_by_role("button", name="Se connecter à Club").click()
    page.wait_for_url(f"{network.url}/**")
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(f"{visitor.address}/**")
    visitor.complaints[:] = [one for one in visitor.complaints if network.url not in one]


def test_an_administrator_signs_in_and_sees_what_was_granted(visit: Visit, network: FakeOAuth) -> None:
    clara = visit("clara@example.org")
    choose(clara, network, "Notre club")
    expect(clara.page.locator("pre")).to_have_text(f"{clara.address}/oauth/callback/")
    expect(clara.page.locator(".remarks")).to_contain_text("Publier les réponses")
    clara.look("sign-in", full=True)
    decide(clara, network, "Deny")
    expect(clara.page.get_by_text("rien n’a changé")).to_be_visible()
    network.withheld = {"write"}
    decide(clara, network, "Allow")
    expect(clara.page.get_by_text("Des droits n’ont pas été accordés")).to_have_count(2)
    clara.look("sign-in-partial", full=True)
    network.withheld = set()
    clara.page.get_by_role("button", name="Se connecter à nouveau").click()
    decide(clara, network, "Allow")
    expect(clara.page.get_by_role("heading", name="Connexion auprès du réseau")).to_be_visible()
    expect(clara.page.get_by_text("non accordé")).to_have_count(0)
    expect(clara.page.get_by_text("Connecté : clinique-du-lac.")).to_be_visible()
    clara.look("sign-in-source", full=True)
    clara.page.get_by_role("button", name="Déconnecter").click()
    expect(clara.page.get_by_text("ses secrets sont effacés")).to_be_visible()
    assert len(network.revoked) == 1


def test_signing_in_on_a_phone(visit: Visit, network: FakeOAuth) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    choose(clara, network, "Club de poche")
    clara.look("phone-sign-in", full=True)
    clara.page.goto(f"{HOME}/")
    expect(clara.page.get_by_text("connexion à faire")).to_be_visible()
    clara.page.get_by_role("link", name="Club de poche").click()
    clara.look("phone-sign-in-source", full=True)
    clara.page.get_by_role("link", name="Se connecter à Club").or_(
        clara.page.get_by_role("button", name="Se connecter à Club")
    ).click()
    decide(clara, network, "Allow")
    clara.look("phone-signed-in", full=True)
