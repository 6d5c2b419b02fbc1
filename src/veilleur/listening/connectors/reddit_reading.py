"""Listening to Reddit.

A source is a listing: the comments or the posts of a subreddit, a search, a part of the account's inbox. Each
is read from the newest thing down to what was brought before, less an overlap for things that are listed
late. Then some of the things brought before are asked for by their names, for edits and deletions: the
newest, and those that nobody looked at for longest. Reddit lists the last thousand things of a source.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from pydantic import TypeAdapter, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.client import Client
from veilleur.listening.connector import Gone, Heard, Page
from veilleur.listening.connectors import reddit_api as api
from veilleur.listening.connectors.reddit_api import Api, Listing, Thing
from veilleur.listening.connectors.reddit_settings import RedditSettings
from veilleur.listening.watching import Watch, folded

MOST_PAGES = 10
"""Of a source in one go: Reddit lists no more than a thousand things."""
REMEMBERED = 2_000
"""Things that are looked at again: the newest ones."""
LOOKED_AT = 100
"""Of the newest, and as many of the others, in one go."""
OVERLAP, SEARCH_OVERLAP = 3600.0, 24 * 3600.0
"""Seconds that are read again; the search finds a post some time after it is published."""
SPARED = 10
"""Questions of the quota that collecting leaves to replies and to people."""
INBOX = ("mentions", "comments", "selfreply")
"""Parts of the inbox; private messages are in none of them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where things come from; `name` is its key in the cursor."""

    name: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    overlap: float = OVERLAP
    is_filtered: bool = False
    """Whether only what holds a word to watch is brought."""


def sources(settings: RedditSettings) -> Iterator[Source]:
    """Everything that is to be read, in a fixed order."""
    for part in INBOX if settings.inbox else ():
        yield Source(f"@{part}", f"message/{part}")
    for name in settings.subreddits:
        for what in ("new", "comments"):
            yield Source(f"r/{name}/{what}", f"r/{name}/{what}", is_filtered=bool(settings.words))
    for word in settings.words:
        for spelling in Watch.of(word).spellings:
            params = {"q": f'"{spelling.replace(chr(34), " ")}"', "sort": "new", "type": "link"}
            yield Source(f"?{spelling}", "search", params, SEARCH_OVERLAP, is_filtered=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a source was read, in seconds since 1970."""

    floor: float = 0.0
    """Everything published until then was brought."""
    top: float = 0.0
    """The newest thing of this time."""
    after: str = ""
    """The page to go on with; empty: from the newest thing."""

    def beyond(self, listing: Listing, overlap: float, now: float) -> Reach:
        """Once a page was read; without `after` when nothing new lies behind it."""
        things = listing.things
        top = min(max([self.top, *(one.created_utc for one in things)]), now)
        is_settled = bool(things) and things[-1].created_utc < self.floor - overlap
        if is_settled or listing.after in {"", self.after} or not api.is_name(listing.after):
            return Reach(floor=max(top, self.floor))
        return Reach(self.floor, top, listing.after)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a cursor holds; `with_…` give changed ones."""

    reached: Mapping[str, Reach] = field(default_factory=dict)
    """By the name of a source."""
    heard: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Digest and date of things; those that nobody looked at for longest come first."""

    def with_reach(self, source: str, reach: Reach) -> Memory:
        """Once a page was read."""
        return Memory({**self.reached, source: reach}, self.heard)

    def with_looked_at(self, things: Sequence[Thing], gone: Sequence[str]) -> Memory:
        """Once things were looked at; the oldest ones are forgotten when there are too many."""
        seen = {one.name: (one.digest, one.created_utc) for one in things}
        out = {*seen, *gone}
        heard = {name: told for name, told in self.heard.items() if name not in out} | seen
        kept = set(nlargest(REMEMBERED, heard, key=lambda name: heard[name][1]))
        return Memory(self.reached, {name: told for name, told in heard.items() if name in kept})

    def due(self, seen: set[str]) -> list[str]:
        """The newest things that were not seen this time, and those nobody looked at for longest."""
        names = [name for name in self.heard if name not in seen]
        newest = nlargest(LOOKED_AT, names, key=lambda name: self.heard[name][1])
        chosen = set(newest)
        return [*newest, *[name for name in names if name not in chosen][:LOOKED_AT]]


_MEMORY = TypeAdapter(Memory)


