"""Access tokens of OAuth 2.0 (RFC 6749), for networks that trade lasting secrets for tokens that end."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import StringConstraints

from veilleur.errors import CredentialsRefused, NotReached, OutcomeUnknown
from veilleur.listening import asking
from veilleur.listening.asking import Shape
from veilleur.listening.client import Client, require_good

SPARE = 60.0
"""Seconds that a token is renewed before its end."""
REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class _Access(Shape):
    access_token: Annotated[str, StringConstraints(min_length=1, pattern=r"^[\x21-\x7e]+$")]
    expires_in: float = 0.0


class Tokens:
    """The tokens of one account; each is asked for when it is needed, and used until its end."""

    def __init__(self, url: str, grant: Mapping[str, str], headers: Mapping[str, str] | None = None) -> None:
        """`grant` is what is sent to the token endpoint at `url`. Asks nothing yet."""
        self._url, self._grant, self._headers = url, dict(grant), dict(headers or {})
        self._access, self._ends = "", 0.0

    def bearer(self, client: Client) -> dict[str, str]:
        """The header of a question. Raises `CredentialsRefused` when no token is given."""
        if time.monotonic() >= self._ends:
            self._renew(client)
        return {"Authorization": f"Bearer {self._access}"}

    def _renew(self, client: Client) -> None:
        try:
            answer = client.ask("POST", self._url, data=self._grant, headers=self._headers)
        except OutcomeUnknown as error:  # asking for a token once more does no harm
            raise NotReached(str(error)) from error
        if answer.status_code in REFUSED:
            raise CredentialsRefused("no access token is given for these OAuth credentials (any more)")
        told = asking.parsed(_Access, asking.told(require_good(answer)))
        self._access, self._ends = told.access_token, time.monotonic() + told.expires_in - SPARE


def basic(name: str, secret: str) -> dict[str, str]:
    """The header by which a client says who it is (RFC 6749, 2.3.1).

    >>> basic("key", "secret")
    {'Authorization': 'Basic a2V5OnNlY3JldA=='}
    """
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}
