"""What people said, what was read in it, and the work it asks for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.ordering import Position
from veilleur.desk.sources.models import Source


class PrecisionChoice(models.TextChoices):
    """Mirror of `vocabulary.Precision`."""

    DAY = "day", _("day")
    SECOND = "second", _("second")


class StatusChoice(models.TextChoices):
    """Mirror of `vocabulary.Status`."""

    NEW = "new", _("new")
    OPEN = "open", _("open")
    SNOOZED = "snoozed", _("snoozed")
    CLOSED = "closed", _("closed")


class Outcome(models.TextChoices):
    """How a ticket ended, in the words of the person who closed it."""

    ANSWERED = "answered", _("answered")
    NOTHING = "nothing", _("nothing to do")
    ELSEWHERE = "elsewhere", _("handled elsewhere")
    NOT_OURS = "not_ours", _("not about us")


class MentionRow(models.Model):
    """One public message; the latest version. Earlier ones are `MentionVersion`."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    external_id = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    title = models.TextField(blank=True)
    text = models.TextField()
    author = models.CharField(max_length=120, blank=True)
    url = models.TextField(blank=True)
    network = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=200, blank=True)
    question = models.CharField(max_length=300, blank=True)
    language_hint = models.CharField(max_length=16, blank=True)
    thread = models.CharField(max_length=200, blank=True)
    parent = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True)
    precision = models.CharField(
        max_length=8, choices=PrecisionChoice.choices, default=PrecisionChoice.SECOND
    )
    collected_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, help_text="When it was seen to be on its network no more.")
    rating_value = models.FloatField(null=True)
    rating_worst = models.FloatField(null=True)
    rating_best = models.FloatField(null=True)

    class Meta:
        db_table = "inbox_mention"
        constraints = [
            # A source belongs to one organisation: the pair is the whole identity.
            models.UniqueConstraint(fields=["source", "external_id"], name="one_mention_per_id")
        ]
        indexes = [
            models.Index(fields=["organisation", "author"]),
            models.Index(fields=["organisation", "thread"]),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:60]


class MentionVersion(models.Model):
    """An earlier wording of a message, kept when its author edited it."""

    mention = models.ForeignKey(MentionRow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="1 for the first wording.")
    digest = models.CharField(max_length=64)
    title = models.TextField(blank=True)
    text = models.TextField()
    rating_value = models.FloatField(null=True)
    rating_worst = models.FloatField(null=True)
    rating_best = models.FloatField(null=True)
    collected_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mention", "number"], name="one_version_per_number")]


class ReadingRow(models.Model):
    """What the reader saw in the latest version of a mention."""

    mention = models.OneToOneField(
        MentionRow, primary_key=True, on_delete=models.CASCADE, related_name="reading"
    )
    digest = models.CharField(max_length=64)
    reader = models.CharField(max_length=300)
    findings = models.JSONField()

    class Meta:
        db_table = "inbox_reading"


FILTERED = ("queue", "sentiment", "language", "network", "place", "source", "assignee", "rating_share", "id")
"""Columns of a ticket that the list filters on, and `id`, which it answers with."""


