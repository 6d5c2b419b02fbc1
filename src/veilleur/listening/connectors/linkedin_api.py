"""LinkedIn's versioned REST interface: posts of an organisation, comments under them, and what it refuses.

An error is `{"status", "code", "serviceErrorCode", "message"}`. URNs stand percent-encoded in addresses. A
list is `{"elements": […], "paging": {"start", "count", "total", "links"}}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AliasChoices, Field, StringConstraints

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import MOST_WORDS, Client, require_good
from veilleur.listening.connectors.linkedin_settings import LinkedInSettings
from veilleur.listening.oauth2 import Access

API = "https://api.linkedin.com"
OAUTH = "https://www.linkedin.com/oauth/v2"
PAGE = 50
MOST_PAGES = 20
"""Of the comments under one post, and of the replies to one comment."""
_COMMENT = re.compile(
    r"urn:li:comment:\((?:urn:li:)?(?P<kind>[A-Za-z]{1,20}):(?P<object>[0-9]{1,25}),(?P<number>[0-9]{1,25})\)"
)


class Missing(NetworkRefused):
    """What is asked for is not there, or not any more."""


class Expired(CredentialsRefused):
    """The access token is not accepted (any more)."""


class Stamp(Shape):
    """When something was done."""

    time: float = 0.0
    """Milliseconds since 1970."""


class Message(Shape):
    """Of a comment; the names of those it mentions stand in the text itself."""

    text: Said = ""


class Summary(Shape):
    """Of the replies to a comment."""

    total: Annotated[int, Field(alias="aggregatedTotalComments")] = 0
    first: Annotated[int, Field(alias="totalFirstLevelComments")] = 0


class Comment(Shape):
    """A comment, or a reply to one."""

    number: Annotated[str, Field(alias="id", coerce_numbers_to_str=True, pattern=r"^[0-9]{1,25}$")]
    actor: Said = ""
    owner: Annotated[Said, Field(alias="object")] = ""
    said_urn: Annotated[Said, Field(validation_alias=AliasChoices("commentUrn", "$URN"))] = ""
    parent: Annotated[Said, Field(alias="parentComment")] = ""
    message: Message | None = None
    created: Stamp | None = None
    summary: Annotated[Summary | None, Field(alias="commentsSummary")] = None

    @property
    def urn(self) -> str:
        """What it is known by; empty when LinkedIn says nothing that it could be known by."""
        built = f"urn:li:comment:({self.owner},{self.number})"
        return next((one for one in (self.said_urn, built) if _COMMENT.fullmatch(one)), "")

    @property
    def text(self) -> str:
        """As it was written; empty for a picture without words."""
        return self.message.text if self.message else ""

    @property
    def digest(self) -> str:
        """Differs when the words do."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:8]

    @property
    def published_at(self) -> datetime | None:
        """In UTC."""
        return moment(self.created.time) if self.created else None

    @property
    def has_replies(self) -> bool:
        """Whether somebody answered it."""
        return self.summary is not None and max(self.summary.total, self.summary.first) > 0


class Post(Shape):
    """A post of the organisation."""

    id: Annotated[str, Field(pattern=r"^urn:li:[A-Za-z]{1,20}:[0-9]{1,25}$")]
    created: Annotated[float, Field(validation_alias=AliasChoices("createdAt", "publishedAt"))] = 0.0
    """Milliseconds since 1970."""


class Link(Shape):
    """To another page."""

    rel: Said = ""


class Paging(Shape):
    """Where a page stands in its list."""

    total: int | None = None
    links: Any = None


class Listed(Shape):
    """A page."""

    elements: Any = None
    paging: Paging = Paging()

    @property
    def count(self) -> int:
        """How many entries it has, odd ones too."""
        return len(self.elements) if isinstance(self.elements, list) else 0

    def is_last(self, start: int) -> bool:
        """Whether nothing comes after it, when it begins at `start`."""
        if not self.count:
            return True
        if self.paging.total is not None:
            return start + self.count >= self.paging.total
        links = asking.each(Link, self.paging.links if isinstance(self.paging.links, list) else None)
        return all(link.rel != "next" for link in links)


