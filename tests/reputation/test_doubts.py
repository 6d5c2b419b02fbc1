"""Signs of a campaign: what must be seen, what must not, whatever the order of the reviews."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reputation.doubts import (
    Doubt,
    Review,
    bursts,
    near_duplicates,
    one_author,
    rating_against_text,
    suspicions,
)
from veilleur.testing import mention
from veilleur.vocabulary import Mention, Rating, Sentiment

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXT = (
    "Le docteur prend le temps d'expliquer et la salle d'attente est agréable, "
    "je recommande vivement ce cabinet à toute la famille"
)


def review(
    number: int, *, day: float = 0, text: str = "", stars: int | None = None, **fields: str
) -> Mention:
    return mention(
        text or f"avis {number}",
        external_id=f"{number:05}",
        published_at=START + timedelta(days=day),
        rating=stars and Rating(stars, 1, 5),
        **fields,
    )


def steady(count: int, every: float = 3) -> list[Mention]:
    return [review(number, day=every * number, stars=1, place="A") for number in range(count)]


def test_a_burst_is_seen_and_nothing_around_it() -> None:
    burst = [review(900 + number, day=100 + number / 10, stars=1, place="A") for number in range(12)]
    [found] = bursts(steady(80) + burst)
    assert set(burst) <= set(found.mentions)
    assert len(found.mentions) <= 14
    assert found.kind is Doubt.BURST
    assert found.strength > 0.3
    assert found.reasons[0].details["reviews"] == str(len(found.mentions))


def test_no_burst_in_steady_reviews_nor_over_several_places() -> None:
    spread = [review(number, day=50, stars=1, place=str(number)) for number in range(30)]
    assert bursts(steady(80)) == []
    assert bursts(steady(400, every=0.2)) == []
    assert bursts(spread) == []


def test_undated_reviews_make_no_burst() -> None:
    imported = [mention("x", external_id=str(number), place="A") for number in range(50)]
    assert bursts(imported) == []


def test_near_duplicates_of_several_authors() -> None:
    copies = [
        review(1, text=TEXT, author="a"),
        review(2, text=TEXT.upper() + " !!", author="b"),
        review(3, text=TEXT.replace("agréable", "propre"), author="c"),
    ]
    others = [
        review(10 + n, text=f"Rien à voir {n} : accueil froid et attente de {n} heures pour une radio")
        for n in range(3)
    ]
    found = near_duplicates(copies + others[:1])
    assert [suspicion.mentions for suspicion in found] == [tuple(copies)]
    assert found[0].reasons[0].details["authors"] == "3"


def test_short_and_different_texts_are_no_duplicates() -> None:
    chance = random.Random(7)
    words = [f"mot{number}" for number in range(400)]
    different = [review(number, text=" ".join(chance.choices(words, k=40))) for number in range(300)]
    short = [review(1000 + number, text="Très bien, merci à tous") for number in range(20)]
    assert near_duplicates(different + short) == []


def test_one_author_on_many_places() -> None:
    wandering = [review(n, day=n, author="z", place=f"cabinet {n}") for n in range(5)]
    slow = [review(100 + n, day=40 * n, author="y", place=f"cabinet {n}") for n in range(8)]
    faithful = [review(200 + n, day=n, author="x", place="A") for n in range(8)]
    [found] = one_author(wandering + slow + faithful)
    assert found.mentions == tuple(wandering)
    assert found.reasons[0].details["places"] == "5"


@pytest.mark.parametrize(
    ("stars", "sentiment", "score", "doubtful"),
    [
        (5, Sentiment.NEG, 0.95, True),
        (1, Sentiment.POS, 0.95, True),
        (5, Sentiment.NEG, 0.5, False),
        (5, Sentiment.POS, 0.99, False),
        (3, Sentiment.NEG, 0.99, False),
        (None, Sentiment.NEG, 0.99, False),
        (1, Sentiment.MIXED, 0.99, False),
        (5, None, 0.99, False),
    ],
)
def test_stars_against_words(
    stars: int | None, sentiment: Sentiment | None, score: float, doubtful: bool
) -> None:
    assert bool(rating_against_text([Review(review(1, stars=stars), sentiment, score)])) is doubtful


REVIEWS = st.lists(
    st.builds(
        lambda number, day, text, stars, author, place, sentiment: Review(
            review(number, day=day, text=text, stars=stars, author=author, place=place), sentiment, 0.9
        ),
        st.integers(0, 9999),
        st.sampled_from([0, 0.5, 1, 2, 3, 200]),
        st.sampled_from([TEXT, TEXT + " merci", TEXT.replace("temps", "soin"), "", "court", "\x00 😱"]),
        st.sampled_from([None, 1, 3, 5]),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "A", "B", "C", "D", "E"]),
        st.sampled_from([None, *Sentiment]),
    ),
    max_size=30,
    unique_by=lambda one: one.mention.external_id,
)


@settings(max_examples=60, deadline=None)
@given(REVIEWS, st.randoms(use_true_random=False))
def test_the_order_of_the_reviews_changes_nothing(reviews: list[Review], chance: random.Random) -> None:
    shuffled = reviews[:]
    chance.shuffle(shuffled)
    assert suspicions(shuffled) == suspicions(reviews)


@settings(max_examples=60, deadline=None)
@given(REVIEWS)
def test_suspicions_are_well_formed(reviews: list[Review]) -> None:
    given_ = {one.mention.external_id for one in reviews}
    for suspicion in suspicions(reviews):
        named = [one.external_id for one in suspicion.mentions]
        assert set(named) <= given_
        assert len(set(named)) == len(named)
        assert 0 <= suspicion.strength <= 1
        assert suspicion.reasons
        if suspicion.kind is not Doubt.RATING_AGAINST_TEXT:
            assert len(named) >= 2
