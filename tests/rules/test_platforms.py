"""What networks take, counted as each of them counts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.rules import Rulebook
from veilleur.rules.platforms import Limit, first_beyond, length
from veilleur.vocabulary import Kind, Mark, Outgoing

UNITS = ("characters", "graphemes", "bytes", "weighted")


@pytest.mark.parametrize(
    ("text", "unit", "size"),
    [
        ("été", "characters", 3),
        ("été", "bytes", 5),
        ("👩‍⚕️ oui", "graphemes", 5),
        ("👩‍⚕️ oui", "weighted", 6),
        ("ici https://exemple.fr/une/adresse/tres/longue et la", "weighted", 33),
        ("日本", "weighted", 4),
        ("", "graphemes", 0),
    ],
)
def test_each_unit(text: str, unit: str, size: int) -> None:
    assert length(text, unit) == size


@given(st.text(max_size=80), st.sampled_from(UNITS), st.integers(0, 60))
def test_what_stands_before_the_limit_fits(text: str, unit: str, most: int) -> None:
    first = first_beyond(text, Limit(most, Mark.READ, unit))
    assert 0 <= first <= len(text)
    assert (first == len(text)) == (length(text, unit) <= most) or not text


@pytest.mark.parametrize(
    ("network", "kind", "text", "rule"),
    [
        ("bluesky", Kind.POST, "é" * 301, "P-LENGTH"),
        ("google", Kind.REPLY, "é" * 2049, "P-LENGTH"),
        ("x", Kind.POST, "👍" * 141, "P-LENGTH"),
        ("instagram", Kind.POST, "soin #a1 #b2 #c3 #d4 #e5 #f6", "P-HASHTAGS"),
        ("instagram", Kind.POST, "avec @aaa @bbb @ccc @ddd", "P-MENTIONS"),
    ],
)
def test_what_is_too_much_is_said(network: str, kind: Kind, text: str, rule: str) -> None:
    outgoing = Outgoing(text, kind, "hopital", "fr", network)
    assert rule in {breach.rule for breach in Rulebook().judge([outgoing], date(2026, 11, 22))[0]}


def test_an_unknown_network_has_no_limit() -> None:
    outgoing = Outgoing("é" * 9000, Kind.POST, "hopital", "fr", "minitel")
    assert not [b for b in Rulebook().judge([outgoing], date(2026, 11, 22))[0] if b.rule.startswith("P-")]
