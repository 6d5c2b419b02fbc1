"""Reasons become sentences: quotes, optional parts, and policies that have changed since."""

from datetime import UTC, datetime

import pytest

from veilleur.triage import house_policy, route, sentences
from veilleur.vocabulary import Because, Finding, Mention, Rating, Reading, Reason, Span, Why

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ENGLISH = Finding("language", "en", 1.0, Why(Because.TERM))


def test_an_optional_part_is_left_out_when_nothing_is_known():
    assert sentences([Reason("satisfaction", {})], house_policy(), "fr") == ["satisfaction"]
    known = Reason("satisfaction", {"sentiment": "très bien\nmerci"})
    assert sentences([known], house_policy(), "en") == ["satisfaction: “très bien”, “merci”"]


def test_what_the_author_wrote_is_never_taken_for_a_variable():
    tricky = Reason("satisfaction", {"sentiment": "{rating} [x]"})
    assert sentences([tricky], house_policy(), "en") == ["satisfaction: “{rating} [x]”"]


def test_a_reason_of_an_older_policy_is_still_told():
    assert sentences([Reason("gone", {})], house_policy(), "en") == [
        "rule “gone” of an earlier version of the policy"
    ]
    assert "«\u00a0gone\u00a0»" in sentences([Reason("gone", {})], house_policy(), "fr")[0]


def test_a_missing_detail_shows_as_an_ellipsis():
    assert sentences([Reason("low-rating", {})], house_policy(), "en") == ["low rating: …"]


@pytest.mark.parametrize(
    ("rating", "said"),
    [
        (Rating(1, 1, 5), "1/5"),
        (Rating(1.5, 0, 10), "1.5/10"),
        (Rating(5, 5, 1), "1/5"),
        (Rating(-4, -5, 5), "1.4/5"),
    ],
)
def test_ratings_are_said_as_people_say_them(rating, said):
    mention = Mention("s", "1", "", NOW, rating=rating)
    ticket = route(mention, Reading(mention.digest, "t/1"), house_policy(), NOW)
    assert sentences(ticket.reasons, house_policy(), "en")[0] == f"low rating: {said}"


def test_long_repeated_and_broken_words_are_tidied():
    text = "Mal\n de tête, mal de tête, " + "x" * 90
    mention = Mention("s", "1", text, NOW)
    spans = [Span(0, 12), Span(14, 25), Span(27, 117)]
    found = tuple(Finding("reactions", "r", 1.0, Why(Because.TERM), span) for span in reversed(spans))
    drug = Finding("drugs", "d", 1.0, Why(Because.TERM), Span(0, 3))
    ticket = route(mention, Reading(mention.digest, "t/1", (*found, drug)), house_policy(), NOW)
    assert ticket.reasons[0].details["reactions"].split("\n") == ["Mal de tête", "x" * 59 + "…"]


@pytest.mark.parametrize("because", [Because.QUESTION, Because.RATING, Because.PERSON])
def test_what_the_author_did_not_write_is_not_quoted(because):
    mention = Mention("s", "1", "Rien", NOW, question="What could we do better?")
    found = Finding("sentiment", "pos", 0.9, Why(because, ("What could we do better?",)))
    ticket = route(mention, Reading(mention.digest, "t/1", (found, ENGLISH)), house_policy(), NOW)
    assert sentences(ticket.reasons, house_policy(), "en") == ["satisfaction"]
