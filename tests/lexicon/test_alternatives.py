"""Alternatives in braces."""

import pytest

from veilleur.lexicon.alternatives import spelled_out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vertige", ["vertige"]),
        ("a|b c", ["a", "b c"]),
        ("{a|b} {c|d}|e", ["a c", "a d", "b c", "b d", "e"]),
        ("{|j}dors", ["dors", "jdors"]),
    ],
)
def test_alternatives(words: str, expected: list[str]) -> None:
    assert spelled_out(words) == expected
