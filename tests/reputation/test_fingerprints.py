"""Near texts have near fingerprints, and near fingerprints are found."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reputation.fingerprints import DISTANCE, clusters, fingerprints, near_pairs, shingle

PRINTS = st.lists(st.integers(0, 2**64 - 1), max_size=12)
FLIPS = st.lists(st.integers(0, 63), max_size=3, unique=True)


@settings(deadline=None)
@given(PRINTS, st.integers(0, 2**64 - 1), FLIPS)
def test_up_to_three_bits_are_always_found(others: list[int], one: int, flips: list[int]) -> None:
    changed = one
    for bit in flips:
        changed ^= 1 << bit
    prints = np.array([one, *others, changed], dtype=np.uint64)
    groups = clusters(len(prints), near_pairs(prints))
    assert any({0, len(prints) - 1} <= set(group) for group in groups)


@settings(deadline=None)
@given(PRINTS)
def test_no_pair_is_far(prints: list[int]) -> None:
    for one, other in near_pairs(np.array(prints, dtype=np.uint64)).tolist():
        assert one < other
        assert (prints[one] ^ prints[other]).bit_count() <= DISTANCE


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6))
def test_a_text_has_the_same_fingerprint_alone(texts: list[str]) -> None:
    together = fingerprints(shingle(texts))
    alone = [fingerprints(shingle([text]))[0] for text in texts]
    assert together.tolist() == alone


def test_resemblance() -> None:
    shingled = shingle(["a b c d", "a b c e", "x", ""])
    assert shingled.resemblance(0, 0) == 1
    assert shingled.resemblance(0, 1) == 0.5
    assert shingled.resemblance(2, 3) == 0


def test_many_equal_texts_make_one_cluster() -> None:
    prints = np.full(5000, 42, dtype=np.uint64)
    [group] = clusters(len(prints), near_pairs(prints))
    assert len(group) == 5000


def test_nothing() -> None:
    assert near_pairs(np.zeros(0, dtype=np.uint64)).shape == (0, 2)
    assert clusters(0, near_pairs(np.zeros(0, dtype=np.uint64))) == []
