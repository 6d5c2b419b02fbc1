"""What a connector asks of the person who connects it: fields that a set-up page is built from.

    class ForumSettings(AccountSettings):
        address: Annotated[str, asked("Adresse", "Address"), AfterValidator(web_address)]
        token: Annotated[SecretStr, asked("Jeton", "Token", fr_help="Sous « Profil », « API ».")]

A `str` is a line, a `bool` a box, an `int` or `float` a number, a `Literal` a choice, a `tuple[str, ...]` one
line each, a `SecretStr` is written and never shown again.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from veilleur.vocabulary import Words


class AccountSettings(BaseModel):
    """What an account needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def asked(fr: str, en: str, *, fr_help: str = "", en_help: str = "", **bounds: Any) -> Any:
    """A field as it is shown: its name, and a sentence of help; `bounds` are pydantic's."""
    return Field(json_schema_extra={"fr": fr, "en": en, "fr_help": fr_help, "en_help": en_help}, **bounds)


def title_of(settings: type[BaseModel], field: str) -> Words:
    """What a field is called on the page; its own name when nobody said."""
    return _words(settings, field, "") or Words({"fr": field, "en": field})


def help_of(settings: type[BaseModel], field: str) -> Words | None:
    """The sentence under a field."""
    return _words(settings, field, "_help")


def _words(settings: type[BaseModel], field: str, suffix: str) -> Words | None:
    told = settings.model_fields[field].json_schema_extra
    if not isinstance(told, dict) or not told.get(f"fr{suffix}"):
        return None
    return Words({"fr": str(told[f"fr{suffix}"]), "en": str(told.get(f"en{suffix}") or told[f"fr{suffix}"])})


def web_address(address: str) -> str:
    """For `AfterValidator`: an address of the web without a password, a query or a fragment."""
    parts = _parts(address)
    if parts is None or parts.username or parts.query or parts.fragment:
        wanted = "an address such as https://example.org/replies, without “?” or password"
        raise PydanticCustomError("web_address", wanted)
    return address


def page_address(address: str) -> str:
    """For `AfterValidator`: the address of a page of the web, with a query if need be."""
    parts = _parts(address)
    if parts is None or parts.username:
        raise PydanticCustomError(
            "page_address", "an address such as https://example.org/page, without password"
        )
    return address


def _parts(address: str) -> Any:
    try:
        parts = urlsplit(address)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if known else None
