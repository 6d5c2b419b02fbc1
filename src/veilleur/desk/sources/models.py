"""Where messages come from, and each time we went to fetch them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User


class Source(models.Model):
    """One place messages come from: today a kind of file; later an account on a network."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sources")
    key = models.SlugField(help_text="Stable within the organisation; part of each mention's identity.")
    name = models.CharField(max_length=200)
    connector = models.CharField(
        max_length=60, blank=True, help_text="How replies leave: the name of a connector; empty: by hand."
    )
    connection = models.TextField(blank=True, help_text="Its settings, encrypted.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_source_per_key")]

    def __str__(self) -> str:
        return self.name


class RememberedMapping(models.Model):
    """The columns a person confirmed for files with these headers: proposed next time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mappings")
    headers_digest = models.CharField(max_length=64, help_text="SHA-256 of the headers of the file.")
    mapping = models.JSONField()
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "headers_digest"], name="one_mapping_per_headers")
        ]


class RunState(models.TextChoices):
    """Life of a collection run."""

    DRAFT = "draft", _("waiting for you to check the columns")
    WAITING = "waiting", _("waiting for its turn")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("stopped")
    FAILED = "failed", _("failed")


class CollectionRun(models.Model):
    """One import of one file.

    `cursor` moves in the same transaction as the mentions it counts, so that a run killed at
    any instant resumes without a loss or a double.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="runs")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    path = models.CharField(
        max_length=500,
        blank=True,
        help_text="The kept copy, relative to the data directory; empty when gone.",
    )
    file_name = models.CharField(max_length=255, help_text="As the person named it; shown, never opened.")
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")
    headers = models.JSONField(default=list, help_text="Of the file, in order: for the file of the rejects.")
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.DRAFT)
    cancel_requested = models.BooleanField(default=False)
    cursor = models.PositiveIntegerField(default=0, help_text="Data rows consumed and committed.")
    total = models.PositiveIntegerField(null=True, help_text="Data rows in the file, once known.")
    added = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True)
    runner = models.CharField(
        max_length=120, blank=True, help_text="Who imports it now: `host pid token`; empty when nobody does."
    )
    heartbeat_at = models.DateTimeField(null=True, help_text="Last sign of life of the runner.")
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"


class RejectedRow(models.Model):
    """A row that could not become a mention, kept as it was so that a person can mend it."""

    run = models.ForeignKey(CollectionRun, on_delete=models.CASCADE, related_name="rejected_rows")
    line = models.PositiveIntegerField(help_text="1-based line, sheet row or record in the file.")
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    message = models.TextField(help_text="In English; `code` and `details` say it in any language.")
    details = models.JSONField(default=dict)
    cells = models.JSONField(help_text="The row as read: header → text.")

    class Meta:
        indexes = [models.Index(fields=["run", "line"])]
