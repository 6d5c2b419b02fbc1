"""The rules by which labels of the terminologies are kept, and their plurals made."""

from __future__ import annotations

import pytest

from training.lexicon import Entry, atc, chosen, drug_words, plurals, reaction_words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("douleur thoracique", ["douleurs thoraciques"]),
        ("saignement de nez", ["saignements de nez"]),
        ("crampes au ventre", []),
        ("j'ai grossi", []),
        ("vertige", []),
    ],
)
def test_plurals(words: str, expected: list[str]) -> None:
    assert plurals(words) == expected


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("DOLIPRANE", True),
        ("co-codamol", True),
        ("LOPÉRAMIDE (CHLORHYDRATE DE)", False),
        ("ibuprofène en association", False),
        ("tetracycline, anhydrous", False),
        ("un nom beaucoup trop long", False),
    ],
)
def test_labels_that_somebody_could_type(label: str, kept: bool) -> None:
    assert bool(drug_words(label)) is kept


def test_joined_labels_are_taken_apart() -> None:
    assert reaction_words("Anémie|Anémies|Anémie, autre") == ["Anémie", "Anémies"]


def test_the_longest_atc_code_is_kept() -> None:
    assert atc({"codes": "SUB:1|ATC:N02BE|ATC:N02BE01"}) == "N02BE01"
    assert atc({"codes": ""}) == ""


def test_first_label_wins_and_dropped_words_go() -> None:
    def entry(text: str, concept: str) -> Entry:
        return Entry(text, concept, "x", "brand", "fr", "")

    kept = chosen([entry("Épo", "a"), entry("EPO", "b"), entry("avec", "c"), entry("calcium", "d")], "drugs")
    assert [(one.concept, one.doubtful) for one in kept] == [("d", True), ("a", False)]
