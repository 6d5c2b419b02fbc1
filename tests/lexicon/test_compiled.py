"""Terms compiled beforehand are the terms declared: the same marks, and what is shipped is up to date."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.compiled import built_in
from veilleur.lexicon import Lexicon, Term
from veilleur.lexicon.compiled import compiled, packed, unpacked
from veilleur.reading.reader import shipped_terms
from veilleur.vocabulary import Concept, Language

concepts = st.none() | st.builds(Concept, *[st.text("abé :-", max_size=4)] * 3).filter(
    lambda one: one.id != ""
)
words = st.text("abé -'", min_size=1, max_size=6).filter(lambda word: any(map(str.isalpha, word)))
terms = st.lists(
    st.builds(
        Term,
        words,
        concepts,
        st.text("xyz", max_size=2),
        st.none() | st.sampled_from(Language),
        st.booleans(),
    )
)


@given(terms, terms, st.text("abés -'.\n", max_size=40))
def test_packed_terms_are_found_like_those_declared(own: list[Term], others: list[Term], text: str) -> None:
    declared = {"own": own, "others": others}
    arrays, expected = packed(compiled(declared)), Lexicon(declared).scan(text)
    assert Lexicon({}, unpacked(arrays, ["own", "others"])).scan(text) == expected
    assert Lexicon({"others": others}, unpacked(arrays, ["own"])).scan(text) == expected


def test_what_is_shipped_is_what_the_analyzers_declare() -> None:
    """When this fails: `python -m training.compiled`."""
    shipped, now = shipped_terms(), packed(built_in())
    assert shipped.keys() == now.keys()
    for name, array in now.items():
        assert np.array_equal(shipped[name], array), name
