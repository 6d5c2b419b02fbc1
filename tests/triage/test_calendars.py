"""Working hours against a reference that looks at every minute, and the laws that they keep."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import InvalidInput
from veilleur.triage.calendars import (
    FRANCE,
    NO_TIME,
    OFFICE_WEEK,
    Calendar,
    Closing,
    Stretch,
    hours_of,
    written,
)

PARIS = ZoneInfo("Europe/Paris")
ZONES = (
    "Europe/Paris",
    "America/Martinique",
    "Indian/Reunion",
    "Pacific/Noumea",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
)
MINUTE = timedelta(minutes=1)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[misc,arg-type]


@st.composite
def hours(draw: st.DrawFn) -> tuple[Stretch, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(Stretch(first, last) for first, last in pairwise(edges))[::2]


weeks = st.tuples(*[hours()] * 7).filter(any)
days = st.dates(date(2023, 12, 20), date(2028, 3, 5))
closings = st.builds(
    lambda first, length: Closing(first, first + timedelta(days=length)), days, st.integers(0, 5)
)
calendars = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    weeks,
    st.sampled_from(["", FRANCE, "57", "971", "NC"]),
    st.frozensets(closings, max_size=3),
)
moments = st.builds(
    lambda day, seconds: datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=seconds),
    days,
    st.integers(0, 86_400),
)
near_changes = st.builds(
    lambda day, seconds: datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=seconds),
    st.sampled_from(
        [
            date(2024, 2, 29),
            date(2024, 3, 30),
            date(2024, 3, 31),
            date(2024, 10, 27),
            date(2024, 12, 31),
            date(2025, 4, 6),
            date(2026, 3, 29),
            date(2026, 10, 25),
            date(2026, 11, 1),
            date(2026, 11, 11),
        ]
    ),
    st.integers(0, 86_400),
)
starts = moments | near_changes
durations = st.timedeltas(NO_TIME, timedelta(hours=60))


def reference(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Minutes whose beginning is open, from a whole minute on: slow, and plainly right."""
    zone, total = ZoneInfo(calendar.zone), NO_TIME
    while start < end:
        wall = start.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        if any(one.start <= minute < one.end for one in calendar.hours_on(wall.date())):
            total += MINUTE
        start += MINUTE
    return total


@given(calendars, starts, st.integers(0, 60 * 50))
def test_it_agrees_with_a_look_at_every_minute(calendar: Calendar, start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end = start + minutes * MINUTE
    assert calendar.working_between(start, end) == reference(calendar, start, end)


@given(calendars, starts, durations)
def test_what_was_added_is_what_lies_between(
    calendar: Calendar, start: datetime, duration: timedelta
) -> None:
    end = calendar.add_working(start, duration)
    assert end >= start
    assert calendar.working_between(start, end) == duration


@given(calendars, starts, durations, durations)
def test_it_never_moves_backwards(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    sooner, later = sorted((first, second))
    assert calendar.add_working(start, sooner) <= calendar.add_working(start, later)
    begun_later = calendar.add_working(start + second, sooner)
    assert calendar.add_working(start, sooner) <= begun_later or sooner == NO_TIME


@given(calendars, starts, durations, durations)
def test_adding_twice_is_adding_the_sum(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    twice = calendar.add_working(calendar.add_working(start, first), second)
    once = calendar.add_working(start, first + second)
    assert calendar.working_between(start, twice) == calendar.working_between(start, once)
    if second:
        assert twice == once


@given(calendars, starts, starts, starts)
def test_spans_add_up(calendar: Calendar, one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    if last - first > timedelta(days=400):
        last = first + timedelta(days=400)
        middle = min(middle, last)
    whole = calendar.working_between(first, last)
    assert whole == calendar.working_between(first, middle) + calendar.working_between(middle, last)
    assert whole <= last - first
    assert calendar.working_between(last, first) == NO_TIME or first == last


@given(calendars, starts)
def test_the_next_opening_is_open(calendar: Calendar, at: datetime) -> None:
    opens = calendar.next_opening(at)
    assert opens >= at
    assert calendar.is_open(opens)
    assert (opens == at) == calendar.is_open(at)


@given(hours())
def test_hours_are_read_as_they_are_written(some: tuple[Stretch, ...]) -> None:
    assert hours_of(written(some)) == some


@given(st.text(max_size=30))
def test_any_text_is_hours_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert hours_of(written(hours_of(text))) == hours_of(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("morning", "not read"),
        ("9-25", "not a stretch"),
        ("18-9", "not a stretch"),
        ("9-12, 11-14", "overlap"),
        ("9:75-12", "sixty"),
    ],
)
def test_what_is_wrong_with_hours_is_said(text: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        hours_of(text)


def test_eight_hours_across_armistice_day() -> None:
    calendar = Calendar()
    tuesday_evening = paris(2026, 11, 10, 17, 0)
    assert calendar.add_working(tuesday_evening, timedelta(hours=8)) == paris(2026, 11, 12, 17, 0)
    (day,) = calendar.closed_between(tuesday_evening, paris(2026, 11, 12, 17, 0))
    assert (day.day, day.name) == (date(2026, 11, 11), "Armistice")


def test_holidays_in_a_row_and_the_end_of_a_year() -> None:
    calendar = Calendar(
        region="57", closings=frozenset({Closing(date(2026, 12, 28), date(2027, 1, 3), "Fermeture")})
    )
    eve = paris(2026, 12, 24, 17, 0)
    assert calendar.add_working(eve, timedelta(hours=2)) == paris(2027, 1, 4, 10, 0)
    names = [day.name for day in calendar.closed_between(eve, paris(2027, 1, 4, 10, 0))]
    assert names == ["Noël", *["Fermeture"] * 5]


def test_regions_have_holidays_of_their_own() -> None:
    good_friday, abolition = date(2026, 4, 3), date(2026, 5, 22)
    assert Calendar(region="57").closed_for(good_friday) == "Vendredi saint"
    assert Calendar().closed_for(good_friday) is None
    assert Calendar(region="972").closed_for(abolition) == "Abolition de l’esclavage"
    assert Calendar(region="972").closed_for(abolition, "en") == "Abolition of Slavery"
    assert Calendar(region="").closed_for(date(2026, 5, 1)) is None


def test_a_night_with_one_hour_more_and_one_less() -> None:
    night = (Stretch(0, 6 * 60),)
    calendar = Calendar(week=(night,) * 7, region="")
    assert calendar.working_between(paris(2026, 10, 25, 0, 0), paris(2026, 10, 25, 12, 0)) == timedelta(
        hours=7
    )
    assert calendar.working_between(paris(2026, 3, 29, 0, 0), paris(2026, 3, 29, 12, 0)) == timedelta(hours=5)


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(InvalidInput):
        Calendar(week=((),) * 7)
    with pytest.raises(InvalidInput):
        Calendar(week=OFFICE_WEEK[:5])
    with pytest.raises(InvalidInput):
        Closing(date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(InvalidInput):
        Calendar().add_working(paris(2026, 1, 1), -MINUTE)
