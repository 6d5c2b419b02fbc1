"""A text that is pasted again and again is one line of the list; its author has a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/inbox/"
FLOOD = (
    "Fermer la maternité sans rien dire à personne, c’est se moquer des familles de toute la vallée. "
    "Signez la pétition, partagez, parlez-en autour de vous !"
)


@pytest.fixture(scope="module")
def flooded(desk: Desk) -> Desk:
    """Twelve accounts paste a text, one of them three times, with this or that around it."""
    around = ("{}", "RT @vallee : {}", "{} https://exemple.fr/petition", "😡😡 {}")
    now = datetime.now(UTC)
    lines = [
        {
            "id": f"flood-{number}",
            "text": around[number % len(around)].format(FLOOD),
            "author": f"compte{min(number, 11)}",
            "date": (now - timedelta(minutes=number)).isoformat(),
            "place": f"Site {number % 3}",
        }
        for number in range(14)
    ]
    file = desk.data / "flood.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres", "--source", "Forum de la vallée")
    return desk


def test_a_flood_is_one_line_of_the_list(visit: Visit, flooded: Desk) -> None:
    hugo = visit("hugo@example.org")
    hugo.page.goto(f"{HOME}?status=all")
    line = hugo.page.locator(".row", has_text="Fermer la maternité")
    expect(line).to_have_count(1)
    hugo.look("alike-once")
    hugo.page.get_by_role("button", name="Montrer chacun").click()
    expect(line).to_have_count(14)
    hugo.page.get_by_role("button", name="Les montrer une fois").click()
    expect(line).to_have_count(1)
    hugo.page.get_by_role("link", name="× 14 avis semblables").click()
    expect(line).to_have_count(14)
    hugo.look("alike-all")
    line.first.click()
    expect(hugo.page.get_by_role("heading", name="Avis semblables (14)")).to_be_visible()
    hugo.look("alike-ticket")


def test_the_author_has_a_page(visit: Visit, flooded: Desk) -> None:
    hugo = visit("hugo@example.org")
    hugo.page.goto(f"{HOME}?status=all&q=pétition+vallée")
    hugo.page.locator(".row").last.click()
    hugo.page.get_by_role("link", name="Tout sur cet auteur").click()
    expect(hugo.page.get_by_role("heading", name="Le même texte plusieurs fois")).to_be_visible()
    hugo.look("author", full=True)
    hugo.page.get_by_role("button", name="Voir ses avis dans la liste").click()
    expect(hugo.page.locator(".row", has_text="Fermer la maternité")).to_have_count(3)


def test_on_a_phone(visit: Visit, flooded: Desk) -> None:
    hugo = visit("hugo@example.org", viewport=PHONE, is_mobile=True, has_touch=True)
    hugo.page.goto(f"{HOME}?status=all")
    hugo.look("phone-alike-once")
    hugo.page.goto(f"{HOME}?status=all&q=pétition+vallée")
    hugo.page.locator(".row").last.click()
    hugo.page.get_by_role("link", name="Tout sur cet auteur").click()
    hugo.look("phone-author", full=True)
