"""A day of work in a real browser: read, filter, act, undo, import a file, look at the figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"

REVIEWS = """avis;note;date;auteur
"Trop d'attente aux urgences, personne ne répond.";1;03/03/2026;Julie D.
"Équipe formidable, merci pour tout !";5;04/03/2026;Marc
"Depuis le levothyrox j'ai des palpitations.";2;05/03/2026;Léa
"Rien à dire";neuf;06/03/2026;Paul
"""


def ticket(visitor: Visitor) -> Locator:
    return visitor.page.locator("#ticket[data-ticket]")


def toast(visitor: Visitor, words: str) -> Locator:
    return visitor.page.locator("#toasts .toast", has_text=words)


def open_first(visitor: Visitor) -> str:
    """Opens the first message of the list by keyboard and returns its number."""
    visitor.page.keyboard.press("j")
    expect(ticket(visitor)).to_be_visible()
    visitor.settle()
    return ticket(visitor).get_attribute("data-ticket") or ""


def test_filter_and_search(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    expect(clara.page.locator("a.row").first).to_be_visible()
    clara.look("inbox")
    clara.page.locator(".more-filters > summary", has_text="Filtres").click()
    clara.look("inbox-filters")
    clara.page.get_by_label("Langue", exact=True).select_option("fr")
    expect(clara.page).to_have_url(re.compile("language=fr"))
    clara.page.keyboard.press("Escape")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.keyboard.press("/")
    clara.page.keyboard.type("passeport")
    clara.page.keyboard.press("Enter")
    expect(clara.page).to_have_url(re.compile("q=passeport"))
    clara.settle()
    found = clara.page.locator("a.row").count()
    assert 0 < found < 40
    clara.page.goto(f"{HOME}/inbox/?q=introuvablement")
    expect(clara.page.locator("a.row")).to_have_count(0)
    clara.look("inbox-nothing-found")


def test_a_message_by_keyboard(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    first = open_first(clara)
    clara.look("message")

    clara.page.keyboard.press("n")
    clara.page.keyboard.type("Rappeler la personne demain.")
    clara.page.get_by_role("button", name="Ajouter la note").click()
    expect(clara.page.locator(".note-text")).to_have_text("Rappeler la personne demain.")

    clara.page.keyboard.press("Escape")
    clara.page.locator("#ticket-title").focus()
    clara.page.keyboard.press("c")
    expect(clara.page.locator("details.act[open]")).to_be_visible()
    clara.look("message-correct")
    clara.page.locator("details.act[open]").get_by_role("button", name="mitigé").click()
    expect(toast(clara, "Corrigé")).to_be_visible()
    expect(clara.page.locator(".timeline")).to_contain_text("mitigé")
    clara.look("message-corrected")

    clara.page.keyboard.press("e")
    clara.page.locator("details.act[open]").get_by_role("button", name="répondu").click()
    expect(toast(clara, "Clos")).to_be_visible()
    expect(clara.page.locator(f"#ticket[data-ticket='{first}']")).to_have_count(0)
    clara.look("message-closed")

    toast(clara, "Clos").get_by_role("button", name="Annuler").click()
    expect(toast(clara, "Annulé")).to_be_visible()
    clara.page.goto(f"{HOME}/inbox/{first}/")
    expect(clara.page.locator(".timeline")).to_contain_text("annulé")
    expect(clara.page.locator(".note-text")).to_have_text("Rappeler la personne demain.")


def test_assign_and_snooze(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    open_first(clara)
    clara.page.keyboard.press("a")
    clara.page.locator("details.act[open]").get_by_role("button", name="Hugo Petit").click()
    expect(toast(clara, "Attribué")).to_be_visible()
    clara.page.keyboard.press("s")
    clara.page.locator("details.act[open]").get_by_role("button", name="demain").click()
    expect(toast(clara, "Mis en attente")).to_be_visible()
    clara.page.goto(f"{HOME}/inbox/?status=snoozed")
    expect(clara.page.locator("a.row")).to_have_count(1)
    clara.look("inbox-snoozed")


def test_a_reader_cannot_act(visit: Visit) -> None:
    rose = visit("rose@example.org")
    rose.page.goto(f"{HOME}/inbox/")
    open_first(rose)
    expect(rose.page.locator(".act-bar")).to_have_count(0)
    expect(rose.page.get_by_role("navigation", name="Principale").get_by_role("link")).to_have_count(4)
    rose.look("message-reader")


def test_import_a_file(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "avis-google.csv"
    file.write_text(REVIEWS, encoding="utf-8")
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/sources/")
    clara.look("sources")
    clara.page.get_by_role("button", name="Importer un fichier").click()
    clara.look("import")
    clara.page.locator("input[type=file]").set_input_files(file)
    clara.page.get_by_role("button", name="Voir ce que contient le fichier").click()
    expect(clara.page.get_by_role("heading", name="Vérifier les colonnes")).to_be_visible()
    expect(clara.page.get_by_text("Équipe formidable").first).to_be_visible()
    clara.look("import-columns", full=True)
    clara.page.get_by_role("button", name="Importer 4 lignes").click()
    expect(clara.page.get_by_text("terminé")).to_be_visible(timeout=60_000)
    clara.look("import-done", full=True)
    clara.page.get_by_role("button", name="Voir les avis").click()
    expect(clara.page.locator("a.row")).to_have_count(3)
    clara.look("import-messages")


def test_the_summary(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.keyboard.press("g")
    clara.page.keyboard.press("s")
    expect(clara.page.get_by_role("heading", name="Synthèse")).to_be_visible()
    expect(clara.page.locator(".chart canvas, .chart svg").first).to_be_visible()
    clara.look("summary", full=True)
    clara.page.locator("details > summary", has_text="en tableau").first.click()
    expect(clara.page.get_by_role("table").first).to_be_visible()
    clara.look("summary-table", full=True)


def test_the_policy(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/policy/")
    clara.look("policy")
    text = clara.page.locator("textarea")
    text.fill(text.input_value().replace('id = "satisfied"', 'id = "satisfied"\nnonsense = 1', 1))
    clara.page.get_by_role("button", name="Essayer").click()
    expect(clara.page.get_by_text("nonsense").last).to_be_visible()
    clara.look("policy-wrong")


def test_on_a_phone(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}/inbox/")
    clara.look("phone-inbox")
    clara.page.locator("a.row").first.tap()
    expect(ticket(clara)).to_be_visible()
    expect(clara.page.locator("#list")).to_be_hidden()
    clara.look("phone-message")
    clara.page.get_by_role("link", name="Liste").tap()
    expect(clara.page.locator("#list")).to_be_visible()
    for name in ("summary", "sources", "sources/upload", "inbox/policy"):
        clara.page.goto(f"{HOME}/{name}/")
        clara.look(f"phone-{name.replace('/', '-')}")


def test_in_the_dark(visit: Visit) -> None:
    clara = visit("clara@example.org", color_scheme="dark")
    clara.page.goto(f"{HOME}/inbox/")
    open_first(clara)
    clara.look("dark-message")
    for name in ("summary", "sources"):
        clara.page.goto(f"{HOME}/{name}/")
        clara.look(f"dark-{name}")


def test_in_english(visit: Visit) -> None:
    grace = visit("grace@example.org", locale="en-GB", timezone_id="Europe/London")
    expect(grace.page.get_by_role("heading", name="To handle").first).to_be_visible()
    open_first(grace)
    grace.look("english-message")
    for name in ("summary", "sources", "inbox/policy", "trail"):
        grace.page.goto(f"/o/northmoor/{name}/")
        grace.look(f"english-{name.replace('/', '-')}")


def test_on_a_tablet(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport={"width": 834, "height": 1112})
    clara.page.goto(f"{HOME}/inbox/")
    open_first(clara)
    clara.look("tablet-message")
