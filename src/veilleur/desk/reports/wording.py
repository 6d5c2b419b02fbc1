"""Figures as people read them: numbers, shares and delays in the reader's language."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from veilleur.desk.accounts.templatetags.moments import day as full_day
from veilleur.desk.accounts.templatetags.moments import length
from veilleur.reputation import TOO_FEW, Bucket, Figure, Period

MISSING = "–"
MINUS = "\u2212"
"""The true minus sign, as wide as a plus."""


def number(value: float | None, decimals: int = 0) -> str:
    """« 1 234 », « 3,8 »; a dash when there is nothing."""
    # Django's own formatting cuts digits off instead of rounding.
    return MISSING if value is None else number_format(round(value, decimals), decimals, force_grouping=True)


def percent(share: float | None) -> str:
    """A share between 0 and 1 as a whole percentage."""
    return MISSING if share is None else _("%(number)s%%") % {"number": number(100 * share)}


def delay(hours: float | None) -> str:
    """Hours as the largest whole unit."""
    return MISSING if hours is None else length(timedelta(hours=hours))


def signed(value: float, decimals: int = 0) -> str:
    """« +12 », « −0,3 », and « ±0 » for what rounds to nothing."""
    rounded = round(value, decimals)
    sign = "±" if rounded == 0 else "+" if rounded > 0 else MINUS
    return sign + number(abs(rounded), decimals)


def against(change: str, period: Period) -> str:
    """How a figure moved, and against what."""
    words = ngettext(
        "%(change)s against the day before", "%(change)s against the %(count)d days before", period.days
    )
    return words % {"change": change, "count": period.days}


def caution(figure: Figure) -> str:
    """A warning when a figure rests on too few messages; empty otherwise."""
    if not 0 < figure.n < TOO_FEW:
        return ""
    words = ngettext(
        "Only %(count)d message: too few to conclude.",
        "Only %(count)d messages: too few to conclude.",
        figure.n,
    )
    return words % {"count": figure.n}


def on_day(day: date) -> str:
    """« 3 mars 2026 »."""
    return full_day(timezone.make_aware(datetime.combine(day, time(12))))


def span(period: Period) -> str:
    """« du 3 mars 2026 au 9 mars 2026 »."""
    if period.first == period.last:
        return on_day(period.first)
    return _("%(first)s to %(last)s") % {"first": on_day(period.first), "last": on_day(period.last)}


def step(days: Period, bucket: Bucket) -> str:
    """The name of one step of a series: a day, the day a week begins, a month, a year."""
    if bucket is Bucket.YEAR:
        return str(days.first.year)
    if bucket is Bucket.MONTH:
        return format_date(days.first, pgettext("month of a chart", "N Y"))
    return format_date(days.first, pgettext("day of a chart", "j N"))


def steps(bucket: Bucket) -> str:
    """What one step of a series is."""
    return {
        Bucket.DAY: _("by day"),
        Bucket.WEEK: _("by week, from Monday"),
        Bucket.MONTH: _("by month"),
        Bucket.YEAR: _("by year"),
    }[bucket]
