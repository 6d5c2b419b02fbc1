"""OAuth 2.0 (RFC 6749): a person signs in at a network, and a grant is had, renewed and revoked.

A connector where people sign in says how (`SignIn`). The host sends the person to `address_of`, trades the
code that comes back for a `Grant`, keeps it, and hands an `Access` to the connector. `Pasted` and `Tokens`
are the same for those who type a token.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, StringConstraints

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import MOST_WORDS, Client, require_good
from veilleur.vocabulary import Words

SPARE = timedelta(minutes=5)
"""A token is renewed so long before its end."""
REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
BUSY = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
"""Errors that pass by themselves."""
LONGEST_LIFE = 100 * 365 * 86400.0
_SECRET = re.compile(r"\S{40,}")


@dataclass(frozen=True, slots=True)
class Scope:
    """A right that is asked for, and what for."""

    name: str
    why: Words


@dataclass(frozen=True, slots=True)
class Application:
    """What the organisation is registered as at the network."""

    id: str
    secret: str = field(repr=False)


def application_of(client_id: str, secret: SecretStr) -> Application | None:
    """The application that an administrator typed; None when it is not whole."""
    shown = secret.get_secret_value()
    return Application(client_id, shown) if client_id and shown else None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    ends_at: datetime | None = None
    """Of the access token; None when it has no end that anybody knows."""
    refresh_ends_at: datetime | None = None
    scopes: frozenset[str] | None = None
    """None when the network does not say."""

    @property
    def header(self) -> dict[str, str]:
        """Of a question."""
        return {"Authorization": f"Bearer {self.access}"}

    def is_due(self, now: datetime, spare: timedelta = SPARE) -> bool:
        """Whether it must be renewed, as it ends within `spare`."""
        return self.ends_at is not None and self.ends_at - spare <= now


class Access(Protocol):
    """The way to a grant that works."""

    def grant(self, client: Client) -> Grant:
        """Renewed if need be. Raises `CredentialsRefused` when a person must sign in (again)."""
        ...


Step = Callable[["SignIn", Application, Grant, Client], Grant]


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a network signs people in; made from the settings of an account."""

    authorize: str
    """Where the person is sent."""
    token: str
    """Where codes and refresh tokens are traded."""
    scopes: tuple[Scope, ...]
    application: Application | None = None
    """As an administrator registered it; None: it is registered at `registration`."""
    registration: str = ""
    revocation: str = ""
    is_basic: bool = False
    """The application shows its secret in a header, and not in the form."""
    has_pkce: bool = True
    """RFC 7636, S256."""
    separator: str = " "
    """Between scopes."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More parameters of `authorize`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of each question to the network."""
    finish: Step | None = None
    """What is done with a grant before it is kept, for instance traded for one that lasts."""
    renew: Step | None = None
    """How a grant is renewed, where not by a refresh token."""
    spare: timedelta = SPARE
    """How long before its end a grant is renewed."""

    def is_renewed(self, grant: Grant) -> bool:
        """Whether a grant is renewed without a person."""
        return bool(grant.refresh or self.renew)


def address_of(sign_in: SignIn, application: Application, back: str, state: str, verifier: str) -> str:
    """Where the person is sent; the network sends them on to `back` with `state` and a code."""
    asked = {
        "response_type": "code",
        "client_id": application.id,
        "redirect_uri": back,
        "scope": sign_in.separator.join(scope.name for scope in sign_in.scopes),
        "state": state,
        **sign_in.extra,
    }
    if sign_in.has_pkce:
        asked |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    return f"{sign_in.authorize}?{urlencode(asked)}"


def challenge(verifier: str) -> str:
    """What is shown of a verifier before it is (RFC 7636, 4.2).

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def traded(
    sign_in: SignIn, application: Application, code: str, back: str, verifier: str, client: Client
) -> Grant:
    """The grant for a code. Raises `CredentialsRefused`, `NotReached` and `NetworkRefused`."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    if sign_in.has_pkce:
        form["code_verifier"] = verifier
    grant = _asked_for(sign_in, application, form, client)
    return sign_in.finish(sign_in, application, grant, client) if sign_in.finish else grant


def renewed(sign_in: SignIn, application: Application, grant: Grant, client: Client) -> Grant:
    """The grant after it; what the network does not say again stays. Raises as `traded` does."""
    if sign_in.renew:
        return sign_in.renew(sign_in, application, grant, client)
    if not grant.refresh:
        raise CredentialsRefused("the sign-in has ended, and the network gave nothing to renew it with")
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh}
    made = _asked_for(sign_in, application, form, client)
    is_rotated = bool(made.refresh)
    return replace(
        made,
        refresh=made.refresh or grant.refresh,
        refresh_ends_at=made.refresh_ends_at or (None if is_rotated else grant.refresh_ends_at),
        scopes=grant.scopes if made.scopes is None else made.scopes,
    )


def revoke(sign_in: SignIn, application: Application, grant: Grant, client: Client) -> None:
    """Tells the network that the grant is over (RFC 7009); nothing where it cannot be told."""
    if not sign_in.revocation:
        return
    form = {"token": grant.refresh or grant.access}
    form["token_type_hint"] = "refresh_token" if grant.refresh else "access_token"
    require_good(_posted(sign_in, application, sign_in.revocation, form, client))


