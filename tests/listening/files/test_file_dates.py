"""Dates of many forms become the same moment, or say why they cannot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.listening.files.dates import DateOrder, DateReader, known_zone, order_evidence
from veilleur.listening.files.reasons import CellRefused, codes, sentence
from veilleur.vocabulary import Precision

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PARIS = DateReader(DateOrder.DAY_FIRST, "Europe/Paris", NOW)
AMERICAN = DateReader(DateOrder.MONTH_FIRST, "America/New_York", NOW)
AFTERNOON = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
"""14:05 in Paris in winter."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03T14:05",
        "2026-03-03 14:05:00",
        "2026-03-03T13:05:00Z",
        "2026-03-03T14:05:00+0100",
        "2026-03-03T14:05:00.123456+01:00",
        "2026-03-03 14:05:00 +01:00",
        "2026-03-03 13:05:00 UTC",
        "2026/03/03 14:05",
        "2026-3-3 14:05",
        "20260303140500",
        "20260303T140500",
        "03/03/2026 14:05",
        "3/3/2026 14:05:00",
        "03-03-2026 14:05",
        "03.03.2026 14:05",
        "03/03/26 14:05",
        "03/03/2026 14h05",
        "03/03/2026 à 14:05",
        "3 mars 2026 à 14 h 05",
        "3\u00a0mars 2026 à 14\u202fh\u202f05",
        "mardi 3 mars 2026, 14h05",
        "Publié le mardi 3 mars 2026 à 14:05",
        "MARDI 3 MARS 2026 14:05",
        "March 3rd, 2026 2:05 PM",
        "March 3, 2026 at 2:05 p.m.",
        "Mar 3, 2026, 2:05 PM",
        "3 March 2026 14:05",
        "3rd of March 2026, 14:05",
        "Tue, 03 Mar 2026 13:05:00 GMT",
        "Tue, 03 Mar 2026 14:05:00 +0100",
        "Tue Mar 03 13:05:00 +0000 2026",
        "Tue Mar 03 2026 14:05:00 GMT+0100 (Central European Standard Time)",
        "1772543100",
        "1772543100000",
        "46084.586805555555",
        "  03/03/2026 14:05 ",
    ],
)
def test_every_way_to_write_one_moment(text):
    moment = PARIS.read(text)
    assert moment.at.replace(microsecond=0) == AFTERNOON
    assert moment.at.tzinfo is UTC
    assert moment.precision is Precision.SECOND


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01", "20260301", "01/03/2026", "1/3/26", "1er mars 2026", "1 mars 2026", "dim. 1 mars 2026",
        "March 1st, 2026", "1-Mar-26", "1 mar. 2026", "46082", "2026/03/01", "Sunday, 1 March 2026",
    ],
)  # fmt: skip
def test_a_day_is_noon_utc_and_says_so(text):
    moment = PARIS.read(text)
    assert moment.at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert moment.precision is Precision.DAY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("il y a 2 jours", "date_relative"),
        ("hier à 14:05", "date_relative"),
        ("aujourd’hui", "date_relative"),
        ("2 days ago", "date_relative"),
        ("Yesterday", "date_relative"),
        ("a week ago", "date_relative"),
        ("mars 2026", "date_incomplete"),
        ("03/2026", "date_incomplete"),
        ("2026", "date_incomplete"),
        ("31/02/2026", "date_impossible"),
        ("2026-02-30", "date_impossible"),
        ("29/02/2025", "date_impossible"),
        ("03/13/2026", "date_impossible"),
        ("03/03/2026 25:00", "date_impossible"),
        ("20261399", "date_impossible"),
        ("03/06/2026", "date_future"),
        ("2030-01-01T00:00:00Z", "date_future"),
        ("03/03/1926", "date_too_old"),
        ("0001-01-01", "date_too_old"),
        ("03/03/2026 14:05 XYZ", "date_zone"),
        ("bientôt", "date_unreadable"),
        ("12", "date_unreadable"),
        ("03/03/2026 et puis", "date_unreadable"),
        ("3 marsupial 2026", "date_unreadable"),
        ("9" * 400, "date_unreadable"),
        ("2026-03-03T13 pm", "date_unreadable"),
    ],
)
def test_dates_that_cannot_be_read_say_why(text, code):
    with pytest.raises(CellRefused) as refusal:
        PARIS.read(text)
    assert refusal.value.code == code
    assert "?" not in sentence(code, refusal.value.details, "fr").replace(text, "")