class Token(Shape):
    """What LinkedIn tells about an access token."""

    active: bool = False
    scope: Said = ""
    expires_at: float = 0.0
    """Seconds since 1970."""


class _Access(Shape):
    access_token: Annotated[str, StringConstraints(min_length=1)]


class _Refusal(Shape):
    code: Said = ""
    message: Said = ""


class Api:
    """One organisation's view of LinkedIn."""

    def __init__(self, settings: LinkedInSettings, api: str, oauth: str, access: Access | None) -> None:
        self._settings, self._api, self._oauth, self._signed_in = settings, api, oauth, access
        self._access = settings.token.get_secret_value()
        self._is_renewed = False

    def posts(self, start: int, count: int, client: Client) -> Listed:
        """Posts of the organisation, newest first."""
        params = {"q": "author", "author": self._settings.organisation, "sortBy": "CREATED"}
        params |= {"start": str(start), "count": str(count)}
        return self._listed("posts", params, client, {"X-RestLi-Method": "FINDER"})

    def comments(self, urn: str, client: Client) -> tuple[list[Comment], bool]:
        """What stands right under a post or a comment, and whether this is all. Raises `Missing`."""
        found: list[Comment] = []
        start = 0
        for _page in range(MOST_PAGES):
            page = self.page(urn, start, PAGE, client)
            found += asking.each(Comment, page.elements)
            if page.is_last(start):
                return found, True
            start += page.count
        return found, False

    def page(self, urn: str, start: int, count: int, client: Client) -> Listed:
        """Some of the comments under a post or a comment. Raises `Missing`."""
        return self._listed(_comments(urn), {"start": str(start), "count": str(count)}, client)

    def is_there(self, comment: str, client: Client) -> bool:
        """Whether a comment can still be read by its URN."""
        owner, number = parts_of(comment)
        try:
            self._read(f"{_comments(owner)}/{number}", {}, client)
        except Missing:
            return False
        return True

    def write(self, under: str, text: str, client: Client) -> str:
        """Publishes a reply to a comment in the organisation's name; the URN of what was made."""
        owner = parts_of(under)[0]
        body = {"actor": self._settings.organisation, "object": owner, "parentComment": under}
        answer = self._change("POST", _comments(under), client, body=body | {"message": {"text": text}})
        return _made(answer, owner)

    def delete(self, comment: str, client: Client) -> None:
        """Deletes a comment. Raises `Missing`."""
        owner, number = parts_of(comment)
        self._change("DELETE", f"{_comments(owner)}/{number}", client, {"actor": self._settings.organisation})

    def token(self, client: Client) -> Token:
        """What the access token may do, and until when."""
        told = self._ask_oauth("introspectToken", {"token": self._current(client)}, client)
        return asking.parsed(Token, told)

    def _listed(
        self, path: str, params: Mapping[str, str], client: Client, headers: Mapping[str, str] | None = None
    ) -> Listed:
        return asking.parsed(Listed, asking.told(self._read(path, params, client, headers)))

    def _read(
        self, path: str, params: Mapping[str, str], client: Client, headers: Mapping[str, str] | None = None
    ) -> Answer:
        def ask() -> Answer:
            sent = {**self._headers(client), **(headers or {})}
            return client.read(self._address(path), headers=sent, params=params, judged=judge)

        return self._renewing(ask, client)

    def _change(
        self,
        method: str,
        path: str,
        client: Client,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        def ask() -> Answer:
            sent = self._headers(client)
            return client.change(
                method, self._address(path), headers=sent, params=params, json=body, judged=judge
            )

        return self._renewing(ask, client)

    def _renewing(self, ask: Callable[[], Answer], client: Client) -> Answer:
        """What `ask` answers, with a new token when LinkedIn does not accept the one there is."""
        try:
            return ask()
        except Expired:
            if self._is_renewed or not self._settings.is_renewable:
                raise
            self._access = self._renewed(client)
            return ask()

    def _address(self, path: str) -> str:
        return f"{self._api}/rest/{path}"

    def _headers(self, client: Client) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._current(client)}",
            "LinkedIn-Version": self._settings.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def _current(self, client: Client) -> str:
        if self._signed_in is not None:
            return self._signed_in.grant(client).access
        if not self._access:
            self._access = self._renewed(client)
        return self._access

    def _renewed(self, client: Client) -> str:
        """A new access token (RFC 6749, 6). Raises `CredentialsRefused`."""
        if not self._settings.is_renewable:
            raise CredentialsRefused("nobody has signed in to LinkedIn yet")
        refresh = self._settings.refresh_token.get_secret_value()
        told = self._ask_oauth(
            "accessToken", {"grant_type": "refresh_token", "refresh_token": refresh}, client
        )
        self._is_renewed = True
        return asking.parsed(_Access, told).access_token

    def _ask_oauth(self, what: str, told: Mapping[str, str], client: Client) -> dict[str, Any]:
        secret = self._settings.client_secret.get_secret_value()
        form = {**told, "client_id": self._settings.client_id, "client_secret": secret}
        try:
            answer = client.ask("POST", f"{self._oauth}/{what}", data=form)
        except OutcomeUnknown as error:
            raise NotReached(str(error)) from error
        if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            raise CredentialsRefused(
                "LinkedIn does not accept the application, its secret or the refresh token"
            )
        return asking.told(require_good(answer))


