"""Counts that add up: those of two days are the sum of each day's, whatever the figure.

That is why delays are kept as a histogram, in hours: medians do not add up, histograms do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import fsum
from typing import NamedTuple, TypeVar

K = TypeVar("K", str, int)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS_TOLD = 48


class Counted(NamedTuple):
    """What counts of one message."""

    sentiment: str
    """A value of `vocabulary.Sentiment`; empty when nobody could tell."""
    queue: str
    share: float | None
    """The rating on its own scale: 0 worst, 1 best; `None` without a rating."""
    delay: int | None
    """Hours from first awareness to the answer (`delay_in_hours`); `None` when nobody answered."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted; the zero is `Tally()`."""

    messages: int = 0
    rated: int = 0
    share_sum: float = 0.0
    """Sum of the shares of the rated messages."""
    sentiments: Mapping[str, int] = field(default_factory=dict)
    queues: Mapping[str, int] = field(default_factory=dict)
    delays: Mapping[int, int] = field(default_factory=dict)
    """Hours → answered messages."""

    @property
    def answered(self) -> int:
        """Messages that were answered."""
        return sum(self.delays.values())

    @property
    def rating(self) -> float | None:
        """Out of five: 1 + 4 × (sum of the shares ÷ rated messages); `None` when none is rated."""
        return 1 + 4 * self.share_sum / self.rated if self.rated else None

    @property
    def read(self) -> int:
        """Messages of which the feeling could be told."""
        return sum(count for sentiment, count in self.sentiments.items() if sentiment)


def delay_in_hours(opened_at: datetime, answered_at: datetime) -> int:
    """Time from first awareness to the answer, rounded up: 5 means "within five hours".

    Whole hours up to two days, whole days (as hours) beyond: nobody minds the minutes of a week.
    An answer that is older than the awareness (an archive was imported) counts as zero.

    >>> from datetime import UTC
    >>> morning = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    >>> [delay_in_hours(morning, morning + timedelta(hours=hours)) for hours in (1.5, 48, 49)]
    [2, 48, 72]
    """
    delay = answered_at - opened_at
    hours = -(-delay // _HOUR)
    return max(0, hours) if hours <= _HOURS_TOLD else 24 * -(-delay // _DAY)


def tally(messages: Iterable[Counted]) -> Tally:
    """Counts messages one by one.

    >>> tally([Counted("neg", "dissatisfied", 0.25, 5), Counted("pos", "satisfied", None, None)]).rated
    1
    """
    listed = list(messages)
    shares = [message.share for message in listed if message.share is not None]
    return Tally(
        messages=len(listed),
        rated=len(shares),
        share_sum=fsum(shares),
        sentiments=Counter(message.sentiment for message in listed),
        queues=Counter(message.queue for message in listed),
        delays=Counter(message.delay for message in listed if message.delay is not None),
    )


def merge(tallies: Iterable[Tally]) -> Tally:
    """The sum of several tallies; the order does not matter.

    >>> merge([Tally(messages=2), Tally(messages=3)]).messages
    5
    """
    parts = list(tallies)
    return Tally(
        messages=sum(part.messages for part in parts),
        rated=sum(part.rated for part in parts),
        share_sum=fsum(part.share_sum for part in parts),
        sentiments=_added(part.sentiments for part in parts),
        queues=_added(part.queues for part in parts),
        delays=_added(part.delays for part in parts),
    )


def _added(counts: Iterable[Mapping[K, int]]) -> dict[K, int]:
    total: dict[K, int] = {}
    for count in counts:
        for key, number in count.items():
            total[key] = total.get(key, 0) + number
    return total
