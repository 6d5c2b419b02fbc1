"""Aspects of care and their polarity, from outright expressions and from the opinion beside a name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reading import Reader
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.aspects import ASPECTS, AspectAnalyzer, told_in
from veilleur.reading.aspect_words import aspect_terms, expanded, read_code
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Because, Finding, Rating


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.default()


class _Words(AspectAnalyzer):
    """Only keeps what the words say by themselves."""

    def analyze(self, batch: Batch):
        self.told = [set(told) for told in batch.once(told_in)]
        return [()] * len(batch)


WORDS = _Words()
WORDS_READER = Reader([WORDS])


def said(text: str, **fields: object) -> set[str]:
    """Aspects and polarities that the words alone say, before the trained heads."""
    WORDS_READER.read([mention(text, **fields)])
    return WORDS.told[0]


def findings(reader: Reader, text: str, **fields: object) -> tuple[Finding, ...]:
    [reading] = reader.read([mention(text, **fields)])
    return reading.of("aspects")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h dans la salle d'attente, merci bien", {"attente:neg"}),
        ("On se gare où ?", {"locaux:neg"}),
        ("Elle nous explique tout", {"information:pos"}),
        ("Impossible d'avoir une place", {"rendez_vous:neg"}),
        ("On m'a raccroché au nez", {"accueil:neg"}),
        ("on ma raccroché au nez", {"accueil:neg"}),
        ("Secrétaire très aimable", {"accueil:pos"}),
        ("Le médecin n'a rien expliqué.", {"information:neg"}),
        ("Tarifs exorbitants", {"prix:neg"}),
        ("c'est combien un détartrage", {"prix:neu"}),
        ("Hygiène douteuse", {"hygiene:neg"}),
        ("Chirurgien excellent", {"competence:pos"}),
        ("Remboursement en 48h", {"remboursement:pos"}),
        ("Il est à l'écoute", {"ecoute:pos"}),
        ("pas à l'écoute du tout", {"ecoute:neg"}),
        ("Aucun suivi", {"suivi:neg"}),
        ("Je n'ai plus mal", {"resultat:pos"}),
        ("The receptionist was rude", {"accueil:neg"}),
        ("Staff were friendly but the toilets were filthy", {"accueil:pos", "hygiene:neg"}),
        ("We waited over 4 hours", {"attente:neg"}),
        ("Seen on time", {"attente:pos"}),
        ("Le chirurgien est venu mardi.", set()),
        ("J'ai mal à la tête", set()),
        ("", set()),
    ],
)
def test_words_say_aspects_with_polarity(text: str, expected: set[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        (
            "Deux heures d'attente, et personne pour s'excuser. Accueil glacial de la secrétaire.",
            "attente:neg",
        ),
        (
            "Deux heures d'attente, et personne pour s'excuser. Accueil glacial de la secrétaire.",
            "accueil:neg",
        ),
        ("Médecin à l'écoute, qui prend le temps de tout expliquer. Cabinet très propre.", "ecoute:pos"),
        ("We waited over 4 hours and the receptionist was rude", "attente:neg"),
    ],
)
def test_plain_reviews(reader: Reader, text: str, aspect: str) -> None:
    assert aspect in {finding.label for finding in findings(reader, text)}


def test_where_and_why(reader: Reader) -> None:
    text = "Trois heures d'ATTENTE 😱 inadmissible"
    [finding] = [one for one in findings(reader, text) if one.label == "attente:neg"]
    assert finding.span
    assert "ATTENTE" in finding.span.of(text)
    assert finding.why.because is Because.TERM
    assert finding.span.of(text) in finding.why.grounds
    assert finding.concept
    assert finding.concept.id == "ASPECT:attente"


def test_an_aspect_has_one_polarity(reader: Reader) -> None:
    labels = [
        one.label
        for one in findings(reader, "Accueil chaleureux mais accueil glacial au téléphone, attente longue")
    ]
    aspects = [label.partition(":")[0] for label in labels]
    assert len(aspects) == len(set(aspects))


def test_a_title_does_not_shift_the_places(reader: Reader) -> None:
    text = "Deux heures d'attente, inadmissible"
    [alone] = [one for one in findings(reader, text) if one.label == "attente:neg"]
    [titled] = [
        one for one in findings(reader, text, title="Ma hanche, été 2025") if one.label == "attente:neg"
    ]
    assert titled.span == alone.span


def test_ordinary_words_count_in_a_review() -> None:
    text = "Réactif, et sans ascenseur"
    assert not said(text)
    assert {"rendez_vous:neg", "attente:pos"} <= said(text + ", injoignable", rating=Rating(2, 1, 5))


def test_contract() -> None:
    check_analyzer(AspectAnalyzer(), ["Accueil froid, attente de 2h", "no information, rude staff"])


def test_the_words_are_sound() -> None:
    terms = aspect_terms()
    assert {read_code(term.kind).aspect for term in terms} == set(ASPECTS)
    assert not [term.text for term in terms if set(term.text) & set("(){}|;[]")]


def test_expanded_groups_and_elisions() -> None:
    assert list(expanded("(très |)bien {x}", {"{x}": "reçu"})) == ["très bien reçu", "bien reçu"]
    assert list(expanded("pas d'attente", {})) == ["pas d'attente", "pas dattente"]


_PIECES = st.sampled_from(
    [
        "attente",
        "pas",
        "accueil",
        "froid",
        "2h",
        "dans la salle",
        "😱",
        "rude",
        "staff",
        ".",
        ",",
        "\n",
        "œ",
        "ééé",
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=15).map(" ".join)), st.text(max_size=10))
def test_never_fails_and_stays_inside(reader: Reader, text: str, title: str) -> None:
    for finding in findings(reader, text, title=title):
        assert finding.span is None or 0 <= finding.span.start < finding.span.end <= len(text)
        assert finding.label.partition(":")[0] in ASPECTS


def test_what_stands_behind_a_word_judges_it_once(reader: Reader) -> None:
    """At the end of a batch the last opinion known stands before the word, not behind it as well."""
    text = "Le directeur est un pourri et une ordure, 400 euros par mois et tout part dans les factures."
    others = ["Une attente interminable, c'est honteux.", text, "Merci, tout était parfait."]
    [alone], in_midst = reader.read([text]), reader.read(others)[1]
    assert alone.findings == in_midst.findings
