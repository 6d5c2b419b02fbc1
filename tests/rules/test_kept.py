"""What words brought before: worked out once, and never more of it than `MOST`."""

from __future__ import annotations

from veilleur.rules import kept
from veilleur.rules.kept import Kept


def test_a_value_is_worked_out_once():
    asked = []
    values = Kept(lambda word: asked.append(word) or word.upper())
    assert [values[("non",)], values[("non",)], asked] == ["NON", "NON", ["non"]]


def test_beyond_the_limit_all_are_forgotten(monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    values = Kept(str.upper)
    assert [values[(letter,)] for letter in "abca"] == ["A", "B", "C", "A"]
    assert len(values) == 2
