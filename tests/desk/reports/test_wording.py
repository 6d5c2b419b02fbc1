"""Figures in words: rounded, signed, in the reader's language."""

from datetime import date

import pytest
from django.utils.translation import override

from veilleur.desk.reports import wording
from veilleur.reputation import Bucket, Figure, Period

NBSP = "\u00a0"


@pytest.fixture(params=["fr", "en"])
def language(request):
    with override(request.param):
        yield request.param


@pytest.mark.parametrize(
    ("share", "french", "english"),
    [(380 / 1200, f"32{NBSP}%", "32%"), (0.996, f"100{NBSP}%", "100%"), (None, "–", "–")],
)
def test_shares_are_rounded_not_cut(language, share, french, english):
    assert wording.percent(share) == (french if language == "fr" else english)


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [(0.26, 1, "+0,3", "+0.3"), (-12, 0, "−12", "−12"), (0.04, 1, "±0,0", "±0.0")],
)
def test_changes_carry_a_sign(language, value, decimals, french, english):
    assert wording.signed(value, decimals) == (french if language == "fr" else english)


def test_large_numbers_are_grouped(language):
    assert wording.number(12345.678, 1) == (f"12{NBSP}345,7" if language == "fr" else "12,345.7")


def test_few_messages_are_a_caution(language):
    assert wording.caution(Figure(3.0, 4))
    assert not wording.caution(Figure(3.0, 5))
    assert not wording.caution(Figure(None, 0))


def test_months_of_a_chart_are_told_apart():
    with override("fr"):
        names = {
            wording.step(Period(date(2026, month, 1), date(2026, month, 28)), Bucket.MONTH)
            for month in range(1, 13)
        }
    assert len(names) == 12
