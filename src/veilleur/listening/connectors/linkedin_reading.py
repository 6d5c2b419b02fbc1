"""Listening to the comments under the posts of an organisation.

LinkedIn lists comments post by post only. So each time these posts are read: those that were never read,
the newest `NEWEST`, and of the others of the last `POSTS` those that nobody read for longest (`ROTATED`).
What a comment said is remembered, so that only what changed is brought, and what is missing is asked for by
its URN before it counts as gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from pydantic import TypeAdapter, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connector import Gone, Heard, Page
from veilleur.listening.connectors import linkedin_api as api
from veilleur.listening.connectors.linkedin_api import Api, Comment, Missing, Post

POSTS = 100
"""The newest posts are listened to."""
NEWEST = 10
ROTATED = 10
MOST_REMEMBERED = 1_500
"""Comments whose words are remembered, those of the newest posts first."""
MOST_ASKED_FOR = 50
"""Missing comments of one post that are asked for by their URN in one go."""
AT_ONCE = 100
"""Comments of a page."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A post as it was last read."""

    created: float
    """Milliseconds since 1970."""
    read_at: float = 0.0
    """Seconds since 1970; 0 while it was not read to its end."""
    heard: Mapping[str, str] = field(default_factory=dict)
    """URN of a comment → digest of what it said."""


Memory = dict[str, Seen]
"""By the URN of a post."""
_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)


def memory(cursor: str) -> Memory:
    """What a cursor holds; nothing when it cannot be read."""
    try:
        found = _MEMORY.validate_json(cursor)
    except ValidationError:
        return {}
    return found if all(map(api.is_comment, _names(found))) else {}


def _names(told: Memory) -> Iterator[str]:
    return (name for seen in told.values() for name in seen.heard)


def cursor(told: Memory) -> str:
    """The other way round; comments of older posts are left out once there are too many."""
    left = MOST_REMEMBERED
    kept: Memory = {}
    for post, seen in sorted(told.items(), key=lambda entry: entry[1].created, reverse=True):
        kept[post] = replace(seen, heard=dict(islice(seen.heard.items(), left)))
        left -= len(kept[post].heard)
    return _MEMORY.dump_json(kept).decode()


class Reading:
    """One go through the posts of an organisation."""

    def __init__(self, own: str, network: Api, since: str, client: Client) -> None:
        self._own, self._network, self._client = own, network, client
        self._memory = memory(since)

    def pages(self) -> Iterator[Page]:
        """Post by post, the newest first; one that LinkedIn refuses is told of after the others were read."""
        listed, is_whole = self._posts()
        refused: NetworkRefused | None = None
        for post in _to_read(listed, self._memory, is_whole=is_whole):
            try:
                yield from self._read(post)
            except CredentialsRefused:
                raise
            except NetworkRefused as error:
                refused = NetworkRefused(f"{post.id}: {error}")
        kept = {post.id for post in listed}
        self._memory = {name: seen for name, seen in self._memory.items() if name in kept}
        yield Page((), cursor(self._memory))
        if refused is not None:
            raise refused

    def _posts(self) -> tuple[list[Post], bool]:
        """The newest posts, and whether there are no others."""
        found: list[Post] = []
        start = 0
        while start < POSTS:
            page = self._network.posts(start, api.PAGE, self._client)
            found += asking.each(Post, page.elements)
            if page.is_last(start):
                return found, True
            start += page.count
        return found, False

    def _read(self, post: Post) -> Iterator[Page]:
        """What changed under a post, in pages of a bounded size."""
        seen = self._memory.get(post.id, Seen(post.created))
        try:
            comments, is_whole = self._comments(post)
        except Missing:
            yield self._page(post, {}, list(seen.heard))
            return
        changed = [one for one in comments if seen.heard.get(one.urn) != one.digest]
        heard = dict(seen.heard)
        for start in range(0, len(changed), AT_ONCE):
            part = changed[start : start + AT_ONCE]
            heard |= {one.urn: one.digest for one in part}
            self._memory[post.id] = replace(seen, heard=heard)
            yield Page(tuple(heard_of(one, self._own) for one in part), cursor(self._memory))
        there = {one.urn for one in comments}
        gone = self._gone([name for name in heard if name not in there]) if is_whole else []
        yield self._page(post, {name: said for name, said in heard.items() if name not in gone}, gone)

    def _page(self, post: Post, heard: Mapping[str, str], gone: Sequence[str]) -> Page:
        """The last one of a post."""
        self._memory[post.id] = Seen(post.created, time.time(), heard)
        return Page(tuple(Gone(name) for name in gone), cursor(self._memory))

    def _comments(self, post: Post) -> tuple[list[Comment], bool]:
        """Comments and replies that have words, and whether these are all. Raises `Missing`."""
        found: list[Comment] = []
        top, is_whole = self._network.comments(post.id, self._client)
        for comment in top:
            found.append(comment)
            if comment.has_replies and comment.urn:
                replies, is_all = self._replies(comment.urn)
                found += replies
                is_whole = is_whole and is_all
        return [one for one in found if one.urn and one.text.strip()], is_whole

    def _replies(self, comment: str) -> tuple[list[Comment], bool]:
        """None when the comment went away in the meantime."""
        try:
            replies, is_whole = self._network.comments(comment, self._client)
        except Missing:
            return [], True
        return [one.model_copy(update={"parent": comment}) for one in replies], is_whole

    def _gone(self, names: Sequence[str]) -> list[str]:
        """A list read page by page may skip a comment: gone is what cannot be read by itself either."""
        asked_for = names[:MOST_ASKED_FOR]
        return [name for name in asked_for if not self._network.is_there(name, self._client)]


def _to_read(listed: Sequence[Post], known: Memory, *, is_whole: bool) -> list[Post]:
    """Which posts are read this time, the newest first; those that vanished from the list come last."""
    oldest = -1.0 if is_whole else min((post.created for post in listed), default=0.0)
    here = {post.id for post in listed}
    vanished = [
        Post(id=name, createdAt=seen.created)
        for name, seen in known.items()
        if name not in here and seen.created > oldest
    ]
    older = [post for post in listed[NEWEST:] if _read_at(post, known)]
    rotated = {post.id for post in sorted(older, key=lambda post: _read_at(post, known))[:ROTATED]}
    chosen = [post for post in listed[NEWEST:] if post.id in rotated or not _read_at(post, known)]
    return [*listed[:NEWEST], *chosen, *vanished]


def _read_at(post: Post, known: Memory) -> float:
    return known[post.id].read_at if post.id in known else 0.0


def heard_of(comment: Comment, own: str) -> Heard:
    """A comment as the host takes it; a reply belongs to the comment above it."""
    parent = comment.parent if api.is_comment(comment.parent) else ""
    return Heard(
        comment.urn,
        comment.text,
        author=comment.actor,
        url=api.address(comment.urn),
        parent=parent,
        thread=parent,
        published_at=comment.published_at,
        is_own=comment.actor == own,
    )
