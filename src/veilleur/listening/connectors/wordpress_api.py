"""The REST API of a WordPress site (version 2): what the connector asks of it, and what it says.

It is asked at `<site>/?rest_route=/wp/v2/…`, which answers whatever the permalinks look like, with HTTP Basic
and an application password (WordPress 5.6 or later). IP addresses and user agents are never asked for; e-mail
addresses only go into a hash that tells visitors apart.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field, PositiveInt

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.asking import Answer, Said, Shape, each, json_of, moment, parsed, web
from veilleur.listening.client import MOST_WORDS, Client
from veilleur.listening.connector import Heard
from veilleur.listening.markup import plain_text
from veilleur.listening.remembering import digest

PAGE = 100
"""Comments asked for at once: the most that WordPress gives."""
COMMENTS = "/wp/v2/comments"
FIELDS = "id,post,parent,author,author_name,author_email,date_gmt,content,link,status"
NOT_NOW = frozenset({"rest_comment_closed", "rest_comment_draft_post", "rest_comment_trash_post"})
"""Refusals that come as HTTP 403 and say nothing about the credentials."""
DUPLICATE = "comment_duplicate"


class Duplicate(NetworkRefused):
    """WordPress has this comment already, word for word."""


class _Content(Shape):
    raw: str


class Comment(Shape):
    """A comment as an editor sees it."""

    id: PositiveInt
    status: str
    """`approved`, `hold`, `spam`, `trash` or `post-trashed`."""
    content: _Content
    post: int = 0
    parent: int = 0
    author: int = 0
    """Id of an account of the site; 0 for a visitor."""
    author_name: Said = ""
    author_email: Annotated[Said, Field(repr=False)] = ""
    date_gmt: Said = ""
    link: Said = ""

    @property
    def text(self) -> str:
        """What its author wrote: WordPress keeps line ends, some tags, and `&lt;` for “<”."""
        raw = self.content.raw.replace("\r\n", "\n").replace("\r", "\n")
        return plain_text(raw.replace("\n", "<br>")) if "<" in raw or "&" in raw else raw

    @property
    def digest(self) -> str:
        """Tells one wording from another."""
        return digest(self.content.raw)

    def heard(self, own: int) -> Heard:
        """As the host takes it, `own` being our account; nothing of the e-mail is in it but the hash."""
        return Heard(
            str(self.id),
            self.text,
            author=self._author(),
            url=web(self.link),
            parent=str(self.parent) if self.parent > 0 else "",
            published_at=moment(self.date_gmt),
            is_own=self.author == own,
        )

    def _author(self) -> str:
        """By name and e-mail: nobody checks an e-mail, and many strangers write a@a.fr."""
        if self.author > 0:
            return f"user:{self.author}"
        told = (self.author_name.strip().casefold(), self.author_email.strip().casefold())
        return f"visitor:{sha256(json.dumps(told).encode()).hexdigest()[:32]}" if any(told) else ""


class Account(Shape):
    """Whoever the credentials belong to."""

    id: PositiveInt
    name: Said = ""


class _Refusal(Shape):
    code: Said = ""
    message: Said = ""


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
        return parsed(Account, json_of(answer))

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
        comments = _comments(json_of(answer))
        total = answer.headers.get("x-wp-total", "")
        if not (total.isascii() and total.isdigit() and len(total) < 16):
            raise NetworkRefused("the answer is not that of a WordPress site: X-WP-Total is missing")
        expected = max(0, min(size, int(total) - offset))
        return Listing(comments, offset + size, int(total), is_whole=len(comments) == expected)

    def write(self, path: str, told: dict[str, Any], client: Client) -> Answer:
        """What WordPress says of a change. Raises `Duplicate`."""
        params = {"rest_route": path}
        return client.change(
            "POST", self._url, headers=self._headers, params=params, json=told, judged=_judge
        )


def _judge(answer: Answer) -> None:
    try:
        refusal = parsed(_Refusal, json_of(answer))
    except NetworkRefused:
        return
    words = plain_text(refusal.message)[:MOST_WORDS] or refusal.code
    if answer.status_code == HTTPStatus.CONFLICT and refusal.code == DUPLICATE:
        raise Duplicate(words)
    if answer.status_code == HTTPStatus.FORBIDDEN and refusal.code in NOT_NOW:
        raise NetworkRefused(words)


def _comments(told: object) -> tuple[Comment, ...]:
    """The comments of a list by ascending id; an odd one is left out. Raises when all are."""
    found = each(Comment, told)
    if told != [] and not found:
        raise NetworkRefused("no WordPress site with a REST API answers at this address")
    return tuple(sorted(found, key=lambda comment: comment.id))
