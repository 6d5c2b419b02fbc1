"""Trained heads: chances, evidence and the words that told."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading.features import DENSE, Context, extract, rows
from veilleur.reading.heads import Head, judge, load, margins, sums_by_text, weighed, whole
from veilleur.reading.parts import PARTS
from veilleur.text.words import split

TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=6)


def features(*texts: str):
    return extract(split(texts), texts, [Context()] * len(texts))


def toy(weight: float) -> Head:
    """A head with two labels that only knows the concept of the word « sale »."""
    table = np.zeros((rows(), 2), dtype=np.float32)
    table[features("sale").around_rows[1, 0], 1] = weight
    nothing = np.zeros((len(DENSE), 2), dtype=np.float32)
    return Head("toy", "1", ("clean", "dirty"), whole(table), nothing, np.zeros(2, dtype=np.float32), 1.0)


def test_a_word_moves_the_chance_of_its_text_alone():
    chances = judge(toy(5.0), features("chambre sale", "chambre", "")).chances
    assert chances[0, 1] > 0.9
    assert chances[1:].tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_the_word_that_told_comes_first():
    got = features("chambre tres sale", "rien")
    judgement = judge(toy(5.0), got)
    weight = margins(judgement, np.array([1, 0]), got)
    assert weight[:3].argmax() == 2


def test_a_text_alone_is_added_up_as_among_others():
    chance = np.random.default_rng(1)
    lines, weights = (chance.normal(size=(40, 24)).astype(np.float32) for _ in range(2))
    numbers = np.where(chance.random((9, 40)) < 0.3, chance.normal(size=(9, 40)), 0).astype(np.float32)
    sizes = np.array([0, 1, 2, 7, 8, 9, 60, 200, 3])
    bounds, chosen = np.append(0, np.cumsum(sizes)), chance.integers(0, 40, sizes.sum())
    together, sums = weighed(numbers, weights), sums_by_text(lines, chosen, bounds)
    for text, (first, last) in enumerate(pairwise(bounds)):
        alone = sums_by_text(lines, chosen[first:last], np.array([0, last - first]))
        assert alone.tobytes() == sums[text].tobytes()
        assert weighed(numbers[text : text + 1], weights).tobytes() == together[text].tobytes()


@given(TEXTS)
def test_chances_are_chances(texts):
    chances = judge(load("sentiment"), features(*texts)).chances
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances >= 0).all()


@given(TEXTS)
def test_a_text_is_judged_the_same_in_any_batch(texts):
    together = judge(load("sentiment"), features(*texts)).chances
    for number, text in enumerate(texts):
        assert np.array_equal(together[number], judge(load("sentiment"), features(text)).chances[0])


def test_the_shipped_weights_fit_the_features_and_are_small():
    folder = files("veilleur.reading").joinpath("weights")
    header = json.loads(folder.joinpath("sentiment.json").read_text("utf-8"))
    assert tuple(header["dense"]) == DENSE
    assert tuple(header["parts"]) == PARTS
    assert load("sentiment").table.index.shape == (rows(),)
    assert load("sentiment").table.lines.shape[1] == 3
    assert len(folder.joinpath("sentiment.npz").read_bytes()) <= 4 * 2**20
