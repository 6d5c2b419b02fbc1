"""A program gets a token and works with it; another is told of what happens; both seen by who configures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.desk.api.receiver import Receiver, is_signed, receiver
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor
from veilleur.client import Desk as Client
from veilleur.errors import CredentialsRefused

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/api"


@pytest.fixture
def heard(desk: Desk) -> Iterator[Receiver]:
    """A program on the port that the desk may reach."""
    with receiver(desk.network_port) as running:
        yield running


def test_a_program_works_and_another_is_told(visit: Visit, desk: Desk, heard: Receiver) -> None:
    clara = visit("clara@example.org")
    clara.page.goto("/o/trois-rivieres/inbox/")
    clara.page.locator("summary", has_text="Clara Martin").click()
    clara.page.get_by_role("link", name="Programmes").click()
    clara.look("programs-empty")
    clara.page.get_by_role("button", name="Nouvel abonnement").click()
    clara.page.get_by_label("Nom de cet abonnement").fill("Tableau de bord")
    clara.page.get_by_label("Adresse").fill("http://example.org/")
    clara.page.get_by_label("un message est clos").check()
    clara.page.get_by_role("button", name="S’abonner").click()
    expect(clara.page.get_by_text("L’adresse doit commencer par https://.")).to_be_visible()
    clara.look("subscription-refused")
    clara.page.get_by_label("Adresse").fill(heard.url)
    clara.page.get_by_role("button", name="S’abonner").click()
    secret = clara.page.get_by_label("Secret des signatures").input_value()
    clara.look("subscription-secret")
    clara.page.get_by_role("button", name="Je l’ai copié").click()

    clara.page.get_by_role("button", name="Nouveau jeton").click()
    clara.page.get_by_label("Nom de ce jeton").fill("Robot de tri")
    clara.page.get_by_label("lire les messages").check()
    clara.page.get_by_label("trier les messages").check()
    clara.look("token-form")
    clara.page.get_by_role("button", name="Créer le jeton").click()
    token = clara.page.get_by_label("Jeton").input_value()
    clara.look("token-secret")
    clara.page.get_by_role("button", name="Je l’ai copié").click()

    with Client(desk.address, token) as client:
        ticket = next(client.tickets())
        client.close(ticket, "nothing")
        heard.wait(1)
        (told,) = heard.told()
        assert (told["type"], told["ticket"]["id"]) == ("ticket.closed", ticket.id)
        header, body = heard.raw[0]
        assert is_signed(secret, header, body)

        clara.page.goto(f"{HOME}/")
        clara.look("programs")
        clara.page.get_by_role("link", name="Tableau de bord").click()
        expect(clara.page.get_by_text("HTTP 200")).to_be_visible()
        clara.look("deliveries", full=True)
        clara.page.get_by_role("button", name="Renvoyer").click()
        heard.wait(2)
        assert len(heard.told()) == 1, "the same id"

        clara.page.goto(f"{HOME}/")
        clara.page.get_by_role("button", name="Révoquer Robot de tri").click()
        expect(clara.page.get_by_text("il n’ouvre plus rien")).to_be_visible()
        with pytest.raises(CredentialsRefused):
            client.organisation()

    phone = visit("clara@example.org", viewport=PHONE)
    phone.page.goto(f"{HOME}/")
    phone.look("programs-phone", full=True)
    phone.page.get_by_role("link", name="Tableau de bord").click()
    phone.look("deliveries-phone", full=True)
