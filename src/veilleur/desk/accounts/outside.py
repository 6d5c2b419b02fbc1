"""What the environment says of the mail server and of single sign-on; wrong values say what to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""Usual port of each way to reach a mail server: in the clear, TLS once connected, TLS at once."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and how it is spoken to."""

    host: str
    port: int
    user: str
    password: str
    starts_tls: bool
    is_tls: bool


def mail_of(url: str) -> Mail | None:
    """The server that an address names; None for an empty one. Raises `ValueError`, saying how to write it.

    >>> mail_of("smtp+tls://desk%40example.org:secret@mail.example.org").port
    587
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(_mistake()) from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(_mistake())
    return Mail(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def _mistake() -> str:
    # The address itself is not repeated: it may hold a password.
    return (
        "write the mail server as in “smtp+tls://user:password@mail.example.org:587” (or smtp://, smtps://)"
    )


class Grant(BaseModel):
    """The role that a group of the provider gives in an organisation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str
    role: str = "member"


class Provider(BaseModel):
    """One provider of OpenID Connect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: str = Field(min_length=1, max_length=40)
    server_url: str = Field(pattern=r"^https?://")
    client_id: str = Field(min_length=1)
    secret: str = ""
    domains: tuple[str, ...] = ()
    """Domains of the e-mail addresses that it may vouch for; none: any."""
    groups_claim: str = "groups"
    grants: dict[str, Grant] = Field(default_factory=dict)
    """Group → role."""

    def for_allauth(self) -> dict[str, Any]:
        """As `SOCIALACCOUNT_PROVIDERS` takes it."""
        return {
            "provider_id": self.id,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.secret,
            "settings": {"server_url": self.server_url},
        }

    def vouches_for(self, email: str) -> bool:
        """Whether an address is of one of its domains."""
        domain = email.rpartition("@")[2].lower()
        return not self.domains or domain in {one.lower() for one in self.domains}


_PROVIDERS = TypeAdapter(tuple[Provider, ...])


def providers_of(text: str) -> tuple[Provider, ...]:
    """The providers that a JSON text lists; none for an empty one. Raises `ValueError`, naming the fault."""
    if not text.strip():
        return ()
    try:
        providers = _PROVIDERS.validate_json(text)
    except ValidationError as error:
        # The values stay out of the message: one of them is a secret.
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in error.errors()
        )
        raise ValueError(f"write providers as a JSON list, see docs/howto/sign-on.md ({wrong})") from None
    if len({one.id for one in providers}) < len(providers):
        raise ValueError("two providers have the same id")
    return providers
