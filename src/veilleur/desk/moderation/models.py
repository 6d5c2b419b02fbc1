"""Acts on messages where they were said, and what became of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.models import TicketRow


class Verb(models.TextChoices):
    """What a network is asked to do with a message; mirror of `vocabulary.ON_NETWORK`."""

    HIDE = "hide", _("hide")
    SHOW = "show", _("show")
    REMOVE = "remove", _("remove")
    FLAG = "flag", _("flag to the network")


class Ground(models.TextChoices):
    """Why a message is removed or flagged."""

    INSULT = "insult", _("insult")
    DEFAMATION = "defamation", _("defamation")
    THREAT = "threat", _("threat")
    HATE = "hate", _("hatred or discrimination")
    PERSONAL_DATA = "personal_data", _("personal data")
    SECRECY = "secrecy", _("health of a recognisable person")
    FAKE = "fake", _("fake review")
    SPAM = "spam", _("advertising or fraud")
    OFF_TOPIC = "off_topic", _("off topic")
    OTHER = "other", _("other reason")


class State(models.TextChoices):
    """Life of an act; docs/howto/hide-remove-report.md tells it."""

    QUEUED = "queued", _("about to leave")
    LEAVING = "leaving", _("leaving")
    UNKNOWN = "unknown", _("outcome unknown")
    DONE = "done", pgettext_lazy("an act on the network", "done")
    FAILED = "failed", pgettext_lazy("an act on the network", "failed")
    DROPPED = "dropped", pgettext_lazy("an act on the network", "given up")


UNDER_WAY = (State.QUEUED, State.LEAVING, State.UNKNOWN)
WAITING = (State.QUEUED, State.UNKNOWN)
"""Acts are harmless to repeat: one whose outcome nobody knows is done again, as one that waits."""
ON_SIGHT = (Verb.HIDE, Verb.SHOW, Verb.REMOVE)
"""Acts that undo or outdo each other: one of them at a time, so that the last one asked for holds."""


class NetworkAct(models.Model):
    """One act on one message, from the moment somebody asks for it until the network did it, or will not."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="network_acts")
    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="network_acts")
    mention_digest = models.CharField(max_length=64, help_text="The wording of the message that was judged.")
    verb = models.CharField(max_length=8, choices=Verb.choices)
    ground = models.CharField(max_length=16, choices=Ground.choices, blank=True)
    words = models.TextField(blank=True, help_text="Why, in the words of who asked; a flag carries them.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_by_name = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    leaves_at = models.DateTimeField(null=True, help_text="Not before; None: at once.")
    attempts = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0, help_text="Calls in a row that may have done nothing.")
    attempted_at = models.DateTimeField(null=True, help_text="When the last call to the network began.")
    ended_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)

    class Meta:
        db_table = "moderation_act"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                condition=models.Q(
                    state__in=["queued", "leaving", "unknown"], verb__in=["hide", "show", "remove"]
                ),
                name="one_act_on_sight_under_way",
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                condition=models.Q(state__in=["queued", "leaving", "unknown"], verb="flag"),
                name="one_flag_under_way",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state", "-asked_at"], name="act_state")]

    def __str__(self) -> str:
        return f"{self.verb} ({self.state})"

    @property
    def reason(self) -> str:
        """The ground and the words, in one line; empty when none was asked for."""
        ground = str(Ground(self.ground).label) if self.ground else ""
        return " – ".join(part for part in (ground, self.words) if part)
