"""The shared feature vector."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading.features import DENSE, HASHED_ROWS, Context, extract, rows
from veilleur.reading.questions import Asked
from veilleur.text.words import split
from veilleur.vocabulary import Language

TEXTS = st.lists(st.text(max_size=50), min_size=1, max_size=5)


def features(*texts: str, **known: object):
    return extract(split(texts), texts, [Context(**known)] * len(texts))


def dense(text: str, name: str, **known: object) -> float:
    return float(features(text, **known).dense[0, DENSE.index(name)])


def own_row(got, word: int) -> int:
    return int(got.units.rows[got.unit_of[word]])


def pieces(got, word: int):
    """Rows of the character n-grams of one word."""
    unit = got.unit_of[word]
    bounds = [*got.units.first_position, got.units.character_rows.shape[1]]
    return got.units.character_rows[:, bounds[unit] : bounds[unit + 1]]


def test_a_negated_word_is_another_word():
    plain, negated = features("accueil rapide"), features("pas rapide")
    assert own_row(plain, 1) != own_row(negated, 1)
    assert list(negated.negated) == [False, True]


def test_a_negation_stops_at_the_end_of_the_clause_and_after_four_words():
    assert list(features("pas rapide, propre").negated) == [False, True, False]
    assert list(features("not a b c d e").negated) == [False, True, True, True, True, False]


def test_concepts_have_rows_of_their_own_in_both_languages():
    french, english = features("accueil impoli"), features("staff impolite")
    assert french.around_rows[1, 1] == english.around_rows[1, 1] >= HASHED_ROWS


def test_the_order_of_opinions_is_seen():
    first, second = features("bravo puis attente"), features("attente puis bravo")
    assert first.around_rows[2, 2] != second.around_rows[2, 2]


def test_question_stars_and_language_are_dense():
    assert dense("rien", "improve, nothing", asked=Asked.IMPROVE) == 1
    assert dense("rien", "improve, nothing", asked=Asked.GOOD) == 0
    assert dense("rien", "stars", rating_share=1.0) == 0.5
    assert dense("rien", "rated") == 0
    assert dense("rien", "french", language=Language.FR) == 1


def test_balance_of_praise_and_blame():
    assert dense("parfait et rapide", "balance") > 0 > dense("sale et impoli", "balance")
    assert dense("bien mais sale", "opinion after the turn") == -1


@given(TEXTS)
def test_rows_stay_inside_the_table_and_numbers_are_finite(texts):
    got = features(*texts)
    assert got.dense.shape == (len(texts), len(DENSE))
    assert np.isfinite(got.dense).all()
    for layer in (got.units.rows, got.around_rows, got.units.character_rows):
        assert layer.size == 0 or (layer.min() >= 0 and layer.max() < rows())


@given(TEXTS)
def test_a_text_has_the_same_features_in_any_batch(texts):
    together = features(*texts)
    for number, text in enumerate(texts):
        alone = features(text)
        first, stop = together.first_word[number], together.first_word[number + 1]
        assert np.array_equal(together.around_rows[:, first:stop], alone.around_rows)
        for place in range(stop - first):
            assert own_row(together, first + place) == own_row(alone, place)
            assert np.array_equal(pieces(together, first + place), pieces(alone, place))
        assert np.array_equal(together.dense[number], alone.dense[0])
