"""Tables of the desk while people work: who has which message open, what they type, how they are spared."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.models import TicketRow


class Doing(models.TextChoices):
    """What somebody does at a message they have open."""

    READING = "reading", _("reading")
    WRITING = "writing", _("writing a note")
    ANSWERING = "answering", _("answering")
    DECIDING = "deciding", _("deciding")


class Attendance(models.Model):
    """Somebody has a message open. The row counts until `until`: a window that is closed says nothing.

    `is_claim`: they took it for themselves. Nothing is forbidden to the others: the version of the
    ticket is what keeps two people from deciding the same thing.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    doing = models.CharField(max_length=10, choices=Doing.choices, default=Doing.READING)
    is_claim = models.BooleanField(default=False)
    until = models.DateTimeField()

    class Meta:
        db_table = "inbox_attendance"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "person"], name="one_attendance_each"),
            models.UniqueConstraint(
                fields=["ticket"], name="one_claim_per_ticket", condition=models.Q(is_claim=True)
            ),
        ]


class NoteDraft(models.Model):
    """A note that somebody is writing: kept until it is added or given up."""

    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="note_drafts")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "inbox_note_draft"
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="one_note_draft_each")]


class Care(models.Model):
    """How a person wishes to be spared. Without a row, the defaults hold. Nobody else sees it."""

    person = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="care")
    veils = models.BooleanField(default=True, help_text="Cover texts that may distress until asked for.")
    pause_after = models.PositiveSmallIntegerField(
        default=20, help_text="Such texts in an hour before a pause is proposed; 0: never."
    )

    class Meta:
        db_table = "inbox_care"
