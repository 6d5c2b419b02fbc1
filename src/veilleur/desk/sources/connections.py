"""How a source is connected: its connector, and the settings of the account, encrypted at rest."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel, SecretStr, ValidationError

from veilleur.desk.accounts import audit
from veilleur.desk.sources.grants import KeptAccess, drop_unless_fits
from veilleur.desk.sources.models import Grant, Listening, Source, Trouble
from veilleur.desk.sources.sealing import seal, unseal
from veilleur.errors import InvalidInput
from veilleur.listening.connector import (
    LISTENING,
    Capability,
    Connector,
    connectors,
    is_asked,
    sign_in_of,
    signs_in,
)

RECENT = timedelta(days=30)
"""What was published earlier than this before a source is connected is history, and asks for no work."""


def connector_of(source: Source) -> Connector | None:
    """The connector of a source, ready to be asked; None when its replies are published by hand.

    Raises `InvalidInput` when it is not installed any more, or when its settings cannot be read.
    """
    if not source.connector:
        return None
    made = connectors().get(source.connector)
    if made is None:
        raise InvalidInput(_("The connector “%s” is not installed any more.") % source.connector)
    known = settings_of(source)
    if known is None:
        raise InvalidInput(_("The connection of “%s” must be set up again.") % source.name)
    sign_in = sign_in_of(made, known)
    if signs_in(made) and sign_in is not None:
        return made(known, access=KeptAccess(source.pk, sign_in))
    return made(known)


def settings_of(source: Source) -> BaseModel | None:
    """The settings of a source, secrets included; None when they cannot be read (any more)."""
    made = connectors().get(source.connector)
    try:
        return made.settings.model_validate_json(unseal(source.connection)) if made else None
    except (InvalidInput, ValidationError):
        return None


@transaction.atomic
def connect(source: Source, connector: str, told: dict[str, Any], *, by: str) -> None:
    """Connects a source to an account. Raises `InvalidInput`, naming the fields that are wrong."""
    made = connectors().get(connector)
    if made is None:
        raise InvalidInput(_("The connector “%s” is not installed.") % connector)
    try:
        known = made.settings.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInput(wrong) from error
    is_other = source.connector != connector
    source.connector = connector
    source.connection = seal(_opened(known.model_dump()))
    source.save(update_fields=["connector", "connection"])
    sign_in = sign_in_of(made, known)
    drop_unless_fits(source, sign_in)
    _listen(source, made, is_other=is_other, has_to_sign_in=sign_in is not None)
    audit.record(source.organisation, by, "sources.connect", f"source:{source.pk}", {"name": connector})


@transaction.atomic
def disconnect(source: Source, *, by: str) -> None:
    """Forgets the connection and its secrets: replies are published by hand from now on.

    `sign_in_actions.disconnect` tells the network, too.
    """
    source.connector, source.connection = "", ""
    source.save(update_fields=["connector", "connection"])
    Grant.objects.filter(source=source).delete()
    Listening.objects.filter(source=source).delete()
    audit.record(source.organisation, by, "sources.disconnect", f"source:{source.pk}", {})


def note_stranger(source: Source, words: str) -> None:
    """Notes that the network does not know us (any more), where somebody who configures the house sees it."""
    Listening.objects.filter(source=source).update(trouble=Trouble.CREDENTIALS, failure=words)


def _listen(source: Source, made: type[Connector], *, is_other: bool, has_to_sign_in: bool) -> None:
    """Asks the source from now on, or waits for its calls; the same account goes on where it was."""
    is_wanted = bool(made.capabilities & LISTENING)
    if is_other or not is_wanted:
        Listening.objects.filter(source=source).delete()
    if not is_wanted:
        return
    now = timezone.now()
    at_once = {"next_at": now if is_asked(made) else None, "trouble": "", "failure": "", "failures": 0}
    at_once["awaits_sign_in"] = has_to_sign_in and not Grant.objects.filter(source=source).exists()
    begun = {**at_once, "handle_since": now - RECENT}
    how, _is_new = Listening.objects.update_or_create(source=source, defaults=at_once, create_defaults=begun)
    if Capability.WEBHOOK in made.capabilities and how.hook is None:
        how.hook = secrets.token_urlsafe(32)
        how.save(update_fields=["hook"])


def _opened(settings_told: dict[str, Any]) -> str:
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings_told.items()
    }
    return json.dumps(plain)
