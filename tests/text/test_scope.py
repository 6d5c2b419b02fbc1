"""Scopes: what a stretch of text stands under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.text import normalise
from veilleur.text.scope import Scope, scopes


def scopes_at(text: str, start: int, end: int) -> frozenset[Scope]:
    return frozenset(one.scope for one in scopes(text) if one.start <= start and end <= one.end)


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("je n'ai pas de vertiges", "vertiges", Scope.NEGATED),
        ("aucune nausée à signaler", "nausee", Scope.NEGATED),
        ("no rash so far", "rash", Scope.NEGATED),
        ("j'ai peur de vomir", "vomir", Scope.SUPPOSED),
        ("it might cause nausea", "nausea", Scope.SUPPOSED),
        ("Est-ce que ça donne des crampes ?", "crampes", Scope.ASKED),
        ("Des vertiges chez vous aussi ?", "vertiges", Scope.ASKED),
        ("j'ai lu que ça donne des caillots", "caillots", Scope.OTHER),
        ("il y a dix ans une phlébite", "phlebite", Scope.PAST),
        ("la notice dit « risque de malaise »", "malaise", Scope.QUOTED),
    ],
)
def test_cues_reach_what_they_are_said_of(text: str, words: str, expected: Scope) -> None:
    folded = normalise(text).text
    start = folded.index(words)
    assert expected in scopes_at(folded, start, start + len(words))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pas de fièvre, mais des vertiges", "vertiges"),
        ("Quelqu'un connaît ? J'ai des crampes.", "crampes"),
        ("depuis hier des vertiges", "vertiges"),
        ("un pastis et des vertiges", "vertiges"),
    ],
)
def test_scopes_end_with_their_clause(text: str, words: str) -> None:
    folded = normalise(text).text
    start = folded.index(words)
    assert scopes_at(folded, start, start + len(words)) == frozenset()


@given(st.text(max_size=200))
def test_scopes_lie_inside_any_text(text: str) -> None:
    folded = normalise(text).text
    for scoped in scopes(folded):
        assert 0 <= scoped.start <= scoped.end <= len(folded)
        assert 0 <= scoped.cue <= len(folded)


def test_a_very_long_text_is_read() -> None:
    assert scopes("pas de " * 5_000)
