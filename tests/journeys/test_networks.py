"""A network is chosen, connected, listened to, paused and disconnected, by who configures the house.

Its connector is an outside package of one Python file, installed beside the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.guest_book import TOKEN, GuestBookServer, guest_book
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"


@pytest.fixture
def book(desk: Desk) -> Iterator[GuestBookServer]:
    """A guest book on the port that the desk was told of."""
    with guest_book(desk.network_port) as running:
        yield running


def test_a_network_is_connected_and_listened_to(visit: Visit, book: GuestBookServer) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/sources/")
    clara.page.get_by_role("button", name="Écouter un réseau").click()
    clara.look("networks", full=True)
    clara.page.get_by_role("button", name="Choisir Livre d’or").click()
    clara.page.get_by_label("Adresse du livre d’or").fill("pas une adresse")
    clara.page.get_by_label("Jeton").fill("faux")
    clara.page.get_by_role("button", name="Connecter", exact=True).click()
    expect(clara.page.locator(".errorlist")).to_contain_text("Donnez une adresse")
    clara.look("network-form")
    clara.page.get_by_label("Adresse du livre d’or").fill(book.address)
    clara.page.get_by_label("Jeton").fill("faux")
    clara.page.get_by_role("button", name="Connecter", exact=True).click()
    expect(clara.page.locator(".remarks")).to_contain_text("ne nous reconnaît pas")
    clara.page.get_by_role("button", name="Réglages").click()
    assert clara.page.get_by_label("Jeton").input_value() == ""
    clara.page.get_by_label("Jeton").fill(TOKEN)
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.locator(".remarks")).to_contain_text("Le jeton est accepté")
    book.say("Trop d’attente aux urgences, et un accueil glacial.")
    clara.page.get_by_role("button", name="Relever maintenant").click()
    expect(clara.page.locator("tbody .num").first).to_be_visible()
    clara.page.wait_for_timeout(4000)
    clara.page.reload()
    expect(clara.page.get_by_text("à l’écoute", exact=True)).to_be_visible()
    expect(clara.page.locator("dd").filter(has_text="1")).not_to_have_count(0)
    expect(clara.page.locator(".remarks")).to_contain_text("Le jeton est accepté")
    clara.look("network-source", full=True)
    clara.page.get_by_role("link", name="Sources").first.click()
    expect(clara.page.get_by_role("rowheader", name="Livre d’or")).to_be_visible()
    clara.look("network-list")
    clara.page.goto(f"{HOME}/sources/of/livre-dor/")
    clara.page.get_by_role("button", name="Mettre en pause").click()
    expect(clara.page.get_by_role("button", name="Écouter de nouveau")).to_be_visible()
    clara.page.get_by_role("button", name="Déconnecter").click()
    expect(clara.page.get_by_text("ses secrets sont effacés")).to_be_visible()


def test_networks_on_a_phone(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}/sources/networks/")
    clara.look("phone-networks")
    clara.page.get_by_role("button", name="Choisir Livre d’or").click()
    clara.look("phone-network-form")
