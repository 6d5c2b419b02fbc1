"""Symptoms in patients' words; everyday expressions only beside a medicine or a symptom."""

from __future__ import annotations

import pytest

from veilleur.reading import Reader
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.testing import mention
from veilleur.vocabulary import Finding


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader([ReactionAnalyzer(), DrugAnalyzer()])


def findings(reader: Reader, text: str) -> tuple[Finding, ...]:
    [reading] = reader.read([mention(text)])
    return reading.of("reactions")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J'ai mal à la tête et des nauséeeees", ["mal à la tête", "nauséeeees"]),
        ("le cœur qui s’emballe 💓, la tête qui tourne", ["cœur qui s’emballe", "la tête qui tourne"]),
        ("Œdème de Quincke après l'injection", ["Œdème de Quincke"]),
        ("des douleurs thoraciques", ["douleurs thoraciques"]),
        ("maux de ventre,crampes...", ["maux de ventre", "crampes"]),
        ("Came out in a rash, feeling sick all day", ["Came out in a rash", "feeling sick"]),
        ("je suis vidée par toutes ces démarches", []),
        ("vidée depuis le Levothyrox", ["vidée"]),
        ("quel cauchemar pour joindre quelqu'un", []),
        ("cauchemars et vertiges toutes les nuits", ["cauchemars", "vertiges"]),
        ("the bill was a shock to me and my family", []),
        ("aucun effet secondaire avec Ozempic", []),
        ("No side effects on sertraline for me", []),
        ("Il faut souvent insister, rapidité et gaz à volonté", []),
        ("no more pain killers, des antidouleurs et un anti-douleur", []),
        (
            "mâchoires serrées, plus de libido et j'ai pris 8 kilos",
            ["mâchoires serrées", "plus de libido", "pris 8 kilos"],
        ),
        ("", []),
    ],
)
def test_words_of_patients(reader: Reader, text: str, expected: list[str]) -> None:
    assert [finding.span.of(text) for finding in findings(reader, text) if finding.span] == expected


def test_concept_and_neutral_group(reader: Reader) -> None:
    [finding] = findings(reader, "une tachycardie la nuit")
    assert finding.label == "reaction"
    assert finding.concept
    assert finding.concept.id == "HP:0001649"
    assert finding.concept.group == "cardiac"


def test_errors_and_shortages_are_no_symptoms(reader: Reader) -> None:
    [finding] = findings(reader, "rupture de stock de mon Levothyrox")
    assert finding.label == "product_problem"


def test_french_words_are_not_looked_for_in_plain_english(reader: Reader) -> None:
    assert not findings(reader, "The toux committee was really lovely and very helpful to us all")