def memory(cursor: str) -> Memory:
    """What a cursor holds; nothing when it cannot be read."""
    try:
        found = _MEMORY.validate_json(cursor)
    except ValidationError:
        return Memory()
    afters = [reach.after for reach in found.reached.values() if reach.after]
    return found if all(map(api.is_name, [*found.heard, *afters])) else Memory()


def cursor(told: Memory) -> str:
    """The other way round."""
    return _MEMORY.dump_json(told).decode()


class Reading:
    """One go through the sources of an account."""

    def __init__(self, settings: RedditSettings, network: Api, since: str, client: Client) -> None:
        self._settings, self._network, self._client = settings, network, client
        self._watches = tuple(map(Watch.of, settings.words))
        self._sources = tuple(sources(settings))
        known, told = {source.name for source in self._sources}, memory(since)
        reached = {name: reach for name, reach in told.reached.items() if name in known}
        self._memory = Memory(reached, told.heard)
        self._seen: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """What is new, source by source, then what changed; a refused source is told of at the end."""
        refused: NetworkRefused | None = None
        for source in self._sources:
            try:
                yield from self._brought(source)
            except CredentialsRefused:
                raise
            except NetworkRefused as error:
                refused = NetworkRefused(f"{source.name}: {error}")
        names = self._memory.due(self._seen)
        for start in range(0, len(names), api.PAGE):
            yield self._looked_at_again(names[start : start + api.PAGE])
        if refused is not None:
            raise refused

    def _brought(self, source: Source) -> Iterator[Page]:
        for _page in range(MOST_PAGES):
            reach = self._memory.reached.get(source.name, Reach())
            listing = self._listing(source, reach.after)
            if reach.after and not listing.things:  # Reddit does not know any more where we were
                reach = Reach(reach.floor)
                listing = self._listing(source, "")
            page = self._page(listing.things, reach.floor - source.overlap, is_filtered=source.is_filtered)
            reach = reach.beyond(listing, source.overlap, time.time())
            self._memory = self._memory.with_reach(source.name, reach)
            yield Page(page, cursor(self._memory))
            if not reach.after:
                return
        self._memory = self._memory.with_reach(source.name, Reach(max(reach.top, reach.floor)))

    def _listing(self, source: Source, after: str) -> Listing:
        params = {**source.params, "after": after} if after else source.params
        return self._network.listing(source.path, params, self._client)

    def _page(self, things: Sequence[Thing], floor: float, *, is_filtered: bool) -> tuple[Heard | Gone, ...]:
        """What is new or changed in a page."""
        known = self._memory.heard
        gone = [one.name for one in things if one.is_gone and one.name in known]
        there = [one for one in things if not one.is_gone and (one.title or one.text.strip())]
        wanted = [
            one
            for one in there
            if one.name in known or (one.created_utc >= floor and (not is_filtered or self._is_watched(one)))
        ]
        items = self._changes(wanted)
        self._note(wanted, gone)
        return (*items, *map(Gone, gone))

    def _is_watched(self, thing: Thing) -> bool:
        plain = folded(f"{thing.title}\n{thing.text}")
        return any(watch.is_in(plain) for watch in self._watches)

    def _changes(self, things: Sequence[Thing]) -> list[Heard]:
        known = self._memory.heard
        return [self._heard(one) for one in things if known.get(one.name, ("",))[0] != one.digest]

    def _note(self, things: Sequence[Thing], gone: Sequence[str]) -> None:
        self._memory = self._memory.with_looked_at(things, gone)
        self._seen.update(one.name for one in things)

    def _looked_at_again(self, names: list[str]) -> Page:
        """Edits and deletions among things brought before; an empty answer proves nothing."""
        found = self._network.known(names, self._client)
        there = [one for one in found if not one.is_gone]
        here = {one.name for one in there}
        gone = [name for name in names if name not in here] if found else []
        items = self._changes(there)
        self._note(there, gone)
        return Page((*items, *map(Gone, gone)), cursor(self._memory))

    def _heard(self, thing: Thing) -> Heard:
        return Heard(
            thing.name,
            thing.text,
            author=thing.by,
            title=thing.title,
            url=thing.url,
            parent=thing.parent_id,
            thread=thing.thread,
            published_at=thing.published_at,
            is_own=thing.author.lower() == self._settings.account.lower(),
        )
