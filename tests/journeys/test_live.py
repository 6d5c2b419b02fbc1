"""Several people at the desk at once: they see each other, and what changes, without reloading anything."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.conftest import PASSWORD, Desk, command, environment, free_port, wait_until_it_answers
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"
NEWS = 'avis;note;date;auteur\n"Zibeline perdue au vestiaire ce matin.";1;22/11/2026;Ninon\n'
HARD = (
    'avis;note;date;auteur\n"Je vais venir vous tuer, toi et toute ton équipe de zinzolins.";1;22/11/2026;X\n'
)


def ticket(visitor: Visitor) -> Locator:
    return visitor.page.locator("#ticket[data-ticket]")


def toast(visitor: Visitor, words: str) -> Locator:
    return visitor.page.locator("#toasts .toast", has_text=words)


def bring(desk: Desk, folder: Path, name: str, text: str) -> None:
    file = folder / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres", "--source", name)


def test_two_people_at_one_message_see_each_other(visit: Visit) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.locator("a.row").first.click()
    expect(ticket(clara)).to_be_visible()
    number = ticket(clara).get_attribute("data-ticket")

    hugo.page.goto(f"{HOME}/inbox/{number}/")
    expect(hugo.page.locator(".present")).to_have_text(re.compile("Clara Martin lit cet avis"))
    expect(clara.page.locator(".present")).to_have_text(re.compile("Hugo Petit lit cet avis"))
    clara.look("live-two-readers")

    hugo.page.keyboard.press("p")
    expect(toast(hugo, "Pris")).to_be_visible()
    expect(hugo.page.locator(".present")).to_contain_text(["Clara", "Vous avez pris cet avis"])
    expect(clara.page.locator(".present-claim")).to_have_text(re.compile("Hugo Petit a pris cet avis"))
    clara.page.keyboard.press("p")
    expect(toast(clara, "Hugo Petit a déjà pris cet avis")).to_be_visible()
    clara.look("live-taken")

    hugo.page.keyboard.press("s")
    hugo.page.locator("details.act[open]").get_by_role("button", name="demain").click()
    expect(clara.page.locator("#attendance .notice")).to_contain_text("Hugo Petit")
    clara.look("live-decided-by-another")
    clara.page.get_by_role("link", name="Le voir tel qu’il est").click()
    expect(clara.page.locator("#ticket .chips")).to_contain_text("en attente")


def test_somebody_who_answers_is_seen(visit: Visit) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.locator("a.row").nth(3).click()
    expect(ticket(clara)).to_be_visible()
    number = ticket(clara).get_attribute("data-ticket")
    hugo.page.goto(f"{HOME}/replies/to/{number}/")
    expect(clara.page.locator(".present-claim")).to_have_text(
        re.compile("Hugo Petit est en train de répondre")
    )
    expect(hugo.page.locator(".present")).to_have_text(re.compile("Clara Martin lit cet avis"))
    hugo.look("live-answering")


def test_what_arrives_appears_and_what_is_decided_is_told(visit: Visit, desk: Desk, tmp_path: Path) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    expect(clara.page.locator("a.row").first).to_be_visible()
    bring(desk, tmp_path, "vestiaire", NEWS)
    arrived = clara.page.locator("a.row", has_text="Zibeline")
    expect(arrived).to_be_visible()
    expect(clara.page.locator("[data-fresh-said]")).to_contain_text("Nouvel avis")
    clara.look("live-arrived")

    hugo.page.goto(f"{HOME}/inbox/?q=zibeline")
    hugo.page.locator("a.row").first.click()
    expect(ticket(hugo)).to_be_visible()
    hugo.page.keyboard.press("e")
    hugo.page.locator("details.act[open]").get_by_role("button", name="rien à faire").click()
    expect(toast(hugo, "Clos")).to_be_visible()
    expect(clara.page.locator("li.left", has_text="Zibeline")).to_contain_text("n’est plus dans cette liste")
    clara.look("live-left")


def test_focus_mode_decides_ten_by_keyboard(visit: Visit) -> None:
    hugo = visit("hugo@example.org")
    hugo.page.goto(f"{HOME}/inbox/")
    hugo.page.keyboard.press("Shift+F")
    expect(ticket(hugo)).to_be_visible()
    expect(hugo.page.locator(".focus-count")).to_contain_text("0 avis décidé")
    hugo.look("focus")
    seen = set()
    for number in range(1, 11):
        seen.add(ticket(hugo).get_attribute("data-ticket"))
        hugo.page.keyboard.press("2" if number % 2 else "4")
        expect(hugo.page.locator(".focus-count")).to_contain_text(f"{number} avis décidé")
        hugo.settle()
    assert len(seen) == 10
    hugo.look("focus-after-ten")

    last = ticket(hugo).get_attribute("data-ticket")
    hugo.page.keyboard.press("z")
    expect(hugo.page.locator(".focus-count")).to_contain_text("9 avis décidés")
    assert ticket(hugo).get_attribute("data-ticket") != last
    hugo.page.keyboard.press("j")
    expect(hugo.page.locator(f"#ticket[data-ticket='{last}']")).to_be_visible()
    hugo.page.keyboard.press("s")
    expect(hugo.page.locator("details.act[open]")).to_be_visible()
    hugo.look("focus-snooze")
    hugo.page.locator("details.act[open]").get_by_role("button", name="demain").click()
    expect(hugo.page.locator(".focus-count")).to_contain_text("10 avis décidés")


def test_focus_mode_never_gives_the_same_to_two(visit: Visit) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.locator("a.row").nth(5).click()
    expect(ticket(clara)).to_be_visible()
    before, number = (clara.page.locator("a.row").nth(place).get_attribute("data-ticket") for place in (4, 5))
    clara.page.goto(f"{HOME}/inbox/focus/{number}/")
    expect(clara.page.locator("[data-attend] [name=known]")).not_to_have_value("")
    hugo.page.goto(f"{HOME}/inbox/focus/?passed={before}")
    expect(toast(hugo, "Clara Martin")).to_be_visible()
    assert ticket(hugo).get_attribute("data-ticket") != ticket(clara).get_attribute("data-ticket")
    hugo.look("focus-passed-over")


def test_focus_mode_on_a_phone(visit: Visit) -> None:
    hugo = visit("hugo@example.org", viewport=PHONE, has_touch=True, is_mobile=True)
    hugo.page.goto(f"{HOME}/inbox/")
    hugo.look("phone-list")
    hugo.page.get_by_role("link", name="Mode concentré").click()
    expect(ticket(hugo)).to_be_visible()
    hugo.look("phone-focus")
    hugo.page.get_by_role("button", name="rien à faire").click()
    expect(hugo.page.locator(".focus-count")).to_contain_text("1 avis décidé")
    hugo.page.get_by_role("button", name="Attribuer").click()
    hugo.look("phone-focus-assign")


def test_the_command_bar(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.keyboard.press("j")
    expect(ticket(clara)).to_be_visible()
    clara.page.keyboard.press("Control+k")
    expect(clara.page.locator("#command").get_by_role("option").first).to_be_visible()
    clara.look("command-bar")
    proposed = clara.page.locator("#command")
    clara.page.keyboard.type("repond")
    expect(proposed.get_by_role("option", name="Répondre")).to_have_attribute("aria-selected", "true")
    clara.page.keyboard.press("Escape")
    clara.page.keyboard.press("Control+k")
    clara.page.keyboard.type("membr")
    expect(proposed.get_by_role("option", name="Membres")).to_have_attribute("aria-selected", "true")
    clara.page.keyboard.press("Enter")
    expect(clara.page).to_have_url(re.compile("/members/"))
    clara.page.keyboard.press("Control+k")
    clara.page.keyboard.type("passeport")
    expect(clara.page.locator("#command").get_by_role("option")).to_have_count(1)
    clara.page.keyboard.press("Enter")
    expect(clara.page).to_have_url(re.compile("q=passeport"))
    clara.page.goto(f"{HOME}/inbox/go/?c=veille")
    clara.look("command-page")


def test_hard_texts_are_covered_until_asked_for(visit: Visit, desk: Desk, tmp_path: Path) -> None:
    bring(desk, tmp_path, "menaces", HARD)
    hugo = visit("hugo@example.org")
    hugo.page.goto(f"{HOME}/inbox/?q=zinzolins")
    row = hugo.page.locator("a.row").first
    expect(row).to_contain_text("Couvert")
    expect(row).not_to_contain_text("tuer")
    row.click()
    expect(hugo.page.locator(".veil")).to_be_visible()
    expect(hugo.page.locator(".message")).not_to_be_visible()
    hugo.look("covered")
    hugo.page.keyboard.press("v")
    expect(hugo.page.locator(".message")).to_contain_text("zinzolins")
    hugo.look("uncovered")

    hugo.page.goto(f"{HOME}/inbox/care/")
    hugo.page.get_by_label("Proposer une pause").fill("1")
    hugo.look("care")
    hugo.page.get_by_role("button", name="Enregistrer").click()
    hugo.page.goto(f"{HOME}/inbox/?q=zinzolins")
    hugo.page.locator("a.row").first.click()
    expect(hugo.page.locator(".message")).to_be_visible()
    expect(hugo.page.locator("[data-pause]")).to_contain_text("Quelques minutes")
    hugo.look("pause-proposed")


class Fragile:
    """A server that is killed as by a power cut."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self.address = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        log = self.data / "serve.log"
        path = os.environ.get("PYTHONPATH", "")
        with log.open("ab") as output:
            self.server = subprocess.Popen(
                command("serve", "--port", str(self.port)),
                env=environment(self.data) | {"PYTHONPATH": path},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until_it_answers(self.port, self.server, log)

    def kill(self) -> None:
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait(timeout=30)


@pytest.fixture
def fragile(furnished: Path, tmp_path: Path) -> Iterator[Fragile]:
    """A desk that a test may kill and start again."""
    shutil.copytree(furnished, tmp_path / "data")
    desk = Fragile(tmp_path / "data", free_port())
    desk.start()
    yield desk
    desk.kill()


def test_a_crash_while_somebody_writes_loses_nothing(
    fragile: Fragile, browser: Browser, pictures: Path
) -> None:
    clara = Visitor(browser, fragile.address, pictures)
    clara.sign_in("clara@example.org", PASSWORD)
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.locator("a.row").first.click()
    expect(ticket(clara)).to_be_visible()
    clara.settle()
    clara.page.keyboard.press("n")
    clara.page.keyboard.type("Rappeler la famille")
    expect(clara.page.locator("#note-kept")).to_contain_text("Brouillon gardé")

    fragile.kill()
    clara.page.keyboard.type(" avant vendredi midi")
    expect(clara.page.locator("[data-not-kept]")).to_be_visible()
    clara.page.close()

    fragile.start()
    clara.page = clara.context.new_page()
    clara.page.goto(f"{HOME}/inbox/")
    clara.page.locator("a.row").first.click()
    field = clara.page.locator("#id_text")
    expect(field).to_have_value("Rappeler la famille avant vendredi midi")
    expect(clara.page.locator("#note-kept")).to_contain_text("Brouillon gardé")
    clara.complaints.clear()
    clara.look("live-draft-back")
    clara.page.evaluate("localStorage.clear()")
    clara.page.reload()
    expect(field).to_have_value("Rappeler la famille avant vendredi midi")
    clara.page.get_by_role("button", name="Ajouter la note").click()
    expect(clara.page.locator(".note-text")).to_have_text("Rappeler la famille avant vendredi midi")
    expect(field).to_have_value("")
    clara.close()
