"""Figures kept by day, so that a summary reads a thousand rows instead of every message.

Nothing here is a source of truth: all of it can be deleted and is counted again (`rollups.py`).
"""

from __future__ import annotations

from django.db import models

from veilleur.desk.accounts.models import Organisation


class Slice(models.Model):
    """One choice of network and place that somebody looked at; empty means any."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    network = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, help_text="Zone its days are counted in.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "network", "place"], name="one_slice_per_choice")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.network or '*'} · {self.place or '*'}"


class DailyFigures(models.Model):
    """What was counted in one slice on one day; a day without messages has no row."""

    slice = models.ForeignKey(Slice, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    figures = models.JSONField(help_text="`reputation.Tally`, field by field.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slice", "day"], name="one_row_per_day")]


class MonthlyFigures(models.Model):
    """The sum of one slice's days over one month: long periods read these instead of days."""

    slice = models.ForeignKey(Slice, on_delete=models.CASCADE, related_name="months", db_index=False)
    month = models.DateField(help_text="Its first day.")
    figures = models.JSONField(help_text="`reputation.Tally`, field by field.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slice", "month"], name="one_row_per_month")]


class KnownName(models.Model):
    """A network or a place that was met while counting: what the filters of the page offer."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    field = models.CharField(max_length=7, help_text="`network` or `place`.")
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "field", "name"], name="one_row_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class StaleMark(models.Model):
    """A ticket of this day came, changed or went: what was counted around it must be counted again.

    Written by triggers of the database, so that no writer can forget it. No foreign key: a mark may
    be written while its organisation is being deleted.
    """

    organisation_id = models.BigIntegerField()
    utc_day = models.IntegerField(help_text="Days since 1970-01-01, in UTC; a day of a zone may touch two.")

    class Meta:
        indexes = [models.Index(fields=["organisation_id", "utc_day"], name="stale_marks")]
