"""Listening to a Mastodon server.

A source is the account's mentions, one hashtag, or one search. Each is read from the newest post back to
where it was read last, less a day (posts of other servers arrive late and are filed under their own date),
or to the first page on which everything is known; what is new is brought oldest first. After that some of
the posts brought before are looked at again, for edits and deletions (`LOOKED_AT_AGAIN`).

The cursor is JSON: `{"read": {source: seconds}, "heard": {post: [digest, seconds]}}`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from typing import Annotated
from urllib.parse import quote

from pydantic import ConfigDict, Field

from veilleur.errors import NetworkRefused
from veilleur.listening.asking import each, parsed
from veilleur.listening.client import Client
from veilleur.listening.connector import Gone, Heard, Page
from veilleur.listening.connectors import mastodon_api as api
from veilleur.listening.connectors.mastodon_api import Listed, Server, Status, seconds_of
from veilleur.listening.connectors.mastodon_settings import MastodonSettings
from veilleur.listening.oauth2 import Access
from veilleur.listening.remembering import Cursor

PAGE = 40
"""Posts asked for at once, and brought at once."""
MOST_PAGES = 50
"""Of a source in one go: 2,000 posts."""
MOST_FOUND = 5
"""Pages of a search in one go: 200 posts."""
OVERLAP = 24 * 3600
"""Seconds that are read again, for posts that arrived late."""
REMEMBERED = 2_000
"""Posts that are looked at again: the newest ones."""
LOOKED_AT_AGAIN = 40
"""Of them, in one go: half the newest, half those that nobody looked at for longest."""
SPARED = 20
"""Questions of the quota that collecting leaves to replies and to people."""
PUBLIC = frozenset({"public", "unlisted"})


class Memory(Cursor):
    """What a cursor carries from one reading to the next."""

    model_config = ConfigDict(frozen=False)

    read: dict[str, api.Seconds] = Field(default_factory=dict)
    """Until when each source is read."""
    heard: dict[api.Key, tuple[Annotated[str, Field(max_length=12)], api.Seconds]] = Field(
        default_factory=dict
    )
    """Digest and date of posts; those that nobody looked at for longest come first."""

    @property
    def text(self) -> str:
        """The newest posts only."""
        kept = set(nlargest(REMEMBERED, self.heard, key=lambda post: self.heard[post][1]))
        self.heard = {post: told for post, told in self.heard.items() if post in kept}
        return super().text

    def has(self, status: Status) -> bool:
        """Whether a post was heard as it is now."""
        return self.heard.get(status.id, ("", 0))[0] == status.digest

    def note(self, status: Status) -> None:
        """Remembers a post as one that was just looked at."""
        self.heard.pop(status.id, None)
        self.heard[status.id] = (status.digest, seconds_of(status.created_at))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where posts come from; `name` is its key in the cursor."""

    name: str
    path: str
    params: Mapping[str, str]

    def page(self, server: Server, number: int, before: str) -> list[Listed]:
        """Entries older than the one with the key `before`, newest first."""
        if self.is_search:
            told = server.get(self.path, {**self.params, "offset": str(number * PAGE)})
            return api.timeline(parsed(api.Found, told).statuses)
        told = server.get(self.path, {**self.params, "max_id": before} if before else self.params)
        return api.mentions(told) if self.name == "@" else api.timeline(told)

    @property
    def is_search(self) -> bool:
        return self.name.startswith("?")


def _sources(settings: MastodonSettings) -> Iterator[_Source]:
    limit = {"limit": str(PAGE)}
    strangers_too = {"types[]": "mention", "include_filtered": "true"}
    yield _Source("@", "/api/v1/notifications", limit | strangers_too)
    for tag in settings.hashtags:
        yield _Source(f"#{tag}", f"/api/v1/timelines/tag/{quote(tag)}", limit)
    for phrase in settings.words:
        yield _Source(f"?{phrase}", "/api/v2/search", limit | {"type": "statuses", "q": phrase})


