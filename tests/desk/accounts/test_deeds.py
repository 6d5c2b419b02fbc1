"""The audit page speaks in words: no act without them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from veilleur.desk.accounts import deeds


def recorded_acts(repository: Path) -> Iterator[str]:
    """Every literal that looks like an act in a module that records into the trail."""
    for module in (repository / "src/veilleur").rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("record"):
                yield from (
                    argument.value
                    for argument in call.args[2:3]
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                )


def test_every_recorded_act_has_words(repository: Path) -> None:
    found = set(recorded_acts(repository))
    assert "accounts.admit" in found, "the search for recorded acts no longer finds any"
    assert found - set(deeds.DEEDS) == set()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_words_are_not_codes(language: str) -> None:
    with translation.override(language):
        assert not [act for act in deeds.DEEDS if "." in deeds.words(act)]
        assert deeds.choices()[0][0] == ""


def test_an_act_of_a_newer_version_is_shown_as_it_is() -> None:
    assert deeds.words("later.something") == "later.something"
