"""Why a query is refused, in French and in English."""

import ast
import re
from string import Formatter

import pytest

from veilleur.errors import QueryInvalid
from veilleur.listening.queries import mistake, parse
from veilleur.listening.queries.mistakes import sentences

NO_BREAK = "\u00a0"
WORDINGS = [
    ("frame", sentences()["frame"]),
    *(
        (f"{part}.{name}", words)
        for part in ("hints", "whole", "mistakes")
        for name, words in sentences()[part].items()
    ),
]

REFUSED = [
    ("liste:rivaux", "unknown_list", 6, ""),
    ('attente list:"Rivaux"', "unknown_list", 13, ""),
    ("", "empty", 0, ""),
    (" \n ! ", "empty", 0, ""),
    ("a" * 10_001, "too_long", 0, ""),
    ("-attente", "only_negations", 0, ""),
    ("-attente SAUF (a OU b)", "only_negations", 0, ""),
    ("-attente OU -accueil", "only_negations", 0, ""),
    ("a " * 501, "too_many_terms", 1000, ""),
    ("a OU " + "NOT " * 60 + "a", "too_deep", 5 + 49 * 4, ""),
    ('attente "trop long', "unclosed_phrase", 8, ""),
    ("attente »", "unclosed_phrase", 8, ""),
    (') "a', "unclosed_phrase", 2, ""),
    ('attente ""', "empty_phrase", 8, ""),
    ("« ! »", "empty_phrase", 0, ""),
    ('titre:""', "empty_phrase", 6, ""),
    ("attente & accueil", "no_word", 8, ""),
    ("attente - accueil", "no_word", 8, ""),
    ("😡", "no_word", 0, ""),
    ("a *ttente", "leading_wildcard", 2, ""),
    ("*", "leading_wildcard", 0, ""),
    ("l'*", "leading_wildcard", 0, ""),
    ("lieu:*nord", "leading_wildcard", 5, ""),
    ("att*nte", "inner_wildcard", 0, ""),
    ("a (b OU (c", "unclosed_bracket", 8, ""),
    ("(a) b)", "unopened_bracket", 5, ""),
    ("a ()", "empty_brackets", 2, ""),
    ("ET attente", "nothing_before", 0, ""),
    ("a (OU b)", "nothing_before", 3, ""),
    ("NEAR/5 b", "nothing_before", 0, ""),
    ("attente ET", "nothing_after", 8, ""),
    ("(attente SAUF) b", "nothing_after", 9, ""),
    ("a ET OU b", "nothing_after", 2, ""),
    ("a NEAR/5", "nothing_after", 2, ""),
    ("a NEAR b", "near_without_number", 2, "NEAR/5"),
    ("a PRÈS/ b", "near_without_number", 2, "PRÈS/5"),
    ("a PRÈS/cinq b", "near_without_number", 2, "PRÈS/5"),
    ("a NEAR/0 b", "near_distance", 2, ""),
    ("a NEAR/" + "9" * 5000 + " b", "near_distance", 2, ""),
    ("a NEAR/5 (b c)", "near_operand", 10, ""),
    ("(a -b) NEAR/5 c", "near_operand", 1, ""),
    ("a NEAR/5 b NEAR/5 c", "near_operand", 0, ""),
    ("a NEAR/5 lieu:nord", "near_operand", 9, ""),
    ("a lieu: nord", "no_value", 2, ""),
    ("aspect:attnte", "unknown_value", 7, "attente"),
    ("aspect:attnte-", "unknown_value", 7, "attente-"),
    ("étiquette:reclamations", "unknown_value", 10, "réclamation"),
    ("label:zzz", "unknown_value", 6, ""),
    ("a langue:klingon", "unknown_value", 9, ""),
    ("note:6", "bad_rating", 5, ""),
    ("note:<1", "bad_rating", 5, ""),
    ("note:>5", "bad_rating", 5, ""),
    ("note:4..2", "bad_rating", 5, ""),
    ("note:bonne", "bad_rating", 5, ""),
    ("depuis:31/01/2026", "bad_date", 7, "2026-01-31"),
    ("depuis:31/02/2026", "bad_date", 7, ""),
    ("depuis:2026-02-31", "bad_date", 7, ""),
    ("depuis:hier", "bad_date", 7, ""),
]


def refusal(text):
    with pytest.raises(QueryInvalid) as refused:
        parse(text)
    return refused.value


def placeholders(sentence):
    return sorted(name.removesuffix("_fr") for _, name, _, _ in Formatter().parse(sentence) if name)


@pytest.mark.parametrize(
    ("text", "code", "position", "suggestion"), REFUSED, ids=[one[0][:20] for one in REFUSED]
)
def test_what_is_refused_and_where(text, code, position, suggestion):
    error = refusal(text)
    assert (error.code, error.position, error.suggestion) == (code, position, suggestion)
    assert str(error) == mistake(error, "en")
    assert mistake(error, "fr") != mistake(error, "en-gb")
    assert len(mistake(error, "fr")) < 700


def test_every_code_is_met_here_and_every_code_that_is_raised_has_words(repository):
    raised = set()
    for module in (repository / "src/veilleur/listening/queries").glob("*.py"):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "refused":
                raised |= {arg.value for arg in call.args[:1] if isinstance(arg, ast.Constant)}
    said = {*sentences()["whole"], *sentences()["mistakes"]}
    assert raised == said == {code for _, code, _, _ in REFUSED}


def test_a_suggestion_mends_the_query():
    for text, _, position, suggestion in REFUSED:
        if suggestion:
            wrong = text[position:].split()[0]
            assert parse(text[:position] + text[position:].replace(wrong, suggestion, 1))


def test_a_sentence_in_each_language():
    error = refusal("aspect:attnte")
    assert mistake(error, "fr") == (
        "Caractère 8\u00a0: «\u00a0attnte\u00a0» n’est pas une valeur du champ «\u00a0aspect\u00a0»."
        " Vouliez-vous dire «\u00a0attente\u00a0»\u00a0?"
    )
    assert mistake(error, "en") == (
        "character 8: “attnte” is no value of the field “aspect”. Did you mean “attente”?"
    )


def test_a_hint_names_values_in_the_language_of_the_reader():
    error = refusal("langue:klingon")
    assert mistake(error, "fr").endswith(" Valeurs connues\u00a0: français, anglais, autre.")
    assert mistake(error, "en").endswith(" Known: fr, en, other.")


def test_the_text_of_the_person_is_never_taken_for_a_placeholder():
    assert "{near} {0} {" in mistake(refusal('label:"{near} {0} {"'), "fr")


def test_an_error_without_a_code_tells_itself():
    assert mistake(QueryInvalid("as it is"), "fr") == "as it is"


@pytest.mark.parametrize(("name", "words"), WORDINGS, ids=[name for name, _ in WORDINGS])
def test_every_wording_has_both_languages_with_the_same_placeholders(name, words):
    assert set(words) == {"fr", "en"}
    assert placeholders(words["fr"]) == placeholders(words["en"])


@pytest.mark.parametrize(("name", "words"), WORDINGS, ids=[name for name, _ in WORDINGS])
def test_french_is_well_set(name, words):
    french = words["fr"]
    assert not re.search(rf"[^{NO_BREAK}\w][:;!?»]|«[^{NO_BREAK}]|\w'\w|\.\.\.", french), name
    assert not re.search(r"\w[;!?»]|\w:(?!\w)", french), name
