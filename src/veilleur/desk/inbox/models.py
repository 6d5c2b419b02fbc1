"""What people said, what was read in it, and the work it asks for."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.happenings import Awaited, Happening  # noqa: F401 - Django finds them here
from veilleur.desk.inbox.ordering import Position
from veilleur.desk.inbox.piles import Pile
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
    PENDING = "pending", _("waiting for somebody outside")
    CLOSED = "closed", _("closed")


class Outcome(models.TextChoices):
    """How a ticket ended, in the words of the person who closed it."""

    ANSWERED = "answered", _("answered")
    NOTHING = "nothing", _("nothing to do")
    ELSEWHERE = "elsewhere", _("handled elsewhere")
    NOT_OURS = "not_ours", _("not about us")


class ClockState(models.TextChoices):
    """What was noticed of the due time of a ticket."""

    NEAR = "near", _("nearly due")
    LATE = "late", _("overdue")


class ErasedBecause(models.TextChoices):
    """Why the words of a message are not kept any more."""

    GONE = "gone", _("gone from its network")
    OLD = "old", _("older than the house keeps")
    AUTHOR = "author", _("its author asked for it")


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
    marks = models.TextField(blank=True, help_text="See `veilleur.listening.queries.marks_of`.")
    gone_at = models.DateTimeField(null=True, help_text="When it was seen to be on its network no more.")
    rating_value = models.FloatField(null=True)
    rating_worst = models.FloatField(null=True)
    rating_best = models.FloatField(null=True)
    erased_at = models.DateTimeField(
        null=True, help_text="When its words were erased; the row stays: see `erasing`."
    )
    erased_because = models.CharField(  # noqa: DJ001 - a column that SQLite adds without writing the table again
        max_length=8, choices=ErasedBecause.choices, null=True
    )

    class Meta:
        db_table = "inbox_mention"
        constraints = [
            # A source belongs to one organisation: the pair is the whole identity.
            models.UniqueConstraint(fields=["source", "external_id"], name="one_mention_per_id")
        ]
        indexes = [
            models.Index(fields=["organisation", "author"]),
            models.Index(fields=["organisation", "thread"]),
            # What retention looks for, without what it has erased already.
            models.Index(
                fields=["source", "gone_at"],
                name="mention_gone",
                condition=models.Q(gone_at__isnull=False, erased_at__isnull=True),
            ),
            models.Index(
                "source",
                Coalesce("published_at", "collected_at"),
                name="mention_age",
                condition=models.Q(erased_at__isnull=True),
            ),
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


class Fingerprint(models.Model):
    """The wording of the first message of a group: by its keys, others that say the same find it.

    See `veilleur.reputation.likeness`. A key that belongs to another group already is null.
    """

    mention = models.OneToOneField(
        MentionRow, primary_key=True, on_delete=models.CASCADE, related_name="fingerprint"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    fingerprint = models.BigIntegerField()
    key_0 = models.BigIntegerField(null=True)
    key_1 = models.BigIntegerField(null=True)
    key_2 = models.BigIntegerField(null=True)
    key_3 = models.BigIntegerField(null=True)

    class Meta:
        db_table = "inbox_fingerprint"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", f"key_{place}"], name=f"one_group_per_key_{place}"
            )
            for place in range(4)
        ]


FILTERED = (
    "queue", "sentiment", "language", "network", "place", "source", "assignee", "rating_share", "pile", "id"
)  # fmt: skip
"""Columns of a ticket that the list filters on, and `id`, which it answers with."""


class TicketRow(models.Model):
    """The work one mention asks for.

    `source`, `place`, `moment`, `language`, `sentiment`, `network` and `rating_share` repeat what
    the mention and its reading say, so that the list is one index range of one table. `to_do`,
    `position` and `pile` are computed by the database.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="tickets", db_index=False
    )
    mention = models.OneToOneField(MentionRow, on_delete=models.CASCADE, related_name="ticket")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    queue = models.CharField(max_length=40)
    priority = models.PositiveSmallIntegerField(help_text="`vocabulary.Priority.rank`: 0 is the most urgent.")
    due_at = models.DateTimeField(null=True)
    near_at = models.DateTimeField(null=True, help_text="From when on `due_at` is near.")
    clock = models.CharField(  # noqa: DJ001 - a column that SQLite adds without writing the table again
        max_length=4, choices=ClockState.choices, null=True, help_text="What was noticed of `due_at`."
    )
    paused_at = models.DateTimeField(null=True, help_text="Since when its clock stands still.")
    paused = models.PositiveIntegerField(null=True, help_text="Seconds that its clock stood still before.")
    reasons = models.JSONField()
    status = models.CharField(max_length=8, choices=StatusChoice.choices, default=StatusChoice.NEW)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    assignee = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    snoozed_until = models.DateTimeField(null=True, help_text="When a snoozed or pending one comes back.")
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
    alike = models.BigIntegerField(
        null=True, help_text="The first message of its group of messages that say the same; null: none does."
    )
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
    pile = models.GeneratedField(
        expression=Pile("alike", "status", "queue", "priority", "assignee", "sentiment"),
        output_field=models.CharField(max_length=120, null=True),
        db_persist=True,
        help_text="What the list may show as one: see `piles.py`.",
    )

    class Meta:
        db_table = "inbox_ticket"
        constraints = [models.UniqueConstraint(fields=["position"], name="one_ticket_per_position")]
        indexes = [
            models.Index(fields=["organisation", "queue", "to_do", "position", "pile"], name="ticket_queue"),
            models.Index(fields=["organisation", "status", "position", "pile"], name="ticket_status"),
            models.Index(
                fields=["organisation", "assignee", "to_do", "position", "pile"], name="ticket_assignee"
            ),
            models.Index(fields=["organisation", "to_do", "due_at", "id"], name="ticket_due"),
            # What is near or late, soonest due first; and what nobody has noticed yet.
            models.Index(
                fields=["organisation", "to_do", "clock", "due_at", "id"],
                name="ticket_clock",
                condition=models.Q(clock__isnull=False),
            ),
            models.Index(
                fields=["organisation", "to_do", "near_at"],
                name="ticket_alarm",
                condition=models.Q(clock__isnull=True, near_at__isnull=False),
            ),
            # Any mix of filters is one walk of one of these two, newest first, without the table.
            models.Index(fields=["organisation", "to_do", "position", *FILTERED], name="ticket_to_do"),
            models.Index(fields=["organisation", "position", "status", *FILTERED], name="ticket_filters"),
            models.Index(fields=["organisation", "moment"], name="ticket_moment"),
            # Few messages say what another one says.
            models.Index(
                fields=["organisation", "alike", "position"],
                name="ticket_alike",
                condition=models.Q(alike__isnull=False),
            ),
            models.Index(
                fields=["pile", "position"], name="ticket_pile", condition=models.Q(pile__isnull=False)
            ),
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
    scanned_at = models.DateTimeField(null=True, help_text="When the past had been looked through.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "inbox_watch"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_watch_per_name")]

    def __str__(self) -> str:
        return self.name


