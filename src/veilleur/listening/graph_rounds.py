"""Reading posts and their comments in rounds: newest first, the newest of them again each time.

The first round goes back as far as the network does. The later ones read the newest posts only, and compare
what stands under them with what the round before saw: so edits and deletions are noticed. Within a post,
the comments beyond the first page are read when the number of comments, or the first page, is different.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Gone, Heard
from veilleur.listening.graph import Missing

MOST_ITEMS = 200
"""Items of a page after which it is handed over."""
MOST_PAGES = 20
"""Pages of comments under one post that are read beyond the first."""
MOST_CHECKED = 50
"""Messages missing from a post that are asked for by id in one round."""
MOST_OF_A_POST = 300
"""Messages under one post whose words are remembered."""
MOST_REMEMBERED = 1500
"""Messages of one wall whose words are remembered."""

Edge = tuple[str, str]
"""A list, and where in it to go on."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a wall as it was listed."""

    id: str
    messages: tuple[Heard, ...]
    """What stands on it: the post itself when it is somebody's message, and the first comments."""
    total: int = -1
    """Comments that the network counts; -1 when it does not say."""
    more: tuple[Edge, ...] = ()
    """Where there are more comments."""
    entry: Any = None
    """As the network gave it, for the wall itself."""


class Wall(Protocol):
    """A list of posts, newest first."""

    def page(self, after: str, client: Client) -> tuple[Sequence[Post], str]:
        """Some posts, and where the list goes on."""
        ...

    def more(self, post: Post, edge: Edge, client: Client) -> tuple[Sequence[Heard], Sequence[Edge]]:
        """More of the comments of a post, and where there are still more."""
        ...

    def is_there(self, message: str, client: Client) -> bool:
        """Whether the network gives something by its id."""
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """A post as it was last seen."""

    total: int = -1
    said: Mapping[str, str] = field(default_factory=dict)
    """Message → digest; empty also when there was no room to remember."""


@dataclass(frozen=True, slots=True)
class Round:
    """How far a wall was read, and what its newest posts said."""

    after: str = ""
    """Where to go on; empty: at the newest post."""
    count: int = 0
    """Posts before `after`."""
    is_later: bool = False
    """Whether everything was brought once."""
    known: Mapping[str, Remembered] = field(default_factory=dict)
    """Posts of the round before, newest first."""
    now: Mapping[str, Remembered] = field(default_factory=dict)
    """Those of this one."""

    def of(self, post: str) -> Remembered:
        """What is remembered of a post."""
        return self.now.get(post) or self.known.get(post) or Remembered()

    def noting(self, post: str, total: int, said: Mapping[str, str], most: int) -> Round:
        """With a post that was read, if it is among the newest `most` of this round."""
        if post not in self.now and len(self.now) >= most:
            return self
        room = MOST_REMEMBERED - sum(len(one.said) for name, one in self.now.items() if name != post)
        kept = dict(list(said.items())[:MOST_OF_A_POST])
        seen = Remembered(total, kept if len(kept) <= room else {})
        return replace(self, now={**self.now, post: seen})

    def turned(self, after: str, count: int, most: int) -> Round:
        """After a page of `count` posts; the round ends there or goes on at `after`."""
        read = self.count + count
        is_enough = self.is_later and read >= most
        return replace(self, after="" if is_enough or after == self.after else after, count=read)

    def ended(self) -> Round:
        """Ready for the next one."""
        return Round(is_later=True, known=self.now)

    def restarted(self) -> Round:
        """At the newest post again."""
        return replace(self, after="", count=0)


Step = tuple[tuple[Heard | Gone, ...], Round]


