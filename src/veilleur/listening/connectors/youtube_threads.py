"""Threads of YouTube as its API gives them, and what of them is remembered from one time to the next."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from veilleur.listening import asking
from veilleur.listening.asking import Said, Shape
from veilleur.listening.connector import Gone, Heard

WINDOW = 100
"""Threads of a source that are remembered, and read again each time."""


class Author(Shape):
    """By the id of a channel."""

    value: Said = ""


class Snippet(Shape):
    """Of a comment."""

    original: Annotated[Said, Field(alias="textOriginal")] = ""
    display: Annotated[Said, Field(alias="textDisplay")] = ""
    author: Annotated[Author | None, Field(alias="authorChannelId")] = None
    published: Annotated[Said, Field(alias="publishedAt")] = ""
    video: Annotated[Said, Field(alias="videoId")] = ""


class Comment(Shape):
    """A comment, or a reply."""

    id: Annotated[str, Field(min_length=1)]
    snippet: Snippet = Snippet()

    @property
    def text(self) -> str:
        """As it was written, when YouTube tells."""
        return self.snippet.original or self.snippet.display

    @property
    def by(self) -> str:
        """The channel that wrote it; empty when YouTube does not say."""
        return self.snippet.author.value if self.snippet.author else ""

    @property
    def digest(self) -> str:
        """Differs when the words do."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:8]

    @property
    def at(self) -> float:
        """When it was published, in seconds since 1970; 0 when YouTube does not say."""
        moment = asking.moment(self.snippet.published)
        return moment.timestamp() if moment else 0.0


class ThreadSnippet(Shape):
    """Of a thread."""

    top: Annotated[Comment, Field(alias="topLevelComment")]
    total: Annotated[int, Field(alias="totalReplyCount")] = 0
    video: Annotated[Said, Field(alias="videoId")] = ""


class Replies(Shape):
    """Some of the replies."""

    comments: Any = None


class Thread(Shape):
    """A comment with some of its replies."""

    snippet: ThreadSnippet
    replies: Replies = Replies()


class Listed(Shape):
    """A page of anything."""

    items: Any = None
    next: Annotated[Said, Field(alias="nextPageToken")] = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A thread as it was last seen."""

    at: float
    """When it was opened, in seconds since 1970."""
    digest: str
    total: int
    """Replies that YouTube counted."""
    replies: Mapping[str, str]
    """Reply → digest."""


UNKNOWN = Remembered(0.0, "", -1, {})


@dataclass(frozen=True, slots=True)
class Memory:
    """How far the threads of a source were read, and what the newest of them said."""

    token: str = ""
    """The page to go on with; empty: from the newest thread."""
    edge: float | None = None
    """When the oldest thread of the pages before `token` was opened."""
    top: float = 0.0
    """When the newest thread of those pages was opened."""
    floor: float = 0.0
    """Everything opened until then was brought."""
    threads: Mapping[str, Remembered] = field(default_factory=dict)

    def restarted(self) -> Memory:
        """From the newest thread again."""
        return Memory(floor=self.floor, threads=self.threads)

    def after(self, seen: Mapping[str, Remembered], gone: Iterable[str], token: str, most: int) -> Memory:
        """Once a page with `seen` was read and `token` leads to the next; `most` replies are remembered."""
        kept = {**{name: one for name, one in self.threads.items() if name not in gone}, **seen}
        threads = _trimmed(kept, most)
        opened = [one.at for one in seen.values() if one.at]
        top, oldest = max([self.top, *opened]), _oldest(opened, self.edge)
        lowest = min((one.at for one in threads.values() if one.at), default=self.floor)
        if token and token != self.token and oldest > min(self.floor, lowest):
            return Memory(token, oldest, top, self.floor, threads)
        return Memory(floor=max(top, self.floor), threads=threads)

    def missing(self, seen: Mapping[str, Remembered], token: str) -> list[str]:
        """Threads that ought to have been on a page with `seen`."""
        low = _oldest([one.at for one in seen.values() if one.at], self.edge) if token else -math.inf
        high = math.inf if self.edge is None else self.edge
        return [name for name, one in self.threads.items() if low < one.at < high and name not in seen]


def _oldest(opened: list[float], edge: float | None) -> float:
    return min(opened, default=math.inf if edge is None else edge)


def _trimmed(given: Mapping[str, Remembered], most: int) -> dict[str, Remembered]:
    """The newest of threads; the replies of the older ones among them are forgotten first."""
    newest = sorted(given.items(), key=lambda entry: entry[1].at, reverse=True)[:WINDOW]
    kept: dict[str, Remembered] = {}
    for name, one in newest:
        most -= len(one.replies)
        kept[name] = one if most >= 0 else Remembered(one.at, one.digest, one.total, {})
    return kept


def changes(
    thread: Thread, replies: list[Comment], before: Remembered, *, is_whole: bool
) -> tuple[list[Heard], list[str], Remembered]:
    """What is new in a thread, the replies that are missing from it, and what to remember.

    `is_whole`: whether `replies` are all.
    """
    top, video = thread.snippet.top, thread.snippet.video
    digests = {one.id: one.digest for one in replies}
    items = [heard(top, video)] if top.digest != before.digest else []
    items += [heard(one, video, top.id) for one in replies if digests[one.id] != before.replies.get(one.id)]
    missing = [name for name in before.replies if name not in digests] if is_whole else []
    kept = digests if is_whole else {**before.replies, **digests}
    return items, missing, Remembered(top.at, top.digest, thread.snippet.total, kept)


def heard(comment: Comment, video: str, thread: str = "") -> Heard:
    """A comment, or a reply in a thread."""
    return Heard(
        comment.id,
        comment.text,
        author=comment.by,
        url=address(comment.snippet.video or video, comment.id),
        parent=thread,
        thread=thread,
        published_at=asking.moment(comment.snippet.published),
    )


def address(video: str, comment: str) -> str:
    """Where the public reads a comment; empty when it is under no video."""
    return f"https://www.youtube.com/watch?v={video}&lc={comment}" if video else ""


def gone_with_replies(gone: Iterable[str], threads: Mapping[str, Remembered]) -> list[Gone]:
    """Comments that are gone; a thread takes its replies with it."""
    names = [name for one in gone for name in (one, *threads.get(one, UNKNOWN).replies)]
    return [Gone(name) for name in dict.fromkeys(names)]


_MEMORIES = TypeAdapter(dict[str, Memory])


def memories(cursor: str) -> dict[str, Memory]:
    """What a cursor holds, by source; nothing when it cannot be read."""
    try:
        return _MEMORIES.validate_json(cursor)
    except ValidationError:
        return {}


def cursor(told: Mapping[str, Memory]) -> str:
    """The other way round."""
    return _MEMORIES.dump_json(dict(told)).decode()