class TicketRow(models.Model):
    """The work one mention asks for.

    `source`, `place`, `moment`, `language`, `sentiment`, `network` and `rating_share` repeat what
    the mention and its reading say, so that the list is one index range of one table. `to_do` and
    `position` are computed by the database.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="tickets", db_index=False
    )
    mention = models.OneToOneField(MentionRow, on_delete=models.CASCADE, related_name="ticket")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    queue = models.CharField(max_length=40)
    priority = models.PositiveSmallIntegerField(help_text="`vocabulary.Priority.rank`: 0 is the most urgent.")
    due_at = models.DateTimeField(null=True)
    reasons = models.JSONField()
    status = models.CharField(max_length=8, choices=StatusChoice.choices, default=StatusChoice.NEW)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    assignee = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    snoozed_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(help_text="When the ticket was made: first awareness.")
    answered_at = models.DateTimeField(null=True, help_text="First time somebody closed it as answered.")
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every act: refuses stale ones.")
    moment = models.DateTimeField()
    language = models.CharField(max_length=5)
    sentiment = models.CharField(max_length=5, blank=True)
    network = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=200, blank=True)
    rating_share = models.FloatField(null=True)
    to_do = models.GeneratedField(
        expression=models.ExpressionWrapper(
            models.Q(status__in=["new", "open"]), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    position = models.GeneratedField(
        expression=Position("moment", "mention_id"),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="Sorts by (second of `moment`, mention): see `ordering.py`.",
    )

    class Meta:
        db_table = "inbox_ticket"
        constraints = [models.UniqueConstraint(fields=["position"], name="one_ticket_per_position")]
        indexes = [
            models.Index(fields=["organisation", "queue", "to_do", "position"], name="ticket_queue"),
            models.Index(fields=["organisation", "status", "position"], name="ticket_status"),
            models.Index(fields=["organisation", "assignee", "to_do", "position"], name="ticket_assignee"),
            models.Index(fields=["organisation", "to_do", "due_at", "id"], name="ticket_due"),
            # Any mix of filters is one walk of one of these two, newest first, without the table.
            models.Index(fields=["organisation", "to_do", "position", *FILTERED], name="ticket_to_do"),
            models.Index(fields=["organisation", "position", "status", *FILTERED], name="ticket_filters"),
            models.Index(fields=["organisation", "moment"], name="ticket_moment"),
            # The list asks each time whose sleep is over; few tickets sleep.
            models.Index(
                fields=["organisation", "snoozed_until"],
                name="ticket_asleep",
                condition=models.Q(snoozed_until__isnull=False),
            ),
        ]


class Seen(models.Model):
    """The first time a person had a ticket before their eyes: what is unread is what is not here."""

    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="seen")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "inbox_seen"
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="seen_once_by_each")]


class DecisionRow(models.Model):
    """One act on one ticket. `before` is what an undo puts back."""

    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="decisions")
    act = models.CharField(max_length=12)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    undone = models.BooleanField(default=False)

    class Meta:
        db_table = "inbox_decision"
        indexes = [models.Index(fields=["ticket", "at"])]


class Note(models.Model):
    """What colleagues tell each other about a ticket; never leaves the house."""

    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=120)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ticket", "at"])]


class Correction(models.Model):
    """A person says that the machine read wrong: training data for this organisation."""

    mention = models.ForeignKey(MentionRow, on_delete=models.CASCADE, related_name="corrections")
    digest = models.CharField(max_length=64, help_text="The version of the mention that was corrected.")
    analyzer = models.CharField(max_length=60)
    was = models.CharField(max_length=60)
    now = models.CharField(max_length=60)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    withdrawn = models.BooleanField(default=False)


class Subject(models.TextChoices):
    """What a watch listens for."""

    THEME = "theme", _("a theme")
    PRACTITIONER = "practitioner", _("a practitioner")
    ESTABLISHMENT = "establishment", _("an establishment")
    PRODUCT = "product", _("a product")


class Watch(models.Model):
    """Something that somebody listens for: a query over all messages, past and to come."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="watches")
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=16, choices=Subject.choices, default=Subject.THEME)
    identifier = models.CharField(max_length=14, blank=True, help_text="RPPS of a practitioner, FINESS…")
    query = models.TextField(help_text="In the language of `veilleur.listening.queries`.")
    excluded = models.TextField(blank=True, help_text="What answers this is left out, past and to come.")
    is_paused = models.BooleanField(default=False)
    scanned_at = models.DateTimeField(null=True, help_text="When the past had been looked through.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "inbox_watch"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_watch_per_name")]

    def __str__(self) -> str:
        return self.name


class WatchHit(models.Model):
    """A message that answers a watch."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="hits", db_index=False)
    mention = models.ForeignKey(MentionRow, on_delete=models.CASCADE, related_name="hits")

    class Meta:
        db_table = "inbox_watch_hit"
        constraints = [models.UniqueConstraint(fields=["watch", "mention"], name="one_hit_per_watch")]
