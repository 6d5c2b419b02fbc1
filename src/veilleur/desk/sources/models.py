"""Where messages come from, and each time we went to fetch them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User


class Source(models.Model):
    """One place messages come from: a kind of file, or an account on a network."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sources")
    key = models.SlugField(help_text="Stable within the organisation; part of each mention's identity.")
    name = models.CharField(max_length=200)
    connector = models.CharField(
        max_length=60, blank=True, help_text="The name of its connector; empty: files, and replies by hand."
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


class Grant(models.Model):
    """What a person allowed us on the network of a source, by signing in there.

    Who renews the tokens holds the lease (`runner`, `leased_until`); `version` tells one set from the next.
    """

    source = models.OneToOneField(Source, primary_key=True, on_delete=models.CASCADE, related_name="grant")
    tokens = models.TextField(help_text="With the application they were given to, encrypted.")
    scopes = models.JSONField(null=True, help_text="As granted; empty: the network does not say.")
    ends_at = models.DateTimeField(null=True, help_text="Of the present token; empty: never.")
    lasts_until = models.DateTimeField(
        null=True, help_text="When somebody has to sign in again; empty: nobody knows of an end."
    )
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=254, help_text="E-mail address of who signed in.")
    refusal = models.TextField(blank=True, help_text="Why the network gives no token any more.")
    version = models.PositiveIntegerField(default=1)
    runner = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "sources_grant"


class Trouble(models.TextChoices):
    """Why nothing comes from a source any more, by what has to be done about it."""

    UNREACHABLE = "unreachable", _("not reached, tried again by itself")
    THROTTLED = "throttled", _("asks to wait, tried again by itself")
    CREDENTIALS = "credentials", _("does not know us any more, to connect again")
    REFUSED = "refused", _("refuses what it is asked, settings to look at")
    BROKEN = "broken", _("its connector is at fault")


class Listening(models.Model):
    """How a source is listened to: where it goes on, when it is asked next, and how it fares.

    `cursor` moves in the same transaction as the messages that it stands after; whoever asks holds the lease
    (`runner`, `leased_until`) and finds out at the next step when somebody else took it.
    """

    source = models.OneToOneField(
        Source, primary_key=True, on_delete=models.CASCADE, related_name="listening"
    )
    is_paused = models.BooleanField(default=False)
    awaits_sign_in = models.BooleanField(default=False, help_text="Not asked before somebody signed in.")
    every = models.PositiveIntegerField(
        default=300, help_text="Seconds between two questions at the busiest."
    )
    pause = models.PositiveIntegerField(default=300, help_text="Seconds now: more while nothing is said.")
    most_a_day = models.PositiveIntegerField(default=0, help_text="Questions a day; 0: no bound.")
    asked_today = models.PositiveIntegerField(default=0)
    counted_on = models.DateField(null=True, help_text="The day of `asked_today`, UTC.")
    next_at = models.DateTimeField(null=True, help_text="When it is asked next; empty: never, it calls us.")
    cursor = models.TextField(blank=True)
    is_live = models.BooleanField(default=False, help_text="Listened to without a pause, where it can be.")
    stream_cursor = models.TextField(blank=True)
    caught_up_at = models.DateTimeField(
        null=True, help_text="When the past had been brought for the first time."
    )
    handle_since = models.DateTimeField(help_text="What was published earlier is history: nothing is asked.")
    runner = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    last_new_at = models.DateTimeField(null=True)
    lag = models.FloatField(
        null=True, help_text="Seconds from when it was due to when it was stored, last time."
    )
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True)
    failure = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    hook = models.CharField(  # noqa: DJ001 - unique where it is given
        max_length=64, unique=True, null=True, help_text="Secret end of the address it calls."
    )

    class Meta:
        db_table = "sources_listening"
        indexes = [models.Index(fields=["is_paused", "next_at"], name="listening_due")]


class Fetch(models.Model):
    """One time a source was asked, and what came of it."""

    listening = models.ForeignKey(Listening, on_delete=models.CASCADE, related_name="fetches")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0, help_text="Questions to the network.")
    heard = models.PositiveBigIntegerField(default=0, help_text="Bytes of its answers.")
    lag = models.FloatField(default=0)
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True)
    failure = models.TextField(blank=True)

    class Meta:
        db_table = "sources_fetch"
        indexes = [models.Index(fields=["listening", "-started_at"], name="fetch_latest")]
