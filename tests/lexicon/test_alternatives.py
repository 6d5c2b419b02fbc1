"""Alternatives in brackets."""

import pytest

from veilleur.lexicon.alternatives import spelled_out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vertige", ["vertige"]),
        ("a|b c", ["a", "b c"]),
        ("(a|b) (c|d)|e", ["a c", "a d", "b c", "b d", "e"]),
        ("(|j)dors", ["dors", "jdors"]),
        ("(soigne|guéri(t|ssent)) tout", ["soigne tout", "guérit tout", "guérissent tout"]),
    ],
)
def test_alternatives(words: str, expected: list[str]) -> None:
    assert spelled_out(words) == expected


@pytest.mark.parametrize("words", ["(a|b", "a)", "((a)"])
def test_a_bracket_without_its_partner_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        spelled_out(words)
