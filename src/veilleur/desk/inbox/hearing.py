"""What a network said → mentions, stored in the transaction of the caller.

The name of an author ends here: a keyed digest stands for it. A message that answers another one joins its
conversation, also when the other one comes later.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone

from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.preparing import Beside, Preparation, Prepared, in_turn, prepared
from veilleur.desk.inbox.storing import Counts, Settled, store
from veilleur.desk.sources.models import Source
from veilleur.listening.connector import Gone, Heard, Page
from veilleur.listening.files import Pseudonymiser, pseudonymiser
from veilleur.vocabulary import Mention

LONGEST_ID = 200
LONGEST_TEXT = 200_000
"""Characters of a message; no network lets anybody write so many."""
AT_ONCE = 200
"""Messages read together: beside the desk, memory counts more than the last tenth of speed."""
_ONE_READS = threading.Lock()
"""Reading keeps a core busy: several threads would only take more memory for it."""
WORTH_A_PROCESS = 1_000
"""Messages brought at once from which others are expected behind them: a flood, or a past."""
READERS = 2
_FLOODS = threading.BoundedSemaphore(1)
"""One source at a time is read by processes beside; they take some 200 MB each."""
MOST_DRIFT = timedelta(minutes=5)
"""By which the clocks of networks may be ahead of ours."""
CUT = "\n[…]"
"""Stands where a longer one was cut."""


def mentions_of(source: Source, heard: Sequence[Heard], network: str, now: datetime) -> list[Mention]:
    """Mentions as the desk keeps them; those without an id that can be kept are left out."""
    hide = _pseudonyms()
    return [
        Mention(
            source=source.key,
            external_id=one.id,
            text=_bounded(one.text),
            collected_at=now,
            title=one.title[:LONGEST_TEXT],
            author=hide(one.author),
            url=one.url if one.url.startswith(("https://", "http://")) else "",
            network=(one.network or network)[:120],
            place=one.place[:200],
            language_hint=one.language[:16],
            thread=one.thread[:LONGEST_ID] if one.thread != one.id else "",
            parent=one.parent[:LONGEST_ID],
            published_at=_past(one.published_at, now),
            rating=one.rating,
        )
        for one in heard
        if one.id and len(one.id) <= LONGEST_ID
    ]


@cache
def _pseudonyms() -> Pseudonymiser:
    return pseudonymiser(bytes.fromhex(settings.KEYS["pseudonyms"]))


def _bounded(text: str) -> str:
    clean = text.replace("\x00", "")
    return clean if len(clean) <= LONGEST_TEXT else clean[:LONGEST_TEXT] + CUT


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """In UTC; None for one to come: a day without a time, or a clock that is quite wrong."""
    if moment is None or moment.tzinfo is None or moment > now + MOST_DRIFT:
        return None
    return min(moment.astimezone(UTC), now)


def read_and_sorted(source: Source, mentions: Sequence[Mention], now: datetime) -> list[Prepared]:
    """What the rows will hold."""
    if not mentions:
        return []
    judge = Preparation(policy_of(source.organisation), now, at_once=AT_ONCE)
    with _ONE_READS:
        return prepared(mentions, judge(mentions))


@dataclass(frozen=True, slots=True)
class Brought:
    """What a page of a network brought."""

    page: Page
    mentions: list[Mention]
    now: datetime


def read_pages(
    source: Source, pages: Iterable[Page], network: str
) -> Iterator[tuple[Brought, list[Prepared]]]:
    """Each page with what its rows will hold, in order; where much comes, processes beside read ahead."""
    brought, count = (_brought(source, page, network) for page in pages), 0
    for one in brought:
        yield one, read_and_sorted(source, one.mentions, one.now)
        count += len(one.mentions)
        if count >= WORTH_A_PROCESS and len(os.sched_getaffinity(0)) > 1 and _FLOODS.acquire(blocking=False):
            try:
                yield from _read_beside(source, brought)
            finally:
                _FLOODS.release()


def _brought(source: Source, page: Page, network: str) -> Brought:
    now = timezone.now()
    heard = [one for one in page.items if isinstance(one, Heard)]
    return Brought(page, mentions_of(source, heard, network, now), now)


def _read_beside(source: Source, brought: Iterable[Brought]) -> Iterator[tuple[Brought, list[Prepared]]]:
    policy, now = policy_of(source.organisation), timezone.now()
    with ExitStack() as ends:
        readers = [ends.enter_context(closing(Beside(policy, now))) for _number in range(READERS)]
        yield from in_turn(readers, brought)


def keep(
    source: Source, ready: Sequence[Prepared], gone: Sequence[Gone], now: datetime, settled: Settled
) -> tuple[Counts, int]:
    """Stores messages and notes which are gone; (what became of them, how many went)."""
    if not ready and not gone:
        return Counts(), 0
    _join_threads(source, ready)
    counts = store(source, ready, now, settled, is_shown=True)
    here = MentionRow.objects.filter(source=source)
    if counts.updated or counts.unchanged:
        ids = [one.mention["external_id"] for one in ready]
        # What stays erased is told of as it was when it was erased: some networks list what is gone.
        back = here.filter(external_id__in=ids, gone_at__isnull=False, erased_at=None)
        back.update(gone_at=None)
    left = here.filter(external_id__in=[one.id for one in gone], gone_at=None).update(gone_at=now)
    return counts, left


def settled_before(since: datetime, heard: Sequence[Heard]) -> Settled:
    """No work is asked for by what was published before `since`, and by what the house said itself."""
    own = frozenset(one.id for one in heard if one.is_own)

    def settled(new: Prepared) -> bool:
        published = new.mention["published_at"]
        return new.mention["external_id"] in own or (published is not None and published < since)

    return settled


def _join_threads(source: Source, ready: Sequence[Prepared]) -> None:
    """Gives each answer the conversation of what it answers, and those that waited for it theirs."""
    by_id = {one.mention["external_id"]: one.mention for one in ready}
    parents = {one["parent"] for one in by_id.values() if one["parent"] and not one["thread"]} - by_id.keys()
    known = dict(
        MentionRow.objects.filter(source=source, external_id__in=parents).values_list("external_id", "thread")
    )
    for one in by_id.values():
        if one["parent"] and not one["thread"]:
            one["thread"] = _root(one["parent"], by_id, known)
    moved = {name: one["thread"] for name, one in by_id.items() if one["thread"]}
    if not moved:
        return
    # The organisation is named for the index of threads.
    here = MentionRow.objects.filter(organisation=source.organisation_id, source=source)
    for row in here.filter(thread__in=list(moved)).only("pk", "thread"):
        MentionRow.objects.filter(pk=row.pk).update(thread=moved[row.thread])


def _root(parent: str, by_id: dict[str, dict[str, object]], known: dict[str, str]) -> str:
    """The message that opened the conversation, as far as it is known; a ring ends where it began."""
    seen: set[str] = set()
    while parent in by_id and parent not in seen:
        seen.add(parent)
        one = by_id[parent]
        if one["thread"] or not one["parent"]:
            return str(one["thread"] or parent)
        parent = str(one["parent"])
    return known.get(parent) or parent
