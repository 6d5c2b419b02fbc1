"""Rules of the house, what they did, and what they would have done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.inbox.happenings import Kind
from veilleur.desk.inbox.models import TicketRow


class Rule(models.Model):
    """When something happens to a message that answers a query, some steps are done."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=80)
    rank = models.PositiveIntegerField(default=0, help_text="Rules are asked in this order.")
    is_on = models.BooleanField(default=False)
    event = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ARRIVES)
    query = models.TextField(blank=True, help_text="In the language of watches; empty: every message.")
    queue = models.CharField(max_length=40, blank=True, help_text="Empty: any.")
    steps = models.JSONField(default=dict, help_text="Code of a step → what it is done with: see `steps.py`.")
    is_last = models.BooleanField(default=False, help_text="Rules after it are not asked when it applied.")

    class Meta:
        db_table = "automation_rule"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_rule_per_name")]
        indexes = [models.Index(fields=["organisation", "rank"], name="rule_rank")]

    def __str__(self) -> str:
        return self.name


class Firing(models.Model):
    """One time that a rule applied to a message, and what came of it."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="firings", db_index=False
    )
    rule = models.ForeignKey(
        Rule, null=True, on_delete=models.SET_NULL, related_name="firings", db_index=False
    )
    rule_name = models.CharField(max_length=80)
    ticket = models.ForeignKey(TicketRow, on_delete=models.CASCADE, related_name="firings", db_index=False)
    event = models.CharField(max_length=8, choices=Kind.choices)
    happening = models.BigIntegerField(help_text="Number of what happened: a rule applies to it once.")
    at = models.DateTimeField()
    results = models.JSONField(default=list, help_text="Code of a step, whether it was done, why.")

    class Meta:
        db_table = "automation_firing"
        constraints = [models.UniqueConstraint(fields=["rule", "happening"], name="one_firing_per_happening")]
        indexes = [
            models.Index(fields=["organisation", "id"], name="firing_log"),
            models.Index(fields=["ticket", "rule"], name="firing_ticket"),
        ]


class Unshared(models.Model):
    """A message that a rule shares out, and that nobody was there to take."""

    ticket = models.OneToOneField(
        TicketRow, primary_key=True, on_delete=models.CASCADE, related_name="unshared"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="unshared", db_index=False
    )
    rule_name = models.CharField(max_length=80)
    people = models.JSONField(default=list, help_text="Among whom; empty: everybody who is there.")
    since = models.DateTimeField()

    class Meta:
        db_table = "automation_unshared"
        indexes = [models.Index(fields=["organisation", "since"], name="unshared_since")]


class TrialState(models.TextChoices):
    """How far a trial is."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Trial(models.Model):
    """A rule tried on the messages of the last days: nothing is changed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="trials")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="trials")
    asked = models.JSONField(help_text="The rule as it was: event, query, queue, steps.")
    days = models.PositiveIntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=TrialState.choices, default=TrialState.WAITING)
    total = models.PositiveIntegerField(null=True)
    looked_at = models.PositiveIntegerField(default=0)
    beyond = models.BigIntegerField(null=True, help_text="Position of the message that was looked at last.")
    found = models.PositiveIntegerField(default=0)
    hits = models.JSONField(
        default=list, help_text="The newest: ticket, and for each step whether, and why not."
    )

    class Meta:
        db_table = "automation_trial"
