"""What the policy of the house decides, and what holds of every policy and every message."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.triage import house_policy, load_policy, route, sentences
from veilleur.vocabulary import Because, Finding, Mention, Priority, Rating, Reading, Span, Why

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def finding(analyzer, label, *, score=1.0, span=None, grounds=()):
    return Finding(analyzer, label, score, Why(Because.TERM, grounds), span)


def mention(text="", **fields):
    return Mention("src", "1", text, fields.pop("collected_at", NOW), **fields)


def reading(of, *findings):
    return Reading(of.digest, "test/1", findings)


def routed(of, *findings, now=NOW):
    return route(of, reading(of, *findings), house_policy(), now)


def rules(ticket):
    return [reason.rule for reason in ticket.reasons]


TEXT = "Sous Levotirox : palpitations, attente interminable"
DRUG = finding("drugs", "drug", span=Span(5, 14))
REACTION = finding("reactions", "reaction", span=Span(17, 29))
ANGRY = finding("sentiment", "neg", score=0.9, grounds=("attente interminable",))
FRENCH = finding("language", "fr")


def test_a_drug_and_a_reaction_are_for_today_and_quote_the_words_as_written():
    ticket = routed(mention(TEXT), DRUG, REACTION, FRENCH)
    assert (ticket.queue, ticket.priority) == ("adverse-reactions", Priority.TODAY)
    assert ticket.due_at == NOW + timedelta(days=1)
    assert sentences(ticket.reasons, house_policy(), "fr") == [
        "effet indésirable suspecté, à vérifier\u00a0: «\u00a0Levotirox\u00a0» + «\u00a0palpitations\u00a0»"
    ]


def test_an_old_adverse_reaction_is_as_urgent_as_a_new_one():
    old = mention(TEXT, published_at=NOW - timedelta(days=3000))
    assert routed(old, DRUG, REACTION).due_at == NOW + timedelta(days=1)


def test_the_due_time_counts_from_awareness_not_from_publication():
    old = mention(TEXT, published_at=NOW - timedelta(days=3000))
    assert routed(old, ANGRY, FRENCH).due_at == NOW + timedelta(days=7)


def test_recent_and_clear_dissatisfaction_is_for_today_and_said_once():
    ticket = routed(mention(TEXT, published_at=NOW - timedelta(days=2)), ANGRY, FRENCH)
    assert rules(ticket) == ["clear-dissatisfaction"]
    assert ticket.priority is Priority.TODAY


@pytest.mark.parametrize(
    ("fields", "findings", "queue", "expected"),
    [
        ({"text": "Ras"}, [FRENCH], "to-handle", ["otherwise"]),
        ({"rating": Rating(1, 1, 5)}, [], "dissatisfied", ["low-rating", "rating-alone"]),
        ({"rating": Rating(1, 5, 1)}, [], "satisfied", ["high-rating", "rating-alone"]),
        ({"rating": Rating(3, 1, 5)}, [], "to-handle", ["rating-alone"]),
        ({"text": "Muy bien"}, [finding("language", "other")], "other-languages", ["other-language"]),
        ({"text": "Bien"}, [FRENCH, finding("sentiment", "pos")], "satisfied", ["satisfaction"]),
        ({"text": TEXT}, [FRENCH, REACTION], "to-handle", ["symptom-without-medicine"]),
        (
            {"text": TEXT, "rating": Rating(5, 1, 5)},
            [FRENCH, finding("sentiment", "neg", score=0.65)],
            "dissatisfied",
            ["dissatisfaction", "contradiction", "high-rating"],
        ),
        (
            {
                "text": "Prendre mieux soin des gens",
                "question": "Que faut-il améliorer ?",
                "rating": Rating(5, 1, 5),
            },
            [FRENCH, finding("sentiment", "neg", score=0.9)],
            "to-handle",
            ["suggestion", "high-rating"],
        ),
        (
            {"text": "Chairs", "question": "What could we do BETTER?", "rating": Rating(3, 5, 1)},
            [finding("language", "en"), finding("sentiment", "neu")],
            "to-handle",
            ["suggestion"],
        ),
    ],
)
def test_the_house_policy(fields, findings, queue, expected):
    ticket = routed(mention(**fields), *findings)
    if expected == ["symptom-without-medicine"]:
        ticket = routed(mention(**fields), *findings, finding("sentiment", "neu"))
    assert (ticket.queue, rules(ticket)) == (queue, expected)


def test_a_bad_rating_makes_a_wish_a_complaint():
    asked = {"question": "Que faut-il améliorer ?", "rating": Rating(1, 1, 5)}
    assert routed(mention("Tout", **asked), FRENCH, ANGRY).queue == "dissatisfied"


def test_of_two_rules_as_urgent_the_shorter_delay_decides_then_the_order_of_the_file():
    policy = load_policy(
        """
        queues = [{id = "a", name = {fr = "A", en = "A"}}, {id = "b", name = {fr = "B", en = "B"}}]
        otherwise = {queue = "a", priority = "none", reason = {fr = "x", en = "x"}}
        [[rules]]
        id = "late"
        when = {rated = true}
        queue = "a"
        priority = "today"
        reason = {fr = "x", en = "x"}
        [[rules]]
        id = "soon"
        when = {rated = true}
        queue = "b"
        priority = "today"
        due_in = "4h"
        reason = {fr = "x", en = "x"}
        [[rules]]
        id = "soon-too"
        when = {rated = true}
        queue = "a"
        priority = "today"
        due_in = "4h"
        reason = {fr = "x", en = "x"}
        """
    )
    rated = mention(rating=Rating(3, 1, 5))
    ticket = route(rated, reading(rated), policy, NOW)
    assert ticket.queue == "b"
    assert rules(ticket) == ["soon", "soon-too", "late"]
    assert ticket.due_at == NOW + timedelta(hours=4)


MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9))]),
)
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=80)
FINDINGS = st.one_of(
    st.builds(
        Finding,
        analyzer=st.sampled_from(["drugs", "reactions", "unknown_analyzer"]),
        label=st.text(max_size=8),
        score=st.floats(0, 1),
        why=st.builds(Why, st.sampled_from(Because), st.lists(ANY_TEXT, max_size=4).map(tuple)),
        span=st.none()
        | st.tuples(st.integers(0, 90), st.integers(0, 90)).map(lambda two: Span(*sorted(two))),
    ),
    st.builds(
        lambda label, score, grounds: finding("sentiment", label, score=score, grounds=tuple(grounds)),
        st.sampled_from(["pos", "neg", "neu", "mixed"]),
        st.floats(0, 1),
        st.lists(ANY_TEXT, max_size=3),
    ),
    st.builds(lambda label: finding("language", label), st.sampled_from(["fr", "en", "other"])),
)
RATINGS = st.none() | st.builds(
    lambda share, worst, best: Rating(worst + share * (best - worst), worst, best),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.sampled_from([0, 1]),
    st.sampled_from([5, 10, 100]),
)
MENTIONS = st.builds(
    Mention,
    source=st.just("src"),
    external_id=st.just("1"),
    text=ANY_TEXT,
    collected_at=MOMENTS,
    title=ANY_TEXT,
    network=ANY_TEXT,
    place=ANY_TEXT,
    question=ANY_TEXT | st.just("What could we do better?"),
    published_at=st.none() | MOMENTS,
    rating=RATINGS,
)


@given(MENTIONS, st.lists(FINDINGS, max_size=6), MOMENTS, st.randoms())
def test_laws_of_routing(of, findings, now, shuffler):
    policy = house_policy()
    ticket = routed(of, *findings, now=now)
    by_id = {rule.id: rule for rule in policy.rules}

    assert ticket.reasons
    assert ticket.queue in policy.queue_by_id
    assert ticket.due_at is None or ticket.due_at >= now
    assert ticket.due_at is None or ticket.due_at.utcoffset() == timedelta(0)
    if rules(ticket) != ["otherwise"]:
        ranks = [by_id[rule].priority.rank for rule in rules(ticket)]
        assert ticket.priority.rank == min(ranks)
        assert ranks == sorted(ranks)

    shuffler.shuffle(findings)
    assert routed(of, *findings, now=now) == ticket
    for language in ("fr", "en"):
        said = sentences(ticket.reasons, policy, language)
        assert len(said) == len(ticket.reasons)
        assert all(said)
