"""Reviews that a person should look at together: signs of a campaign, not proofs of one.

Four signs, each a pure function over reviews: many at once, nearly the same words, one author
on many places, stars that say the opposite of the text. Nothing here says "false": a suspicion
names its reviews, its strength and what was counted, and a person judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import log
from typing import TypeVar

import numpy as np

from veilleur.reputation.fingerprints import Shingled, clusters, fingerprints, near_pairs, shingle
from veilleur.text import normalise
from veilleur.vocabulary import Mention, Reason, Sentiment

Key = TypeVar("Key", bound=Hashable)
_DAY = timedelta(days=1)


class Doubt(StrEnum):
    """What made us look."""

    BURST = "burst"
    """Many reviews of one place and one polarity within a few days."""
    NEAR_DUPLICATES = "near_duplicates"
    """Reviews with nearly the same words."""
    ONE_AUTHOR = "one_author"
    """One author who judged many places in a short time."""
    RATING_AGAINST_TEXT = "rating_against_text"
    """Stars that say the opposite of the words."""


@dataclass(frozen=True, slots=True)
class Review:
    """A mention and the polarity of its words, read without the stars: else these agree with themselves."""

    mention: Mention
    sentiment: Sentiment | None = None
    score: float = 0.0
    """How sure the polarity is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Reviews that belong together, and why one should look at them."""

    kind: Doubt
    mentions: tuple[Mention, ...]
    """By time, then by identity."""
    strength: float
    """0 to 1: how far this is from what happens by itself."""
    reasons: tuple[Reason, ...]
    """Figures for one sentence each: `rule` names the sentence, `details` fill it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is doubtful."""

    burst_window: timedelta = 2 * _DAY
    burst_reviews: int = 5
    burst_evidence: float = 9.0
    """Natural logarithm of how improbable a burst is, beyond one chance for each review."""
    duplicate_words: int = 8
    """Shorter texts (« Très bien, merci ») are the same by chance."""
    resemblance: float = 0.6
    """Shared pairs of words ÷ pairs of words of either text."""
    author_window: timedelta = 30 * _DAY
    author_places: int = 4
    rating_score: float = 0.8
    """How sure the polarity of the words must be."""


DEFAULT = Limits()


def suspicions(reviews: Sequence[Review], limits: Limits = DEFAULT) -> list[Suspicion]:
    """Every suspicion about `reviews`, the strongest first; the order of `reviews` changes nothing."""
    mentions = [review.mention for review in reviews]
    found = [
        *bursts(mentions, limits),
        *near_duplicates(mentions, limits),
        *one_author(mentions, limits),
        *rating_against_text(reviews, limits),
    ]
    return sorted(found, key=lambda one: (-one.strength, one.kind, _identity(one.mentions[0])))


# ---------------------------------------------------------------- many at once


def bursts(mentions: Iterable[Mention], limits: Limits = DEFAULT) -> list[Suspicion]:
    """Reviews of one place and one polarity of stars that come far thicker than they use to.

    A stretch of at most `burst_window` counts when `burst_reviews` or more fall into it and when
    so many are improbable at the rate of the rest (Chernoff's bound for Poisson arrivals, with
    one chance for each review). Only reviews whose source tells the date are judged.
    """
    dated = (mention for mention in mentions if mention.published_at)
    groups = _by(dated, lambda mention: (mention.source, mention.place, _pole(mention)))
    return [burst for group in groups.values() for burst in _bursts(group, limits)]


def _bursts(group: Sequence[Mention], limits: Limits) -> Iterator[Suspicion]:
    if len(group) < limits.burst_reviews:
        return
    ordered = sorted(group, key=_identity)
    for start, stop in _merged(_thick_stretches(ordered, limits)):
        inside = ordered[start:stop]
        expected = _expected(ordered, start, stop, limits)
        evidence = _evidence(len(inside), expected)
        yield Suspicion(
            Doubt.BURST,
            tuple(inside),
            _share(evidence / (4 * limits.burst_evidence)),
            (_reason("burst", reviews=len(inside), days=_days(inside), usual=round(expected, 1)),),
        )


def _thick_stretches(ordered: Sequence[Mention], limits: Limits) -> Iterator[tuple[int, int]]:
    """[start, stop) of the stretches that end at each review and are too thick."""
    start = 0
    needed = limits.burst_evidence + log(len(ordered))
    for stop in range(1, len(ordered) + 1):
        while ordered[stop - 1].moment - ordered[start].moment > limits.burst_window:
            start += 1
        if stop - start >= limits.burst_reviews:
            expected = _expected(ordered, start, stop, limits)
            if _evidence(stop - start, expected) >= needed:
                yield start, stop


def _expected(ordered: Sequence[Mention], start: int, stop: int, limits: Limits) -> float:
    """Reviews to expect in the stretch at the rate of all the others; at least a half."""
    length = max(limits.burst_window, ordered[stop - 1].moment - ordered[start].moment)
    around = ordered[-1].moment - ordered[0].moment - length
    others = len(ordered) - (stop - start)
    return max(0.5, others * (length / around)) if around > length else 0.5 + others


def _evidence(seen: int, expected: float) -> float:
    """−log of a bound on the chance to see so many or more; 0 when that is nothing special."""
    return seen * log(seen / expected) - seen + expected if seen > expected else 0.0


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches (by their stop) that overlap, made one."""
    merged: list[tuple[int, int]] = []
    for start, stop in stretches:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], stop
        else:
            merged.append((start, stop))
    return merged


