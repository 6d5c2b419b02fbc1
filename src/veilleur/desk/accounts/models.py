"""Who works here: organisations, people, roles, teams, agencies; and the audit trail of what they did."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Refuses a name that the time-zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a known time zone."), params={"name": name})


class Organisation(models.Model):
    """A practice, a hospital, a laboratory, an order… Organisations are strictly apart."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=2, default="fr", choices=[("fr", "Français"), ("en", "English")])
    time_zone = models.CharField(max_length=64, default="Europe/Paris", validators=[validate_time_zone])
    triage_policy = models.TextField(blank=True, help_text="TOML; empty means the policy of the house.")
    requires_second_factor = models.BooleanField(
        default=False, db_default=False, help_text="Nobody sees it without a code or a passkey."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """People sign in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An active person; without a password nobody can sign in as them."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in. There is no superuser: rights come from memberships only."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, default="fr", choices=[("fr", "Français"), ("en", "English")])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    """The roles that come with the house; `permissions.py` says what each allows."""

    READER = "reader", _("reads")
    MEMBER = "member", _("works on messages")
    MANAGER = "manager", _("works and configures")
    APPROVER = "approver", _("approves replies")
    MODERATOR = "moderator", _("moderates")
    OFFICER = "officer", _("looks after adverse reactions")
    OBSERVER = "observer", _("sees figures only")


class HouseRole(models.Model):
    """A role that an organisation wrote itself: a name, and the rights that were ticked."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="own_roles")
    name = models.CharField(max_length=60)
    rights = models.JSONField(default=list, help_text="Values of `permissions.May`.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_role_per_name")]

    def __str__(self) -> str:
        return self.name


class WithRole(models.Model):
    """What holds a role: one of the house, or, in its place, one of the organisation."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    own_role = models.ForeignKey(HouseRole, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    def role_name(self) -> str:
        """The role in words."""
        return self.own_role.name if self.own_role else str(Role(self.role).label)


class Membership(WithRole):
    """One person in one organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.organisation}"


class Team(models.Model):
    """People of one organisation who work together."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=60)
    members = models.ManyToManyField(Membership, related_name="teams")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name


class Mandate(WithRole):
    """What a client lets an agency do: whoever holds `needed` at the agency has `role` at the client."""

    client = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mandates_given")
    agency = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mandates_held")
    needed = models.CharField(max_length=16, help_text="A value of `permissions.May`.")
    given_at = models.DateTimeField()
    given_by_name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "agency"], name="one_mandate")]

    def __str__(self) -> str:
        return f"{self.agency} → {self.client}"


class Invitation(WithRole):
    """A person is asked to join. The link is known to its reader only: the table has its digest."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    digest = models.CharField(max_length=64, unique=True)
    invited_by_name = models.CharField(max_length=120)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "email"], name="one_invitation_per_person")
        ]

    def __str__(self) -> str:
        return self.email


class OpenSession(models.Model):
    """One browser in which a person is signed in, with no more than they need to recognise it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=60)
    network = models.CharField(max_length=60, help_text="The beginning of its address, never the whole.")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.device


class AuditHead(models.Model):
    """The end of one organisation's chain: it makes a cut tail visible."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="audit_head")
    number = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)


class AuditLine(models.Model):
    """One act. `seal` is an HMAC over this line and the seal of the line before it.

    Lines outlive what they speak of: the person and the target are written in words.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="audit_lines")
    number = models.BigIntegerField(help_text="1 for the first line of the organisation; no gap.")
    at = models.DateTimeField()
    actor = models.CharField(max_length=254, help_text="E-mail of the person, or `veilleur` for a job.")
    act = models.CharField(max_length=64, help_text="`app.verb`, for instance `inbox.close`.")
    target = models.CharField(max_length=200, blank=True, help_text="`ticket:42`, `run:7`…")
    details = models.JSONField(default=dict)
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "number"], name="one_line_per_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.act} {self.target}"
