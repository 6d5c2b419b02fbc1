"""Medicines by name; ordinary words only where a medicine is meant."""

from __future__ import annotations

import pytest

from veilleur.reading import Reader
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.testing import mention
from veilleur.vocabulary import Because, Finding


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader([DrugAnalyzer()])


def read(reader: Reader, text: str) -> list[str]:
    return [finding.span.of(text) for finding in findings(reader, text) if finding.span]


def findings(reader: Reader, text: str) -> tuple[Finding, ...]:
    [reading] = reader.read([mention(text)])
    return reading.findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Depuis le Lévothyrox rien ne va", ["Lévothyrox"]),
        ("LEVOTHYROX et doliiiiprane", ["LEVOTHYROX", "doliiiiprane"]),
        ("l’ibuprofène, puis l'aspirine", ["ibuprofène", "aspirine"]),
        ("My GP put me on sertraline and Zoloft 50mg", ["sertraline", "Zoloft"]),
        ("sous antidépresseurs depuis mon vaccin covid", ["antidépresseurs", "vaccin covid"]),
        ("😱Ozempic😱", ["Ozempic"]),
        ("Diane est adorable, Jasmine aussi", []),
        ("je prends Diane depuis deux ans", ["Diane"]),
        ("Diane 35 mg matin et soir", ["Diane"]),
        ("mon allergie à DIANE, vous voyez", ["DIANE"]),
        ("MERCI À DIANE ET JASMINE POUR TOUT", []),
        ("Doliprane et Diane", ["Doliprane", "Diane"]),
        ("une main de fer dans un gant de velours", []),
        ("comprimés de fer", ["fer"]),
        ("avec le temps, beaucoup d'argent et de soucis", []),
        ("Belladonna boiron 9CH", []),
        ("", []),
    ],
)
def test_names_of_medicines(reader: Reader, text: str, expected: list[str]) -> None:
    assert read(reader, text) == expected


def test_a_finding_says_what_where_how_sure_and_why(reader: Reader) -> None:
    text = "Mon cœur s’emballe avec le LÉVOTHYROX…"
    [finding] = findings(reader, text)
    assert (finding.analyzer, finding.label, finding.score) == ("drugs", "brand", 0.95)
    assert finding.concept
    assert (finding.concept.id, finding.concept.group) == ("BDPM-BRAND:levothyrox", "H03AA01")
    assert finding.why.because is Because.TERM
    assert finding.why.grounds == ("LÉVOTHYROX",)


def test_a_doubtful_name_is_less_sure(reader: Reader) -> None:
    [finding] = findings(reader, "je prends Diane")
    assert finding.score < 0.95


def test_the_label_is_in_the_language_of_the_message(reader: Reader) -> None:
    [english] = findings(reader, "They only gave me paracetamol and told me to wait")
    [french] = findings(reader, "On m'a juste donné du paracétamol et dit d'attendre")
    assert english.concept
    assert french.concept
    assert english.concept.id == french.concept.id
    assert (english.concept.label, french.concept.label) == ("Acetaminophen", "Paracétamol")
