"""What people say about tokens and subscriptions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.models import Event
from veilleur.desk.api.scopes import scope_choices
from veilleur.desk.forms import Said
from veilleur.listening.client import is_named_inside

LASTS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("0", _("without end"))]


class TokenForm(Said):
    """What a token is called, what it may, how long it holds."""

    name = forms.CharField(
        max_length=80,
        label=_("Name of this token"),
        help_text=_("For instance the program that uses it."),
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label=_("It may"))
    lasts = forms.ChoiceField(choices=LASTS, initial="90", label=_("It holds for"))

    def __init__(self, place: Workplace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scope_choices(place)  # type: ignore[attr-defined]

    def asked(self, now: datetime) -> dict[str, Any]:
        """What the act is to be called with."""
        said, days = self.cleaned_data, int(self.cleaned_data["lasts"])
        return {
            "name": said["name"],
            "scopes": [May(scope) for scope in said["scopes"]],
            "expires_at": now + timedelta(days=days) if days else None,
        }


class SubscriptionForm(Said):
    """Who is told of what."""

    name = forms.CharField(max_length=80, label=_("Name of this subscription"))
    url = forms.CharField(
        max_length=1000, label=_("Address"), help_text=_("It begins with https:// and is called with POST.")
    )
    events = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, choices=Event.choices, label=_("It is told when")
    )
    tells_text = forms.BooleanField(
        required=False,
        label=_("Send the words of messages along"),
        help_text=_("They are personal data: without them, the program asks for what it needs."),
    )

    def clean_url(self) -> str:
        """An address of the web that calls may go to."""
        url: str = self.cleaned_data["url"].strip()
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise ValidationError(_("This is no web address.")) from error
        if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
            raise ValidationError(_("This is no web address."))
        if parts.username is not None or parts.fragment:
            raise ValidationError(_("Leave out names, passwords and what follows a #."))
        is_inside = parts.scheme == "http" and is_named_inside(parts.hostname, port)
        if parts.scheme != "https" and not is_inside:
            raise ValidationError(_("The address must begin with https://."))
        return url

    def asked(self) -> dict[str, Any]:
        """What the act is to be called with."""
        return {**self.cleaned_data, "events": [Event(event) for event in self.cleaned_data["events"]]}
