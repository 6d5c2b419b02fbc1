"""The audit page speaks in words: no act without them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from veilleur.desk.accounts import deeds
from veilleur.desk.accounts.adapter import CHANGES
from veilleur.desk.inbox import explanations
from veilleur.desk.inbox.actions import LABELS
from veilleur.desk.inbox.models import Outcome
from veilleur.desk.moderation import steps as moderation
from veilleur.desk.replies.models import Step
from veilleur.vocabulary import ON_NETWORK, Act


def recorded_acts(repository: Path) -> Iterator[str]:
    """Every act that some module records, as written; `f"inbox.{act}"` gives `inbox.*`."""
    for module in (repository / "src/veilleur").rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record":
                yield act_of(call.args[2])


def act_of(argument: ast.expr) -> str:
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in argument.values)
    return str(ast.literal_eval(argument))


def test_every_recorded_act_has_words(repository: Path) -> None:
    found = set(recorded_acts(repository))
    assert "accounts.admit" in found, "the search for recorded acts no longer finds any"
    composed = {
        "accounts.*",
        "inbox.*",
        "moderation.*",
        "replies.*",
        "sources.*",
    }  # those whose members are checked below
    assert found - set(deeds.DEEDS) - composed == set()


def test_every_act_on_a_message_and_every_end_of_an_import_has_words() -> None:
    assert {f"inbox.{act.value}" for act in set(Act) - ON_NETWORK} <= set(deeds.DEEDS)
    assert {f"moderation.{act.value}" for act in ON_NETWORK} <= set(deeds.DEEDS)
    assert {f"moderation.{step.value}" for step in set(moderation.Step) - {"asked"}} <= set(deeds.DEEDS)
    assert {f"accounts.{verb}" for verb in CHANGES.values()} <= set(deeds.DEEDS)
    settings = ("policy", "pack", "rule", "template")
    assert {f"replies.{verb}" for verb in (*Step.values, *settings)} <= set(deeds.DEEDS)
    assert {f"sources.{verb}" for verb in ("finish", "stop", "fail")} <= set(deeds.DEEDS)


def test_details_are_named_short_and_never_empty() -> None:
    with translation.override("en"):
        shown = deeds.detail_words(
            {"file": "x" * 500, "to": "", "policy": "[[queues]]", "from": 0, "role": "manager"}
        )
    assert [name for name, _ in shown] == ["file", "from", "role"]
    assert len(shown[0][1]) == deeds.LONGEST
    assert shown[2][1] == "works and configures"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_codes_are_told_in_the_words_of_the_inbox(language: str) -> None:
    with translation.override(language):
        for outcome in Outcome:
            ((_, told),) = deeds.detail_words({"outcome": outcome.value})
            assert told == outcome.label
        for label in LABELS["sentiment"]:
            assert deeds.detail_words({"was": label})[0][1] == explanations.sentiment_name(label)
        for label in LABELS["language"]:
            assert deeds.detail_words({"now": label})[0][1] == explanations.language_name(label)


def test_a_word_is_only_a_code_where_codes_stand() -> None:
    with translation.override("fr"):
        assert deeds.detail_words({"name": "answered", "outcome": "answered"}) == [
            ("nom", "answered"),
            ("issue", "répondu"),
        ]


def test_targets_are_named() -> None:
    with translation.override("en"):
        assert deeds.target_words("ticket:42") == "message 42"
        assert deeds.target_words("later:1") == "later:1"
        assert deeds.target_words("") == ""


@pytest.mark.parametrize("language", ["fr", "en"])
def test_words_are_not_codes(language: str) -> None:
    with translation.override(language):
        assert not [act for act in deeds.DEEDS if "." in deeds.words(act)]
        assert deeds.choices()[0][0] == ""


def test_an_act_of_a_newer_version_is_shown_as_it_is() -> None:
    assert deeds.words("later.something") == "later.something"
