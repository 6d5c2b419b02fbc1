"""The terminologies that ship: complete, clean, without what may not be there."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from veilleur.lexicon import Lexicon, Term, tables
from veilleur.text import normalise
from veilleur.vocabulary import Language

DRUGS = {term.text.lower(): term for term in tables.drugs()}
REACTIONS = tables.reactions()


FRENCH = [
    "levothyrox",
    "androcur",
    "dépakine",
    "mirena",
    "ozempic",
    "wegovy",
    "paracétamol",
    "antidépresseur",
]
ENGLISH = ["kaftrio", "dupixent", "sertraline", "lexapro", "zoloft", "ibuprofen", "gardasil", "co-codamol"]


@pytest.mark.parametrize("name", [*FRENCH, *ENGLISH])
def test_everyday_medicines_are_there(name: str) -> None:
    assert normalise(name).text in {normalise(text).text for text in DRUGS}


@pytest.mark.parametrize("word", ["avec", "argent", "souci", "relax", "solution", "gel", "avocat"])
def test_everyday_words_are_not(word: str) -> None:
    assert word not in DRUGS


def test_first_names_are_doubtful() -> None:
    assert DRUGS["diane"].doubtful
    assert not DRUGS["doliprane"].doubtful


def test_every_term_has_a_concept_a_kind_and_a_language() -> None:
    for term in [*DRUGS.values(), *REACTIONS]:
        assert term.concept is not None
        assert term.concept.id
        assert term.concept.label
        assert term.kind
        assert term.language in {Language.FR, Language.EN}
    assert all(term.concept and term.concept.group for term in REACTIONS)


def test_nothing_of_meddra_ships() -> None:
    for term in [*DRUGS.values(), *REACTIONS]:
        assert term.concept is not None
        prefix = term.concept.id.partition(":")[0]
        assert prefix in {
            "HP",
            "SYMP",
            "CTCAE5",
            "VIG",
            "BDPM-SUB",
            "BDPM-BRAND",
            "ATC",
            "DRUGBANK",
            "EN",
            "CLASS",
        }
        assert not re.fullmatch(r"1\d{7}", term.concept.id.partition(":")[2])


def test_sources_are_named_with_their_versions() -> None:
    text = (resources.files("veilleur.lexicon") / "data" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for source in (
        "26/05/2026",
        "HPO 2025-01-16",
        "SYMP",
        "CTCAE v5",
        "EDS-NLP",
        "Fast Data Science",
        "Insee",
    ):
        assert source in text


def test_everything_together_is_found_once_per_owner() -> None:
    lexicon = Lexicon({"drugs": DRUGS.values(), "reactions": REACTIONS, "other": [Term("doliprane")]})
    marks = lexicon.scan(normalise("Doliprane puis nausées").text)
    assert {owner: len({mark.start for mark in found}) for owner, found in marks.items()} == {
        "drugs": 1,
        "reactions": 1,
        "other": 1,
    }
