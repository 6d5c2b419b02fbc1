"""Whom to believe on polarity: opinions or everyday messages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading import panel, tone
from veilleur.reading.features import Context, extract
from veilleur.reading.reader import read
from veilleur.testing import mention
from veilleur.text.words import split
from veilleur.vocabulary import Language

TEXTS = st.lists(st.text(max_size=60), max_size=5)


def features(texts: list[str], language: Language = Language.FR):
    return extract(split(texts), texts, [Context(language)] * len(texts))


@given(TEXTS, st.sampled_from(Language))
def test_chances_are_chances(texts: list[str], language: Language) -> None:
    even = np.full((len(texts), 3), 1 / 3, dtype=np.float32)
    chances = tone.chances(features(texts, language), even, np.zeros(len(texts), dtype=np.float32))
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("mixed", "winner"), [(-3.0, 2), (3.0, 3)])
def test_english_is_left_to_the_opinions(mixed: float, winner: int) -> None:
    opinion = np.array([[0.1, 0.2, 0.7]], dtype=np.float32)
    read_in_english = features(["the nurses were rude"], Language.EN)
    chances = tone.chances(read_in_english, opinion, np.array([mixed], dtype=np.float32))
    assert chances[0].argmax() == winner


def test_the_shipped_weights_fit_what_the_regression_reads() -> None:
    known = panel.load(tone.NAME)
    assert known.heads == tone.HEADS
    one = np.zeros((1, len(known.heads)), dtype=np.float32)
    even = np.full((1, 3), 1 / 3, dtype=np.float32)
    read_by_it = tone.numbers(features([""]), even, np.zeros(1, dtype=np.float32), one)
    assert known.others["together"].shape == (read_by_it.shape[1] + 1, len(tone.TONES))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (
            "3 semaines que j'appelle tous les jours pour mes resultats et ça sonne dans le vide",
            "neg",
        ),
        ("bonjour, vous prenez encore des nouveaux patients svp ?", "neu"),
        ("merci mille fois a toute l'equipe de nuit, vous avez sauvé mon papa ❤️", "pos"),
    ],
)
def test_everyday_messages(text: str, label: str) -> None:
    sentiment = read([mention(text)])[0].sentiment
    assert sentiment is not None
    assert sentiment.value == label
