"""Every learned rule has its sentences, and what was learned of them may not fall."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files

import pytest

from training.rules import Example, examples
from veilleur.rules import installed_packs
from veilleur.rules.codes import actors, professions, themes

FEWEST = 20
FLOORS = {"replies": {"precision": 0.9, "recall": 0.9}, "others": {"precision": 0.9, "recall": 0.895}}
"""Out of fold, hard sentences included: raised when the scores are."""


@pytest.fixture(scope="module")
def written() -> list[Example]:
    return examples()


def test_every_rule_has_sentences_of_both_kinds(written: list[Example]) -> None:
    flagged = Counter(one.target for one in written if one.target in one.rules)
    clean = Counter(one.target for one in written if not one.rules)
    heads = {rule.learned for pack in installed_packs() for rule in pack.rules if rule.learned}
    few = {head: (flagged[head], clean[head]) for head in heads if min(flagged[head], clean[head]) < FEWEST}
    assert not few


def test_no_text_is_written_twice(written: list[Example]) -> None:
    texts = Counter(one.outgoing.text.casefold() for one in written)
    assert not [text for text, times in texts.items() if times > 1]


def test_marks_lie_in_their_texts_and_name_rules_that_bind(written: list[Example]) -> None:
    by_id = {rule.id: rule for pack in installed_packs() for rule in pack.rules}
    for one in written:
        profession = actors()[one.outgoing.actor].profession
        for rules, span in one.spans:
            assert span.start < span.end <= len(one.outgoing.text), one.id
            assert all(by_id[rule].binds(profession, one.outgoing.kind) for rule in rules), one.id


def test_scores_do_not_fall() -> None:
    folder = files("veilleur.rules") / "weights"
    held_out = json.loads((folder / "rules.json").read_text(encoding="utf-8"))["held_out"]
    for kind, floors in FLOORS.items():
        for name, floor in floors.items():
            assert held_out[kind][name] >= floor, (kind, name)


def test_rules_name_themes_and_professions_that_are_known() -> None:
    for pack in installed_packs():
        for rule in pack.rules:
            assert rule.theme in themes() | {""}
            assert rule.professions <= professions() | {""}