def test_the_order_of_the_column_decides():
    assert PARIS.read("03/04/2026").at.month == 4
    assert AMERICAN.read("03/04/2026").at.month == 3
    assert AMERICAN.read("3/31/26 2:05 PM").at == datetime(2026, 3, 31, 18, 5, tzinfo=UTC)
    assert order_evidence(["01/02/2026", "13/02/2026", "texte"]) == (1, 0)


def test_a_year_of_two_digits_is_never_in_the_future_of_next_year():
    assert PARIS.read("03/03/98").at.year == 1998
    assert PARIS.read("03/03/26").at.year == 2026


def test_an_hour_that_happens_twice_is_the_first():
    assert PARIS.read("26/10/2025 02:30").at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_an_hour_that_never_happens_goes_on_from_winter_time():
    assert PARIS.read("29/03/2026 02:30").at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_midnights_that_only_pad_a_day():
    reader = DateReader(DateOrder.DAY_FIRST, "Europe/Paris", NOW, dates_only=True)
    assert reader.read("2026-03-03 00:00:00").at == datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert reader.read("2026-03-03T00:00:00Z").precision is Precision.DAY


def test_tomorrow_is_allowed_for_the_sake_of_zones():
    assert PARIS.read("2026-06-01T20:00:00Z")


def test_unknown_zones():
    assert known_zone("Europe/London")
    assert not known_zone("Europe/Lutèce")
    assert not known_zone("../../etc/passwd")
    assert not known_zone("")


MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MOMENTS = st.integers(670_000_000, 1_770_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
)


@given(MOMENTS)
def test_one_moment_written_in_ten_ways_is_one_moment(stamp):
    expected = stamp.replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    french, english = MONTHS_FR[stamp.month - 1], MONTHS_EN[stamp.month - 1]
    for text in (
        stamp.isoformat(),
        f"{stamp:%d/%m/%Y %H:%M:%S}",
        f"{stamp:%d.%m.%Y %H:%M:%S}",
        f"{stamp.day} {french} {stamp.year} à {stamp.hour} h {stamp.minute:02} min {stamp.second:02} s",
        f"{english} {stamp.day}, {stamp.year} {stamp:%I:%M:%S %p}",
        f"{stamp:%Y%m%d%H%M%S}",
        expected.isoformat(),
        f"{expected.timestamp():.0f}",
        f"{expected.timestamp() * 1000:.0f}",
    ):
        assert PARIS.read(text).at == expected, text


@given(st.dates(date(1991, 1, 1), date(2026, 5, 1)))
def test_a_spreadsheet_day_is_that_day(day):
    serial = (day - date(1899, 12, 30)).days
    assert PARIS.read(str(serial)).at.date() == day
    assert PARIS.read(f"{day:%d/%m/%y}").at.date() == day


def assert_known(refusal: CellRefused) -> None:
    assert refusal.code in codes()


@given(st.text(max_size=40) | st.text("0123456789/-.: hTZ+marsilyà", max_size=30))
def test_any_text_is_read_or_refused_with_a_known_reason(text):
    try:
        moment = PARIS.read(text)
    except CellRefused as refusal:
        assert_known(refusal)
    else:
        assert datetime(1990, 1, 1, tzinfo=UTC) <= moment.at <= NOW + timedelta(days=1)
