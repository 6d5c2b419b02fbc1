"""Adverse reactions as cases."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reading.analyzers.adverse import AdverseAnalyzer
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.reading.reader import Reader
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Finding


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader([DrugAnalyzer(), ReactionAnalyzer(), AdverseAnalyzer()])


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
        assert finding.span is None or finding.span.end <= len(whole)


def test_keeps_the_contract() -> None:
    check_analyzer(AdverseAnalyzer(), ["Mon implant me fait mal", "plus de traitement, vertiges"])
