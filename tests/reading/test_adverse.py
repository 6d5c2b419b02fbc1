"""Adverse reactions as cases."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reading.adverse.chain import BEGINS, GOES_ON, OUTSIDE, Chains, marginals
from veilleur.reading.analyzers.adverse import AdverseAnalyzer
from veilleur.reading.reader import Reader
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Finding

MESSAGES = [
    "Depuis que je prends du Lyrica j'ai des vertiges et je vois flou.",
    "Le Lyrica me va très bien, aucun effet secondaire.",
    "Ma mère a fait une hémorragie digestive sous Xarelto, hospitalisée 5 jours à l'hôpital.",
    "Accueil chaleureux, médecin à l'écoute, je recommande.",
    "la bouche en carton avec le seroplex, mes jambes font n'importe quoi",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.default()


def findings(reader: Reader, text: str) -> tuple[Finding, ...]:
    return reader.read([mention(text)])[0].of("adverse")


def labels(reader: Reader, text: str) -> set[str]:
    return {finding.label for finding in findings(reader, text)}


@pytest.mark.parametrize(
    "text",
    [
        "Depuis que je prends du Lyrica j'ai des vertiges et je vois flou.",
        "Ma mère a fait une hémorragie digestive sous Xarelto, hospitalisée 5 jours à l'hôpital.",
        "jsuis sous seroplex depuis 2 semaines, jdors plus et jai les mains qui tremblent",
    ],
)
def test_a_case_is_suspected(reader: Reader, text: str) -> None:
    assert {"suspected", "pair", "criterion.product", "criterion.reaction"} <= labels(reader, text)


@pytest.mark.parametrize(
    "text",
    [
        "Le Lyrica me va très bien, aucun effet secondaire.",
        "Est-ce que le Lyrica donne des vertiges ?",
        "Quelqu'un sait si le Doliprane est remboursé ?",
        "Accueil chaleureux, médecin à l'écoute, je recommande.",
        "",
    ],
)
def test_no_case_where_none_is_told(reader: Reader, text: str) -> None:
    assert "suspected" not in labels(reader, text)


def reactions(reader: Reader, text: str) -> list[str]:
    found = (finding for finding in findings(reader, text) if finding.label == "reaction")
    return [finding.span.of(text) for finding in found if finding.span]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Depuis que je prends du Seroplex j'ai la bouche en carton et les mains qui tremblent.",
            "bouche en carton",
        ),
        ("Sous Lyrica depuis un mois, je perds mes mots et j'ai des vertiges.", "perds mes mots"),
        ("Mon père sous Xarelto : du sang plein la cuvette ce matin.", "sang"),
    ],
)
def test_everyday_wordings_of_a_reaction_are_found(reader: Reader, text: str, words: str) -> None:
    assert any(words in reaction for reaction in reactions(reader, text))


def test_a_reaction_holds_no_product_and_stays_in_its_sentence(reader: Reader) -> None:
    text = "J'ai des vertiges depuis le Lyrica. Nausées et maux de tête aussi, merci le Lyrica."
    for reaction in reactions(reader, text):
        assert "Lyrica" not in reaction
        assert "." not in reaction


def test_a_reaction_of_the_lexicon_keeps_its_concept(reader: Reader) -> None:
    found = findings(reader, "Depuis que je prends du Lyrica j'ai des vertiges.")
    assert any(finding.concept for finding in found if finding.label == "reaction")


@pytest.mark.parametrize(
    "text",
    [
        "Le Doliprane est remboursé ?",
        "Lyrica : aucun effet secondaire, tout va bien.",
        "Merci, bonne journée",
    ],
)
def test_no_reaction_where_none_is_told(reader: Reader, text: str) -> None:
    assert not reactions(reader, text)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=6), st.text(max_size=40))
def test_same_findings_alone_and_in_company(reader: Reader, messages: list[str], other: str) -> None:
    together = reader.read([mention(text) for text in (*messages, other)])
    for text, reading in zip(messages, together, strict=False):
        assert reading.of("adverse") == findings(reader, text)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10_000))
def test_a_chain_weighs_all_ways(length: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    powers, moves = np.exp(chance.normal(0, 2, (length, 3))), np.exp(chance.normal(0, 1, (3, 3)))
    expected = np.zeros((length, 3))
    for way in itertools.product((OUTSIDE, BEGINS, GOES_ON), repeat=length):
        weight = np.prod([powers[place, state] for place, state in enumerate(way)])
        for before, after in itertools.pairwise((OUTSIDE, *way, OUTSIDE)):
            weight *= moves[before, after]
        expected[np.arange(length), way] += weight
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.allclose(marginals(powers, moves, Chains.of(np.zeros(length, dtype=np.int64))), expected)


def test_who_and_seriousness(reader: Reader) -> None:
    text = "Ma mère a fait une hémorragie digestive sous Xarelto, hospitalisée 5 jours à l'hôpital."
    assert {"who.relative", "serious.hospitalisation"} <= labels(reader, text)


def test_pregnancy_is_special(reader: Reader) -> None:
    assert "special.pregnancy" in labels(
        reader, "Enceinte de 5 mois, je prends du Doliprane, j'ai des nausées."
    )


def test_a_pair_names_both_ends(reader: Reader) -> None:
    text = "Depuis que je prends du Lyrica j'ai des vertiges."
    pair = next(finding for finding in findings(reader, text) if finding.label == "pair")
    product, reaction = pair.why.grounds
    assert product == "Lyrica"
    assert "vertiges" in reaction
    assert pair.span is not None
    assert pair.span.of(text) == "Lyrica j'ai des vertiges"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_read(reader: Reader, text: str) -> None:
    whole = f"{text} sous Lyrica {text} vertiges"
    for finding in findings(reader, whole):
        assert finding.span is None or 0 <= finding.span.start < finding.span.end <= len(whole)


def test_keeps_the_contract() -> None:
    check_analyzer(AdverseAnalyzer(), ["Mon implant me fait mal", "plus de traitement, vertiges"])
