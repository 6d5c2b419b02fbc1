"""Who works here: organisations, people, roles; and the audit trail of what they did."""

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
    """What a member may do; `permissions.py` says what each allows."""

    READER = "reader", _("reads")
    MEMBER = "member", _("works on messages")
    MANAGER = "manager", _("works and configures")


class Membership(models.Model):
    """One person in one organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.organisation}"


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
