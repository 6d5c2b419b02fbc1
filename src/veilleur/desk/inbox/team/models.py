"""What a team adds to tickets, and what it is told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.models import DecisionRow, Note, TicketRow


class Colour(models.TextChoices):
    """The colours that a tag may have; the name stands beside the colour always."""

    GREY = "grey", _("grey")
    TEAL = "teal", _("teal")
    BLUE = "blue", _("blue")
    GREEN = "green", _("green")
    VIOLET = "violet", _("violet")
    ORANGE = "orange", _("orange")
    BROWN = "brown", _("brown")
    RED = "red", _("red")


class Tag(models.Model):
    """A word of the house that people put on tickets."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="tags", db_index=False
    )
    name = models.CharField(max_length=40)
    key = models.CharField(max_length=120, help_text="The words of its name, folded: two names are one tag.")
    colour = models.CharField(max_length=8, choices=Colour.choices, default=Colour.GREY)
    leaves = models.BooleanField(default=False, help_text="It is being taken off its tickets, then goes.")
    into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", help_text="What takes its place."
    )

    class Meta:
        db_table = "inbox_tag"
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A tag on a ticket. What the index of words knows of it is in `MentionRow.marks`: see `tags`."""

    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="taggings", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings")

    class Meta:
        db_table = "inbox_tagging"
        constraints = [models.UniqueConstraint(fields=["ticket", "tag"], name="one_tagging_per_ticket")]


class FieldKind(models.TextChoices):
    """What a field of the house holds."""

    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    CHOICE = "choice", _("choice")


class CustomField(models.Model):
    """A field that an organisation adds to its tickets."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="fields", db_index=False
    )
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=FieldKind.choices)
    choices = models.JSONField(
        default=list, help_text="Of a choice: pairs of a number that stays and its words."
    )

    class Meta:
        db_table = "inbox_field"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_field_per_name")]

    def __str__(self) -> str:
        return self.name


class FieldValue(models.Model):
    """What a field holds on one ticket, as text: `1250.5`, `2026-11-23`, the number of a choice."""

    ticket = models.ForeignKey(
        TicketRow, on_delete=models.CASCADE, related_name="field_values", db_index=False
    )
    field = models.ForeignKey(CustomField, on_delete=models.CASCADE, related_name="values")
    value = models.CharField(max_length=500)

    class Meta:
        db_table = "inbox_field_value"
        constraints = [models.UniqueConstraint(fields=["ticket", "field"], name="one_value_per_field")]


class Macro(models.Model):
    """Steps under a name and a key, done as one act."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="macros", db_index=False
    )
    name = models.CharField(max_length=60)
    key = models.PositiveSmallIntegerField(null=True, help_text="The digit that runs it.")
    steps = models.JSONField(help_text="See `steps`.")

    class Meta:
        db_table = "inbox_macro"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="one_macro_per_name"),
            models.UniqueConstraint(fields=["organisation", "key"], name="one_macro_per_key"),
        ]

    def __str__(self) -> str:
        return self.name


class BulkState(models.TextChoices):
    """Where an act on many tickets stands."""

    DRAFT = "draft", _("being prepared")
    RUNNING = "running", _("under way")
    DONE = "done", _("done")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")


class BulkAct(models.Model):
    """One act on many tickets."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="bulk_acts")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=BulkState.choices, default=BulkState.DRAFT)
    steps = models.JSONField(default=list, help_text="See `steps`.")
    query = models.TextField(blank=True, help_text="The list it was chosen from: where one goes back to.")
    is_whole = models.BooleanField(default=True, help_text="Whether nothing more answered the filter.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_bulk_act"


class LineState(models.TextChoices):
    """What became of one ticket in an act on many."""

    WAITING = "waiting", _("not changed yet")
    DONE = "done", _("changed")
    SKIPPED = "skipped", _("left alone")
    UNDONE = "undone", _("put back")
    KEPT = "kept", _("not put back")


class BulkLine(models.Model):
    """One ticket of an act on many, as the person saw it."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="lines", db_index=False)
    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(help_text="Of the ticket in the preview.")
    state = models.CharField(max_length=8, choices=LineState.choices, default=LineState.WAITING)
    why = models.CharField(max_length=200, blank=True, help_text="Why it was left alone, in words.")
    decision = models.ForeignKey(DecisionRow, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "inbox_bulk_line"
        constraints = [models.UniqueConstraint(fields=["act", "ticket"], name="one_line_per_ticket")]
        indexes = [models.Index(fields=["act", "state", "id"], name="bulk_line_state")]


class Attachment(models.Model):
    """A file beside a note; it lies under a random name, and never leaves the house by itself."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100, help_text="As its bytes say, not its name.")
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=200, help_text="Relative to the data directory.")


class News(models.TextChoices):
    """What a person may be told of."""

    NAMED = "named", _("a colleague names me in a note")
    ASSIGNED = "assigned", _("a message is assigned to me")
    APPROVE = "approve", _("a reply waits for a second reader")


class Notification(models.Model):
    """Something that one person is told; read once they have seen it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=News.choices)
    ticket = models.ForeignKey(
        TicketRow, null=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: several."
    )
    note = models.ForeignKey(Note, null=True, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(default=1, help_text="Of how many tickets it speaks.")
    by_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_notification"
        indexes = [
            models.Index(fields=["person", "organisation", "-id"], name="notification_of"),
            models.Index(
                fields=["person", "organisation", "id"],
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
            models.Index(fields=["at"], name="notification_age"),
        ]


class Rhythm(models.TextChoices):
    """How often a person gets what they have not read by e-mail."""

    NEVER = "never", _("never")
    HOURLY = "hourly", _("every hour")
    DAILY = "daily", _("every day")


class NotificationChoice(models.Model):
    """What one person wants to be told in one organisation; without a row, everything on the desk."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    muted = models.JSONField(default=list, help_text="Kinds of news that are not told.")
    digest = models.CharField(max_length=8, choices=Rhythm.choices, default=Rhythm.NEVER)
    sent_at = models.DateTimeField(null=True, help_text="When the last digest left.")
    sent_to = models.BigIntegerField(default=0, help_text="The last notification that a digest told.")

    class Meta:
        db_table = "inbox_notification_choice"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person"], name="one_choice_per_person")
        ]
