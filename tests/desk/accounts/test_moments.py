"""Dates in words: French and English, at the edges of each unit, in the active zone."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.accounts.templatetags import moments
from veilleur.vocabulary import Precision

NOW = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)  # 14:05 in Paris
NBSP = "\u00a0"


@pytest.fixture(autouse=True)
def paris() -> Iterator[None]:
    with timezone.override(zoneinfo.ZoneInfo("Europe/Paris")), translation.override("fr"):
        yield


def test_a_day_in_french() -> None:
    assert moments.day(NOW) == "3 mars 2026"
    assert moments.day(NOW - timedelta(days=2)) == "1er mars 2026"
    assert moments.day(None) == ""


def test_a_day_in_english() -> None:
    with translation.override("en"):
        assert moments.day(NOW - timedelta(days=2)) == "1 March 2026"
        assert moments.exact(NOW) == "3 March 2026 at 14:05"


def test_the_clock_follows_the_active_zone() -> None:
    assert moments.exact(NOW) == f"3 mars 2026 à 14{NBSP}h{NBSP}05"
    assert moments.clock(NOW - timedelta(minutes=5)) == f"14{NBSP}h"
    with timezone.override(zoneinfo.ZoneInfo("Pacific/Auckland")):
        assert moments.day(NOW) == "4 mars 2026"


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(0), "à l’instant"),
        (timedelta(seconds=59), "à l’instant"),
        (timedelta(seconds=60), f"il y a 1{NBSP}min"),
        (timedelta(minutes=59, seconds=59), f"il y a 59{NBSP}min"),
        (timedelta(hours=1), f"il y a 1{NBSP}h"),
        (timedelta(hours=23, minutes=59), f"il y a 23{NBSP}h"),
        (timedelta(days=1), f"il y a 1{NBSP}jour"),
        (timedelta(days=6, hours=23), f"il y a 6{NBSP}jours"),
        (timedelta(days=7), "24 février 2026"),
        (timedelta(seconds=-1), "3 mars 2026"),
    ],
)
def test_how_long_ago(past: timedelta, words: str) -> None:
    assert moments.elapsed(NOW - past, NOW) == words


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(0), f"en retard de 1{NBSP}min"),
        (timedelta(hours=-2), f"en retard de 2{NBSP}h"),
        (timedelta(days=-3), f"en retard de 3{NBSP}jours"),
        (timedelta(hours=3, minutes=55), f"avant 18{NBSP}h aujourd’hui"),
        (timedelta(hours=20), f"avant 10{NBSP}h{NBSP}05 demain"),
        (timedelta(days=3), "avant le 6 mars"),
        (timedelta(days=29), "avant le 1er avril"),
        (timedelta(days=365), "avant le 3 mars 2027"),
    ],
)
def test_until_when(left: timedelta, words: str) -> None:
    assert moments.deadline(NOW + left, NOW) == words


def test_tomorrow_is_a_matter_of_the_local_calendar() -> None:
    late = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # 23:30 in Paris
    assert moments.deadline(late + timedelta(hours=1), late).endswith("demain")


def test_the_tag_gives_the_exact_moment() -> None:
    html = moments.ago(datetime(2020, 1, 2, 12, 0, tzinfo=UTC))
    assert html == (
        f'<time datetime="2020-01-02T13:00:00+01:00" title="2 janvier 2020 à 13{NBSP}h">2 janvier 2020</time>'
    )


def test_a_moment_known_to_the_day_claims_no_hour() -> None:
    html = moments.ago(datetime(2020, 1, 2, 12, 0, tzinfo=UTC), Precision.DAY)
    assert html == '<time datetime="2020-01-02">2 janvier 2020</time>'


def test_what_presses_is_marked() -> None:
    now = timezone.now()
    assert 'class="late"' in moments.due(now - timedelta(minutes=1))
    assert 'class="soon"' in moments.due(now + timedelta(hours=1))
    assert "class" not in moments.due(now + timedelta(days=2))
    assert moments.due(None) == ""


@given(
    st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.timedeltas(timedelta(days=-4000), timedelta(days=4000)),
    st.sampled_from(["fr", "en"]),
)
def test_any_two_moments_have_words(now: datetime, span: timedelta, language: str) -> None:
    with translation.override(language):
        for words in (moments.elapsed(now + span, now), moments.deadline(now + span, now)):
            assert words
            assert "%" not in words
            assert "-" not in words
