"""Who works beside the pages."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    """A process that takes jobs. Its pulse says that it lives; `ended_at`, that it went in good order."""

    name = models.CharField(max_length=64, unique=True, help_text="As jobs name who runs them.")
    host = models.CharField(max_length=80)
    process = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True, help_text="By the clock of the database.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "upkeep_worker"

    def __str__(self) -> str:
        return f"{self.host} {self.process}"
