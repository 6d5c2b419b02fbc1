"""A series covers its period exactly: no day twice, no day lost."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reputation import Bucket, Period, Tally, bucket_for, merge, series

PERIODS = st.tuples(st.dates(), st.integers(0, 9000)).map(
    lambda two: Period(two[0], min(two[0] + timedelta(days=min(two[1], (date.max - two[0]).days)), date.max))
)


@given(PERIODS, st.dictionaries(st.dates(), st.integers(1, 9), max_size=30))
def test_a_series_covers_its_period(period, counts):
    inside = {day: Tally(messages=number) for day, number in counts.items()}
    inside[period.last] = Tally(messages=7)
    points = series(inside, period)
    assert points[0].days.first == period.first
    assert points[-1].days.last == period.last
    for one, following in pairwise(points):
        assert following.days.first == one.days.last + timedelta(days=1)
    assert merge(point.tally for point in points) == merge(
        counted for day, counted in inside.items() if day in period
    )
    assert len(points) <= 122


@given(PERIODS)
def test_the_period_before_is_as_long_and_touches(period):
    before = period.before
    if before is not None:
        assert before.days == period.days
        assert before.last + timedelta(days=1) == period.first


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(1, Bucket.DAY), (30, Bucket.DAY), (90, Bucket.WEEK), (365, Bucket.MONTH), (365 * 20, Bucket.YEAR)],
)
def test_longer_periods_are_drawn_more_coarsely(days, bucket):
    assert bucket_for(Period.ending(date(2026, 3, 3), days)) is bucket


def test_weeks_begin_on_monday_and_are_cut_at_the_ends():
    points = series({}, Period(date(2026, 1, 1), date(2026, 4, 1)))
    assert points[0].days == Period(date(2026, 1, 1), date(2026, 1, 4))
    assert points[1].days == Period(date(2026, 1, 5), date(2026, 1, 11))
    assert points[-1].days == Period(date(2026, 3, 30), date(2026, 4, 1))


def test_a_period_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2026, 1, 2), date(2026, 1, 1))


@given(PERIODS)
def test_whole_months_and_the_rest_make_the_period(period):
    months = period.whole_months
    if months is None:
        assert period.days <= 30 + 30
        return
    assert months.first.day == 1
    assert months == months.in_whole_months
    parts = sorted([months, *period.without(months)], key=lambda part: part.first)
    assert (parts[0].first, parts[-1].last) == (period.first, period.last)
    assert sum(part.days for part in parts) == period.days
    assert all(part == months or part.days < 31 for part in parts)