def walk(wall: Wall, memory: Round, most: int, client: Client) -> Iterator[Step]:
    """What is new on a wall, step by step, to the end of a round; later rounds read the newest `most` posts.

    A step may end within a page of posts: gone on from there, the page is read again and compared.
    """
    while True:
        posts, after, memory = _page(wall, memory, client)
        items: list[Heard | Gone] = []
        for post in posts:
            if len(items) >= MOST_ITEMS:
                yield tuple(items), memory
                items = []
            brought, memory = _looked_at(wall, post, memory, most, client)
            items += brought
        memory = memory.turned(after, len(posts), most)
        if not memory.after:
            items += _gone_posts(wall, memory, client, is_whole=not after)
            memory = memory.ended()
        yield tuple(items), memory
        if not memory.after:
            return


def _page(wall: Wall, memory: Round, client: Client) -> tuple[Sequence[Post], str, Round]:
    """A page of posts; the newest when the network does not know any more where we were."""
    if memory.after:
        try:
            return *wall.page(memory.after, client), memory
        except CredentialsRefused:
            raise
        except NetworkRefused:
            memory = memory.restarted()
    return *wall.page("", client), memory


def _looked_at(
    wall: Wall, post: Post, memory: Round, most: int, client: Client
) -> tuple[list[Heard | Gone], Round]:
    """What changed on a post."""
    before = memory.of(post.id)
    if not before.said and 0 <= post.total == before.total:
        return [], memory.noting(post.id, before.total, {}, most)
    messages, is_whole = list(post.messages), not post.more
    if post.more and (post.total != before.total or post.total < 0 or _changed(messages, before)):
        rest, is_whole = _rest(wall, post, client)
        messages += rest
    digests = {one.id: digest(one) for one in messages}
    missing = [name for name in before.said if name not in digests]
    checked = missing[:MOST_CHECKED] if is_whole else []
    gone = [Gone(name) for name in checked if not wall.is_there(name, client)]
    left = {name: before.said[name] for name in missing[len(checked) :]}
    return [*_changed(messages, before), *gone], memory.noting(post.id, post.total, digests | left, most)


def _changed(messages: Sequence[Heard], before: Remembered) -> list[Heard]:
    return [one for one in messages if before.said.get(one.id) != digest(one)]


def _rest(wall: Wall, post: Post, client: Client) -> tuple[list[Heard], bool]:
    """The comments beyond the first page, and whether these are all."""
    edges, found = deque(post.more), list[Heard]()
    try:
        for _page_number in range(MOST_PAGES):
            if not edges:
                break
            messages, more = wall.more(post, edges.popleft(), client)
            found += messages
            edges.extend(more)
    except Missing:
        return found, False
    return found, not edges


def _gone_posts(wall: Wall, memory: Round, client: Client, *, is_whole: bool) -> list[Gone]:
    """The messages of posts that were among the newest and are not there any more.

    Posts below the last one that was seen again have only been left behind by newer ones.
    """
    names = list(memory.known)
    seen = [number for number, name in enumerate(names) if name in memory.now]
    inside = names if is_whole else names[: max(seen, default=0)]
    lost = [name for name in inside if name not in memory.now and not wall.is_there(name, client)]
    return [Gone(message) for name in lost for message in memory.known[name].said]


def digest(one: Heard) -> str:
    """Differs when the words or the rating do."""
    said = json.dumps([one.title, one.text, one.rating.value if one.rating else None])
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:8]


_ROUNDS = TypeAdapter(dict[str, Round])


def rounds(cursor: str) -> dict[str, Round]:
    """What a cursor holds, by wall; nothing when it cannot be read."""
    try:
        return _ROUNDS.validate_json(cursor)
    except ValidationError:
        return {}


def cursor(told: Mapping[str, Round]) -> str:
    """The other way round; words are forgotten when there is no room for them."""
    text = _ROUNDS.dump_json(dict(told)).decode()
    if len(text) <= MOST_CURSOR:
        return text
    return _ROUNDS.dump_json({name: _without_words(one) for name, one in told.items()}).decode()


def _without_words(one: Round) -> Round:
    known = {name: Remembered(post.total) for name, post in one.known.items()}
    return replace(one, known=known, now={name: Remembered(post.total) for name, post in one.now.items()})
