"""What people allowed on networks: kept sealed, renewed by one process at a time.

A network may give a new refresh token each time and refuse the one before. So whoever renews holds the lease
of the grant, and stores what came before anybody uses it; the others go on with the present token while it is
good, and wait for the new one when it is not.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from veilleur.desk.sources import leases
from veilleur.desk.sources.models import Grant, Source
from veilleur.desk.sources.sealing import seal, unseal
from veilleur.errors import CredentialsRefused, InvalidInput, NotReached
from veilleur.listening import oauth2
from veilleur.listening.client import Client
from veilleur.listening.oauth2 import Application, SignIn

HELD = timedelta(minutes=4)
"""Longer than a question to a network can last: who renews has lost the grant after it."""
PATIENCE, PAUSE = 30.0, 0.25
"""Seconds that somebody waits for a token that another process asks for, and between two looks."""
LONGEST_REFUSAL = 300


class Kept(BaseModel):
    """What is sealed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    """The token endpoint: whoever changes the server does not send it the tokens of another."""
    application: str
    application_secret: str
    access: str
    refresh: str = ""
    refresh_ends_at: datetime | None = None


def columns_of(sign_in: SignIn, application: Application, grant: oauth2.Grant) -> dict[str, Any]:
    """A grant as its row holds it."""
    kept = Kept(
        endpoint=sign_in.token,
        application=application.id,
        application_secret=application.secret,
        access=grant.access,
        refresh=grant.refresh,
        refresh_ends_at=grant.refresh_ends_at,
    )
    return {
        "tokens": seal(kept.model_dump_json()),
        "scopes": None if grant.scopes is None else sorted(grant.scopes),
        "ends_at": grant.ends_at,
        "lasts_until": _lasts_until(sign_in, grant),
        "refusal": "",
        "runner": "",
        "leased_until": None,
    }


def _lasts_until(sign_in: SignIn, grant: oauth2.Grant) -> datetime | None:
    if grant.refresh:
        return grant.refresh_ends_at
    return None if sign_in.renew else grant.ends_at


def opened(row: Grant) -> tuple[Application, oauth2.Grant, str]:
    """The application, the grant and the endpoint they belong to. Raises `InvalidInput`."""
    try:
        kept = Kept.model_validate_json(unseal(row.tokens))
    except ValidationError as error:
        raise InvalidInput(_("The sign-in cannot be read: sign in again.")) from error
    scopes = None if row.scopes is None else frozenset(row.scopes)
    grant = oauth2.Grant(kept.access, kept.refresh, row.ends_at, kept.refresh_ends_at, scopes)
    return Application(kept.application, kept.application_secret), grant, kept.endpoint


def drop_unless_fits(source: Source, sign_in: SignIn | None) -> None:
    """Forgets a grant that was for another application or another server, or is not needed any more."""
    row = Grant.objects.filter(source=source).first()
    if row is not None and not (sign_in is not None and _fits(row, sign_in)):
        row.delete()


def _fits(row: Grant, sign_in: SignIn) -> bool:
    try:
        application, _grant, endpoint = opened(row)
    except InvalidInput:
        return False
    is_same = sign_in.application is None or sign_in.application == application
    return is_same and endpoint == sign_in.token


class KeptAccess:
    """The way of a connector to the grant of its source; keeps `Access`."""

    def __init__(self, source_id: int, sign_in: SignIn) -> None:
        """Reads nothing yet."""
        self._source_id, self._sign_in = source_id, sign_in

    def grant(self, client: Client) -> oauth2.Grant:
        """See `Access`."""
        end = time.monotonic() + PATIENCE
        while True:
            row = self._row()
            application, known, _endpoint = opened(row)
            now = timezone.now()
            if not known.is_due(now, self._sign_in.spare):
                return known
            if self._sign_in.is_renewed(known) and self._take(row, now):
                found = self._renewed(row, application, known, client)
                if found is not None:
                    return found
            elif not known.is_due(now, timedelta(0)):
                return known
            elif not self._sign_in.is_renewed(known):
                raise CredentialsRefused(_("The sign-in has ended: sign in again."))
            if time.monotonic() > end:
                raise NotReached("another process is renewing the sign-in")
            time.sleep(PAUSE)

    def _row(self) -> Grant:
        row = Grant.objects.filter(pk=self._source_id).first()
        if row is None:
            raise CredentialsRefused(_("Nobody has signed in yet."))
        if row.refusal:
            raise CredentialsRefused(row.refusal)
        return row

    def _take(self, row: Grant, now: datetime) -> bool:
        """Whether the lease is ours: nobody holds it, or who did is dead."""
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        if row.runner and leases.is_dead(row.runner):
            free |= Q(runner=row.runner)
        mine = leases.new_runner()
        same = Grant.objects.filter(free, pk=row.pk, version=row.version)
        if not same.update(runner=mine, leased_until=now + HELD):
            return False
        row.runner = mine
        return True

    def _renewed(
        self, row: Grant, application: Application, known: oauth2.Grant, client: Client
    ) -> oauth2.Grant | None:
        """The new grant, stored; None when the row is another one meanwhile."""
        after: dict[str, Any] = {"runner": "", "leased_until": None}
        try:
            made = oauth2.renewed(self._sign_in, application, known, client)
            after = {**columns_of(self._sign_in, application, made), "version": F("version") + 1}
        except CredentialsRefused as refused:
            after["refusal"] = str(refused)[:LONGEST_REFUSAL]
            raise
        except NotReached:
            if known.is_due(timezone.now(), timedelta(0)):
                raise
            made = known
        finally:
            is_ours = Grant.objects.filter(pk=row.pk, runner=row.runner, version=row.version).update(**after)
        return made if is_ours else None
