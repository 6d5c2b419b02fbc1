"""What is wrong with a policy, in French and in English."""

import ast
import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import PolicyInvalid
from veilleur.triage import house_policy_text, load_policy, mistake
from veilleur.triage.mistakes import SENTENCES, refused

NO_BREAK = "\u00a0"
WORDINGS = [
    ("frame", SENTENCES["frame"]),
    *(
        (f"{part}.{name}", words)
        for part in ("places", "hints", "mistakes")
        for name, words in SENTENCES[part].items()
    ),
]
HOUSE = house_policy_text()


def placeholders(sentence):
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name)


def refusal(text):
    try:
        load_policy(text)
    except PolicyInvalid as error:
        return error
    return None


def told(text, language):
    return mistake(refusal(text), language)


@pytest.mark.parametrize(("name", "words"), WORDINGS, ids=[name for name, _ in WORDINGS])
def test_every_wording_has_both_languages_with_the_same_placeholders(name, words):
    assert set(words) == {"fr", "en"}
    assert placeholders(words["fr"]) == placeholders(words["en"])
    assert words["fr"] != words["en"] or name == "frame"


@pytest.mark.parametrize(("name", "words"), WORDINGS, ids=[name for name, _ in WORDINGS])
def test_french_is_well_set(name, words):
    french = words["fr"]
    assert not re.search(rf"[^{NO_BREAK}\w][:;!?»]|«[^{NO_BREAK}]|\w'\w|\.\.\.", french), name
    assert not re.search(r"\w[;!?»]|\w:(?!\w)", french), name


def test_every_code_that_is_raised_has_words_and_every_word_is_used(repository):
    raised = set()
    for module in (repository / "src/veilleur/triage").glob("*.py"):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and re.fullmatch(r"refused|\w+\.refuse", ast.unparse(call.func)):
                raised |= {arg.value for arg in call.args[1:2] if isinstance(arg, ast.Constant)}
    assert raised == set(SENTENCES["mistakes"])


def test_the_same_mistake_in_both_languages():
    wrong = HOUSE.replace('priority = "today"', 'priority = "tody"', 1)
    french, english = told(wrong, "fr"), told(wrong, "en-gb")
    assert re.fullmatch(
        "Règle «\u00a0[a-z-]+\u00a0», clé «\u00a0priority\u00a0»\u00a0: «\u00a0tody\u00a0» n’est pas connu. "
        "Vouliez-vous dire «\u00a0today\u00a0»\u00a0\\?",
        french,
    )
    assert re.fullmatch(
        r"rule “[a-z-]+”, key “priority”: “tody” is not known. Did you mean “today”\?", english
    )


def test_what_is_not_toml_is_told_with_its_line_around_the_words_of_the_parser():
    assert told("\n[[rules", "fr") == (
        "Règles de tri\u00a0: ce texte n’est pas du TOML\u00a0; l’analyseur dit "
        "«\u00a0Expected ']]' at the end of an array declaration (at end of document)\u00a0»."
    )
    french = told("[rules]\nx = ?", "fr")
    assert french.startswith(
        "Règles de tri\u00a0: ce texte n’est pas du TOML, à la ligne 2, colonne 5\u00a0;"
    )
    assert "at line" not in french
    assert told("[rules]\nx = ?", "en").endswith("(at line 2, column 5)")


@pytest.mark.parametrize("text", ["x = " + "1" * 5000, "x = " + "[" * 5000], ids=["number", "nesting"])
def test_what_the_parser_cannot_bear_is_refused_too(text):
    assert "pas du TOML" in told(text, "fr")


def test_the_text_of_the_person_is_never_taken_for_a_placeholder():
    wrong = HOUSE.replace('priority = "today"', 'priority = "{near} {0} {"', 1)
    assert "{near} {0} {" in told(wrong, "fr")


def test_an_error_without_a_code_tells_itself():
    assert mistake(PolicyInvalid("as it is"), "fr") == "as it is"


def test_a_variable_keeps_its_braces():
    error = refused((("rule", "calm"), ("key", "reason")), "unknown_variable", name="drugz", near="drugs")
    assert "la variable {drugz}" in mistake(error, "fr")
    assert "the variable {drugz}" in mistake(error, "en")


@given(st.data())
def test_english_is_what_the_error_itself_says(data):
    start = data.draw(st.integers(0, len(HOUSE)))
    damaged = HOUSE[:start] + data.draw(st.text(max_size=10)) + HOUSE[start + data.draw(st.integers(0, 30)) :]
    error = refusal(damaged)
    if error:
        assert mistake(error, "en") == str(error)
        assert mistake(error, "fr") != str(error)


@pytest.mark.parametrize("wrong", ["Où ?", "Où?", "« là »", "«là»", "Clé : x", "Clé: x", "l'une"])
def test_the_typography_test_can_fail(wrong):
    with pytest.raises(AssertionError):
        test_french_is_well_set("wrong", {"fr": wrong})
