"""The REST API of a WordPress site (version 2): what the connector asks of it, and what it says.

It is asked at `<site>/?rest_route=/wp/v2/…`, which answers whatever the permalinks look like, with HTTP Basic
and an application password (WordPress 5.6 or later). IP addresses and user agents are never asked for; e-mail
addresses only go into a hash that tells visitors apart.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown
from veilleur.listening.client import MOST_WORDS, Client, require_good
from veilleur.listening.connector import Heard
from veilleur.listening.markup import plain_text

PAGE = 100
"""Comments asked for at once: the most that WordPress gives."""
COMMENTS = "/wp/v2/comments"
FIELDS = "id,post,parent,author,author_name,author_email,date_gmt,content,link,status"
NOT_NOW = frozenset({"rest_comment_closed", "rest_comment_draft_post", "rest_comment_trash_post"})
"""Refusals that come as HTTP 403 and say nothing about the credentials."""
DUPLICATE = "comment_duplicate"

Told = TypeVar("Told")


def _text_or_nothing(told: object) -> object:
    return told if isinstance(told, str) else ""


_Text = Annotated[str, BeforeValidator(_text_or_nothing)]


class _Content(BaseModel):
    raw: str


class Comment(BaseModel):
    """A comment as an editor sees it."""

    model_config = ConfigDict(frozen=True)

    id: PositiveInt
    status: str
    """`approved`, `hold`, `spam`, `trash` or `post-trashed`."""
    content: _Content
    post: int = 0
    parent: int = 0
    author: int = 0
    """Id of an account of the site; 0 for a visitor."""
    author_name: _Text = ""
    author_email: Annotated[_Text, Field(repr=False)] = ""
    date_gmt: _Text = ""
    link: _Text = ""

    @property
    def text(self) -> str:
        """What its author wrote: WordPress keeps line ends, some tags, and `&lt;` for “<”."""
        raw = self.content.raw.replace("\r\n", "\n").replace("\r", "\n")
        return plain_text(raw.replace("\n", "<br>")) if "<" in raw or "&" in raw else raw

    @property
    def digest(self) -> str:
        """Tells one wording from another."""
        return _hash(self.content.raw)[:12]

    def heard(self) -> Heard:
        """As the host takes it; nothing of the e-mail is in it but the hash."""
        return Heard(
            str(self.id),
            self.text,
            author=self._author(),
            url=web(self.link),
            parent=str(self.parent) if self.parent > 0 else "",
            published_at=_moment(self.date_gmt),
        )

    def _author(self) -> str:
        """By name and e-mail: nobody checks an e-mail, and many strangers write a@a.fr."""
        if self.author > 0:
            return f"user:{self.author}"
        told = (self.author_name.strip().casefold(), self.author_email.strip().casefold())
        return f"visitor:{_hash(json.dumps(told))[:32]}" if any(told) else ""


class Account(BaseModel):
    """Whoever the credentials belong to."""

    id: PositiveInt
    name: _Text = ""


class _Refusal(BaseModel):
    code: _Text = ""
    message: _Text = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A stretch of the comments that were asked for, by ascending id."""

    comments: tuple[Comment, ...]
    end: int
    """How many of them come up to here, this stretch included."""
    total: int
    """How many there are on the site."""
    is_whole: bool
    """Nothing is left out: neither what the account may not read, nor what could not be understood."""

    @property
    def is_end(self) -> bool:
        """Whether nothing comes after it."""
        return self.end >= self.total

    @property
    def last(self) -> int:
        """The highest id in it; 0 without any."""
        return self.comments[-1].id if self.comments else 0

    def meets(self, last: int) -> bool:
        """Whether it begins no later than with a comment that was read."""
        return bool(self.comments) and self.comments[0].id <= last


class Site:
    """One site, asked by one account."""

    def __init__(self, address: str, user: str, password: str) -> None:
        """Connects to nothing yet."""
        self._url = f"{address}/"
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {told}"}

    def elsewhere(self, client: Client) -> str:
        """Where the address sends on to, if it does; asked without the password."""
        try:
            answer = client.read(self._url, params={"rest_route": "/", "_fields": "name"}, follow=True)
        except CredentialsRefused:
            return ""
        return str(answer.url).partition("?")[0] if answer.history else ""

    def account(self, client: Client) -> Account:
        """Whose password this is. Raises `CredentialsRefused` when it is nobody's."""
        params = {"rest_route": "/wp/v2/users/me", "_fields": "id,name"}
        answer = client.read(self._url, headers=self._headers, params=params)
        return _understood(answer.content, Account.model_validate)

    def listing(
        self, client: Client, *, status: str = "all", offset: int = 0, size: int = PAGE, **wanted: str
    ) -> Listing:
        """Comments in one state (`all`: approved and held); `wanted` are filters of WordPress.

        Raises `CredentialsRefused` when the account may not moderate.
        """
        shape = {"context": "edit", "orderby": "id", "order": "asc", "_fields": FIELDS}
        stretch = {"status": status, "offset": str(offset), "per_page": str(size)}
        params = {"rest_route": COMMENTS} | shape | stretch | wanted
        answer = client.read(self._url, headers=self._headers, params=params)
        comments = _understood(answer.content, _comments)
        total = answer.headers.get("x-wp-total", "")
        if not (total.isascii() and total.isdigit() and len(total) < 16):
            raise NetworkRefused("the answer is not that of a WordPress site: X-WP-Total is missing")
        expected = max(0, min(size, int(total) - offset))
        return Listing(comments, offset + size, int(total), is_whole=len(comments) == expected)

    def write(self, path: str, told: dict[str, Any], client: Client) -> bytes | None:
        """What WordPress says of a change; None for a comment that it has already, word for word."""
        params = {"rest_route": path}
        answer = client.ask("POST", self._url, headers=self._headers, params=params, json=told)
        refusal = _refusal(answer.content)
        if answer.status_code == HTTPStatus.CONFLICT and refusal.code == DUPLICATE:
            return None
        if answer.status_code == HTTPStatus.FORBIDDEN and refusal.code in NOT_NOW:
            raise NetworkRefused(plain_text(refusal.message)[:MOST_WORDS] or refusal.code)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and "retry-after" not in answer.headers:
            raise OutcomeUnknown(
                f"HTTP {answer.status_code} {plain_text(refusal.message)[:MOST_WORDS]}".strip()
            )
        return require_good(answer).content


def web(address: str) -> str:
    """An address of the web, or nothing."""
    return address if address.startswith(("https://", "http://")) else ""


def _understood(content: bytes, read: Callable[[Any], Told]) -> Told:
    try:
        return read(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise NetworkRefused("no WordPress site with a REST API answers at this address") from error


def _comments(told: object) -> tuple[Comment, ...]:
    """The comments of a list by ascending id; an odd one is left out. Raises `ValueError` when all are."""
    if not isinstance(told, list):
        raise ValueError("not a list")  # noqa: TRY004 - as json and pydantic say it
    found = [comment for comment in map(_comment, told) if comment is not None]
    if told and not found:
        raise ValueError("not one comment")
    return tuple(sorted(found, key=lambda comment: comment.id))


def _comment(told: object) -> Comment | None:
    try:
        return Comment.model_validate(told)
    except ValidationError:
        return None


def _refusal(content: bytes) -> _Refusal:
    try:
        return _Refusal.model_validate_json(content)
    except ValidationError:
        return _Refusal()


def _moment(told: str) -> datetime | None:
    """WordPress gives UTC without saying so."""
    try:
        moment = datetime.fromisoformat(told)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
