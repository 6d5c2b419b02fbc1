"""Reviews that a network lists from the newest to the oldest, with one reply of the house each at most.

    for items, memory in walk(memory, ask, is_gone, most):
        yield Page(items, cursor({name: memory}))

All of them are brought once, page after page. Later the newest ones, up to `most`, are read again each time:
new ones, edits and deletions among them are noticed, of reviews and of replies.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.connector import Gone, Heard

LONGEST_ID = 190
"""Characters: what `reply_id` adds fits as well."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review, and what the house answered."""

    heard: Heard
    at: float
    """What the list is ordered by, in seconds since 1970; 0 when the network does not say."""
    reply: Heard | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of reviews, the newest first."""

    reviews: tuple[Review, ...]
    next: str
    """The token of the page after it; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a review."""

    at: float
    said: str
    """A digest."""
    reply: str = ""
    """A digest; empty without a reply."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How far a list was read, and what the newest reviews of it said."""

    token: str = ""
    """The page to go on with; empty: from the newest review."""
    edge: float | None = None
    """When the oldest review of the pages before `token` is from."""
    low: float = 0.0
    """What is older was brought; what is newer was brought if, and only if, it is known."""
    known: Mapping[str, Seen] = field(default_factory=dict)

    def news(self, page: Sequence[Review]) -> list[Heard | Gone]:
        """What changed in a page, the oldest first."""
        items: list[Heard | Gone] = []
        for review in reversed(page):
            before = self.known.get(review.heard.id)
            if before is not None or not 0 < review.at <= self.low:
                items += _changes(review, before)
        return items

    def missing(self, listing: Listing) -> list[str]:
        """Reviews that ought to have been on a page."""
        low = _oldest(listing.reviews, self.edge) if listing.next else -math.inf
        high = math.inf if self.edge is None else self.edge
        there = {review.heard.id for review in listing.reviews}
        return [name for name, one in self.known.items() if low < one.at < high and name not in there]

    def after(self, listing: Listing, gone: Iterable[str], most: int) -> Memory:
        """Once a page was read.

        The newest `most` reviews are remembered, and until its end those that a walk has not come to yet.
        """
        kept = {name: one for name, one in self.known.items() if name not in gone}
        kept |= {review.heard.id: _seen(review) for review in listing.reviews if review.at}
        oldest = _oldest(listing.reviews, self.edge)
        if listing.next and listing.next != self.token and oldest > self.low:
            passed = {name: one for name, one in kept.items() if one.at >= oldest}
            coming = {name: one for name, one in kept.items() if one.at < oldest}
            return Memory(listing.next, oldest, self.low, _newest(passed, most) | coming)
        known = _newest(kept, most)
        is_whole = not listing.next and len(known) == len(kept)
        lowest = min((one.at for one in known.values()), default=self.low)
        return Memory(low=0.0 if is_whole else lowest, known=known)


def walk(
    memory: Memory, ask: Callable[[str], Listing], is_gone: Callable[[str], bool], most: int
) -> Iterator[tuple[tuple[Heard | Gone, ...], Memory]]:
    """Page after page: what is new, and what to remember then.

    `ask` gives the page of a token; one of an earlier time that its network forgot begins the walk again.
    `is_gone` asks for one review by its id.
    """
    memory, listing = _begun(memory, ask)
    while True:
        gone = [name for name in memory.missing(listing) if is_gone(name)]
        items = memory.news(listing.reviews)
        items += [Gone(one) for name in gone for one in _with_reply(name, memory.known[name])]
        memory = memory.after(listing, gone, most)
        yield tuple(items), memory
        if not memory.token:
            return
        listing = ask(memory.token)


def _begun(memory: Memory, ask: Callable[[str], Listing]) -> tuple[Memory, Listing]:
    try:
        return memory, ask(memory.token)
    except CredentialsRefused:
        raise
    except NetworkRefused:
        if not memory.token:
            raise
    memory = replace(memory, token="", edge=None)
    return memory, ask("")


def reply_id(review: str) -> str:
    """The id of the one reply to a review.

    >>> reply_id("123/abc")
    '123/abc/reply'
    """
    return f"{review}/reply"


def is_same(one: str, other: str) -> bool:
    r"""Whether two texts are one, but for their blanks, which networks trim.

    >>> is_same("Merci.  À bientôt ", "Merci.\nÀ bientôt")
    True
    """
    return one.split() == other.split()


def _changes(review: Review, before: Seen | None) -> Iterator[Heard | Gone]:
    now = _seen(review)
    if before is None or before.said != now.said:
        yield review.heard
    if review.reply is not None and (before is None or before.reply != now.reply):
        yield review.reply
    if review.reply is None and before is not None and before.reply:
        yield Gone(reply_id(review.heard.id))


def _with_reply(name: str, seen: Seen) -> tuple[str, ...]:
    return (name, reply_id(name)) if seen.reply else (name,)


def _seen(review: Review) -> Seen:
    return Seen(review.at, _digest(review.heard), _digest(review.reply) if review.reply else "")


def _digest(heard: Heard) -> str:
    said = json.dumps([heard.title, heard.text, heard.rating.value if heard.rating else None])
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def _newest(known: Mapping[str, Seen], most: int) -> dict[str, Seen]:
    return dict(sorted(known.items(), key=lambda entry: entry[1].at, reverse=True)[:most])


def _oldest(page: Sequence[Review], edge: float | None) -> float:
    moments = [review.at for review in page if review.at]
    return min(moments, default=math.inf if edge is None else edge)


_MEMORIES = TypeAdapter(dict[str, Memory])


def memories(cursor: str) -> dict[str, Memory]:
    """What a cursor holds, by list; nothing when it cannot be read."""
    try:
        return _MEMORIES.validate_json(cursor)
    except ValidationError:
        return {}


def cursor(told: Mapping[str, Memory]) -> str:
    """The other way round."""
    return _MEMORIES.dump_json(dict(told)).decode()
