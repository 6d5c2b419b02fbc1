"""Tallies add up, and every figure equals what a person would count by hand."""

import math
import statistics
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reputation import Counted, Tally, delay_in_hours, merge, summarise, tally
from veilleur.vocabulary import Sentiment

MESSAGES = st.lists(
    st.builds(
        Counted,
        sentiment=st.sampled_from(["", "pos", "neg", "neu", "mixed"]),
        queue=st.sampled_from(["a", "b"]),
        share=st.none() | st.sampled_from([0.0, 0.25, 1 / 3, 1.0]),
        delay=st.none() | st.integers(0, 400),
    ),
    max_size=60,
)
NINE = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@given(MESSAGES, st.integers(0, 60))
def test_the_sum_of_two_parts_is_the_whole(messages, cut):
    parts = merge([tally(messages[:cut]), tally(messages[cut:])])
    whole = tally(messages)
    assert math.isclose(parts.share_sum, whole.share_sum, abs_tol=1e-9)
    for name in ("messages", "rated", "sentiments", "queues", "delays", "answered", "read"):
        assert getattr(parts, name) == getattr(whole, name)


@given(MESSAGES)
def test_figures_equal_a_count_by_hand(messages):
    figures = summarise(tally(messages))
    ratings = [1 + 4 * message.share for message in messages if message.share is not None]
    delays = [message.delay for message in messages if message.delay is not None]
    felt = [message.sentiment for message in messages if message.sentiment]

    assert figures.messages.value == figures.messages.n == len(messages)
    assert figures.rating.n == len(ratings)
    assert figures.rating.value == (pytest.approx(statistics.mean(ratings)) if ratings else None)
    assert figures.response_rate.value == (pytest.approx(len(delays) / len(messages)) if messages else None)
    assert figures.median_delay.value == (statistics.median_low(delays) if delays else None)
    assert figures.median_delay.n == len(delays)
    if delays:
        long = figures.long_delay.value
        assert (
            sum(delay <= long for delay in delays)
            >= 0.9 * len(delays)
            > sum(delay < long for delay in delays)
        )
    if felt:
        assert sum(figure.value for figure in figures.sentiments.values()) == pytest.approx(1)
        assert figures.sentiments[Sentiment.NEG].value == pytest.approx(felt.count("neg") / len(felt))
    assert sum(figure.value for figure in figures.queues.values()) == len(messages)


@pytest.mark.parametrize(
    ("later", "hours"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=1), 1),
        (timedelta(hours=1), 1),
        (timedelta(hours=1, microseconds=1), 2),
        (timedelta(days=-3), 0),
    ],
)
def test_a_delay_is_rounded_up_to_whole_hours(later, hours):
    assert delay_in_hours(NINE, NINE + later) == hours


def test_nothing_counted_gives_no_value_and_no_division_by_zero():
    figures = summarise(Tally())
    assert figures.rating.value is figures.response_rate.value is figures.median_delay.value is None
    assert not figures.rating.too_few


def test_a_trend_needs_enough_on_both_sides():
    few = Tally(messages=4, rated=4, share_sum=2.0)
    enough = Tally(messages=5, rated=5, share_sum=5.0)
    assert summarise(few, enough).rating.change is None
    assert summarise(few).rating.too_few
    assert summarise(enough, few).rating.change is None
    assert summarise(enough, Tally(messages=5, rated=5, share_sum=2.5)).rating.change == pytest.approx(2.0)
    assert summarise(enough).messages.change is None
