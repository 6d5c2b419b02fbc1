"""A watch is written with its preview, kept, and its messages are one filter of the inbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"


def test_a_watch_shows_what_it_would_bring_before_it_is_kept(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/watches/")
    clara.look("watches-none")
    clara.page.get_by_role("button", name="Créer une première veille").click()
    clara.page.get_by_label("Nom de cette veille").fill("Attente")
    clara.page.get_by_label("À écouter").fill("(attente OU attendre")
    expect(clara.page.locator("#preview .notice")).to_contain_text("parenthèse")
    clara.page.get_by_label("À écouter").fill("attente OU attendre OU délai*")
    expect(clara.page.locator("#preview li").first).to_be_visible()
    clara.look("watch-preview")
    clara.page.get_by_label("Mais laisser de côté").fill("téléphone")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.get_by_role("rowheader", name="Attente")).to_be_visible()
    clara.page.wait_for_timeout(3000)
    clara.page.reload()
    expect(clara.page.get_by_text("parcours en cours")).to_have_count(0)
    clara.look("watches")
    clara.page.locator("td.num a").click()
    expect(clara.page.get_by_text("Veille : Attente")).to_be_visible()
    clara.look("watch-messages")


def test_a_watch_on_a_phone(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}/inbox/watches/new/")
    clara.look("phone-watch")
