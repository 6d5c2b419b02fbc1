"""The Mastodon API: its shapes, as far as they are read, and one server that is asked with one token."""

from __future__ import annotations

import re
import time
from collections.abc import Container, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2s
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from pydantic import AfterValidator, ConfigDict, Field

from veilleur.errors import CredentialsRefused, NetworkRefused, Throttled
from veilleur.listening.asking import Answer, Shape, each, json_of, parsed
from veilleur.listening.client import LONGEST_WAIT, Client
from veilleur.listening.markup import plain_text
from veilleur.listening.oauth2 import Access

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Told(Shape):
    """Something that the server says."""

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
    entries = _list(told)
    posts = [one["reblog"] if isinstance(one, dict) and one.get("reblog") else one for one in entries]
    return [Listed(one.id, seconds_of(one.created_at), one) for one in each(Status, posts)]


def mentions(told: object) -> list[Listed]:
    """Notifications, newest first; those that are no mention have no post."""
    listed = []
    for one in each(Notification, _list(told)):
        found = each(Status, [one.status]) if one.type == "mention" else []
        listed.append(Listed(one.id, seconds_of(one.created_at), found[0] if found else None))
    return listed


def _list(told: object) -> list[Any]:
    if not isinstance(told, list):
        raise NetworkRefused("the server does not answer as the Mastodon API does")
    return told


class Server:
    """One server, asked in the name of one account.

    `spare`: how many questions of the quota are left to others; 0 for whoever acts.
    """

    def __init__(self, address: str, access: Access, client: Client, spare: int = 0) -> None:
        self._address, self._access, self._client, self._spare = address, access, client, spare
        self.left: int | None = None
        """Questions that may be asked until `_reset`, as the server said last."""
        self._reset = 0.0

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What the server says; None when there is nothing (any more)."""
        answer = self._read(path, params, also=GONE)
        return None if answer.status_code in GONE else json_of(answer)

    def post(self, path: str, told: Mapping[str, object], key: str = "") -> Answer:
        """Asks once for something that changes the network; a server that fell over may have done it."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        return self._client.change(
            "POST", self._address + path, headers=headers, json=told, judged=self._count
        )

    def account(self) -> Account:
        """Whose token it is. Raises `CredentialsRefused` when it is nobody's."""
        try:
            return parsed(Account, json_of(self._read("/api/v1/accounts/verify_credentials")))
        except NetworkRefused as error:
            if error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                raise CredentialsRefused("HTTP 422: the token belongs to no account") from error
            raise

    def status(self, post: str) -> Status:
        """A post that something is done about. Raises `NetworkRefused` when it is gone."""
        told = self.get(f"/api/v1/statuses/{quote(post, safe='')}")
        if told is None:
            raise NetworkRefused("the message is not on the server any more, or not for this account to see")
        return parsed(Status, told)

    def written(self, status: Status) -> str:
        """A post of the account as it was typed; as it is shown, on a server that does not tell."""
        told = self.get(f"/api/v1/statuses/{status.id}/source")
        return status.text if told is None else parsed(Written, told).text

    def instance(self) -> Instance | None:
        """The server itself; None when it does not say."""
        for path in ("/api/v2/instance", "/api/v1/instance"):
            with suppress(NetworkRefused):
                return parsed(Instance, self.get(path))
        return None

    def scopes(self) -> frozenset[str] | None:
        """What the application of the token asked for; None when the server does not say."""
        with suppress(NetworkRefused):
            told = parsed(Application, self.get("/api/v1/apps/verify_credentials")).scopes
            return None if told is None else frozenset(told)
        return None

    def _read(self, path: str, params: Mapping[str, str] | None = None, also: Container[int] = ()) -> Answer:
        if self.left is not None and self.left < self._spare and self._reset > time.time():
            wait = min(max(self._reset - time.time(), 1.0), LONGEST_WAIT)
            raise Throttled("the quota of the account is nearly used up", wait)
        return self._client.read(
            self._address + path, headers=self._headers, params=params, judged=self._count, also=also
        )

    def _count(self, answer: Answer) -> None:
        """Keeps what is left of the quota, as every answer says it."""
        left, reset = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "reset"))
        with suppress(ValueError):
            self._reset = _aware(datetime.fromisoformat(reset)).timestamp()
            self.left = int(left)

    @property
    def _headers(self) -> dict[str, str]:
        """Whoever acts takes a new connection each time: one that the server just closed leaves doubt."""
        known = self._access.grant(self._client).header
        return known if self._spare else known | {"Connection": "close"}