class Reading:
    """One go through the sources of an account."""

    def __init__(self, settings: MastodonSettings, access: Access, since: str, client: Client) -> None:
        self._settings = settings
        self._server = Server(settings.address, access, client, SPARED)
        self._memory = Memory.of(since)
        self._me = self._server.account().id
        self._seen: set[str] = set()
        self._roots: dict[str, str] = {}

    def pages(self) -> Iterator[Page]:
        """What is new, source by source; then what changed."""
        sources = tuple(_sources(self._settings))
        known = {source.name for source in sources}
        self._memory.read = {name: at for name, at in self._memory.read.items() if name in known}
        for source in sources:
            yield from self._brought(source)
        items = tuple(self._looked_at_again())
        yield Page(items, self._memory.text)

    def _brought(self, source: _Source) -> Iterator[Page]:
        now = int(time.time())
        fresh = self._fresh(source, now)
        for start in range(0, len(fresh), PAGE):
            part = fresh[start : start + PAGE]
            items = tuple(self._heard(one) for _key, _at, one in part if one)
            last = min(part[-1].at, now)
            self._memory.read[source.name] = max(last, self._memory.read.get(source.name, 0))
            yield Page(items, self._memory.text)
        self._memory.read[source.name] = now

    def _fresh(self, source: _Source, now: int) -> list[Listed]:
        """What was not brought yet as it is now, oldest first."""
        until = self._memory.read.get(source.name, now - self._settings.days * 24 * 3600 + OVERLAP)
        fresh: dict[str, Listed] = {}
        keys: set[str] = set()
        before = ""
        for number in range(MOST_FOUND if source.is_search else MOST_PAGES):
            page = [one for one in self._page(source, number, before) if one.key not in keys]
            found = [one for one in page if self._is_fresh(one, until - OVERLAP)]
            is_settled = any(self._is_settled(one, until - OVERLAP) for one in page)
            fresh |= {one.key: one for one in found}
            if not page or (is_settled and not found):
                break
            keys |= {one.key for one in page}
            before = page[-1].key
        return list(fresh.values())[::-1]

    def _page(self, source: _Source, number: int, before: str) -> list[Listed]:
        """A page of a source. A server that does not search has nothing to bring: `check` says so."""
        try:
            return source.page(self._server, number, before)
        except NetworkRefused:
            if source.is_search:
                return []
            raise

    def _is_fresh(self, one: Listed, floor: int) -> bool:
        status = one.status
        if status is None or status.account.id == self._me or not self._may_bring(status):
            return False
        if self._memory.has(status):
            self._note(status)
            return False
        return one.at >= floor or status.id in self._memory.heard

    def _is_settled(self, one: Listed, floor: int) -> bool:
        """Whether what lies behind it was read before."""
        return one.at < floor or (one.status is not None and self._memory.has(one.status))

    def _may_bring(self, status: Status) -> bool:
        return self._settings.private or status.visibility in PUBLIC

    def _note(self, status: Status) -> None:
        self._memory.note(status)
        self._seen.add(status.id)

    def _heard(self, status: Status) -> Heard:
        self._note(status)
        return Heard(
            status.id,
            status.text,
            author=status.account.id,
            title=status.title,
            url=status.address,
            language=status.language or "",
            parent=status.in_reply_to_id or "",
            thread=self._root(status),
            published_at=status.created_at,
        )

    def _root(self, status: Status) -> str:
        """The post that opened the conversation, as far up as the server knows it."""
        parent = status.in_reply_to_id
        if not parent:
            return ""
        if parent not in self._roots:
            self._roots[parent] = ""
            with suppress(NetworkRefused):
                above = parsed(api.Context, self._server.get(f"/api/v1/statuses/{status.id}/context"))
                known = each(Status, above.ancestors[:1])
                self._roots[parent] = known[0].id if known else ""
        return self._roots[parent]

    def _looked_at_again(self) -> Iterator[Heard | Gone]:
        """What was edited or deleted among some posts that no source showed this time."""
        heard = {post: at for post, (_digest, at) in self._memory.heard.items() if post not in self._seen}
        newest = nlargest(LOOKED_AT_AGAIN // 2, heard, key=lambda post: heard[post])
        rest = (post for post in heard if post not in newest)
        for post in [*newest, *islice(rest, LOOKED_AT_AGAIN - len(newest))]:
            with suppress(NetworkRefused):
                told = self._server.get(f"/api/v1/statuses/{post}")
                if told is None:
                    del self._memory.heard[post]
                    yield Gone(post)
                    continue
                status = parsed(Status, told)
                if self._memory.has(status):
                    self._note(status)
                else:
                    yield self._heard(status)