class WordList(models.Model):
    """Words that several watches and searches share: `list:name` stands for them."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="word_lists")
    name = models.SlugField(max_length=40, help_text="As it stands behind `list:`.")
    words = models.TextField(help_text="Words or phrases, one a line.")

    class Meta:
        db_table = "inbox_word_list"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_list_per_name")]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A way to look at the list that somebody keeps under a name."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=60)
    query = models.TextField(help_text="Filters as the end of an address: see `Filters.query`.")
    owner = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: everybody's."
    )

    class Meta:
        db_table = "inbox_saved_view"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "owner", "name"], name="one_view_per_name"),
            models.UniqueConstraint(
                fields=["organisation", "name"],
                name="one_shared_view_per_name",
                condition=models.Q(owner__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WatchHit(models.Model):
    """A message that answers a watch."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="hits", db_index=False)
    mention = models.ForeignKey(MentionRow, on_delete=models.CASCADE, related_name="hits")

    class Meta:
        db_table = "inbox_watch_hit"
        constraints = [models.UniqueConstraint(fields=["watch", "mention"], name="one_hit_per_watch")]


class Retention(models.Model):
    """How long an organisation keeps the words of messages. Without a row, the defaults hold."""

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.CASCADE, related_name="retention"
    )
    gone_days = models.PositiveIntegerField(
        null=True, default=30, help_text="After a message is gone from its network; empty: for good."
    )
    any_days = models.PositiveIntegerField(
        null=True, help_text="After any message was published; empty: for good."
    )
    looked_at = models.DateTimeField(null=True, help_text="When it was last carried out to its end.")

    class Meta:
        db_table = "inbox_retention"


class HoldGround(models.TextChoices):
    """Who says that a message is kept whatever the rule."""

    ASKED = "asked", _("somebody asked for it")
    CASE = "case", _("a case of pharmacovigilance")


class LegalHold(models.Model):
    """A message is kept whatever the rule, until somebody lifts the hold."""

    mention = models.ForeignKey(MentionRow, on_delete=models.CASCADE, related_name="holds")
    ground = models.CharField(max_length=8, choices=HoldGround.choices, default=HoldGround.ASKED)
    reason = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["mention", "ground"],
                name="one_hold_per_ground",
                condition=models.Q(lifted_at__isnull=True),
            )
        ]


class AuthorErasure(models.Model):
    """An author asked that what they said until then be forgotten: what is here, and what comes again."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="author_erasures")
    digest = models.CharField(max_length=64, help_text="Of the pseudonym, keyed: what comes is known by it.")
    author = models.CharField(
        max_length=120, blank=True, help_text="The pseudonym, while something of theirs is still here."
    )
    reason = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    erased = models.PositiveIntegerField(default=0, help_text="Messages erased so far.")

    class Meta:
        db_table = "inbox_author_erasure"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "digest"], name="one_erasure_per_author")
        ]
