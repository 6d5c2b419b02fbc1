"""The pictures of the documentation, taken from a desk with a few messages of its own (made up)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.guest_book import TOKEN, guest_book
from tests.journeys.conftest import Desk
from tests.journeys.visitor import Visitor
from veilleur.listening.connector import connectors

pytestmark = pytest.mark.browser
HOME = "/o/trois-rivieres"

# {1} is yesterday, {2} the day before…
REVIEWS = """Date;Réseau;Note;Auteur;Titre;Avis
{1} 09:12;Google;2;Léa B.;Palpitations depuis le traitement;"Bonjour, depuis que je prends du \
levothyrox j'ai des palpitations et des vertiges tous les soirs. Je l'ai signalé au secrétariat, personne ne \
m'a rappelée. Que dois-je faire ?"
{2} 18:40;Google;5;Marc T.;Une équipe formidable;"Accueil chaleureux, médecin à l'écoute."
{2} 08:05;Google;1;Julie D.;Quatre heures aux urgences;"Attente interminable, personne ne répond, \
c'est inadmissible. On nous a laissés dans le couloir."
{3} 14:22;Hospitalidée;4;Ines;;"Très bien soignée, mais le parking est vraiment trop cher."
{4} 11:30;Google;5;Paul R.;;
{6} 20:10;Hospitalidée;3;Nadia;Suivi de grossesse;"Suivi sérieux et sage-femme très humaine. En \
revanche, impossible de joindre le secrétariat."
"""


@pytest.fixture
def reviewed(desk: Desk, tmp_path: Path) -> None:
    """The messages above, imported as a secretary would."""
    today = datetime.now(UTC)
    days = [f"{today - timedelta(days=ago):%d/%m/%Y}" for ago in range(7)]
    file = tmp_path / "avis-en-ligne.csv"
    file.write_text(REVIEWS.format(*days), encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres")


@pytest.mark.usefixtures("reviewed")
def test_the_pictures_of_the_readme(visit: Callable[..., Visitor]) -> None:
    clara = visit("clara@example.org", viewport={"width": 1280, "height": 740})
    clara.page.goto(f"{HOME}/inbox/?source=avis-en-ligne")
    expect(clara.page.locator("a.row")).to_have_count(6)
    clara.page.keyboard.press("j")
    expect(clara.page.locator("#ticket mark").first).to_be_visible()
    clara.look("readme-inbox")
    clara.page.goto(f"{HOME}/summary/?from=2021-07-01&to=2022-12-31")
    clara.page.set_viewport_size({"width": 1280, "height": 1150})
    expect(clara.page.locator(".chart canvas, .chart svg").first).to_be_visible()
    clara.look("readme-summary")


def test_the_pictures_of_the_networks(visit: Callable[..., Visitor]) -> None:
    """What each one asks of a person who connects it."""
    clara = visit("clara@example.org", viewport={"width": 1000, "height": 800})
    for name in connectors():
        clara.page.goto(f"{HOME}/sources/networks/{name}/")
        clara.cut_out(f"network-form-{name}", ".connect form")


def test_the_picture_of_a_source_that_is_listened_to(visit: Callable[..., Visitor], desk: Desk) -> None:
    clara = visit("clara@example.org", viewport={"width": 1000, "height": 800})
    with guest_book(desk.network_port) as book:
        book.say("Trop d’attente, mais une équipe à l’écoute.")
        clara.page.goto(f"{HOME}/sources/networks/guestbook/")
        clara.page.get_by_label("Adresse du livre d’or").fill(book.address)
        clara.page.get_by_label("Jeton").fill(TOKEN)
        clara.page.get_by_role("button", name="Connecter", exact=True).click()
        while not clara.page.locator("tbody tr").count():  # the worker has not asked it yet
            clara.page.wait_for_timeout(500)
            clara.page.reload()
        expect(clara.page.locator(".remarks")).to_contain_text("Le jeton est accepté")
        clara.cut_out("network-health", ".connect")
