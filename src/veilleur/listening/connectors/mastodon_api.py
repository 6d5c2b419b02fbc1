"""The Mastodon API: its shapes, as far as they are read, and one server that is asked with one token."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2s
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown, Throttled
from veilleur.listening.client import LONGEST_WAIT, Client, require_good
from veilleur.listening.markup import plain_text

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
ODD = "the server does not answer as the Mastodon API does"


class Told(BaseModel):
    """Something that the server says; what is not read here is left unread."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


_DATED = re.compile(r"[0-9]{10}([0-9a-f]{32})")


def _steady(key: str) -> str:
    """Snac puts the time of the last change before its key, and reads any ten digits there."""
    dated = _DATED.fullmatch(key)
    return f"{0:010}{dated[1]}" if dated else key


Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$"), AfterValidator(_steady)]
Seconds = Annotated[int, Field(ge=0, le=10**11)]


def _aware(moment: datetime) -> datetime:
    if not 1970 < moment.year < 9000:
        raise ValueError("a date that cannot be")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]


class Account(Told):
    """Who wrote a post. Its name, picture and description are never read."""

    id: Key
    acct: Annotated[str, Field(pattern=r"^\S{1,300}$")]
    """`name` on this server, `name@host` elsewhere."""


class Status(Told):
    """A post."""

    id: Key
    account: Account
    created_at: Moment
    visibility: str
    content: str = ""
    spoiler_text: str | None = None
    language: Annotated[str, Field(max_length=35)] | None = None
    url: str | None = None
    uri: str | None = None
    in_reply_to_id: Key | None = None

    @property
    def address(self) -> str:
        """Of its page; empty when it has none."""
        return next((one for one in (self.url, self.uri) if one and one.startswith(("https:", "http:"))), "")

    @property
    def title(self) -> str:
        """The warning in front of it."""
        return self.spoiler_text or ""

    @property
    def text(self) -> str:
        """Without markup."""
        return plain_text(self.content)

    @property
    def digest(self) -> str:
        """12 characters that change when it is edited."""
        return blake2s(f"{self.title}\0{self.text}".encode("utf-8", "replace"), digest_size=6).hexdigest()


class Notification(Told):
    """Something that happened to the account."""

    id: Key
    type: str
    created_at: Moment
    status: Any = None


class Found(Told):
    """What a search brought."""

    statuses: list[Any] = Field(default_factory=list)


class Context(Told):
    """What stands above and below a post, topmost first."""

    ancestors: list[Any] = Field(default_factory=list)
    descendants: list[Any] = Field(default_factory=list)


class Application(Told):
    """What a token was made for; servers before Mastodon 4.3 name no scopes."""

    scopes: tuple[str, ...] | None = None


class Written(Told):
    """A post as it was typed."""

    text: str


class Lengths(Told):
    """How long a post may be."""

    max_characters: int | None = None


class Configuration(Told):
    """What the server allows."""

    statuses: Lengths = Lengths()


class Instance(Told):
    """The server itself."""

    version: Annotated[str, Field(max_length=200)]
    configuration: Configuration = Configuration()


Model = TypeVar("Model", bound=BaseModel)


def one_of(model: type[Model], told: object) -> Model:
    """What the server said. Raises `NetworkRefused` when it is not as agreed."""
    try:
        return model.model_validate(told)
    except (ValidationError, RecursionError) as error:
        raise NetworkRefused(ODD) from error


def many_of(model: type[Model], told: object) -> list[Model]:
    """Those that are as agreed; an odd one is left out."""
    if not isinstance(told, list):
        raise NetworkRefused(ODD)
    known = []
    for one in told:
        with suppress(ValidationError, RecursionError):
            known.append(model.model_validate(one))
    return known


def seconds_of(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp())


class Listed(NamedTuple):
    """An entry of a timeline, of a search or of the notifications."""

    key: str
    """What the page after it is asked for with."""
    at: int
    """Seconds: when it came there."""
    status: Status | None
    """None when it is no post, or an odd one."""


def timeline(told: object) -> list[Listed]:
    """Posts, newest first; of one that somebody passed on, the post itself."""
    if not isinstance(told, list):
        raise NetworkRefused(ODD)
    posts = [one["reblog"] if isinstance(one, dict) and one.get("reblog") else one for one in told]
    return [Listed(one.id, seconds_of(one.created_at), one) for one in many_of(Status, posts)]


