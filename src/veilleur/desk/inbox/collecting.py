"""One source is asked, and what it says is stored: killed at any instant, nothing is lost or doubled.

The messages of a page and the cursor after them are one transaction; who lost the source meanwhile has it
undone. Asking again from an old cursor brings the same messages, which are stored once.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import override

from veilleur.desk.inbox.hearing import Brought, keep, read_pages, settled_before
from veilleur.desk.inbox.preparing import Prepared
from veilleur.desk.sources import leases
from veilleur.desk.sources.connections import connector_of
from veilleur.desk.sources.models import Fetch, Listening, Trouble
from veilleur.errors import (
    CredentialsRefused,
    InvalidInput,
    NetworkRefused,
    NotReached,
    OutcomeUnknown,
    Outdated,
    Throttled,
)
from veilleur.listening.client import Client
from veilleur.listening.connector import MISBEHAVIOUR, MOST_CURSOR, Connector, Gone, Heard, Page

log = logging.getLogger(__name__)
PAGES = 40
"""Pages of one source before others get their turn."""
SLOWEST = 8
"""A silent source is asked so many times less often than a busy one."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0
"""Seconds until a source that was not reached is asked again; doubled each time, up to the second."""
LONGEST_FAILURE = 500
LONGEST_STREAM = 3600.0
"""Seconds that a stream is listened to before the source is asked again in the other way."""

Way = Literal["fetch", "stream"]


@dataclass(slots=True)
class Took:
    """What one time of asking brought so far."""

    started_at: datetime
    found: int = 0
    added: int = 0
    updated: int = 0
    gone: int = 0
    pages: int = 0
    asked: int = 0
    heard: int = 0
    trouble: str = ""
    """A `Trouble`; empty when all went well."""
    failure: str = ""
    wait: float = 0.0
    """Seconds that the network asked to wait."""


def collect(source_id: int, way: Way = "fetch") -> Took | None:
    """Asks one source and stores what it says; None when somebody else does, or nobody is to.

    What goes wrong with the network is noted on the source. Raises `DatabaseError` only.
    """
    listening = leases.take(source_id, timezone.now())
    if listening is None:
        return None
    took = Took(timezone.now())
    due_at = listening.next_at or took.started_at
    with override(listening.source.organisation.language):
        try:
            more = _ask(listening, way, took)
        except Outdated:  # somebody else has it now, or a person paused it: then it is free again
            leases.leave(listening)
            return took
        except DatabaseError:
            leases.leave(listening)
            raise
        _conclude(listening, took, due_at, more=more)
    return took


def _ask(listening: Listening, way: Way, took: Took) -> bool:
    """Whether there is more to bring at once."""
    left = leases.left_today(listening, timezone.now())
    if left == 0:
        took.trouble, took.failure = Trouble.THROTTLED, "the budget of the day is spent"
        took.wait = _until_tomorrow()
        return False
    with Client(most_asked=left or 0) as client:
        try:
            return _bring(listening, _connector(listening), way, client, took)
        except (DatabaseError, Outdated):
            raise
        except MISBEHAVIOUR as error:
            note(took, error)
            return False
        finally:
            took.asked, took.heard = client.asked, client.heard


def _connector(listening: Listening) -> Connector:
    connector = connector_of(listening.source)
    if connector is None:
        raise InvalidInput("this source has no connector")
    return connector


def _bring(listening: Listening, connector: Connector, way: Way, client: Client, took: Took) -> bool:
    network = connector.title.say(listening.source.organisation.language)
    if way == "stream":
        pages: Iterator[Page] = _for_a_while(connector.stream(listening.stream_cursor, client))
    else:
        pages = islice(connector.fetch(listening.cursor, client), PAGES)
    troubles: list[Exception] = []
    for brought, ready in read_pages(listening.source, _until_trouble(pages, troubles), network):
        _keep_page(listening, brought, ready, way, took)
    if troubles:
        raise troubles[0]
    return way == "fetch" and took.pages == PAGES


def _until_trouble(pages: Iterator[Page], troubles: list[Exception]) -> Iterator[Page]:
    """What was brought before something went wrong is stored first; what it was goes into `troubles`."""
    try:
        for page in pages:
            if len(page.cursor) > MOST_CURSOR:
                raise InvalidInput("the cursor is too long")
            yield page
    except MISBEHAVIOUR as error:
        troubles.append(error)


