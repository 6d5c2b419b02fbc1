"""Replies on their way to the public, who answered for each step, and the house's ways about them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.models import TicketRow


class State(models.TextChoices):
    """Life of a reply; docs/reference/replies.md draws it."""

    DRAFT = "draft", _("draft")
    TO_APPROVE = "to_approve", _("to approve")
    APPROVED = "approved", _("approved")
    QUEUED = "queued", _("about to leave")
    LEAVING = "leaving", _("leaving")
    SENT = "sent", _("sent")
    FAILED = "failed", _("not sent")
    UNKNOWN = "unknown", _("outcome unknown")
    DROPPED = "dropped", _("dropped")


ENDED = (State.SENT, State.DROPPED)
WRITTEN = (State.DRAFT, State.TO_APPROVE, State.APPROVED, State.FAILED)
"""States in which the text may still change."""


class Step(models.TextChoices):
    """What somebody did to a reply."""

    WRITE = "write", _("wrote")
    SUBMIT = "submit", _("asked for a second reading")
    APPROVE = "approve", pgettext_lazy("what somebody did", "approved")
    RETURN = "return", _("sent back")
    OVERRIDE = "override", _("takes responsibility for")
    SEND = "send", _("decided to send")
    HOLD = "hold", _("held back")
    SENT = "sent", _("sent")
    FAIL = "fail", _("could not be sent")
    DOUBT = "doubt", _("outcome unknown")
    READ_BACK = "read_back", _("looked for on the network")
    PUBLISH = "publish", _("published by hand")
    DROP = "drop", _("dropped")


class Approval(models.TextChoices):
    """When a second person reads a reply before it leaves."""

    ALWAYS = "always", _("always")
    SOMETIMES = "sometimes", _("for low ratings, and when a rule speaks")
    NEVER = "never", _("never")


class ReplyPolicy(models.Model):
    """How an organisation answers. Without a row, the defaults hold."""

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.CASCADE, related_name="reply_policy"
    )
    actor = models.CharField(max_length=40, blank=True, help_text="Key of `rules.actors()`; empty: unknown.")
    contact = models.CharField(max_length=120, blank=True, help_text="How the place is reached, in a draft.")
    approval = models.CharField(max_length=12, choices=Approval.choices, default=Approval.SOMETIMES)
    approval_stars = models.PositiveSmallIntegerField(
        default=3, help_text="With SOMETIMES: stars (of 5) up to which a second person reads; 0: none."
    )
    opens = models.TimeField(default=time(9), help_text="Bulk thanks leave between these hours.")
    closes = models.TimeField(default=time(18))
    packs_off = models.JSONField(default=list, help_text="Ids of packs that are switched off.")
    own_pack = models.TextField(blank=True, help_text="A rule pack of the house, TOML.")


class RuleChange(models.Model):
    """A rule that the organisation switched off, or whose severity it changed, and why."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="rule_changes")
    rule = models.CharField(max_length=80)
    severity = models.CharField(max_length=8, blank=True, help_text="`vocabulary.Severity`; empty: off.")
    reason = models.TextField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "rule"], name="one_change_per_rule")]


class SafetyDecision(models.Model):
    """Whether a message with a suspected adverse reaction is a case: decided before it is answered."""

    ticket = models.OneToOneField(TicketRow, on_delete=models.CASCADE, related_name="safety_decision")
    is_case = models.BooleanField(help_text="True: to be declared; nothing here declares it yet.")
    reason = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()


class Template(models.Model):
    """A wording of the house."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="reply_templates")
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=[("fr", _("French")), ("en", _("English"))])
    text = models.TextField()
    is_retired = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "replies_template"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_template_per_name")]

    def __str__(self) -> str:
        return self.name


def new_key() -> str:
    """The key that every attempt of one reply carries."""
    return uuid.uuid4().hex


class Reply(models.Model):
    """The answer to one message: one that is under way at most, and those that have ended."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="replies")
    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="replies")
    mention_digest = models.CharField(max_length=64, help_text="The wording of the message it answers.")
    text = models.TextField(blank=True)
    language = models.CharField(max_length=2, default="fr")
    wording = models.CharField(max_length=60, blank=True, help_text="Id of the draft it began with.")
    template = models.ForeignKey(Template, null=True, on_delete=models.SET_NULL, related_name="replies")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every change: refuses stale ones.")
    key = models.CharField(max_length=32, unique=True, default=new_key)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    leaves_at = models.DateTimeField(null=True, help_text="Not before; None: at once.")
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, help_text="When the last call to the network began.")
    sent_at = models.DateTimeField(null=True)
    network_id = models.CharField(max_length=200, blank=True)
    url = models.TextField(blank=True, help_text="Where it can be seen.")
    failure = models.TextField(blank=True)

    class Meta:
        db_table = "replies_reply"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                condition=~models.Q(state__in=["sent", "dropped"]),
                name="one_reply_under_way",
            )
        ]
        indexes = [models.Index(fields=["organisation", "state", "-updated_at"], name="reply_state")]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the text and of what it answers: an approval, or a reason, holds for this alone."""
        said = f"{self.mention_digest}\x1f{self.text}"
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def is_written(self) -> bool:
        """Whether the text may still change."""
        return self.state in WRITTEN


class ReplyVersion(models.Model):
    """A wording that somebody left behind."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="one_reply_version_per_number")
        ]


class ReplyStep(models.Model):
    """One line of a reply's history. Approvals and overrides hold for one wording: `digest`."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=12, choices=Step.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=80, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["reply", "at"])]


class GuestLink(models.Model):
    """A link with which somebody without an account approves or refuses one reply, once."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="guest_links")
    name = models.CharField(max_length=120, help_text="Who is asked, in words.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the link.")
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was used or taken back.")

    class Meta:
        db_table = "replies_guest_link"

    def __str__(self) -> str:
        return self.name