def judge(answer: Answer) -> None:
    """Raises what LinkedIn's refusals mean where their status does not say enough."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    words = _words(answer)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise Expired(words)
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise Missing(words)
    if answer.status_code == HTTPStatus.UPGRADE_REQUIRED:
        raise NetworkRefused(f"LinkedIn has retired this version of its interface: set a newer one ({words})")
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and " DAY limit" in words:
        raise Throttled(words, until_midnight(datetime.now(UTC)))


def _words(answer: Answer) -> str:
    try:
        told = asking.parsed(_Refusal, asking.told(answer))
    except NetworkRefused:
        told = _Refusal()
    return f"HTTP {answer.status_code} {told.code} {told.message}"[:MOST_WORDS].strip()


def until_midnight(now: datetime) -> float:
    """Seconds until LinkedIn's limits of a day begin again, in UTC.

    >>> until_midnight(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    1800.0
    """
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max((midnight - now).total_seconds(), 1.0)


def _comments(urn: str) -> str:
    return f"socialActions/{quote(urn, safe='')}/comments"


def parts_of(comment: str) -> tuple[str, str]:
    """The URN of what a comment stands under, and its number. Raises `NetworkRefused` for anything else.

    >>> parts_of("urn:li:comment:(urn:li:activity:7001,42)")
    ('urn:li:activity:7001', '42')
    """
    match = _COMMENT.fullmatch(comment)
    if match is None:
        raise NetworkRefused(f"this is no comment of LinkedIn: {comment[:60]!r}")
    return f"urn:li:{match['kind']}:{match['object']}", match["number"]


def is_comment(urn: str) -> bool:
    """Whether something has the form of a comment's URN."""
    return _COMMENT.fullmatch(urn) is not None


def _made(answer: Answer, owner: str) -> str:
    """The URN of a new comment: as its body says, or its header. Raises `OutcomeUnknown`."""
    for urn in _candidates(answer, owner):
        if is_comment(urn):
            return urn
    raise OutcomeUnknown("LinkedIn took the reply and does not say under which id")


def _candidates(answer: Answer, owner: str) -> Iterator[str]:
    with suppress(NetworkRefused):
        yield asking.parsed(Comment, asking.told(answer)).urn
    header = answer.headers.get("x-restli-id", "")
    yield header
    yield f"urn:li:comment:({owner},{header})"


def address(comment: str) -> str:
    """Where the public reads a comment."""
    owner, number = parts_of(comment)
    short = f"urn:li:comment:({owner.removeprefix('urn:li:')},{number})"
    return f"https://www.linkedin.com/feed/update/{owner}/?commentUrn={quote(short, safe='')}"


def moment(milliseconds: float) -> datetime | None:
    """A date, in UTC; None for one that is none."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
