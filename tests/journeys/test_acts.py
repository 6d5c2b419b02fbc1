"""A message is hidden, shown again, flagged and removed on its network, from the desk, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.guest_book import TOKEN, GuestBookServer, guest_book
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"
INSULT = "Quelle bande de zouaves, ce secrétariat."
CASE = "Dit à Zélie : depuis le levothyrox j’ai des palpitations et des vertiges."
SECONDS = 40.0


@pytest.fixture(scope="module")
def book(desk: Desk) -> Iterator[GuestBookServer]:
    """A guest book on the port that the desk was told of, with two entries."""
    with guest_book(desk.network_port) as running:
        yield running


@pytest.fixture(scope="module")
def entries(book: GuestBookServer) -> dict[str, str]:
    """What is said there, by its id."""
    return {text: book.say(text) for text in (INSULT, CASE)}


def listen(clara: Visitor, book: GuestBookServer) -> None:
    clara.page.goto(f"{HOME}/sources/networks/")
    clara.page.get_by_role("button", name="Choisir Livre d’or").click()
    clara.page.locator("#id_name").fill("Livre du hall")
    clara.page.get_by_label("Adresse du livre d’or").fill(book.address)
    clara.page.get_by_label("Jeton").fill(TOKEN)
    clara.page.get_by_role("button", name="Connecter", exact=True).click()
    expect(clara.page.locator(".remarks")).to_contain_text("Le jeton est accepté")


def open_message(visitor: Visitor, words: str) -> Locator:
    row = visitor.page.locator("a.row").first
    end = time.monotonic() + SECONDS
    visitor.page.goto(f"{HOME}/inbox/?status=all&q={words}")
    while not row.count() and time.monotonic() < end:
        visitor.page.wait_for_timeout(1000)
        visitor.page.reload()
    row.click()
    expect(visitor.page.locator("#ticket[data-ticket]")).to_be_visible()
    visitor.settle()
    return visitor.page.locator("#on-network")


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not look():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.2)


def test_a_message_is_hidden_taken_back_hidden_again_and_shown(
    visit: Visit, book: GuestBookServer, entries: dict[str, str]
) -> None:
    entry = entries[INSULT]
    listen(visit("clara@example.org"), book)
    hugo = visit("hugo@example.org")
    network = open_message(hugo, "zouaves")
    expect(network.get_by_role("link", name="Supprimer")).to_have_count(0)
    hugo.look("acts-message")
    hugo.page.keyboard.press("h")
    expect(network.get_by_role("button", name="Annuler")).to_be_visible()
    hugo.look("acts-leaving")
    hugo.page.keyboard.press("z")
    expect(network.get_by_role("button", name="Masquer")).to_be_visible()
    assert book.acts == []

    network.get_by_role("button", name="Masquer").click()
    expect(network).to_contain_text("Masqué sur le réseau", timeout=SECONDS * 1000)
    assert not book.is_visible(entry)
    expect(network.get_by_role("button", name="Réafficher")).to_be_visible()
    hugo.look("acts-hidden")
    hugo.page.keyboard.press("h")
    until(lambda: book.is_visible(entry))
    hugo.page.reload()
    expect(hugo.page.locator(".timeline")).to_contain_text("a demandé au réseau de le masquer")
    expect(hugo.page.locator(".timeline")).to_contain_text("affiché sur le réseau")


def test_a_message_is_flagged_with_a_reason(
    visit: Visit, book: GuestBookServer, entries: dict[str, str]
) -> None:
    hugo = visit("hugo@example.org")
    open_message(hugo, "zouaves")
    hugo.page.keyboard.press("f")
    hugo.page.get_by_label("Motif").select_option("other")
    hugo.page.get_by_role("button", name="Signaler au réseau").click()
    expect(hugo.page.locator(".errorlist").first).to_be_visible()
    hugo.page.get_by_label("Dans vos mots").fill("Des mots grossiers envers une équipe.")
    hugo.look("acts-flag")
    hugo.page.get_by_role("button", name="Signaler au réseau").click()
    until(lambda: bool(book.reports))
    assert book.reports == [(entries[INSULT], "autre motif – Des mots grossiers envers une équipe.")]


def test_what_comes_first_stands_before_a_removal(
    visit: Visit, book: GuestBookServer, entries: dict[str, str]
) -> None:
    clara = visit("clara@example.org", viewport=PHONE)
    open_message(clara, "Zélie")
    clara.look("acts-phone", full=True)
    clara.page.get_by_role("button", name="Supprimer").click()
    expect(clara.page.get_by_text("Un effet indésirable", exact=False).first).to_be_visible()
    clara.page.get_by_label("Motif").select_option("secrecy")
    clara.look("acts-remove-phone", full=True)
    clara.page.get_by_role("button", name="Supprimer définitivement").click()
    assert "/remove/" in clara.page.url, "it must be ticked first"
    clara.page.get_by_label("J’ai lu ce qui passe avant").check()
    clara.page.get_by_role("button", name="Supprimer définitivement").click()
    expect(clara.page.locator("#on-network")).to_contain_text("Suppression")
    clara.page.goto(f"{HOME}/moderation/")
    expect(clara.page.locator(".act-rows")).to_contain_text("Zélie")
    clara.look("acts-list-phone")
    until(lambda: not book.is_visible(entries[CASE]))
    open_message(clara, "Zélie")
    expect(clara.page.locator("#on-network")).to_contain_text("Supprimé du réseau")


def test_what_a_network_refuses_is_listed_tried_again_and_given_up(
    visit: Visit, book: GuestBookServer, entries: dict[str, str]
) -> None:
    clara = visit("clara@example.org")
    book.trouble = (422, {})
    network = open_message(clara, "zouaves")
    network.get_by_role("button", name="Masquer").click()
    expect(network).to_contain_text("Le réseau a refusé", timeout=SECONDS * 1000)
    clara.look("acts-failed")
    clara.page.goto(f"{HOME}/moderation/")
    expect(clara.page.locator(".act-rows")).to_contain_text("422")
    clara.look("acts-list")
    clara.page.set_viewport_size({"width": 800, "height": 700})
    clara.look("acts-list-tablet")
    book.trouble = None
    clara.page.get_by_role("button", name="Essayer maintenant").first.click()
    until(lambda: not book.is_visible(entries[INSULT]))
    clara.page.goto(f"{HOME}/moderation/?view=done")
    expect(clara.page.locator(".act-rows")).to_contain_text("zouaves")
    clara.look("acts-list-done")
