"""The parts of a message and how far they pull apart."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading.features import Context, extract
from veilleur.reading.heads import judge, load
from veilleur.reading.parts import PARTS, parts
from veilleur.text.words import split


def numbers(text: str) -> dict[str, float]:
    features = extract(split([text]), [text], [Context()])
    return dict(
        zip(PARTS, parts(features, judge(load("sentiment"), features), 0, 2)[0].tolist(), strict=True)
    )


def test_two_parts_of_different_tone():
    got = numbers("soins parfaits, accueil execrable")
    assert got["both"] == 1
    assert got["changes of tone"] > 0


def test_a_turn_begins_a_part_without_any_comma():
    assert numbers("rapide mais impoli")["both"] == 1


def test_one_tone():
    got = numbers("soins parfaits, accueil charmant")
    assert got["both"] == 0
    assert got["bad parts"] == 0


@given(st.lists(st.text(max_size=60), max_size=5))
def test_every_text_has_its_numbers(texts):
    features = extract(split(texts), texts, [Context()] * len(texts))
    got = parts(features, judge(load("sentiment"), features), 0, 2)
    assert got.shape == (len(texts), len(PARTS))
    assert np.isfinite(got).all()
