"""Claims that a person should check: found where they are made, left alone where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reading import Reader
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.misinformation import MisinformationAnalyzer
from veilleur.reading.claimed import TO_BE_CHECKED, claimed_in
from veilleur.reading.claims import claims, parse
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Finding


class Claims(MisinformationAnalyzer):
    """Every claim, whatever the label of the message."""

    def analyze(self, batch: Batch):
        return batch.once(claimed_in)


READER = Reader([Claims()])
WORDS = sorted({term.text for term in claims().terms})[::7]


def findings(text: str) -> tuple[Finding, ...]:
    [reading] = READER.read([mention(text)])
    return reading.findings


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("Il y a une puce 5G dans leur vaccin, réveillez-vous", "vaccines"),
        ("Le vaccin ROR donne l'autisme, point.", "vaccines"),
        ("Vaccines cause autism and they know it", "vaccines"),
        ("Le jus de citron tue les cellules cancéreuses", "cancer_cures"),
        ("Baking soda kills cancer", "cancer_cures"),
        ("Les huiles essentielles remplacent les antibiotiques", "essential_oils"),
        ("L'homéopathie soigne tout, même le zona", "homeopathy"),
        ("Le fluor est un poison", "fluoride"),
        ("Fluoride calcifies your pineal gland", "fluoride"),
        ("Le VIH n'existe pas", "hiv_denial"),
        ("Le MMS guérit l'autisme", "chlorine_dioxide"),
        ("Le masque vous empoisonne avec votre propre CO2", "masks"),
        ("Les antennes 5G donnent des tumeurs", "waves"),
        ("Notre patch aspire les toxines par les pieds", "detox"),
        ("Perdez 10 kg en 7 jours sans effort", "slimming"),
        ("Les labos nous cachent le remède contre le cancer", "hidden_cures"),
        ("Le moringa. Ça remplace n'importe quel médicament !", "natural_cures"),
    ],
)
def test_claims(text: str, theme: str) -> None:
    found = findings(text)
    assert theme in {finding.label for finding in found}
    assert all(finding.concept and finding.concept.group == TO_BE_CHECKED for finding in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Le vaccin ROR ne donne pas l'autisme.",
        "Aucun vaccin ne contient de puce",
        "C'est vrai que le vaccin rend stérile ?",
        "mdr si le vaccin rendait stérile j'aurais pas trois enfants",
        "Mon oncle répète « les vaccins donnent l'autisme », on n'en peut plus",
        "Le citron ne guérit pas le cancer",
        "Vaccines do not cause autism",
        "Does the jab make you sterile?",
        "Le vaccin m'a fait mal au bras pendant deux jours",
        "Chimio bien expliquée, infirmières au top",
        "The nurse gave my daughter her vaccine, lovely team",
        "J'ai perdu 5 kg depuis la maladie",
        "Le masque était obligatoire en salle d'attente",
        "Un jeune médecin très à l'écoute m'a soigné",
    ],
)
def test_what_claims_nothing(text: str) -> None:
    assert findings(text) == ()


def test_span_and_grounds_are_as_written() -> None:
    text = "Bonjour, LE CITRON GUÉRIT le cancer, partagez !"
    [finding] = findings(text)
    assert finding.span is not None
    assert finding.span.of(text) == "LE CITRON GUÉRIT le cancer"
    assert finding.why.grounds == ("CITRON", "GUÉRIT", "cancer")


def test_one_finding_for_each_theme_of_a_sentence() -> None:
    labels = [finding.label for finding in findings("Le vaccin rend stérile et le vaccin donne l'autisme")]
    assert labels == ["vaccines"]


def test_contract() -> None:
    check_analyzer(MisinformationAnalyzer(), ["Le citron guérit le cancer", "vaccin puce 5g", "« vaccin"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=12))
def test_any_words(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for finding in findings(text):
        assert finding.span is not None
        assert 0 <= finding.span.start < finding.span.end <= len(text)
        assert all(ground in text for ground in finding.why.grounds)


def test_a_claim_needs_known_words() -> None:
    table = {
        "words": {"a": {"any": ["x"]}},
        "phrases": [],
        "claims": [{"theme": "t", "all": ["b"], "score": 1.0}],
    }
    with pytest.raises(ValueError, match="needs words of b"):
        parse(table)


def test_every_class_is_used() -> None:
    table = claims()
    named = {name for claim in table.claims for name in claim.classes}
    named |= {name for phrase in table.phrases for name in (phrase.first, phrase.then)}
    assert {term.kind for term in table.terms} - named == {"rebuts", "insists", "jokes", "asks", "reports"}