def mentions(told: object) -> list[Listed]:
    """Notifications, newest first; those that are no mention have no post."""
    listed = []
    for one in many_of(Notification, told):
        found = many_of(Status, [one.status]) if one.type == "mention" else []
        listed.append(Listed(one.id, seconds_of(one.created_at), found[0] if found else None))
    return listed


class Server:
    """One server, asked with one token.

    `spare`: how many questions of the quota are left to others; 0 for whoever acts.
    """

    def __init__(self, address: str, token: SecretStr, client: Client, spare: int = 0) -> None:
        self._address, self._token, self._client, self._spare = address, token, client, spare
        self.left: int | None = None
        """Questions that may be asked until `_reset`, as the server said last."""
        self._reset = 0.0

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What the server says; None when there is nothing (any more)."""
        answer = self._asked(path, params)
        return None if answer.status_code in GONE else content_of(self._good(answer).content)

    def post(self, path: str, told: Mapping[str, object], key: str = "") -> bytes:
        """Asks once for something that changes the network; a server that fell over may have done it."""
        keyed = {"Idempotency-Key": key} if key else {}
        answer = self._client.ask(
            "POST",
            self._address + path,
            headers=self._headers | keyed | {"Content-Type": "application/json"},
            content=json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"),
        )
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OutcomeUnknown(f"HTTP {answer.status_code}")
        return bytes(self._good(answer).content)

    def account(self) -> Account:
        """Whose token it is. Raises `CredentialsRefused` when it is nobody's."""
        answer = self._asked("/api/v1/accounts/verify_credentials", None)
        if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise CredentialsRefused("HTTP 422: the token belongs to no account")
        return one_of(Account, content_of(self._good(answer).content))

    def status(self, post: str) -> Status:
        """A post that something is done about. Raises `NetworkRefused` when it is gone."""
        told = self.get(f"/api/v1/statuses/{quote(post, safe='')}")
        if told is None:
            raise NetworkRefused("the message is not on the server any more, or not for this account to see")
        return one_of(Status, told)

    def written(self, status: Status) -> str:
        """A post of the account as it was typed; as it is shown, on a server that does not tell."""
        told = self.get(f"/api/v1/statuses/{status.id}/source")
        return status.text if told is None else one_of(Written, told).text

    def instance(self) -> Instance | None:
        """The server itself; None when it does not say."""
        for path in ("/api/v2/instance", "/api/v1/instance"):
            with suppress(NetworkRefused):
                return one_of(Instance, self.get(path))
        return None

    def scopes(self) -> frozenset[str] | None:
        """What the application of the token asked for; None when the server does not say."""
        with suppress(NetworkRefused):
            told = one_of(Application, self.get("/api/v1/apps/verify_credentials")).scopes
            return None if told is None else frozenset(told)
        return None

    def _asked(self, path: str, params: Mapping[str, str] | None) -> Any:
        """An answer; a server that stumbles is asked again with the patience of the client."""
        if self.left is not None and self.left < self._spare and self._reset > time.time():
            raise Throttled("the quota of the account is nearly used up", self._wait())
        with suppress(OutcomeUnknown):
            answer = self._client.ask("GET", self._address + path, headers=self._headers, params=params)
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return answer
        return self._client.read(self._address + path, headers=self._headers, params=params)

    def _good(self, answer: Any) -> Any:
        """The answer, if it is one; 429 says until when to wait: `X-RateLimit-Reset`."""
        self._count(answer.headers)
        is_full = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        if is_full and "retry-after" not in answer.headers and self._reset > time.time():
            raise Throttled("HTTP 429: the quota of the account is used up", self._wait())
        return require_good(answer)

    def _count(self, headers: Mapping[str, str]) -> None:
        left, reset = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
        with suppress(ValueError):
            self._reset = _aware(datetime.fromisoformat(reset)).timestamp()
            self.left = int(left)

    def _wait(self) -> float:
        return min(max(self._reset - time.time(), 1.0), LONGEST_WAIT)

    @property
    def _headers(self) -> dict[str, str]:
        """Whoever acts takes a new connection each time: one that the server just closed leaves doubt."""
        known = {"Authorization": f"Bearer {self._token.get_secret_value()}"}
        return known if self._spare else known | {"Connection": "close"}


def content_of(content: bytes) -> Any:
    """The JSON of an answer. Raises `NetworkRefused`."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NetworkRefused(
            "the server answers no JSON: is this the address of a Mastodon server?"
        ) from error
