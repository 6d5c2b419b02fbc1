"""Where sentences end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.text import normalise, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("merci", ["merci"]),
        ("bien. mal ! vraiment ?", ["bien.", "mal !", "vraiment ?"]),
        ("le dr. petit et mme. roy sont la. bravo", ["le dr. petit et mme. roy sont la.", "bravo"]),
        ("5.5 sur 10. a 8.30 h", ["5.5 sur 10.", "a 8.30 h"]),
        ("1. l'accueil\n2. les soins", ["1. l'accueil", "2. les soins"]),
        ("sans point\nnouvelle ligne", ["sans point", "nouvelle ligne"]),
        ('"jamais vu ca..." dit-il', ['"jamais vu ca..."', "dit-il"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


@given(st.text('ab. !?\n"dr1', max_size=60))
def test_sentences_hold_everything_that_is_not_blank_in_order(text: str) -> None:
    text = normalise(text).text
    spans = sentences(text)
    assert "".join(span.of(text) for span in spans).replace(" ", "").replace("\n", "") == "".join(
        text.split()
    )
    assert all(left.end <= right.start for left, right in pairwise(spans))
