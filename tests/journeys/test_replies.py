"""A reply from its first draft to the network, in a real browser: blocked, rewritten, approved, sent once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_network import SECRET, FakeNetwork, fake_network
from tests.journeys.conftest import Desk
from tests.journeys.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres"
REVIEW = """avis;note;date;auteur;réseau
"Opérée du genou dans cette clinique, je boite encore. Personne ne s'excuse.";1;03/03/2026;Zoé L.;Google
"Depuis le levothyrox j'ai des palpitations et des vertiges.";2;05/03/2026;Léa;Google
;5;06/03/2026;Paul;Google
;5;07/03/2026;Nina;Google
"""
BAD = "Bonjour Zoé, suite à votre intervention du 12 mars, votre genou va bien."


@pytest.fixture(scope="module")
def network(desk: Desk) -> Iterator[FakeNetwork]:
    """A network on the port that the desk was told of."""
    with fake_network(desk.network_port) as running:
        yield running


@pytest.fixture(scope="module")
def reviews(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Four reviews on Google, to answer."""
    file = tmp_path_factory.mktemp("reviews") / "avis.csv"
    file.write_text(REVIEW, encoding="utf-8")
    desk.run("import", str(file), "--to", "trois-rivieres", "--source", "google")


def open_message(visitor: Visitor, words: str) -> None:
    visitor.page.goto(f"{HOME}/inbox/?status=all&source=google&q={words}")
    visitor.page.locator("a.row").first.click()
    expect(visitor.page.locator("#ticket[data-ticket]")).to_be_visible()
    visitor.settle()


def judged(visitor: Visitor, words: str | re.Pattern[str]) -> Locator:
    expect(visitor.page.locator("#judgement .verdict")).to_contain_text(words)
    visitor.settle()
    return visitor.page.locator("#judgement")


def connect(clara: Visitor, network: FakeNetwork) -> None:
    clara.page.goto(f"{HOME}/sources/of/google/")
    clara.page.get_by_role("button", name="La connecter").click()
    clara.page.get_by_role("button", name="Choisir Une passerelle de la maison").click()
    clara.page.get_by_label("Adresse de la passerelle").fill(network.address)
    clara.page.get_by_label("Secret partagé").fill(SECRET)
    clara.page.get_by_label("Secondes d’attente d’une réponse").fill("1")
    clara.page.get_by_role("button", name="Enregistrer").click()
    expect(clara.page.get_by_text("La passerelle répond")).to_be_visible()
    clara.look("source-connected")


def test_a_reply_is_blocked_rewritten_approved_and_sent_once(
    visit: Visit, reviews: None, network: FakeNetwork
) -> None:
    clara, hugo = visit("clara@example.org"), visit("hugo@example.org")
    connect(clara, network)
    open_message(hugo, "genou")
    hugo.page.keyboard.press("r")
    hugo.page.get_by_role("button", name="Commencer par une proposition").click()
    judged(hugo, "Rien ne retient ce texte")
    hugo.look("reply-proposal")

    hugo.page.locator("#id_reply").fill(BAD)
    judged(hugo, "ne peut pas partir")
    breaches = hugo.page.locator(".breach")
    assert len(set(hugo.page.locator(".breach q").all_inner_texts())) >= 3, "stretches of their own"
    assert breaches.count() >= 3
    said = hugo.page.locator("#judgement").inner_text()
    assert "S-03-DATE" in said
    assert "R.4127-4" in said or "226-13" in said, "each breach names its article"
    underlined = hugo.page.locator("[data-mirror] [class*=mark-]")
    assert underlined.count() >= 3
    hugo.look("reply-blocked", full=True)
    expect(hugo.page.get_by_role("button", name="Envoyer", exact=True)).to_have_count(0)

    hugo.page.get_by_role("button", name="Tout réécrire").click()
    judged(hugo, "Rien ne retient ce texte")
    hugo.page.get_by_role("button", name="Demander une relecture").click()
    expect(hugo.page.locator("#reply-state")).to_have_text("à approuver")
    hugo.look("reply-to-approve")

    clara.page.goto(f"{HOME}/replies/")
    clara.look("replies-list")
    clara.page.locator("a.row").first.click()
    clara.page.get_by_role("button", name="Approuver").click()
    expect(clara.page.locator("#reply-state")).to_have_text("approuvée")
    clara.look("reply-approved")

    network.silent = 1
    hugo.page.reload()
    hugo.page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(hugo.page.get_by_text("envoyée", exact=False).first).to_be_visible()
    expect(hugo.page.locator(".paper-ended")).to_contain_text("envoyée")
    hugo.settle()
    hugo.look("reply-sent")
    assert len(network.published) == 1, "it was accepted, never answered, and is not doubled"
    assert [key for key in network.asked if key != "veilleur-check"] == [network.published[0]["key"]]
    assert "12 mars" not in network.published[0]["text"]


