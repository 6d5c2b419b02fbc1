"""What allauth asks us, and what it tells us: the one place where the two meet."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from veilleur.desk.accounts.actions import note_change
from veilleur.desk.accounts.letters import tell_change
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.second_factor import seal, unseal
from veilleur.desk.accounts.sessions import end_others
from veilleur.desk.accounts.sign_on import enter
from veilleur.errors import ActRefused

CHANGES = {
    "account/email/password_changed": "password",
    "account/email/password_reset": "password",
    "account/email/password_set": "password",
    "mfa/email/totp_activated": "second_factor",
    "mfa/email/webauthn_added": "second_factor",
    "mfa/email/totp_deactivated": "drop_second_factor",
    "mfa/email/webauthn_removed": "drop_second_factor",
    "mfa/email/recovery_codes_generated": "recovery_codes",
    "socialaccount/email/account_connected": "sign_on",
}
"""What allauth tells people by letter → the verb of the trail."""


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]
    """There is no public registration: people are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Always closed."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """A new password ends every other session: whoever knew the old one is out."""
        super().set_password(user, password)
        end_others(user, self.request.session.session_key if self.request.user == user else None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Back to the preferences."""
        return reverse("preferences")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address in the letter to somebody who forgot their password."""
        person, _dash, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": secret})
        return str(self.request.build_absolute_uri(path))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,  # noqa: ARG002
        email: str | None = None,  # noqa: ARG002
    ) -> None:
        """Something changed in an account: one line in the trails, one letter."""
        verb = CHANGES.get(template_prefix)
        if verb is not None:
            note_change(user, verb)
            tell_change(user, f"accounts.{verb}")


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted in the table."""

    def encrypt(self, text: str) -> str:
        """The secret as it is kept."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret as it was drawn."""
        return unseal(encrypted_text)


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A provider says who somebody is; whether they may enter is ours to say."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Lets in whom the house knows, invited or gave a role by their group; nobody else."""
        try:
            enter(request, sociallogin)
        except ActRefused as refused:
            messages.error(request, str(refused))
            raise ImmediateHttpResponse(redirect("account_login")) from refused

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        """Always closed: `enter` made the account of whoever may have one."""
        return False
