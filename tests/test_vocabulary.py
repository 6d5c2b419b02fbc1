"""The nouns of the house hold what they promise."""

import dataclasses
import inspect
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur import vocabulary
from veilleur.vocabulary import (
    Because,
    Finding,
    Language,
    Mention,
    Priority,
    Rating,
    Reading,
    Sentiment,
    Span,
    Why,
)

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
NOUNS = [
    noun
    for _, noun in inspect.getmembers(vocabulary, inspect.isclass)
    if dataclasses.is_dataclass(noun) and noun.__module__ == vocabulary.__name__
]


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_is_frozen_and_documented(noun: type) -> None:
    assert noun.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert noun.__doc__ is not None
    assert not noun.__doc__.startswith(noun.__name__ + "(")


@given(st.text(), st.integers(0, 50), st.integers(0, 50))
def test_a_span_covers_what_python_slices(text: str, start: int, length: int) -> None:
    assert Span(start, start + length).of(text) == text[start : start + length]


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_a_span_runs_forward_from_the_start(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@given(worst=st.floats(-100, 100), best=st.floats(-100, 100), part=st.floats(0, 1))
def test_share_is_zero_at_the_worst_and_one_at_the_best(worst: float, best: float, part: float) -> None:
    if abs(best - worst) < 1e-6:
        return
    value = min(max(worst + part * (best - worst), min(worst, best)), max(worst, best))
    assert Rating(value, worst, best).share == pytest.approx(part, abs=1e-6)
    assert Rating(best, worst, best).share == 1.0
    assert Rating(worst, worst, best).share == 0.0


@pytest.mark.parametrize(("value", "worst", "best"), [(6, 1, 5), (0, 5, 1), (3, 3, 3)])
def test_a_rating_stays_on_its_scale(value: float, worst: float, best: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        Rating(value, worst, best)


def test_dates_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Mention("s", "1", "texte", collected_at=datetime(2026, 3, 3))  # noqa: DTZ001


def test_a_mention_sorts_by_publication_then_collection() -> None:
    told = datetime(2022, 10, 6, 12, tzinfo=UTC)
    assert Mention("s", "1", "", collected_at=NOW).moment == NOW
    assert Mention("s", "1", "", collected_at=NOW, published_at=told).moment == told


def test_the_digest_tells_versions_apart_and_nothing_else() -> None:
    first = Mention("s", "1", "Très bien", collected_at=NOW, rating=Rating(5, 1, 5))
    assert first.digest == dataclasses.replace(first, author="x", url="https://example.org").digest
    assert first.digest != dataclasses.replace(first, text="Très mal").digest
    assert first.digest != dataclasses.replace(first, title="Avis").digest
    assert first.digest != dataclasses.replace(first, rating=Rating(1, 1, 5)).digest


def test_priorities_are_ranked_by_urgency() -> None:
    assert [p.rank for p in (Priority.IMMEDIATE, Priority.TODAY, Priority.NORMAL, Priority.NONE)] == [
        0,
        1,
        2,
        3,
    ]


def test_a_reading_answers_for_its_analyzers() -> None:
    why = Why(Because.NGRAMS, ("attente",))
    reading = Reading(
        "d",
        "language/1 sentiment/1",
        (Finding("language", "fr", 0.9, why), Finding("sentiment", "neg", 0.8, why)),
    )
    assert reading.language is Language.FR
    assert reading.sentiment is Sentiment.NEG
    assert Reading("d", "").language is Language.OTHER
    assert Reading("d", "").sentiment is None


def test_a_score_is_a_share() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Finding("sentiment", "neg", 1.2, Why(Because.TERM))