class _Registered(Shape):
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    client_secret: Annotated[str, StringConstraints(min_length=1, max_length=500)]


def registered(sign_in: SignIn, name: str, back: str, client: Client) -> Application:
    """Registers an application, as servers of the Mastodon API allow anybody to."""
    form = {"client_name": name, "redirect_uris": back}
    form["scopes"] = sign_in.separator.join(scope.name for scope in sign_in.scopes)
    answer = client.ask("POST", sign_in.registration, data=form, headers=sign_in.headers)
    made = asking.parsed(_Registered, asking.told(require_good(answer)))
    return Application(made.client_id, made.client_secret)


class _Refusal(Shape):
    error: Said = ""
    error_description: Said = ""


def _life(given: object) -> float | None:
    """Seconds; None for what is no number of them."""
    try:
        seconds = float(given) if isinstance(given, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_LIFE) if seconds > 0 else None


def scopes_of(given: object) -> frozenset[str] | None:
    """Rights as networks list them: with blanks, with commas, as a list; None when they do not say.

    >>> sorted(scopes_of("read,submit identity") or ())
    ['identity', 'read', 'submit']
    """
    if isinstance(given, list):
        given = " ".join(one for one in given if isinstance(one, str))
    if not isinstance(given, str):
        return None
    return frozenset(given.replace(",", " ").split()) or None


Life = Annotated[float | None, BeforeValidator(_life)]
TokenText = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[\x21-\x7e]+$")]


class _Given(Shape):
    access_token: TokenText
    refresh_token: Said = ""
    expires_in: Life = None
    refresh_token_expires_in: Life = None
    scope: Annotated[Any, Field(validation_alias=AliasChoices("scope", "permissions"))] = None


def granted(answer: Answer) -> Grant:
    """The grant that a token endpoint answers. Raises `CredentialsRefused` and `NetworkRefused`."""
    told = asking.told(answer)
    listed = told.get("data")
    if isinstance(listed, list) and listed:  # as Instagram does
        told = listed[0]
    elif told.get("error"):
        raise CredentialsRefused(_words(told))
    given, now = asking.parsed(_Given, told), datetime.now(UTC)
    return Grant(
        given.access_token,
        given.refresh_token,
        _end(now, given.expires_in),
        _end(now, given.refresh_token_expires_in),
        scopes_of(given.scope),
    )


def _end(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _asked_for(sign_in: SignIn, application: Application, form: Mapping[str, str], client: Client) -> Grant:
    return granted(_taken(_posted(sign_in, application, sign_in.token, form, client)))


def _posted(
    sign_in: SignIn, application: Application, url: str, form: Mapping[str, str], client: Client
) -> Any:
    headers, told = dict(sign_in.headers), dict(form)
    if sign_in.is_basic:
        headers |= basic(application.id, application.secret)
    else:
        told |= {"client_id": application.id, "client_secret": application.secret}
    return _reached(client, url, told, headers)


def _reached(client: Client, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Any:
    try:
        return client.ask("POST", url, data=form, headers=headers)
    except OutcomeUnknown as error:
        raise NotReached(str(error)) from error


def _taken(answer: Any) -> Any:
    """The answer of a token endpoint, if it took what it was shown."""
    if answer.status_code in REFUSED:
        code = _refusal(answer)
        if code.error in BUSY:
            raise NotReached(f"HTTP {answer.status_code} {code.error}")
        words = _words(code.model_dump()) or "no token is given for these credentials (any more)"
        raise CredentialsRefused(words, answer.status_code)
    return require_good(answer)


def _refusal(answer: Any) -> _Refusal:
    try:
        return asking.parsed(_Refusal, asking.told(answer))
    except NetworkRefused:
        return _Refusal()


def _words(told: Mapping[str, Any]) -> str:
    """Without anything that may be a secret."""
    parts = [str(told.get(name) or "") for name in ("error", "error_description")]
    return _SECRET.sub("…", " ".join(part for part in parts if part))[:MOST_WORDS]


class Pasted:
    """The access of whoever typed a token; keeps `Access`."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token.get_secret_value()

    def grant(self, client: Client) -> Grant:  # noqa: ARG002
        """Raises `CredentialsRefused` when nobody typed any."""
        if not self._token:
            raise CredentialsRefused("nobody has signed in yet")
        return Grant(self._token)


class Tokens:
    """Access tokens for a lasting secret, each asked for when it is needed; keeps `Access`."""

    def __init__(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> None:
        """`form` is what is sent to the token endpoint at `url`. Asks nothing yet."""
        self._url, self._form, self._headers = url, dict(form), dict(headers or {})
        self._grant: Grant | None = None

    def grant(self, client: Client) -> Grant:
        """One that nobody says the end of is asked for each time."""
        known = self._grant
        if known is None or known.ends_at is None or known.is_due(datetime.now(UTC), timedelta(minutes=1)):
            known = self._grant = granted(_taken(_reached(client, self._url, self._form, self._headers)))
        return known


def basic(name: str, secret: str) -> dict[str, str]:
    """The header by which a client says who it is (RFC 6749, 2.3.1).

    >>> basic("key", "secret")
    {'Authorization': 'Basic a2V5OnNlY3JldA=='}
    """
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}
