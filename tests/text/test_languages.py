"""French, English or another language: short texts, mixed texts, no text."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.text import language, normalise
from veilleur.vocabulary import Language

CORPUS = Path(__file__).parents[1] / "corpus"


def rows(name: str) -> list[dict[str, str]]:
    with (CORPUS / name).open(encoding="utf-8", newline="") as file:
        return [
            row
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["split"] == "eval"
        ]


def guessed(text: str, hint: str = "") -> Language:
    return language([normalise(text)], [hint])[0].language


def test_other_languages_are_told_apart() -> None:
    texts = [normalise(row["text"]) for row in rows("language_other.tsv")]
    right = sum(guess.language is Language.OTHER for guess in language(texts))
    assert right / len(texts) >= 0.95


def test_short_texts_find_their_language() -> None:
    short = rows("language_short.tsv")
    guesses = language([normalise(row["text"]) for row in short], [row["hint"] for row in short])
    right = sum(guess.language == row["language"] for guess, row in zip(guesses, short, strict=True))
    assert right / len(short) >= 0.9


@pytest.mark.parametrize("text", ["", "😊👍", "10/10", "...", "a"])
def test_without_words_only_the_source_can_tell(text: str) -> None:
    assert language([normalise(text)])[0].score == 0.0
    assert guessed(text, "fr-FR") is Language.FR
    assert guessed(text, "de") is Language.OTHER


def test_a_hint_does_not_overrule_words() -> None:
    assert guessed("Le médecin ne répond jamais au téléphone", "en") is Language.FR


def test_addresses_and_accounts_are_no_words() -> None:
    assert (
        guessed("@the_doctor_is_in merci pour votre écoute https://www.the-best-of.com/with/you")
        is Language.FR
    )


def test_the_words_that_told_are_given() -> None:
    grounds = language([normalise("Nous attendons toujours une réponse")])[0].grounds
    assert grounds
    assert set(grounds) <= {"nous", "attendons", "toujours", "une", "reponse"}


def test_each_text_is_judged_alone() -> None:
    texts = [normalise(text) for text in ("Merci beaucoup", "Thank you", "شكرا لكم", "")]
    assert language(texts) == [language([text])[0] for text in texts]


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_gets_an_answer(text: str) -> None:
    [guess] = language([normalise(text)])
    assert 0.0 <= guess.score <= 1.0