def _for_a_while(pages: Iterator[Page]) -> Iterator[Page]:
    """A stream is left now and then: what it does not tell is asked for in between."""
    end = time.monotonic() + LONGEST_STREAM
    for page in pages:
        yield page
        if time.monotonic() > end:
            return


def _keep_page(listening: Listening, brought: Brought, ready: list[Prepared], way: Way, took: Took) -> None:
    page, now = brought.page, timezone.now()
    heard = [one for one in page.items if isinstance(one, Heard)]
    settled = settled_before(listening.handle_since, heard)
    gone = [one for one in page.items if isinstance(one, Gone)]
    column = "cursor" if way == "fetch" else "stream_cursor"
    alive: dict[str, Any] = {column: page.cursor, "last_good_at": now}
    with transaction.atomic():
        counts, left = keep(listening.source, ready, gone, now, settled)
        leases.move(listening, now, **alive, **({"last_new_at": now} if counts.added else {}))
    took.added, took.updated = took.added + counts.added, took.updated + counts.updated
    took.found, took.gone, took.pages = took.found + len(page.items), took.gone + left, took.pages + 1


def note(took: Took, error: Exception) -> None:
    """What has to be done about it, by the kind of error."""
    took.failure = (str(error) or type(error).__name__)[:LONGEST_FAILURE]
    match error:
        case Throttled():
            took.trouble, took.wait = Trouble.THROTTLED, error.seconds
        case CredentialsRefused():
            took.trouble = Trouble.CREDENTIALS
        case NetworkRefused() | InvalidInput():
            took.trouble = Trouble.REFUSED
        case NotReached() | OutcomeUnknown() | OSError():
            took.trouble = Trouble.UNREACHABLE
        case _:
            took.trouble = Trouble.BROKEN
            log.error("a connector is at fault", exc_info=error)


def _conclude(listening: Listening, took: Took, due_at: datetime, *, more: bool) -> None:
    """Writes how it went, and when the source is asked next."""
    now = timezone.now()
    lag = max(0.0, (now - due_at).total_seconds())
    failures = listening.failures + 1 if took.trouble else 0
    changed: dict[str, Any] = {
        "trouble": took.trouble,
        "failure": took.failure,
        "failures": failures,
        "lag": lag,
    }
    if took.added:
        changed["last_new_at"] = now
    if not took.trouble:
        changed["last_good_at"] = now
        if listening.caught_up_at is None and not more:
            changed["caught_up_at"] = now
    pause = listening.pause if took.trouble else _pause(listening, took)
    changed |= {"pause": pause, "next_at": _next(took, failures, pause, now, more=more)}
    with transaction.atomic():
        log_line(listening, took, now, lag)
        leases.count_questions(listening, took.asked, now)
        leases.leave(listening, **changed)


def log_line(listening: Listening, took: Took, now: datetime, lag: float = 0.0) -> None:
    """One line of the log that the page of the source shows."""
    Fetch.objects.create(
        listening=listening,
        started_at=took.started_at,
        finished_at=now,
        found=took.found,
        added=took.added,
        updated=took.updated,
        gone=took.gone,
        asked=took.asked,
        heard=took.heard,
        lag=lag,
        trouble=took.trouble,
        failure=took.failure,
    )


def _pause(listening: Listening, took: Took) -> int:
    """Seconds to the next question: fewer when something was said, more when nothing was."""
    if took.added or took.updated:
        return max(listening.every, listening.pause // 2)
    return min(listening.every * SLOWEST, listening.pause * 5 // 4 + 1)


def _next(took: Took, failures: int, pause: int, now: datetime, *, more: bool) -> datetime:
    if more:
        return now
    match took.trouble:
        case "":
            return took.started_at + timedelta(seconds=pause)
        case Trouble.THROTTLED:
            return now + timedelta(seconds=took.wait)
        case Trouble.UNREACHABLE:
            seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
            return now + timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        case _:
            return now + timedelta(seconds=LONGEST_PAUSE)


def _until_tomorrow() -> float:
    now = timezone.now()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()
