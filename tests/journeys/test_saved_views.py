"""What somebody looks for in the language of watches is kept as a view, with the words of a list."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"


def test_a_search_becomes_a_view_of_the_whole_team(visit: Visit) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/inbox/lists/")
    clara.page.get_by_role("button", name="Créer une première liste").click()
    clara.page.get_by_label("Nom de cette liste").fill("delais")
    clara.page.get_by_label("Mots ou expressions, un par ligne").fill("attente\nattendre\ndélai*")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.get_by_text("liste:delais")).to_be_visible()
    clara.look("word-lists")
    clara.page.goto(f"{HOME}/inbox/?status=all")
    search = clara.page.get_by_role("searchbox")
    search.fill("liste:delai")
    search.press("Enter")
    expect(clara.page.locator(".list-filters .notice")).to_contain_text("« delais »")
    search.fill("liste:delais -téléphone")
    search.press("Enter")
    expect(clara.page.locator("#rows .row").first).to_be_visible()
    clara.page.get_by_text("Enregistrer cette vue").click()
    clara.page.get_by_label("Nom de cette vue").fill("Délais")
    clara.page.get_by_label("Pour toute l’équipe").check()
    clara.look("view-form")
    clara.page.get_by_role("button", name="Enregistrer", exact=True).click()
    kept = clara.page.locator(".pane-views a", has_text="Délais")
    expect(kept).to_have_attribute("aria-current", "true")
    expect(kept.locator(".count")).to_have_text(re.compile(r"\d"))
    clara.look("view-kept")

    hugo = visit("hugo@example.org")
    hugo.page.goto(f"{HOME}/inbox/")
    hugo.page.locator(".pane-views a", has_text="Délais").click()
    expect(hugo.page.get_by_role("heading", name="Délais")).to_be_visible()


def test_saved_views_on_a_phone(visit: Visit) -> None:
    clara = visit("clara@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    clara.page.goto(f"{HOME}/inbox/?status=all&q=attente")
    clara.page.get_by_text("Enregistrer cette vue").click()
    clara.look("phone-view-form")
    clara.page.goto(f"{HOME}/inbox/views/")
    clara.look("phone-views")
