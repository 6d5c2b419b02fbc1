"""The door, the choice of a place, preferences, members, the trail, and pages that are not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"


def test_the_door(visit: Visit) -> None:
    stranger = visit()
    stranger.page.goto(f"{HOME}/inbox/")
    expect(stranger.page).to_have_title("Se connecter · Veilleur")
    stranger.look("door")
    stranger.sign_in("clara@example.org", "not her password")
    stranger.look("door-refused")
    expect(stranger.page.get_by_role("alert")).to_be_visible()


def test_the_door_in_the_language_of_the_browser(visit: Visit) -> None:
    stranger = visit(locale="en-GB")
    stranger.page.goto("/login/")
    expect(stranger.page).to_have_title("Sign in · Veilleur")


def test_the_choice_of_a_place(visit: Visit) -> None:
    clara = visit("clara@example.org")
    expect(clara.page.get_by_role("heading", name="Où travaillez-vous aujourd’hui")).to_be_visible()
    clara.look("home")


def test_preferences(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto("/preferences/")
    clara.page.get_by_role("button", name="Sombre").last.click()
    clara.look("preferences-dark")
    clara.page.reload()
    assert clara.page.evaluate("document.documentElement.dataset.theme") == "dark"
    clara.page.get_by_role("button", name="Comme l’appareil").last.click()
    clara.page.get_by_label("Langue de l’interface").select_option("en")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.get_by_role("heading", name="Preferences")).to_be_visible()
    clara.look("preferences-english")
    clara.page.get_by_label("Language of the desk").select_option("fr")
    clara.page.get_by_role("button", name="Save").click()
    expect(clara.page.get_by_role("heading", name="Préférences")).to_be_visible()


def test_password_and_leaving(visit: Visit) -> None:
    rose = visit("rose@example.org")
    rose.page.goto("/password/")
    rose.look("password")
    rose.page.goto("/logout/")
    rose.look("logout")
    rose.page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    expect(rose.page).to_have_title("Se connecter · Veilleur")


def test_members_and_trail(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/members/")
    expect(clara.page.get_by_role("row")).to_have_count(4)
    clara.look("members")
    clara.page.keyboard.press("g")
    clara.page.keyboard.press("t")
    expect(clara.page.get_by_role("heading", name="Journal")).to_be_visible()
    clara.page.get_by_role("button", name="Vérifier le journal").click()
    expect(clara.page.get_by_text("Le journal est intact")).to_be_visible()
    clara.look("trail")
    clara.page.get_by_label("Acte").select_option("accounts.admit")
    clara.page.get_by_role("button", name="Filtrer").click()
    expect(clara.page.get_by_role("row")).to_have_count(4)
    clara.page.goto(f"{HOME}/trail/?actor=nobody")
    clara.look("trail-empty")


def test_keys_are_explained(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/members/")
    clara.page.keyboard.press("?")
    expect(clara.page.get_by_role("dialog")).to_be_visible()
    clara.look("keys")
    clara.page.keyboard.press("Escape")
    expect(clara.page.get_by_role("dialog")).to_be_hidden()


def test_what_is_not_there_and_not_open(visit: Visit) -> None:
    rose = visit("rose@example.org")
    rose.expected_status = 404
    rose.page.goto("/o/northmoor/inbox/")
    expect(rose.page.get_by_role("heading", name="Il n’y a rien ici")).to_be_visible()
    rose.look("not-there")
    rose.expected_status = 403
    rose.page.goto(f"{HOME}/trail/")
    expect(rose.page.get_by_role("heading", name="Cette page ne vous est pas ouverte")).to_be_visible()
    rose.look("not-open")


def test_on_a_phone(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.look("phone-home")
    for page in ("members", "trail"):
        clara.page.goto(f"{HOME}/{page}/")
        clara.look(f"phone-{page}")
    clara.page.locator("details.menu").last.click()
    clara.look("phone-menu")


def test_somebody_who_prefers_the_dark(visit: Visit) -> None:
    clara = visit("clara@example.org", color_scheme="dark", reduced_motion="reduce")
    clara.page.goto(f"{HOME}/trail/")
    clara.look("dark-trail")
