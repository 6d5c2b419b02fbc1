"""Texts are erased by the rule of the house, unless they are held; an author is erased at their request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/inbox/"
SECONDS = 40.0
HELD = "Le vestiaire du gymnase thermal était glacial, je porte plainte."
OLD = "Le buffet du gymnase thermal était fermé, quel dommage."
ASKED = "Le portier du gymnase thermal connaissait mon nom, merci."
TWENTY_YEARS = "7300"


@pytest.fixture(scope="module")
def remembered(desk: Desk) -> Desk:
    """Two messages of long ago by one author, a recent one by another."""
    told = [(HELD, "ancien", "2001-03-03"), (OLD, "ancien", "2001-03-04"), (ASKED, "zacharie", "2026-03-05")]
    lines = [
        {"id": f"gym-{number}", "text": text, "author": author, "date": date}
        for number, (text, author, date) in enumerate(told)
    ]
    file = desk.data / "gymnase.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres", "--source", "Livre du gymnase")
    return desk


def open_message(visitor: Visitor, words: str) -> None:
    visitor.page.goto(f"{HOME}?status=all&q={words}")
    visitor.page.locator("a.row").first.click()
    expect(visitor.page.locator("#ticket[data-ticket]")).to_be_visible()
    visitor.settle()


def rows_with(visitor: Visitor, words: str) -> int:
    visitor.page.goto(f"{HOME}?status=all&q={words}")
    return visitor.page.locator("a.row").count()


def wait_until_erased(visitor: Visitor, words: str) -> None:
    end = time.monotonic() + SECONDS
    while rows_with(visitor, words) and time.monotonic() < end:
        visitor.page.wait_for_timeout(500)
    assert rows_with(visitor, words) == 0


def test_the_rule_erases_what_is_not_held(visit: Visit, remembered: Desk) -> None:
    hugo = visit("hugo@example.org")
    open_message(hugo, "vestiaire+gymnase")
    hugo.page.get_by_role("button", name="Protéger", exact=True).click()
    hugo.look("retention-hold")
    hugo.page.locator("#id_hold_reason").fill("Plainte déposée le 3 mars, dossier 12.")
    hugo.page.get_by_role("button", name="Protéger cet avis").click()
    expect(hugo.page.locator(".hold")).to_contain_text("dossier 12")
    hugo.look("retention-held")

    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}retention/")
    clara.look("retention-rule", full=True)
    clara.page.get_by_label("Jours après la publication de tout avis").fill(TWENTY_YEARS)
    clara.page.get_by_role("button", name="Voir ce qui serait effacé").click()
    trial = clara.page.locator(".notice-warning")
    expect(trial).to_contain_text("effacerait aujourd’hui")
    expect(trial).to_contain_text("Livre du gymnase, plus ancien que ce que la maison conserve")
    expect(trial).to_contain_text("parce qu’ils sont protégés")
    clara.look("retention-trial", full=True)
    clara.page.get_by_role("button", name="Enregistrer et effacer").click()
    wait_until_erased(clara, "buffet+gymnase")
    assert rows_with(clara, "vestiaire+gymnase") == 1
    clara.page.goto(f"{HOME}?status=all&from=2001-01-01&to=2001-12-31")
    erased = clara.page.locator("a.row", has_text="Texte effacé")
    expect(erased).to_have_count(1)
    expect(clara.page.locator("a.row", has_text="protégé")).to_have_count(1)
    erased.click()
    expect(clara.page.locator(".ticket-main")).to_contain_text("Texte effacé")
    expect(clara.page.get_by_role("button", name="Répondre")).to_have_count(0)
    clara.look("retention-erased")
    clara.page.goto(f"{HOME}retention/")
    clara.page.get_by_label("Jours après la publication de tout avis").fill("")
    clara.page.get_by_role("button", name="Voir ce qui serait effacé").click()
    clara.page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(clara.page.locator(".toast")).to_contain_text("La règle est enregistrée")


def test_an_author_is_erased_at_their_request(visit: Visit, remembered: Desk) -> None:
    clara = visit("clara@example.org")
    open_message(clara, "portier+gymnase")
    clara.page.locator(".facts a").first.click()
    clara.page.get_by_role("link", name="Effacer les textes de cet auteur").click()
    expect(clara.page.locator("main")).to_contain_text("1 avis sera effacé.")
    clara.look("retention-author", full=True)
    clara.page.get_by_label("Pourquoi").fill("Demande reçue par courrier le 2 novembre.")
    clara.page.get_by_role("button", name="Effacer pour de bon").click()
    expect(clara.page.locator("table")).to_contain_text("par courrier")
    wait_until_erased(clara, "portier+gymnase")
    clara.page.goto(f"{HOME}retention/")
    expect(clara.page.locator("table")).to_contain_text("tout est effacé")
    clara.look("retention-requests", full=True)


def test_on_a_phone(visit: Visit, remembered: Desk) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}retention/")
    clara.look("phone-retention", full=True)
    open_message(clara, "vestiaire+gymnase")
    clara.look("phone-retention-held")
    clara.page.locator("summary", has_text="Protéger").wait_for(state="detached")
    clara.page.get_by_role("button", name="Lever la protection").click()
    expect(clara.page.locator(".hold")).to_have_count(0)
