"""Dates as people say them: relative on the page, exact on hover and in print.

All words follow the active language, all clocks the active time zone (`at_work` activates the
organisation's).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_moment
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, override, pgettext

from veilleur.vocabulary import Precision

register = template.Library()

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SOON = timedelta(hours=4)
"""What is due within this is shown as pressing."""


@register.filter
def day(moment: datetime | None) -> str:
    """« 3 mars 2026 », « 1er mars 2026 »; empty for `None`."""
    return _said(_day, moment)


@register.filter
def clock(moment: datetime) -> str:
    """« 14 h 05 », « 18 h »."""
    return _said(_clock, moment)


@register.filter
def exact(moment: datetime | None) -> str:
    """« 3 mars 2026 à 14 h 05 »; empty for `None`."""
    return _said(_exact, moment)


def _day(local: datetime) -> str:
    first = local.day == 1
    return format_moment(
        local, pgettext("date, first of the month", "j F Y") if first else pgettext("date", "j F Y")
    )


def _clock(local: datetime) -> str:
    full = local.minute == 0
    return format_moment(local, pgettext("time, on the hour", "H:i") if full else pgettext("time", "H:i"))


def _exact(local: datetime) -> str:
    return gettext("%(day)s at %(time)s") % {"day": _day(local), "time": _clock(local)}


def _near(local: datetime) -> str:
    first = local.day == 1
    return format_moment(
        local,
        pgettext("date of this year, first of the month", "j F")
        if first
        else pgettext("date of this year", "j F"),
    )


Form: TypeAlias = Callable[[datetime], str]
"""Says a local time in the active language."""


def _said(form: Form, moment: datetime | None) -> str:
    """`moment` by a form, in the active language and zone; empty for `None`."""
    if moment is None:
        return ""
    local = timezone.localtime(moment).replace(second=0, microsecond=0, tzinfo=None)
    return _remembered(form, local, get_language() or "")


@lru_cache(maxsize=16_384)
def _remembered(form: Form, local: datetime, language: str) -> str:
    """A page says the same dates again and again, and Django's formatter is slow."""
    with override(language or None):
        return form(local)


@register.simple_tag
def ago(moment: datetime | None, precision: str = Precision.SECOND) -> SafeString | str:
    """A `<time>` that says how long ago; the date alone when only the day is known."""
    if moment is None:
        return ""
    if precision == Precision.DAY:
        return format_html(
            '<time datetime="{}">{}</time>', timezone.localtime(moment).date().isoformat(), day(moment)
        )
    return _time(moment, elapsed(moment, timezone.now()))


@register.simple_tag
def due(moment: datetime | None) -> SafeString | str:
    """A `<time>` that says until when, with the class `soon` or `late` when it presses."""
    if moment is None:
        return ""
    now = timezone.now()
    pressing = "late" if moment <= now else "soon" if moment - now <= SOON else ""
    return _time(moment, deadline(moment, now), pressing)


def elapsed(moment: datetime, now: datetime) -> str:
    """How long before `now` something was, in words; the date beyond a week or in the future."""
    past = now - moment
    if not timedelta(0) <= past < WEEK:
        return day(moment)
    if past < MINUTE:
        return gettext("just now")
    return gettext("%(length)s ago") % {"length": length(past)}


def deadline(moment: datetime, now: datetime) -> str:
    """Until when, in words: a delay when it has passed, else the clock, tomorrow, or the date."""
    if moment <= now:
        return gettext("late by %(length)s") % {"length": length(max(now - moment, MINUTE))}
    days = (timezone.localtime(moment).date() - timezone.localtime(now).date()).days
    if days == 0:
        return gettext("before %(time)s today") % {"time": clock(moment)}
    if days == 1:
        return gettext("before %(time)s tomorrow") % {"time": clock(moment)}
    this_year = timezone.localtime(moment).year == timezone.localtime(now).year
    return gettext("before %(day)s") % {"day": _said(_near if this_year else _day, moment)}


def length(span: timedelta) -> str:
    """A length of time in its largest whole unit: minutes, hours, days."""
    if span < HOUR:
        return gettext("%(count)d min") % {"count": span // MINUTE}
    if span < DAY:
        return gettext("%(count)d h") % {"count": span // HOUR}
    days = span // DAY
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _time(moment: datetime, words: str, classes: str = "") -> SafeString:
    stamp = timezone.localtime(moment).isoformat(timespec="seconds")
    if classes:
        return format_html(
            '<time class="{}" datetime="{}" title="{}">{}</time>', classes, stamp, exact(moment), words
        )
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, exact(moment), words)
