"""Words met before: the same numbers, whatever was read in between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading import panel, wordbook
from veilleur.reading.features import Context, extract
from veilleur.reading.signals import NAME
from veilleur.text.words import split

TEXTS = st.lists(st.text("abcé 'x", max_size=30), max_size=6)


def judged(texts: list[str]):
    known = panel.load(NAME)
    features = extract(split(texts), texts, [Context()] * len(texts))
    signals = np.zeros((len(texts), len(known.columns)), dtype=np.float32)
    return panel.judge(known, features, signals).logits


@given(TEXTS, TEXTS)
def test_what_was_read_before_changes_nothing(texts: list[str], others: list[str]) -> None:
    first = judged(texts)
    judged(others)
    assert np.array_equal(judged(texts), first)


def test_a_full_wordbook_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "le médecin ne rappelle jamais et personne ne décroche"
    before = judged([text])
    monkeypatch.setattr(wordbook, "MOST", 3)
    full = wordbook.wordbook()
    assert np.array_equal(judged([text]), before)
    assert wordbook.wordbook() is not full


def test_a_known_word_keeps_its_number() -> None:
    book = wordbook.Wordbook()
    words = split(["un deux un", "trois deux"])
    numbers, strange = book.numbers(words.hashes)
    assert numbers.tolist() == [0, 1, 0, 2, 1]
    assert strange.tolist() == [0, 1, 3]
    again, none = book.numbers(words.hashes[::-1])
    assert again.tolist() == numbers[::-1].tolist()
    assert not len(none)
