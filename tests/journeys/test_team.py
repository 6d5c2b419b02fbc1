"""A team at work: assign, a note that names a colleague, their bell, thirty messages at once, undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"


def open_first(visitor: Visitor) -> None:
    visitor.page.goto(f"{HOME}/inbox/")
    visitor.page.keyboard.press("j")
    expect(visitor.page.locator("#ticket[data-ticket]")).to_be_visible()
    visitor.settle()


def test_a_colleague_is_named_and_sees_it(visit: Visit, tmp_path: Path) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    open_first(clara)
    clara.page.keyboard.press("a")
    clara.page.get_by_role("button", name="Hugo Petit").click()
    expect(clara.page.locator("#ticket")).to_contain_text("attribué à Hugo Petit")
    clara.settle()
    clara.page.keyboard.press("n")
    clara.page.keyboard.type("Vu au téléphone. @hug")
    expect(clara.page.get_by_role("option", name="Hugo Petit")).to_be_visible()
    clara.look("team-naming")
    clara.page.keyboard.press("Enter")
    clara.page.keyboard.type("peux-tu rappeler ?")
    expect(clara.page.locator("#id_text")).to_have_value("Vu au téléphone. @Hugo Petit peux-tu rappeler ?")
    letter = tmp_path / "courrier.pdf"
    letter.write_bytes(b"%PDF-1.7 courrier")
    clara.page.get_by_text("Joindre des fichiers").click()
    clara.page.set_input_files("#id_attached", letter)
    clara.page.get_by_role("button", name="Ajouter la note").click()
    expect(clara.page.locator(".note .named")).to_have_text("@Hugo Petit")
    clara.look("team-note")
    with clara.page.expect_download() as saved:
        clara.page.get_by_role("link", name="courrier.pdf").click()
    assert saved.value.suggested_filename == "courrier.pdf"

    hugo.page.goto(f"{HOME}/inbox/")
    expect(hugo.page.locator(".bell-count")).to_have_text("2")
    hugo.look("team-bell")
    hugo.page.keyboard.press("g")
    hugo.page.keyboard.press("n")
    expect(hugo.page.get_by_role("link", name="Clara Martin vous a cité dans une note")).to_be_visible()
    hugo.look("team-notifications")
    hugo.page.get_by_role("link", name="Clara Martin vous a cité").click()
    expect(hugo.page.locator(".note")).to_contain_text("peux-tu rappeler")
    hugo.settle()
    hugo.page.reload()
    expect(hugo.page.locator(".bell-count")).to_have_count(0)
    hugo.page.goto(f"{HOME}/inbox/notifications/choices/")
    hugo.page.get_by_label("un avis m’est attribué").uncheck()
    hugo.page.get_by_label("Ce que je n’ai pas lu, par courriel").select_option("daily")
    hugo.look("team-choices")
    hugo.page.get_by_role("button", name="Enregistrer").click()
    expect(hugo.page.locator(".toast")).to_be_visible()


def test_thirty_messages_are_tagged_and_put_back(visit: Visit) -> None:
    hugo = visit("hugo@example.org")
    page = hugo.page
    page.goto(f"{HOME}/inbox/?status=all")
    page.get_by_role("link", name="Montrer les avis plus anciens").click()
    expect(page.locator("#rows .row")).to_have_count(50)
    page.locator("#rows input[name=ticket]").nth(0).click()
    page.locator("#rows input[name=ticket]").nth(29).click(modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("30")
    page.wait_for_timeout(400)  # boxes take their colour little by little
    hugo.look("team-selection")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Agir sur 30 avis")).to_be_visible()
    page.get_by_label("Ajouter des marqueurs").fill("À rappeler")
    page.get_by_label("État").select_option(label="attendre un tiers")
    page.get_by_role("button", name="Voir ce qui change").click()
    expect(page.get_by_role("heading", name="30 avis changeraient")).to_be_visible()
    hugo.look("team-preview", full=True)
    page.get_by_role("button", name="Modifier 30 avis").click()
    expect(page.locator("#progress")).to_contain_text("modifiés")
    hugo.look("team-done")
    page.goto(f"{HOME}/inbox/?status=all&q=marqueur:%22a%20rappeler%22")
    expect(page.locator("#list-count")).to_contain_text("30")
    expect(page.locator(".row .tag").first).to_have_text("À rappeler")
    hugo.look("team-tagged")
    page.go_back()
    page.get_by_role("button", name="Tout annuler").click()
    expect(page.locator("#progress")).to_contain_text("remis comme avant")
    page.goto(f"{HOME}/inbox/?status=all&q=marqueur:%22a%20rappeler%22")
    expect(page.locator("#rows .row")).to_have_count(0)


def test_macros_fields_and_tags_are_set_and_used_by_keyboard(visit: Visit) -> None:
    clara = visit("clara@example.org")
    page = clara.page
    page.goto(f"{HOME}/inbox/fields/new/")
    page.get_by_label("Nom de ce champ").fill("Service concerné")
    page.get_by_label("Il contient").select_option("choice")
    page.get_by_label("Choix, un par ligne").fill("Urgences\nMaternité")
    page.get_by_role("button", name="Enregistrer").click()
    clara.look("team-fields")
    page.goto(f"{HOME}/inbox/macros/new/")
    page.get_by_label("Nom de cette macro").fill("Au secrétariat")
    page.get_by_label("Touche").select_option("1")
    page.get_by_label("Ajouter des marqueurs").fill("Secrétariat, Prioritaire")
    page.get_by_label("Attribuer à").select_option(label="Hugo Petit")
    clara.look("team-macro", full=True)
    page.get_by_role("button", name="Enregistrer").click()
    clara.look("team-macros")
    page.goto(f"{HOME}/inbox/tags/")
    clara.look("team-tags", full=True)

    open_first(clara)
    page.keyboard.press("1")
    expect(page.locator(".ticket-head .tag")).to_have_count(2)
    page.keyboard.press("t")
    expect(page.locator("#id_names")).to_be_focused()
    page.keyboard.type("Sec")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+A")
    page.keyboard.type("Presse")
    clara.look("team-tag-sheet")
    page.keyboard.press("Enter")
    expect(page.locator(".ticket-head .tag")).to_have_count(3)
    page.get_by_label("Service concerné").select_option("Maternité")
    page.get_by_role("button", name="Garder Service concerné").click()
    expect(page.locator(".timeline")).to_contain_text(re.compile("Service concerné\\s:\\sMaternité"))
    clara.look("team-ticket")
    page.keyboard.press("w")
    clara.look("team-wait-sheet")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("Mis de côté en attendant un tiers")
    page.keyboard.press("?")
    clara.look("team-keys")


def test_on_a_phone(visit: Visit) -> None:
    hugo = visit("hugo@example.org", viewport=PHONE)
    page = hugo.page
    page.goto(f"{HOME}/inbox/?status=all")
    page.locator("#rows input[name=ticket]").nth(0).check()
    page.locator("#rows input[name=ticket]").nth(2).check()
    hugo.look("team-selection-phone")
    page.get_by_role("button", name="Agir").click()
    page.get_by_label("Attribuer à").select_option("me")
    page.get_by_role("button", name="Voir ce qui change").click()
    hugo.look("team-preview-phone", full=True)
    page.goto(f"{HOME}/inbox/notifications/")
    hugo.look("team-notifications-phone")
    page.goto(f"{HOME}/inbox/?status=all")
    page.locator("a.row").first.click()
    expect(page.locator("#ticket[data-ticket]")).to_be_visible()
    hugo.look("team-ticket-phone", full=True)
    dark = visit("clara@example.org", color_scheme="dark")
    dark.page.goto(f"{HOME}/inbox/tags/")
    dark.look("team-tags-dark", full=True)
