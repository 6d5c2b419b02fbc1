"""Text → expression, and back."""

import sys
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.listening.queries.strategies import expressions, typed
from veilleur.errors import InvalidInput, QueryInvalid
from veilleur.listening.queries import And, Day, Field, Is, Near, Not, Or, Phrase, Stars, Word, fold, parse
from veilleur.listening.queries.names import CHOICES, choice_of, shown
from veilleur.listening.queries.parsing import MOST_DEPTH, MOST_TERMS

A, B, C = Word("a"), Word("b"), Word("c")


def read(text):
    """The expression, or None when the text is refused."""
    try:
        return parse(text)
    except QueryInvalid as error:
        refusal = error
    assert 0 <= refusal.position <= len(text)
    assert refusal.code
    return None


def only_excludes(query):
    return fold(
        query, lambda leaf: False, lambda node, parts: not parts[0] if isinstance(node, Not) else all(parts)
    )


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Attente", Word("attente")),
        ("attent*", Word("attent", is_prefix=True)),
        ("l’attente", Phrase((Word("l"), Word("attente")))),
        ("l'attent*", Phrase((Word("l"), Word("attent", is_prefix=True)))),
        ('"Trop longue !"', Phrase((Word("trop"), Word("longue")))),
        ("« trop longue »", Phrase((Word("trop"), Word("longue")))),
        ("“trop* longue”", Phrase((Word("trop", is_prefix=True), Word("longue")))),
        ('"attente"', Word("attente")),
        ("a b", And((A, B))),
        ("a ET b AND c", And((A, B, C))),
        ("a et b", And((A, Word("et"), B))),
        ("a Ou b", And((A, Word("ou"), B))),
        ("a OU b OR c", Or((A, B, C))),
        ("a OU b c", Or((A, And((B, C))))),
        ("(a OU b) c", And((Or((A, B)), C))),
        ("((a b)) c", And((And((A, B)), C))),
        ("((((a))))", A),
        ("a -b", And((A, Not(B)))),
        ("a SAUF b", And((A, Not(B)))),
        ("a NON b", And((A, Not(B)))),
        ("a ET NOT (b OU c)", And((A, Not(Or((B, C)))))),
        ("--a", Not(Not(A))),
        ("a-b", Phrase((A, B))),
        ("rendez-vous", Phrase((Word("rendez"), Word("vous")))),
        ("a NEAR/5 b", Near(A, B, 5)),
        ("a PRÈS/5 b", Near(A, B, 5)),
        ("a PRES/5 b", Near(A, B, 5)),
        ("a PRE\u0300S/5 b", Near(A, B, 5)),
        ("(a OU b) NEAR/2 (c OU «a b»)", Near(Or((A, B)), Or((C, Phrase((A, B)))), 2)),
        ("c -a NEAR/5 b", And((C, Not(Near(A, B, 5))))),
        ("trop long !", And((Word("trop"), Word("long")))),
        ("ANDRÉ ETC ORL", And((Word("andre"), Word("etc"), Word("orl")))),
        ("http://doc.fr/a", Phrase((Word("http"), Word("doc"), Word("fr"), A))),
        ("12:30", Phrase((Word("12"), Word("30")))),
        ('dit:"a b"', Phrase((Word("dit"), A, B))),
        ("author:Dupont", Field("author", Word("dupont"))),
        ("AUTEUR:dupon*", Field("author", Word("dupon", is_prefix=True))),
        ('réseau:"Google Maps"', Field("network", Phrase((Word("google"), Word("maps"))))),
        ("Re\u0301seau:Google", Field("network", Word("google"))),
        ("lieu:« Hôpital Nord »", Field("place", Phrase((Word("hopital"), Word("nord"))))),
        ("source:services-publics", Field("source", Phrase((Word("services"), Word("publics"))))),
        ("titre:attente", Field("title", Word("attente"))),
        ("fil:x-1", Field("thread", Phrase((Word("x"), Word("1"))))),
        ("langue:français", Is("lang", "fr")),
        ("lang:other", Is("lang", "other")),
        ("ressenti:négatif", Is("sentiment", "neg")),
        ("sentiment:mixed", Is("sentiment", "mixed")),
        ("avec:médicament", Is("has", "drug")),
        ("has:personal_data", Is("has", "personal_data")),
        ('has:"données personnelles"', Is("has", "personal_data")),
        ("label:complaint", Is("label", "complaint")),
        ("étiquette:plainte", Is("label", "complaint")),
        ("label:Effet-Indésirable", Is("label", "adverse_reaction")),
        ("aspect:attente", Is("aspect", "attente")),
        ("aspect:attente-", Is("aspect", "attente-")),
        ("aspect:rendez-vous+", Is("aspect", "rendez_vous+")),
        ("aspect:prix=", Is("aspect", "prix=")),
        ("aspect:écoute:neg", Is("aspect", "ecoute-")),
        ("rating:none", Is("rating", "none")),
        ("note:aucune", Is("rating", "none")),
        ("rating:<3", Stars(1, 2)),
        ("rating:<=3", Stars(1, 3)),
        ("rating:>3", Stars(4, 5)),
        ("rating:>=3", Stars(3, 5)),
        ("note:=3", Stars(3, 3)),
        ("note:3", Stars(3, 3)),
        ("note:1..3", Stars(1, 3)),
        ("since:2026-01-01", Day("since", date(2026, 1, 1))),
        ("depuis:2026-01-01", Day("since", date(2026, 1, 1))),
        ("jusqu’à:2026-01-31", Day("until", date(2026, 1, 31))),
        ("jusqu'au:2026-01-31", Day("until", date(2026, 1, 31))),
    ],
)
def test_what_a_query_means(text, expression):
    # Beside a word, so that it may be a mere exclusion.
    assert parse(f"({text}) OU zzz").parts[0] == expression
    assert parse(f"({expression}) OR zzz").parts[0] == expression


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (And((A, Or((B, C)), Not(A))), "a AND (b OR c) AND NOT a"),
        (Or((And((A, B)), Not(And((B, C))))), "(a AND b) OR NOT (b AND c)"),
        (Not(Near(Or((A, B)), Phrase((B, C)), 3)), 'NOT ((a OR b) NEAR/3 "b c")'),
        (Not(Not(A)), "NOT NOT a"),
        (And((And((A, B)), C)), "(a AND b) AND c"),
        (Field("place", Phrase((A, Word("b", is_prefix=True)))), 'place:"a b*"'),
        (And((Stars(2, 2), Stars(2, 4), Is("aspect", "prix-"))), "rating:2 AND rating:2..4 AND aspect:prix-"),
    ],
)
def test_the_canonical_text(expression, text):
    assert str(expression) == text


