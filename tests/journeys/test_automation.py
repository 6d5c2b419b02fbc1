"""Time and rules on screen: a promise breached across Armistice Day, a rule tried and fired once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date

from playwright.sync_api import expect

from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/inbox/"
RULES = "/o/trois-rivieres/rules/"


def brought(desk: Desk, *texts: str, name: str) -> None:
    """Messages that arrive now."""
    lines = [
        {"id": f"{name}-{number}", "text": text, "date": date.today().isoformat()}  # noqa: DTZ011
        for number, text in enumerate(texts)
    ]
    file = desk.data / f"{name}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres", "--source", "Livre d'or")


def received(desk: Desk, words: str, moment: str) -> None:
    """As if the message had come then: its clock runs since."""
    with closing(sqlite3.connect(desk.data / "veilleur.sqlite3")) as database, database:
        of_the_message = "SELECT id FROM inbox_mention WHERE text LIKE ?"
        statement = f"UPDATE inbox_ticket SET opened_at = ? WHERE mention_id IN ({of_the_message})"
        assert database.execute(statement, [moment, f"%{words}%"]).rowcount == 1


def shown_in_time(visitor: Visitor, address: str, words: str) -> None:
    """A job does it: the page is looked at until it shows it."""
    end = time.monotonic() + 45
    while words not in visitor.words():
        assert time.monotonic() < end, f"{words} is not shown on {address}"
        time.sleep(0.5)
        visitor.page.goto(address)


def test_working_hours_are_set_with_the_holidays_of_the_region(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(HOME)
    clara.page.get_by_role("link", name="Engagements et heures ouvrées").click()
    clara.page.get_by_role("button", name="Heures ouvrées").click()
    clara.page.get_by_label("Vendredi").fill("midi")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.locator(".errorlist")).to_contain_text("Écrivez les heures comme")
    clara.look("hours-mistake", full=True)
    clara.page.get_by_label("Vendredi").fill("9h-12h30, 13h30-17h")
    clara.page.get_by_label("Jours fériés").select_option(label="Alsace et Moselle")
    clara.page.get_by_label("Autres jours de fermeture").fill("24/12/2026 Veille de Noël")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.locator(".toast")).to_contain_text("heures ouvrées sont enregistrées")
    expect(clara.page.locator("aside")).to_contain_text("Noël")
    clara.look("hours", full=True)


def test_a_promise_is_breached_across_armistice_day(visit: Visit, desk: Desk) -> None:
    brought(desk, "Personne ne répond au guichet bleu, c'est honteux.", name="guichet")
    received(desk, "guichet bleu", "2026-11-10 16:00:00")  # a Tuesday, 17:00 in Paris
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}promises/")
    expect(clara.page.locator(".empty")).to_contain_text("Aucun engagement")
    clara.look("promises-empty", full=True)
    clara.page.get_by_label("Première réponse sous, en heures").fill("8")
    clara.page.get_by_label("Fin du travail sous, en heures").fill("24")
    clara.page.get_by_text("Le temps s’arrête pendant").click()
    clara.page.get_by_role("button", name="Voir ce qu’un avis obtiendrait").click()
    expect(clara.page.locator("#trial-title + ul")).to_contain_text("recevrait une réponse avant le")
    clara.look("promises-trial", full=True)
    clara.page.get_by_role("button", name="S’engager").click()
    expect(clara.page.locator(".toast")).to_contain_text("C’est promis")
    clara.look("promises", full=True)
    late = f"{HOME}?clock=late&sort=due"
    clara.page.goto(late)
    shown_in_time(clara, late, "guichet bleu")
    view = clara.page.locator(".pane-views a[aria-current]")
    expect(view).to_contain_text("En retard")
    expect(view.locator(".count")).to_have_text("1")
    row = clara.page.locator("a.row", has_text="guichet bleu")
    expect(row.locator(".chip-clock")).to_contain_text("en retard")
    clara.look("clock-list")
    row.click()
    clock = clara.page.locator(".clock")
    expect(clock).to_contain_text("Première réponse")
    expect(clock).to_contain_text("ouvrées de retard")
    expect(clock).to_contain_text("Mercredi 11 novembre\u00a0: Armistice, fermé")
    expect(clock).to_contain_text("12 novembre 2026")
    expect(clara.page.locator(".timeline")).to_contain_text("en retard")
    clara.look("clock-ticket")
    clara.page.goto("/o/trois-rivieres/trail/?act=inbox.late")
    expect(clara.page.locator("main tbody tr")).to_have_count(1)


def test_a_rule_is_tried_switched_on_and_fires_once(visit: Visit, desk: Desk) -> None:
    brought(desk, "Promotion sur les trottinettes, cliquez vite.", "Promotion sur les lits.", name="hier")
    clara = visit("clara@example.org")
    clara.page.goto(RULES)
    clara.look("rules-empty", full=True)
    clara.page.get_by_role("button", name="Nouvelle règle").click()
    clara.page.get_by_role("button", name="Enregistrer").click()
    clara.page.get_by_label("Nom de la règle").fill("Publicités")
    clara.page.get_by_label("Pour les avis qui répondent à").fill("promotion NOT lits")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.locator("main .errorlist")).to_contain_text("au moins une action")
    clara.page.get_by_label("Écrire une note").fill("Vu par la règle.")
    clara.page.get_by_label("Le clore").select_option("not_ours")
    clara.look("rule", full=True)
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.locator(".toast")).to_contain_text("Essayez-la sur le passé")
    clara.page.get_by_role("button", name="L’essayer").or_(
        clara.page.get_by_role("button", name="Essayer")
    ).click()
    expect(clara.page.locator("#found-title")).to_contain_text("1 avis sur")
    expect(clara.page.locator(".firings")).to_contain_text("trottinettes")
    clara.look("rule-trial", full=True)
    clara.page.get_by_role("button", name="Activer").click()
    expect(clara.page.locator(".toast")).to_contain_text("active")
    clara.look("rules", full=True)

    brought(
        desk, "Promotion sur les matelas, cliquez ici.", "Promotion du directeur des lits.", name="demain"
    )
    log = f"{RULES}log/"
    clara.page.goto(log)
    shown_in_time(clara, log, "matelas")
    expect(clara.page.locator(".firings > li")).to_have_count(1)
    clara.look("rules-log", full=True)
    clara.page.get_by_role("link", name="Promotion sur les matelas").click()
    expect(clara.page.locator(".timeline")).to_contain_text("règle «\u00a0Publicités\u00a0»")
    expect(clara.page.locator(".chips")).to_contain_text("ne nous concerne pas")
    expect(clara.page.get_by_text("Vu par la règle.")).to_have_count(1)
    clara.look("rule-on-ticket")
    clara.page.goto(f"{HOME}?status=all&q=trottinettes")
    clara.page.locator("a.row").first.click()
    expect(clara.page.locator(".chips")).to_contain_text("nouveau")


def test_messages_are_shared_out_among_those_who_are_there(visit: Visit, desk: Desk) -> None:
    hugo = visit("hugo@example.org")
    hugo.page.goto(HOME)
    hugo.page.get_by_role("link", name="Qui est là").click()
    hugo.page.get_by_text("Je suis là").click()
    hugo.page.get_by_role("button", name="Enregistrer").click()
    expect(hugo.page.locator("table")).to_contain_text("là")
    hugo.look("presence", full=True)


def test_time_and_rules_on_a_phone(visit: Visit, desk: Desk) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}hours/")
    clara.look("phone-hours", full=True)
    clara.page.goto(f"{HOME}promises/")
    clara.look("phone-promises", full=True)
    clara.page.goto(RULES)
    clara.look("phone-rules", full=True)
    clara.page.locator(".rule h2 a").first.click()
    clara.look("phone-rule", full=True)
    clara.page.goto(f"{HOME}?status=all&q=guichet+bleu")
    clara.page.locator("a.row").first.click()
    expect(clara.page.locator(".clock")).to_be_visible()
    clara.look("phone-clock")
    dark = visit("clara@example.org", color_scheme="dark")
    dark.page.goto(f"{HOME}?status=all&q=guichet+bleu")
    dark.page.locator("a.row").first.click()
    expect(dark.page.locator(".clock")).to_be_visible()
    dark.look("clock-dark")
    dark.page.goto(RULES)
    dark.look("rules-dark", full=True)
