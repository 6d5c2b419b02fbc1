"""A table of hashes finds what a dictionary finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.lexicon.index import NOTHING, Index

hashes = st.integers(1, 2**64 - 1) | st.integers(2**64 - 40, 2**64 - 1)


@given(st.dictionaries(hashes, st.integers(0, 2**31 - 1), max_size=60), st.lists(hashes, max_size=60))
def test_every_hash_has_its_value_and_no_other(entries: dict[int, int], others: list[int]) -> None:
    keys, values = np.array(list(entries), dtype=np.uint64), np.array(list(entries.values()), dtype=np.int32)
    index = Index.of(keys, values)
    asked = [*entries, *others]
    found = index.find(np.array(asked, dtype=np.uint64))
    assert found.tolist() == [entries.get(one, NOTHING) for one in asked]
