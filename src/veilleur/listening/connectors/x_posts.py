"""Posts of X as its API gives them, by their new names and the old ones, and how far they were read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from veilleur.listening import asking
from veilleur.listening.asking import Said, Shape
from veilleur.listening.connector import Heard

NEW_NAMES = {
    "post.fields": "conversation_id,created_at,entities,lang,note_post",
    "expansions": "author_id,edit_history_post_ids,referenced_posts",
    "user.fields": "username",
}
"""What is asked for, as the contract of 2026 has it."""
OLD_NAMES = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,"
    "referenced_tweets",
    "expansions": "author_id",
    "user.fields": "username",
}
"""The same, as it was called before."""
NO_LANGUAGE = frozenset({"und", "zxx", "art"})
MOST_RECENT = 500
"""Posts that are remembered, to see whether they are still there."""
BIRTH = 1_288_834_974_657
"""Milliseconds since 1970 at which ids begin to count."""
_LEADING_NAMES = re.compile(r"^(?:\s*@\w+)+")
_SCHEME = re.compile(r"https?://")


class User(Shape):
    """An account."""

    id: str
    username: Said = ""


class Reference(Shape):
    """From a post to another one: `retweeted`, `quoted` or `replied_to`."""

    type: str
    id: str


class Link(Shape):
    """What X made of an address in a text."""

    url: str
    expanded_url: str


class Entities(Shape):
    """What X found in a text."""

    urls: Any = None


class Note(Shape):
    """The whole of a post of more than 280 characters."""

    text: Said
    entities: Entities | None = None


class Post(Shape):
    """A post."""

    id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
    text: Said = ""
    author_id: Said = ""
    conversation_id: Said = ""
    created_at: Said = ""
    lang: Said = ""
    entities: Entities | None = None
    history: Annotated[
        Any, Field(validation_alias=AliasChoices("edit_history_post_ids", "edit_history_tweet_ids"))
    ] = None
    referenced: Annotated[
        Any, Field(validation_alias=AliasChoices("referenced_posts", "referenced_tweets"))
    ] = None
    note: Annotated[Note | None, Field(validation_alias=AliasChoices("note_post", "note_tweet"))] = None

    @property
    def first_id(self) -> str:
        """The same for every version of a post: an edit gets an id of its own."""
        versions = (
            [one for one in self.history if isinstance(one, str)] if isinstance(self.history, list) else []
        )
        return min((one for one in versions if one.isdigit()), key=int, default=self.id)

    @property
    def answers(self) -> str:
        """The post it replies to; empty when it replies to none."""
        return next((one.id for one in self.references if one.type == "replied_to"), "")

    @property
    def is_repost(self) -> bool:
        """Whether it says nothing of its own."""
        return any(one.type == "retweeted" for one in self.references)

    @property
    def references(self) -> list[Reference]:
        """The posts it speaks of."""
        return asking.each(Reference, self.referenced) if isinstance(self.referenced, list) else []

    @property
    def words(self) -> str:
        """As they were written: X escapes three characters."""
        said = self.note.text if self.note else self.text
        return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    @property
    def plain(self) -> str:
        """For comparing: without the names X puts before a reply, links as they were written."""
        said, found = self.words, (self.note or self).entities
        for link in asking.each(Link, found.urls if found and isinstance(found.urls, list) else None):
            said = said.replace(link.url, link.expanded_url)
        return plain(said)


class Problem(Shape):
    """Why something about one post is not given."""

    type: str
    resource_id: Said = ""
    value: Said = ""


class Meta(Shape):
    """Of a page."""

    next_token: Said = ""


class Includes(Shape):
    """What posts speak of."""

    users: Any = None


class Found(Shape):
    """A page of posts."""

    data: Any = None
    includes: Includes | None = None
    meta: Meta | None = None
    errors: Any = None


def plain(text: str) -> str:
    """Words of a reply, for comparing.

    >>> plain("@cabinet @lea Merci :  https://example.org/rdv/ ")
    'Merci : example.org/rdv'
    """
    words = _SCHEME.sub("", _LEADING_NAMES.sub("", text)).split()
    return " ".join(word.rstrip("/") or word for word in words)


def heard(post: Post, names: Mapping[str, str]) -> Heard:
    """A post; `names` are the account names by id."""
    name, first = names.get(post.author_id, ""), post.first_id
    return Heard(
        first,
        post.words,
        author=post.author_id,
        url=address(post.id, name),
        language="" if post.lang in NO_LANGUAGE or re.fullmatch("q..", post.lang) else post.lang,
        parent=post.answers,
        thread=post.conversation_id if post.conversation_id != first else "",
        published_at=asking.moment(post.created_at),
    )


def address(post: str, name: str = "") -> str:
    """Where the public reads a post; X needs no account name in it."""
    return f"https://x.com/{name or 'i'}/status/{post}"


def published(post: str) -> float:
    """When the id of a post was given, in seconds since 1970.

    >>> published("1346889436626259968")
    1609958440.344
    """
    return ((int(post) >> 22) + BIRTH) / 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """How far one list of posts was read, from the newest to the oldest."""

    since: str = ""
    """The newest post when the list was last read to its end."""
    top: str = ""
    """The newest post of this time."""
    until: str = ""
    """The oldest post so far of this time; empty: the list is read to its end."""

    def after(self, posts: list[Post], *, is_last: bool) -> Reading:
        """Once a page was read."""
        ids = sorted((post.id for post in posts), key=int)
        top = max([*ids[-1:], self.top], key=lambda one: int(one or 0))
        if is_last:
            return Reading(since=max(top, self.since, key=lambda one: int(one or 0)))
        return Reading(self.since, top, ids[0] if ids else self.until)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a cursor holds."""

    account: tuple[str, str] = ("", "")
    """Name and id of the account."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    """Posts that were brought, the latest first."""
    looked_at: float = 0.0
    """When these were last looked at, in seconds since 1970."""

    def with_page(self, key: str, reading: Reading, brought: list[str]) -> Memory:
        """Once a page of one list was read; the latest of `brought` comes last."""
        recent = tuple(dict.fromkeys([*reversed(brought), *self.recent]))[:MOST_RECENT]
        return Memory(self.account, {**self.readings, key: reading}, recent, self.looked_at)


_MEMORY = TypeAdapter(Memory)
_IDS = re.compile(r"[0-9]{0,19}")


def memory(cursor: str) -> Memory:
    """What a cursor holds; nothing when it cannot be read."""
    try:
        found = _MEMORY.validate_json(cursor)
    except ValidationError:
        return Memory()
    ids = [*found.recent, found.account[1]]
    for one in found.readings.values():
        ids += [one.since, one.top, one.until]
    return found if all(_IDS.fullmatch(one) for one in ids) else Memory()


def cursor(told: Memory) -> str:
    """The other way round."""
    return _MEMORY.dump_json(told).decode()
