"""Which messages answer: examples, and the plainest model there is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listening.queries.naive import answers
from tests.listening.queries.strategies import common_expressions, expressions, mentions, readings
from veilleur.listening.queries import Bounds, Matcher, Word, bounds, matches, necessary_words, parse
from veilleur.listening.queries.words import folded, words_of
from veilleur.vocabulary import Because, Finding, Mention, Rating, Reading, Why

NOTHING = Reading("d", "r")


def message(text="", **fields):
    fields = {"source": "avis", "external_id": "1", "collected_at": datetime(2026, 1, 2, tzinfo=UTC)} | fields
    return Mention(text=text, **fields)


def read(*found):
    return Reading("d", "r", tuple(Finding(name, label, 0.9, Why(Because.TERM)) for name, label in found))


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ("attente", "L’ATTENTE est longue", True),
        ("ATTENTÉ", "l'attente", True),
        ("attente", "les attentes", False),
        ("attent*", "les attentes", True),
        ("l’attente", "dans l'attente", True),
        ("l’attente", "la longue attente", False),
        ("coeur", "mon cœur", True),
        ("cœur", "mon coeur", True),
        ("null", "𝗡𝗨𝗟 et 𝗡𝗨𝗟𝗟", True),
        ('"personne ne répond"', "Personne ne répond jamais", True),
        ('"personne ne répond"', "Personne. Ne répond", True),
        ('"personne ne répond"', "personne ici ne répond", False),
        ('"ne répon*"', "ne répondent pas", True),
        ("attente OU accueil", "bon accueil", True),
        ("attente accueil", "bon accueil", False),
        ("accueil -attente", "bon accueil", True),
        ("accueil SAUF attente", "accueil, attente", False),
        ("accueil OU -attente", "rien", True),
        ("longue PRÈS/1 attente", "attente longue", True),
        ("longue PRÈS/1 attente", "attente si longue", False),
        ("longue PRÈS/2 attente", "attente si longue", True),
        ("longue PRÈS/2 attente", "longue, cette attente", True),
        ("attente PRÈS/5 attente", "une attente", False),
        ("attente PRÈS/5 attent*", "attente sur attente", True),
        ('"trop long" PRÈS/2 (attente OU accueil)', "l'accueil est trop long", True),
        ('"trop long" PRÈS/2 "long séjour"', "trop long séjour", False),
        ("(attente OU retard) PRÈS/3 urgences", "aux urgences, deux heures de retard", False),
        ("(attente OU retard) PRÈS/4 urgences", "aux urgences, deux heures de retard", True),
        ("12:30", "rendez-vous à 12h30", False),
        ("12:30", "rendez-vous à 12:30", True),
        ("avec:lien", "voir https://exemple.fr", True),
        ("avec:lien", "voir www.exemple.fr", True),
        ("avec:lien", "voir exemple", False),
    ],
)
def test_words(query, text, holds):
    assert matches(parse(query), message(text), NOTHING) is holds


def test_title_and_text_are_apart():
    mention = message("long", title="trop")
    assert matches(parse("trop long"), mention, NOTHING)
    assert not matches(parse('"trop long"'), mention, NOTHING)
    assert not matches(parse("trop NEAR/100 long"), mention, NOTHING)
    assert matches(parse("titre:trop"), mention, NOTHING)
    assert not matches(parse("titre:long"), mention, NOTHING)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("auteur:dupont", True),
        ("auteur:dup", False),
        ("auteur:dup*", True),
        ('lieu:"hopital nord"', True),
        ("lieu:nord", True),
        ("réseau:google", True),
        ("source:services", False),
        ("source:services-publics", True),
        ("source:serv*", False),
        ("fil:abc-1", True),
        ("fil:abc", False),
        ("fil:xyz", True),
        ("attente", False),
    ],
)
def test_fields_that_hold_words(query, holds):
    mention = message(
        author="Jean Dupont", place="Hôpital Nord", network="Google", source="services-publics",
        thread="abc-1", external_id="xyz",
    )  # fmt: skip
    assert matches(parse(query), mention, NOTHING) is holds


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("langue:français", True), ("langue:anglais", False),
        ("ressenti:négatif", True), ("ressenti:positif", False),
        ("label:plainte", True), ("label:éloge", False), ("aspect:attente", True), ("aspect:attente-", True),
        ("aspect:attente+", False), ("avec:médicament", True), ("avec:réaction", False), ("avec:note", False),
        ("avec:données-personnelles", False), ("avec:aspect", True),
    ],
)  # fmt: skip
def test_what_was_read(query, holds):
    reading = read(
        ("language", "fr"), ("sentiment", "neg"), ("labels", "complaint"), ("aspects", "attente:neg"),
        ("drugs", "brand"), ("reactions", "product_problem"), ("personal_data", "PRO_NAME"),
    )  # fmt: skip
    assert matches(parse(query), message(), reading) is holds


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        (Rating(1, 1, 5), 1),
        (Rating(3, 1, 5), 3),
        (Rating(0, 0, 10), 1),
        (Rating(7, 0, 10), 4),
        (Rating(1, 5, 1), 5),
        (Rating(3.5, 1, 5), 4),
        (None, None),
    ],
)
def test_ratings_are_on_five_stars_whatever_their_scale(rating, stars):
    mention = message(rating=rating)
    found = [number for number in range(1, 6) if matches(parse(f"note:{number}"), mention, NOTHING)]
    assert found == ([stars] if stars else [])
    assert matches(parse("note:none"), mention, NOTHING) is (rating is None)
    assert matches(parse("note:1..5"), mention, NOTHING) is (rating is not None)
    assert matches(parse("note:<3"), mention, NOTHING) is (stars in {1, 2})


def test_days_are_those_of_the_zone_and_included():
    paris = ZoneInfo("Europe/Paris")
    mention = message(published_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert matches(parse("depuis:2026-01-01"), mention, NOTHING, paris)
    assert not matches(parse("depuis:2026-01-01"), mention, NOTHING)
    assert matches(parse("jusqu’à:2025-12-31"), mention, NOTHING)
    assert Matcher([parse("jusqu’à:2025-12-31")], paris).of(mention, NOTHING) == ()
    assert matches(parse("depuis:2026-01-02"), message(), NOTHING), (
        "collected then, published nobody knows when"
    )


@given(common_expressions, mentions, readings)
@settings(max_examples=300)
def test_a_query_says_what_the_plain_model_says(query, mention, reading):
    assert matches(query, mention, reading) is answers(query, mention, reading)


@given(st.lists(common_expressions, max_size=8), st.lists(st.tuples(mentions, readings), max_size=3))
@settings(max_examples=150)
def test_many_queries_say_together_what_each_says_alone(queries, messages):
    matcher = Matcher(queries)
    for mention, reading in messages:
        alone = [number for number, query in enumerate(queries) if answers(query, mention, reading)]
        assert matcher.of(mention, reading) == tuple(alone)


@given(common_expressions | expressions, mentions, readings)
@settings(max_examples=200)
def test_a_message_that_answers_keeps_the_bounds(query, mention, reading):
    if not answers(query, mention, reading):
        return
    found = bounds(query)
    words = [*words_of(mention.title), *words_of(mention.text)]
    if found.words is not None:
        assert any(
            said.startswith(one.text) if one.is_prefix else said == one.text
            for one in found.words
            for said in words
        )
    day = mention.moment.date()
    assert found.since is None or day >= found.since
    assert found.until is None or day <= found.until


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("attente", "attente"),
        ("attent*", "attent*"),
        ('"la salle d’attente"', "attente"),
        ("(attente OU retard) le", "attente retard"),
        ("attente OU note:1", None),
        ("attente OU -accueil", None),
        ("a NEAR/3 (accueil OU attente)", "accueil attente"),
        ("titre:attente", "attente"),
        ("auteur:dupont", None),
        ("attente -parking note:1", "attente"),
    ],
)
def test_necessary_words(query, words):
    found = necessary_words(parse(query))
    assert (found if found is None else " ".join(sorted(map(str, found)))) == words


def test_bounds_of_days():
    assert bounds(parse("depuis:2026-01-01 depuis:2026-02-01 jusqu’à:2026-03-01")) == Bounds(
        None, date(2026, 2, 1), date(2026, 3, 1)
    )
    assert bounds(parse("(a depuis:2026-01-01) OU (b depuis:2026-02-01)")) == Bounds(
        frozenset([Word("a"), Word("b")]), date(2026, 1, 1)
    )
    assert bounds(parse("a OU -depuis:2026-01-01")) == Bounds()


@given(st.text())
def test_folding_again_changes_nothing(text):
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Cœur ÉLEVÉ", "coeur eleve"),
        ("L’ŒDÈME", "l’oedeme"),
        ("ÇA ET LÀ", "ca et la"),
        ("Straße ﬁn", "strasse fin"),
        ("Æsop naïf", "aesop naif"),
    ],
)
def test_ordinary_text_is_folded(text, plain):
    assert folded(text) == plain


def test_a_long_repetitive_message_does_not_cost_its_square():
    mention = message("de la " * 20_000)
    assert not matches(parse("(de OU la) NEAR/5 zut"), mention, NOTHING)
    assert matches(parse("de NEAR/1 la"), mention, NOTHING)
    assert not matches(parse('"de la" NEAR/100 "la la"'), mention, NOTHING)
