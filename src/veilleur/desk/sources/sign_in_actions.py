"""A person signs in at a network: sent there, brought back, and what the network grants is kept.

`state` is signed, and names the person, the organisation and the source; its other half is in the session of
that person, with the verifier (RFC 7636), and can be taken out once.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.sources import connections
from veilleur.desk.sources.connections import settings_of
from veilleur.desk.sources.grants import columns_of, opened
from veilleur.desk.sources.models import Grant, Listening, Source
from veilleur.desk.sources.sealing import seal, unseal
from veilleur.errors import ActRefused, InvalidInput, NetworkFailed
from veilleur.listening import oauth2
from veilleur.listening.client import Client
from veilleur.listening.connector import connectors, sign_in_of
from veilleur.listening.oauth2 import Application, SignIn

log = logging.getLogger(__name__)
SALT = "veilleur.sources.sign_in"
SECONDS = 600
"""A person has so long to sign in."""
SESSION = "sign_ins"
MOST_PENDING = 5
"""Sign-ins that one person has under way; the oldest is forgotten."""
APPLICATION_NAME = "Veilleur"


@dataclass(frozen=True, slots=True)
class State:
    """Who signs in for what, as the network brings it back."""

    nonce: str
    organisation: str
    source: str
    is_late: bool


class Pending(BaseModel):
    """What is kept here meanwhile, sealed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    verifier: str
    back: str
    application: str
    application_secret: str


def require_sign_in(source: Source) -> SignIn:
    """How people sign in for a source. Raises `ActRefused` when they do not."""
    made, known = connectors().get(source.connector), settings_of(source)
    sign_in = sign_in_of(made, known) if made is not None and known is not None else None
    if sign_in is None:
        raise ActRefused(_("Nobody signs in for this source: its settings hold a token, or no application."))
    return sign_in


def begin(place: Workplace, source: Source, back: str, session: MutableMapping[str, Any]) -> str:
    """The address at the network that the person is sent to. Raises `ActRefused` and `NetworkFailed`."""
    sign_in = require_sign_in(source)
    application = sign_in.application or _registered(sign_in, back)
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    pending = Pending(
        endpoint=sign_in.token,
        verifier=verifier,
        back=back,
        application=application.id,
        application_secret=application.secret,
    )
    older = list(session.get(SESSION, {}).items())[1 - MOST_PENDING :]
    session[SESSION] = {**dict(older), nonce: seal(pending.model_dump_json())}
    told = [nonce, place.user.pk, place.organisation.slug, source.key]
    state = signing.dumps(told, salt=SALT)
    return oauth2.address_of(sign_in, application, back, state, verifier)


def _registered(sign_in: SignIn, back: str) -> Application:
    with Client() as client:
        return oauth2.registered(sign_in, APPLICATION_NAME, back, client)


def state_of(person: int, state: str) -> State | None:
    """What a state says; None for one that is not ours, or another person's."""
    try:
        nonce, whose, organisation, source = signing.loads(state, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if whose != person:
        return None
    return State(nonce, organisation, source, is_late=_is_late(state))


def _is_late(state: str) -> bool:
    try:
        signing.loads(state, salt=SALT, max_age=SECONDS)
    except signing.SignatureExpired:
        return True
    return False


def taken(state: State, session: MutableMapping[str, Any]) -> Pending | None:
    """What was kept for a state, this once; None when it is too late, or was taken before."""
    under_way = dict(session.get(SESSION, {}))
    sealed = under_way.pop(state.nonce, None)
    session[SESSION] = under_way
    if sealed is None or state.is_late:
        return None
    try:
        return Pending.model_validate_json(unseal(sealed))
    except (InvalidInput, ValidationError):
        return None


def complete(place: Workplace, source: Source, pending: Pending, code: str) -> None:
    """Trades the code and keeps what the network grants. Raises `ActRefused` and `NetworkFailed`."""
    sign_in = require_sign_in(source)
    application = Application(pending.application, pending.application_secret)
    is_same = sign_in.application is None or sign_in.application == application
    if not is_same or sign_in.token != pending.endpoint:
        raise ActRefused(_("The settings were changed meanwhile: sign in again."))
    with Client() as client:
        grant = oauth2.traded(sign_in, application, code, pending.back, pending.verifier, client)
    keep(place, source, columns_of(sign_in, application, grant))


@transaction.atomic
def keep(place: Workplace, source: Source, columns: dict[str, Any]) -> None:
    """Keeps a grant in the place of the one before; a source that is asked is asked at once."""
    now, email = timezone.now(), place.user.email
    locked = Source.objects.select_for_update().get(pk=source.pk)
    before = Grant.objects.filter(source=locked).values_list("version", flat=True).first() or 0
    told = {**columns, "granted_at": now, "granted_by": email, "version": before + 1}
    Grant.objects.update_or_create(source=locked, defaults=told)
    how = Listening.objects.filter(source=source)
    how.update(awaits_sign_in=False, trouble="", failure="", failures=0)
    how.filter(next_at__isnull=False).update(next_at=now)
    details = {"name": source.connector}
    audit.record(place.organisation, email, "sources.sign_in", f"source:{source.pk}", details)


def disconnect(source: Source, *, by: str) -> None:
    """Forgets the connection and its secrets; then tells the network, as well as that can be done."""
    over = _to_revoke(source)
    connections.disconnect(source, by=by)
    if over is not None:
        _revoke(*over)


def _to_revoke(source: Source) -> tuple[SignIn, Application, oauth2.Grant] | None:
    row = Grant.objects.filter(source=source).first()
    if row is None:
        return None
    try:
        sign_in, (application, grant, _endpoint) = require_sign_in(source), opened(row)
    except (ActRefused, InvalidInput):
        return None
    return sign_in, application, grant


def _revoke(sign_in: SignIn, application: Application, grant: oauth2.Grant) -> None:
    try:
        with Client(seconds=5) as client:
            oauth2.revoke(sign_in, application, grant, client)
    except NetworkFailed as failed:
        log.warning("a network was not told that a sign-in is over: %s", failed)