# ---------------------------------------------------------------- nearly the same words


def near_duplicates(mentions: Sequence[Mention], limits: Limits = DEFAULT) -> list[Suspicion]:
    """Reviews that share most of their pairs of words, whoever signs them and wherever they stand."""
    ordered = sorted(mentions, key=_identity)
    shingled = shingle([normalise(mention.text).text for mention in ordered])
    long_enough = np.flatnonzero(shingled.counts() >= limits.duplicate_words - 1)
    pairs = long_enough[near_pairs(fingerprints(shingled)[long_enough])]
    likeness = np.array([shingled.resemblance(one, other) for one, other in pairs.tolist()])
    kept = pairs[likeness >= limits.resemblance] if len(pairs) else pairs
    return [_copies(ordered, cluster, shingled) for cluster in clusters(len(ordered), kept)]


def _copies(ordered: Sequence[Mention], cluster: Sequence[int], shingled: Shingled) -> Suspicion:
    inside = [ordered[index] for index in cluster]
    alike = min(shingled.resemblance(one, other) for one, other in pairwise(cluster))
    authors = {mention.author for mention in inside if mention.author}
    places = {mention.place for mention in inside if mention.place}
    strength = 0.3 + 0.1 * min(len(inside) - 2, 3) + 0.2 * alike + 0.2 * (len(authors) > 1)
    details = {"reviews": len(inside), "alike": round(100 * alike), "days": _days(inside)}
    return Suspicion(
        Doubt.NEAR_DUPLICATES,
        tuple(inside),
        _share(strength),
        (_reason("near_duplicates", **details, authors=len(authors), places=len(places)),),
    )


# ---------------------------------------------------------------- one author on many places


def one_author(mentions: Iterable[Mention], limits: Limits = DEFAULT) -> list[Suspicion]:
    """Authors who judged `author_places` different places or more within `author_window`."""
    signed = (mention for mention in mentions if mention.author and mention.place)
    groups = _by(signed, lambda mention: (mention.source, mention.network, mention.author))
    return [one for group in groups.values() for one in _wanderings(group, limits)]


def _wanderings(group: Sequence[Mention], limits: Limits) -> Iterator[Suspicion]:
    if len(group) < limits.author_places:
        return
    ordered = sorted(group, key=_identity)
    for start, stop in _merged(_wide_stretches(ordered, limits)):
        inside = ordered[start:stop]
        places = len({mention.place for mention in inside})
        yield Suspicion(
            Doubt.ONE_AUTHOR,
            tuple(inside),
            _share(0.3 + 0.1 * (places - limits.author_places)),
            (_reason("one_author", reviews=len(inside), places=places, days=_days(inside)),),
        )


def _wide_stretches(ordered: Sequence[Mention], limits: Limits) -> Iterator[tuple[int, int]]:
    seen: Counter[str] = Counter()
    start = 0
    for stop, mention in enumerate(ordered, start=1):
        seen[mention.place] += 1
        while mention.moment - ordered[start].moment > limits.author_window:
            seen[ordered[start].place] -= 1
            seen += Counter()  # drops the places that are no longer there
            start += 1
        if len(seen) >= limits.author_places:
            yield start, stop


# ---------------------------------------------------------------- stars against words


def rating_against_text(reviews: Iterable[Review], limits: Limits = DEFAULT) -> list[Suspicion]:
    """Reviews whose stars praise what their words blame, or the other way round."""
    return [
        Suspicion(
            Doubt.RATING_AGAINST_TEXT,
            (review.mention,),
            _share(review.score),
            (_reason("rating_against_text", stars=_pole(review.mention), words=str(review.sentiment)),),
        )
        for review in reviews
        if review.score >= limits.rating_score and _contradicts(review)
    ]


def _contradicts(review: Review) -> bool:
    pole = _pole(review.mention)
    return {pole, str(review.sentiment)} == {Sentiment.POS.value, Sentiment.NEG.value}


# ---------------------------------------------------------------- what they share


def _pole(mention: Mention) -> str:
    """`pos` or `neg` for stars at one end of their scale, `neu` between, empty without stars."""
    if mention.rating is None:
        return ""
    share = mention.rating.share
    if share >= 0.75:
        return Sentiment.POS.value
    return Sentiment.NEG.value if share <= 0.25 else Sentiment.NEU.value


def _by(mentions: Iterable[Mention], key: Callable[[Mention], Key]) -> dict[Key, list[Mention]]:
    groups: defaultdict[Key, list[Mention]] = defaultdict(list)
    for mention in mentions:
        groups[key(mention)].append(mention)
    return groups


def _identity(mention: Mention) -> tuple[datetime, str, str]:
    return mention.moment, mention.source, mention.external_id


def _days(ordered: Sequence[Mention]) -> int:
    """Days from the first to the last, at least one."""
    return max(1, -(-(ordered[-1].moment - ordered[0].moment) // _DAY))


def _share(strength: float) -> float:
    return round(min(1.0, max(0.0, strength)), 3)


def _reason(rule: str, **details: object) -> Reason:
    return Reason(rule, {name: str(value) for name, value in details.items()})
