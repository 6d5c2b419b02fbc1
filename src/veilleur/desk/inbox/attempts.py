"""One call to a network about a message: with what it is made, when it is over, when it is made again.

What leaves for a network (a reply, an act of moderation) is claimed, called, recorded; this they share.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.sources.connections import connector_of
from veilleur.desk.sources.models import Source
from veilleur.errors import InvalidInput
from veilleur.listening.connector import Answered, Connector

MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=30)
"""Before the second attempt; doubled before each further one."""


def ready_connector(source: Source) -> Connector:
    """The connector of a source. Raises `InvalidInput`, saying why, when there is none to call."""
    connector = connector_of(source)
    if connector is None:
        raise InvalidInput(_("This source has no connection any more."))
    return connector


def known_connector(source: Source) -> Connector | None:
    """The connector of a source; None when there is none to call."""
    try:
        return connector_of(source)
    except InvalidInput:
        return None


def is_over(connector: Connector | None, attempted_at: datetime | None, now: datetime) -> bool:
    """Whether a call that began at `attempted_at` can have no effect any more."""
    if connector is None or attempted_at is None:
        return True
    return now - attempted_at > timedelta(seconds=connector.seconds)


def answered_of(mention: MentionRow) -> Answered:
    """A message as its network knows it."""
    return Answered(mention.external_id, mention.url, mention.network, mention.thread)


def next_attempt(missed: int, seconds: float, now: datetime) -> datetime:
    """When to call again after `missed` calls in a row that did nothing, and not before `seconds`."""
    pause: timedelta = FIRST_PAUSE * 2 ** (missed - 1)
    return now + max(pause, timedelta(seconds=seconds))
