"""What words and expressions say, whichever the language."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from veilleur.reading.concepts import NO_CONCEPT, catalogue, find_concepts, meanings
from veilleur.text import normalise
from veilleur.text.words import split


def concepts(text: str) -> list[str]:
    (found,) = find_concepts(split([normalise(text).text]), catalogue())
    return [catalogue().concepts[number].name for number in found if number != NO_CONCEPT]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("désagréable", ["rude"]),
        ("Secrétaire désagréables", ["rude"]),
        ("rude", ["rude"]),
        ("pas mal", ["good"]),
        ("mal", ["bad"]),
        ("rien à redire", ["praise"]),
        ("injoignables", ["unreachable"]),
        ("nobody answers", ["unreachable"]),
        ("😡", ["outrage"]),
        ("excellentissime", ["praise"]),
        ("table", []),
    ],
)
def test_expressions_are_found_longest_first(text, expected):
    assert concepts(text) == expected


def test_an_expression_does_not_reach_across_a_full_stop():
    assert concepts("rien. à redire") == ["nothing"]


def test_an_expression_does_not_reach_into_the_next_text():
    (found,) = find_concepts(split(["pas", "mal"]), catalogue())
    assert [catalogue().concepts[number].name for number in found] == ["negation", "bad"]


def test_every_listed_expression_is_found_as_a_concept():
    raw = tomllib.loads(files("veilleur.reading").joinpath("data/opinions.toml").read_text("utf-8"))
    listed = [
        expression.removesuffix("*")
        for section in raw.values()
        for expression in section["fr"] + section["en"]
    ]
    missed = [expression for expression in listed if not concepts(expression)]
    assert missed == []


def test_polarity_of_no_concept_is_zero():
    assert catalogue().polarity[NO_CONCEPT] == 0


def test_catalogues_are_searched_together_as_each_alone():
    texts = [
        "je vais te gifler, accueil désagréable",
        "pas mal du tout",
        "",
        "elle ment, c'est un scandale inadmissible",
    ]
    words = split([normalise(text).text for text in texts])
    opinions, others = find_concepts(words, catalogue(), meanings())
    assert (opinions != NO_CONCEPT).any()
    assert (others != NO_CONCEPT).any()
    for together, known in ((opinions, catalogue()), (others, meanings())):
        (alone,) = find_concepts(words, known)
        assert together.tolist() == alone.tolist()
