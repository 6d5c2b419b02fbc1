"""The figures of a period, beside those of the period before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from veilleur.reputation.tally import Tally
from veilleur.vocabulary import Sentiment

TOO_FEW = 5
"""Below this many messages a figure is shown with a warning, and no trend is drawn from it."""
MEDIAN, NINE_IN_TEN = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, what it rests on, and the same for the period before.

    `value` is `None` when there is nothing to compute it from.
    """

    value: float | None
    n: int
    before: float | None = None
    before_n: int = 0

    @property
    def too_few(self) -> bool:
        """Whether it rests on something, but on too little."""
        return 0 < self.n < TOO_FEW

    @property
    def change(self) -> float | None:
        """Value less the value before; `None` when either is missing or rests on too little."""
        if self.value is None or self.before is None or min(self.n, self.before_n) < TOO_FEW:
            return None
        return self.value - self.before


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one period."""

    messages: Figure
    """Messages published in the period; `n` is the same number."""
    rating: Figure
    """Out of five: 1 + 4 × (sum of the shares ÷ rated messages); `n` = rated messages."""
    sentiments: Mapping[Sentiment, Figure]
    """Share of each feeling among the messages whose feeling could be told (`n`)."""
    queues: Mapping[str, Figure]
    """Messages per queue; `n` is the same number."""
    response_rate: Figure
    """Answered messages ÷ all messages of the period (`n`), those of today included."""
    median_delay: Figure
    """Hours within which half of the answered messages (`n`) were answered."""
    long_delay: Figure
    """Hours within which nine in ten of them were."""


def summarise(now: Tally, before: Tally | None = None) -> Summary:
    """The figures of a tally; `before` is that of the period it is compared with, if any.

    >>> summarise(Tally(messages=10, rated=8, share_sum=6.0)).rating.value
    4.0
    """
    past = before or Tally()
    queues = sorted({*now.queues, *past.queues})
    return Summary(
        messages=_count(now.messages, past.messages if before else None),
        rating=Figure(now.rating, now.rated, past.rating, past.rated),
        sentiments={sentiment: _sentiment(sentiment, now, past) for sentiment in Sentiment},
        queues={
            name: _count(now.queues.get(name, 0), past.queues.get(name, 0) if before else None)
            for name in queues
        },
        response_rate=Figure(
            _share(now.answered, now.messages),
            now.messages,
            _share(past.answered, past.messages),
            past.messages,
        ),
        median_delay=_delay(MEDIAN, now, past),
        long_delay=_delay(NINE_IN_TEN, now, past),
    )


def percentile(delays: Mapping[int, int], share: float) -> int | None:
    """The smallest delay within which at least `share` of the answers came (nearest rank).

    >>> percentile({1: 5, 4: 4, 30: 1}, 0.9)
    4
    """
    rank = ceil(share * sum(delays.values()))
    reached = 0
    for delay in sorted(delays):
        reached += delays[delay]
        if reached >= rank:
            return delay
    return None


def _count(now: int, before: int | None) -> Figure:
    return Figure(now, now, before, before or 0)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sentiment(sentiment: Sentiment, now: Tally, past: Tally) -> Figure:
    return Figure(
        _share(now.sentiments.get(sentiment.value, 0), now.read),
        now.read,
        _share(past.sentiments.get(sentiment.value, 0), past.read),
        past.read,
    )


def _delay(share: float, now: Tally, past: Tally) -> Figure:
    return Figure(percentile(now.delays, share), now.answered, percentile(past.delays, share), past.answered)
