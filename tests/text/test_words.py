"""The words of a batch, and the hashes that stand for them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.text.words import split

LETTERS = st.text(alphabet="abcdeéz09 .,'\n-!😀", max_size=40)


def written(texts: list[str]) -> list[list[str]]:
    words = split(texts)
    out: list[list[str]] = [[] for _ in texts]
    for start, end, owner in zip(words.starts, words.ends, words.owner, strict=True):
        offset = words.layout.offsets[owner]
        out[owner].append(texts[owner][start - offset : end - offset])
    return out


def test_letters_digits_and_emojis_make_words():
    assert written(["l'attente : 4 h !", "", "top 😀"]) == [["l", "attente", "4", "h"], [], ["top", "😀"]]


def test_punctuation_parts_clauses_and_apostrophes_do_not():
    words = split(["d'accord, mais bon"])
    assert list(np.diff(words.clause)) == [0, 1, 0]


def test_the_same_word_has_the_same_hash_wherever_it_stands():
    words = split(["accueil froid", "quel accueil", "accueils"])
    accueil, _, _, again, plural = words.hashes
    assert accueil == again
    assert accueil != plural


@given(st.lists(LETTERS, max_size=6))
def test_nothing_is_lost_between_texts(texts):
    assert written(texts) == [written([text])[0] for text in texts]


@given(st.lists(LETTERS, min_size=1, max_size=6))
def test_hashes_depend_on_the_word_alone(texts):
    together, apart = split(texts), np.concatenate([split([text]).hashes for text in texts])
    assert np.array_equal(together.hashes, apart)


@given(st.text(max_size=60))
def test_any_text_can_be_split(text):
    words = split([text])
    assert (words.ends > words.starts).all()
    assert (words.starts[1:] > words.ends[:-1] - 1).all()