@given(expressions)
@settings(max_examples=200)
def test_every_expression_is_read_from_its_own_text(expression):
    assume(not only_excludes(expression))
    assert parse(str(expression)) == expression


@given(expressions)
def test_an_expression_that_only_excludes_is_refused_by_itself_and_read_beside_another(expression):
    assume(only_excludes(expression))
    assert read(str(expression)) is None
    assert parse(str(Or((expression, A)))) == Or((expression, A))


@given(typed | st.text(max_size=30))
@settings(max_examples=400)
def test_any_text_is_read_or_refused_and_what_is_read_comes_back(text):
    found = read(text)
    if found is not None:
        assert parse(str(found)) == found


@given(st.text(st.characters(max_codepoint=sys.maxunicode, exclude_categories=()), max_size=12))
def test_even_what_is_no_text_is_read_or_refused(text):
    read(text)
    read(f"author:{text}")
    read(f'label:"{text}"')


def test_a_refusal_is_the_fault_of_what_was_given():
    with pytest.raises(InvalidInput):
        parse("(")


@pytest.mark.parametrize("pile", ["(", "NOT ", "-", "(a OU ", "a NEAR/1 (", '"a" (', "(-"])
def test_piles_do_not_exhaust_the_stack(pile):
    deep = pile * (9_000 // len(pile))
    assert read(deep) is None
    assert read(deep + "a") is None
    closed = pile * 2_000 + "a" + ")" * (2_000 * pile.count("("))
    read(closed[:10_000])


def test_brackets_around_brackets_are_no_depth():
    assert parse("(" * 4_000 + "a" + ")" * 4_000) == A


def test_depth_has_a_bound():
    def nested(levels):
        return "a OU NOT " + "(a OU -(a b OU -" * levels + "a" + "))" * levels

    assert parse("a OU " + "NOT " * (MOST_DEPTH - 2) + "a")
    assert read("a OU " + "NOT " * (MOST_DEPTH - 1) + "a") is None
    assert read(nested(30)) is None


def test_terms_have_a_bound_and_words_of_phrases_count():
    assert len(parse("a " * MOST_TERMS).parts) == MOST_TERMS
    assert read("a " * (MOST_TERMS + 1)) is None
    assert read('"a a" ' * (MOST_TERMS // 2) + "a") is None
    assert read('titre:"a a" ' * (MOST_TERMS // 2) + "note:3") is None


def test_what_is_read_is_short_enough_to_be_read_again():
    longest = " OU ".join(["mot" * 6] * 450)
    assert len(str(parse(longest))) <= 10_000
    assert read(" ".join(["mot" * 6] * MOST_TERMS)) is None


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in CHOICES for value in CHOICES[field]]
)
def test_every_value_may_be_written(field, value):
    assert parse(f"{field}:{value}") == Is(field, value)


@pytest.mark.parametrize("field", CHOICES)
def test_every_value_that_a_hint_shows_is_known_and_each_value_is_shown(field):
    for language in ("fr", "en"):
        meant = {choice_of(field, name) for name in shown(field, language)}
        assert meant == {value for value in CHOICES[field] if value[-1] not in "+-="}


@pytest.mark.parametrize(
    "build",
    [
        lambda: Word("Attente"),
        lambda: Word("a b"),
        lambda: Word(""),
        lambda: Word("a_b"),
        lambda: Phrase((A,)),
        lambda: And((A,)),
        lambda: Or(()),
        lambda: Near(A, And((A, B)), 3),
        lambda: Near(Or((A, Not(B))), A, 3),
        lambda: Near(A, B, 0),
        lambda: Near(A, B, 101),
        lambda: Field("lang", A),
        lambda: Is("label", "nice"),
        lambda: Is("author", "a"),
        lambda: Stars(0, 3),
        lambda: Stars(4, 3),
        lambda: Day("on", date(2026, 1, 1)),
    ],
)
def test_what_cannot_be_written_cannot_be_built(build):
    with pytest.raises(ValueError, match="not an expression"):
        build()