def test_an_adverse_reaction_asks_for_a_decision_first(visit: Visit, reviews: None) -> None:
    hugo = visit("hugo@example.org", viewport=PHONE)
    open_message(hugo, "levothyrox")
    hugo.page.locator("[data-act=r]").click()
    hugo.look("reply-safety-phone", full=True)
    hugo.page.get_by_label("Pourquoi").fill("Produit et réaction cités, auteur joignable : cas ouvert.")
    hugo.page.get_by_role("button", name="C’est un cas").click()
    expect(hugo.page.get_by_text("Un cas de pharmacovigilance")).to_be_visible()
    hugo.page.get_by_role("button", name="Commencer par une proposition").click()
    judged(hugo, "Rien ne retient ce texte")
    hugo.look("reply-phone", full=True)


def test_what_is_written_is_there_when_one_comes_back(visit: Visit, reviews: None) -> None:
    hugo = visit("hugo@example.org")
    open_message(hugo, "levothyrox")
    hugo.page.keyboard.press("r")
    with hugo.page.expect_response(re.compile("/write/")):
        hugo.page.locator("#id_reply").fill("Bonjour, merci pour ce message. Le secrétariat est joignable.")
    hugo.page.reload()
    expect(hugo.page.locator("#id_reply")).to_have_value(re.compile("secrétariat est joignable"))


def test_thanks_in_bulk_a_wording_and_the_rules(visit: Visit, reviews: None, network: FakeNetwork) -> None:
    clara = visit("clara@example.org")
    clara.page.goto(f"{HOME}/replies/thanks/")
    assert clara.page.locator(".thanks-row").count() >= 2
    clara.look("replies-thanks")
    clara.page.goto(f"{HOME}/replies/templates/")
    clara.page.get_by_label("Nom", exact=True).fill("Merci simple")
    clara.page.get_by_label("Formule", exact=True).fill(
        "Merci d'être venu mardi pour votre opération du genou."
    )
    clara.page.get_by_role("button", name="Ajouter").click()
    expect(clara.page.locator(".errorlist").first).to_be_visible()
    clara.look("replies-templates-refused")
    clara.page.get_by_label("Formule", exact=True).fill("Bonjour, merci pour ce message.")
    clara.page.get_by_role("button", name="Ajouter").click()
    expect(clara.page.get_by_role("rowheader", name="Merci simple")).to_be_visible()
    clara.page.goto(f"{HOME}/replies/rules/")
    clara.page.locator(".pack details.more > summary", has_text="18 règles").click()
    clara.look("replies-rules", full=True)
    clara.page.goto(f"{HOME}/replies/policy/")
    clara.page.get_by_label("Qui publie").select_option("clinique")
    clara.page.get_by_role("button", name="Enregistrer").click()
    clara.look("replies-policy")


def test_a_text_is_checked(visit: Visit) -> None:
    rose = visit("rose@example.org")
    rose.page.goto(f"{HOME}/replies/check/")
    rose.page.get_by_label("Texte à vérifier").fill(
        "Le meilleur chirurgien de la région, -20 % jusqu'à dimanche !"
    )
    rose.page.get_by_label("C’est").select_option("post")
    rose.page.get_by_label("Qui publie").select_option("medecin")
    rose.page.get_by_role("button", name="Vérifier", exact=True).click()
    expect(rose.page.locator(".verdict")).to_contain_text("Des règles sont enfreintes")
    rose.look("check")
