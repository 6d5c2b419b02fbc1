"""The hours of a house, its promises, and the presence of its people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation, User

USUAL_CAPACITY = 20


class Region(models.TextChoices):
    """Whose public holidays are kept: codes of the library `holidays`."""

    FRANCE = "FR", _("Metropolitan France")
    ALSACE_MOSELLE = "57", _("Alsace and Moselle")
    GUADELOUPE = "971", _("Guadeloupe")
    MARTINIQUE = "972", _("Martinique")
    GUYANE = "973", _("French Guiana")
    REUNION = "974", _("Reunion Island")
    SAINT_PIERRE = "PM", _("Saint Pierre and Miquelon")
    MAYOTTE = "976", _("Mayotte")
    SAINT_BARTHELEMY = "BL", _("Saint Barthelemy")
    SAINT_MARTIN = "MF", _("Saint Martin")
    WALLIS = "WF", _("Wallis and Futuna")
    POLYNESIA = "PF", _("French Polynesia")
    NEW_CALEDONIA = "NC", _("New Caledonia")
    NONE = "", _("none: public holidays are worked")


class OpeningHours(models.Model):
    """When an organisation works. Without a row, office hours hold: see `triage.calendars.OFFICE_WEEK`."""

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.CASCADE, related_name="opening_hours"
    )
    week = models.JSONField(help_text="Hours of each weekday as text, Monday first.")
    region = models.CharField(max_length=3, choices=Region.choices, blank=True)
    closings = models.JSONField(default=list, help_text="First day, last day, what for.")

    class Meta:
        db_table = "hours_opening"


class CountingChoice(models.TextChoices):
    """Mirror of `triage.promises.Counting`."""

    WORKED = "worked", _("working hours")
    CLOCK = "clock", _("all hours, day and night")


class PriorityChoice(models.TextChoices):
    """Mirror of `vocabulary.Priority`."""

    IMMEDIATE = "immediate", _("at once")
    TODAY = "today", _("today")
    NORMAL = "normal", _("in the days to come")
    NONE = "none", _("no hurry")


class PromiseRow(models.Model):
    """How soon some messages are answered, and done with. See `triage.promises.Promise`."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="promises")
    queue = models.CharField(max_length=40, blank=True, help_text="Empty: any.")
    priority = models.CharField(
        max_length=9, choices=PriorityChoice.choices, blank=True, help_text="Empty: any."
    )
    answer_minutes = models.PositiveIntegerField(null=True)
    close_minutes = models.PositiveIntegerField(null=True)
    counting = models.CharField(max_length=6, choices=CountingChoice.choices, default=CountingChoice.WORKED)
    pauses = models.BooleanField(default=False, help_text="The clock stands still while it is put away.")

    class Meta:
        db_table = "hours_promise"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "queue", "priority"], name="one_promise_per_queue_and_priority"
            )
        ]


class Presence(models.Model):
    """Whether a person takes messages that are shared out, and how many at a time. Without a row: no."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="presences")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="presences")
    is_present = models.BooleanField(default=False)
    capacity = models.PositiveIntegerField(default=USUAL_CAPACITY, help_text="Open messages at a time.")
    last_given_at = models.DateTimeField(
        null=True, help_text="When they last got one: the next one is for another."
    )

    class Meta:
        db_table = "hours_presence"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person"], name="one_presence_per_person")
        ]
