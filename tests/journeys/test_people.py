"""Somebody is invited, proves who they are, does what their role allows, and is seen doing it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.desk.accounts.conftest import code_of
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"
PHRASE = "trois phrases faciles a retenir"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def confirm(visitor: Visitor, password: str) -> None:
    """Shows once more who one is."""
    expect(visitor.page.get_by_role("heading", name="Confirmez que c’est vous")).to_be_visible()
    visitor.page.get_by_label("Mot de passe").fill(password)
    visitor.page.get_by_role("main").get_by_role("button", name="Confirmer").click()


def test_invited_then_in_with_a_code(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/members/")
    clara.page.get_by_label("Adresse e-mail").last.fill("zoe@example.org")
    clara.page.locator("#id_role").select_option(label="modère")
    clara.page.get_by_role("button", name="Inviter").click()
    link = clara.page.locator("#invitation-link").inner_text()
    clara.look("people-invited", full=True)

    zoe = visit()
    zoe.page.goto(link)
    zoe.look("people-invitation")
    zoe.page.get_by_label("Votre nom").fill("Zoé Marchand")
    zoe.page.get_by_label("Mot de passe").fill(PHRASE)
    zoe.page.get_by_role("button", name="Rejoindre").click()
    expect(zoe.page).to_have_url(re.compile(r"/inbox/$"))
    zoe.expected_status = 404
    zoe.page.goto(link)
    expect(zoe.page.get_by_role("heading", name="Ce lien ne mène plus nulle part")).to_be_visible()
    zoe.look("people-invitation-over")
    zoe.expected_status = 200

    zoe.page.goto("/second-factor/")
    zoe.look("people-second-factor")
    zoe.page.get_by_role("button", name="Mettre en place une application").click()
    zoe.page.get_by_text("Pas d’appareil photo").click()
    secret = zoe.page.locator("#totp-secret").inner_text()
    zoe.look("people-codes")
    zoe.page.get_by_label("Donnez le code qu’elle montre").fill(code_of(secret))
    zoe.page.get_by_role("button", name="Mettre en place").click()
    expect(zoe.page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    paper = zoe.page.locator(".codes code").first.inner_text()
    zoe.look("people-recovery-codes")

    again = visit()
    again.sign_in("zoe@example.org", PHRASE)
    expect(again.page.get_by_role("heading", name="Encore une preuve")).to_be_visible()
    again.look("people-code-asked")
    again.page.get_by_label("Code").fill(paper)
    again.page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    expect(again.page).to_have_url(re.compile(r"/inbox/$"))


@pytest.fixture
def at_localhost(browser: Browser, desk: Desk, pictures: Path) -> Iterator[Visitor]:
    """A browser offers passkeys to names, not to numbers."""
    visitor = Visitor(browser, desk.address.replace("127.0.0.1", "localhost"), pictures)
    yield visitor
    visitor.close()


def leave(visitor: Visitor) -> None:
    """Signs out."""
    visitor.page.goto("/logout/")
    visitor.page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    expect(visitor.page).to_have_title("Se connecter · Veilleur")


def test_a_passkey_opens_the_door(at_localhost: Visitor, desk: Desk) -> None:
    hugo = at_localhost
    hugo.sign_in("hugo@example.org", desk.password)
    hugo.page.goto("/second-factor/webauthn/add/")
    hugo.look("people-confirm")
    confirm(hugo, desk.password)
    hugo.page.get_by_label("Son nom").fill("Mon téléphone")
    hugo.look("people-passkey-add")
    # Taking a picture closes a session of the browser's protocol, and the device with it: none meanwhile.
    device = hugo.context.new_cdp_session(hugo.page)
    device.send("WebAuthn.enable")
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    hugo.page.get_by_label("Elle ouvre la porte à elle seule").check()
    hugo.page.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(hugo.page.get_by_role("heading", name="Codes de secours")).to_be_visible()

    leave(hugo)
    hugo.page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(hugo.page).to_have_url(re.compile(r"/inbox/$"))

    leave(hugo)
    hugo.sign_in("hugo@example.org", desk.password)
    expect(hugo.page.get_by_role("heading", name="Encore une preuve")).to_be_visible()
    hugo.page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    expect(hugo.page).to_have_url(re.compile(r"/inbox/$"))

    leave(hugo)
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    hugo.page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(hugo.page.get_by_text("La clé d’accès n’a pas répondu")).to_be_visible()
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    hugo.page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(hugo.page).to_have_url(re.compile(r"/inbox/$"))
    hugo.page.goto("/second-factor/webauthn/")
    expect(hugo.page.get_by_role("row", name="Mon téléphone")).to_be_visible()
    hugo.look("people-passkeys")


def test_a_role_of_one_s_own_is_refused_what_it_may_not(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/roles/add/")
    clara.page.get_by_label("Nom du rôle").fill("Modération de nuit")
    clara.page.get_by_label("masquer, montrer et signaler").check()
    clara.look("people-role", full=True)
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.get_by_role("link", name="Modération de nuit")).to_be_visible()
    clara.look("people-roles", full=True)
    clara.page.goto(f"{HOME}/members/")
    clara.page.get_by_role("combobox", name="Rôle de Rose Blanc").select_option(label="Modération de nuit")
    clara.page.get_by_role("button", name="Changer le rôle de Rose Blanc").click()
    expect(clara.page.get_by_text("Le rôle est changé")).to_be_visible()

    rose = visit("rose@example.org")
    rose.page.locator(".rows a.row").first.click()
    expect(rose.page.locator("#ticket")).to_be_visible()
    expect(rose.page.locator(".act-bar")).to_have_count(0)
    for tab in ("Sources", "Membres", "Journal"):
        expect(
            rose.page.get_by_role("navigation", name="Principale").get_by_role("link", name=tab)
        ).to_have_count(0)
    rose.look("people-night")
    rose.expected_status = 403
    for path in ("members/", "roles/", "trail/", "agencies/", "inbox/watches/new/"):
        rose.page.goto(f"{HOME}/{path}")
        expect(rose.page.get_by_role("heading", name="Cette page ne vous est pas ouverte")).to_be_visible()


def test_who_sees_figures_only(visit: Visit, desk: Desk) -> None:
    desk.run(
        "person", "add", "trois-rivieres", "ordre@example.org", "--name", "Ordre", "--role", "observer",
        "--password-file", str(desk.data / "password"),
    )  # fmt: skip
    order = visit("ordre@example.org")
    expect(order.page).to_have_url(re.compile(r"/summary/$"))
    expect(order.page.get_by_role("main").locator("a[href*='/inbox/']")).to_have_count(0)
    order.look("people-observer")


def test_teams_agencies_and_sessions(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/teams/")
    clara.look("people-teams-empty")
    clara.page.get_by_role("button", name="Former une équipe").click()
    clara.page.get_by_label("Nom de l’équipe").fill("Nuit")
    clara.page.get_by_label("Hugo Petit").check()
    clara.look("people-team")
    clara.page.get_by_role("button", name="Enregistrer").click()
    clara.look("people-teams")
    clara.page.goto("/o/northmoor/agencies/")
    code = clara.page.locator("#agency-code").inner_text()
    clara.page.goto(f"{HOME}/agencies/")
    clara.page.get_by_label("Code de l’agence").fill(code)
    clara.page.get_by_role("button", name="L’admettre").click()
    expect(clara.page.get_by_role("button", name="Terminer le mandat")).to_be_visible()
    clara.look("people-agencies", full=True)

    grace = visit("grace@example.org", locale="en-GB")
    expect(grace.page.get_by_role("link", name="Trois-Rivières", exact=False).first).to_be_visible()
    grace.page.goto(f"{HOME}/inbox/")
    grace.look("people-agency-at-work")
    clara.page.get_by_role("button", name="Terminer le mandat").click()
    grace.expected_status = 404
    grace.page.goto(f"{HOME}/inbox/")
    expect(grace.page.locator(".empty")).to_be_visible()

    clara.page.goto("/sessions/")
    expect(clara.page.get_by_text("celle-ci")).to_be_visible()
    clara.look("people-sessions")


def test_a_guest_approves(visit: Visit, desk: Desk) -> None:
    author = ("person", "add", "trois-rivieres", "jean@example.org", "--name", "Jean Noir")
    desk.run(*author, "--password-file", str(desk.data / "password"))
    jean = visit("jean@example.org")
    jean.page.goto(f"{HOME}/inbox/?q=merci")
    jean.page.locator(".rows a.row").first.click()
    jean.page.get_by_role("button", name="Répondre").click()
    page = jean.page.url
    jean.page.get_by_role("button", name="Commencer par une proposition").click()
    jean.page.get_by_role("button", name=re.compile("seconde lecture|relire")).first.click()
    expect(jean.page.locator("#reply-state")).to_have_text("à approuver")

    clara = visit("clara@example.org")
    clara.page.goto(page)
    clara.page.get_by_label("À qui").fill("Dr Client")
    clara.look("people-ask-guest", full=True)
    clara.page.get_by_role("button", name="Créer le lien").click()
    link = clara.page.locator("#guest-link").inner_text()
    clara.look("people-guest-link")

    guest = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    guest.page.goto(link)
    guest.look("people-guest", full=True)
    guest.page.get_by_role("button", name="Approuver").click()
    expect(guest.page.get_by_role("heading", name="Merci")).to_be_visible()
    guest.look("people-guest-thanks")
    clara.page.goto(page)
    expect(clara.page.get_by_text("Dr Client (invité)")).to_be_visible()


def test_on_a_phone_and_in_the_dark(visit: Visit) -> None:
    for name, look in (
        ("phone", {"viewport": PHONE, "is_mobile": True, "has_touch": True}),
        ("dark", {"color_scheme": "dark"}),
    ):
        clara = visit("clara@example.org", **look)
        for page in ("members", "roles", "roles/add", "agencies"):
            clara.page.goto(f"{HOME}/{page}/")
            clara.look(f"people-{name}-{page.replace('/', '-')}", full=True)
        for page in ("sessions", "second-factor"):
            clara.page.goto(f"/{page}/")
            clara.look(f"people-{name}-{page}", full=True)
        stranger = visit(**look)
        stranger.page.goto("/login/")
        stranger.look(f"people-{name}-door", full=True)
