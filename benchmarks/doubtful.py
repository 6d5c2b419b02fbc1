"""How long it takes to look for doubtful reviews among very many, and how many planted ones are seen.

    python -m benchmarks.doubtful [--reviews 100000]

Makes invented reviews (words drawn at the frequencies of natural language, the same on every machine),
plants campaigns of four kinds among them, prints one table and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from rich.console import Console
from rich.table import Table

from veilleur.reputation.doubts import (
    Doubt,
    Review,
    Suspicion,
    bursts,
    near_duplicates,
    one_author,
    rating_against_text,
)
from veilleur.vocabulary import Mention, Rating, Sentiment

SEED = 20260301
VOCABULARY = 20_000
WORDS = 60
START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 3 * 365
PLANTED = 100
"""Campaigns of each kind."""


@dataclass(slots=True)
class Planted:
    """Reviews, and which of them belong to which campaign."""

    reviews: list[Review] = field(default_factory=list)
    campaigns: dict[Doubt, list[set[str]]] = field(default_factory=lambda: {kind: [] for kind in Doubt})
    """External ids."""


class Writer:
    """Invented reviews by one seeded chance."""

    def __init__(self) -> None:
        """Draws the vocabulary."""
        self.chance = random.Random(SEED)
        syllables = [consonant + vowel for consonant in "bcdflmnprst" for vowel in ("a", "e", "i", "o", "ou")]
        self.words = ["".join(self.chance.choices(syllables, k=1 + rank % 4)) for rank in range(VOCABULARY)]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self.number = 0

    def text(self) -> str:
        """About `WORDS` words."""
        size = self.chance.randint(WORDS // 2, WORDS * 3 // 2)
        return " ".join(self.chance.choices(self.words, cum_weights=self.weights, k=size))

    def review(self, **given: object) -> Review:
        """One review; `given` takes the place of what is drawn."""
        self.number += 1
        chance = self.chance
        stars = int(str(given.get("stars", chance.choices((1, 2, 3, 4, 5), (18, 8, 9, 20, 45))[0])))
        day = float(str(given.get("day", chance.uniform(0, DAYS))))
        mention = Mention(
            source="bench",
            external_id=f"{self.number:08}",
            text=str(given.get("text") or self.text()),
            collected_at=START + timedelta(days=DAYS + 1),
            author=str(given.get("author", f"a{chance.randrange(60_000)}")),
            place=str(given.get("place", f"p{chance.randrange(1000)}")),
            published_at=START + timedelta(days=day),
            rating=Rating(stars, 1, 5),
        )
        words = given.get(
            "words", Sentiment.POS if stars >= 4 else Sentiment.NEG if stars <= 2 else Sentiment.NEU
        )
        return Review(mention, Sentiment(str(words)), 0.95)


def planted(count: int) -> Planted:
    """`count` reviews, `PLANTED` campaigns of each kind among them."""
    writer, made = Writer(), Planted()
    for _campaign in range(PLANTED):
        for kind, reviews in _campaigns(writer):
            made.campaigns[kind].append({review.mention.external_id for review in reviews})
            made.reviews += reviews
    made.reviews += [writer.review() for _other in range(count - len(made.reviews))]
    writer.chance.shuffle(made.reviews)
    return made


def _campaigns(writer: Writer) -> Iterator[tuple[Doubt, list[Review]]]:
    chance = writer.chance
    day, place = chance.uniform(10, DAYS - 10), f"p{chance.randrange(1000)}"
    yield (
        Doubt.BURST,
        [writer.review(day=day + chance.random(), place=place, stars=1) for _one in range(10)],
    )
    text = writer.text()
    yield Doubt.NEAR_DUPLICATES, [writer.review(text=_retouched(text, writer)) for _one in range(4)]
    author = f"roaming{writer.number}"
    yield (
        Doubt.ONE_AUTHOR,
        [writer.review(author=author, place=f"q{number}", day=day + number) for number in range(6)],
    )
    yield Doubt.RATING_AGAINST_TEXT, [writer.review(stars=5, words=Sentiment.NEG)]


def _retouched(text: str, writer: Writer) -> str:
    """One word in thirty taken for another one."""
    words = text.split()
    for place in writer.chance.sample(range(len(words)), len(words) // 30):
        words[place] = writer.chance.choice(writer.words)
    return " ".join(words)


def look(kind: Doubt, reviews: list[Review]) -> list[Suspicion]:
    """What one sign finds."""
    mentions = [review.mention for review in reviews]
    if kind is Doubt.RATING_AGAINST_TEXT:
        return rating_against_text(reviews)
    return {Doubt.BURST: bursts, Doubt.NEAR_DUPLICATES: near_duplicates, Doubt.ONE_AUTHOR: one_author}[kind](
        mentions
    )


def seen(campaigns: list[set[str]], found: list[Suspicion]) -> float:
    """Share of the campaigns of which one suspicion names four in five reviews or more."""
    named = [{mention.external_id for mention in suspicion.mentions} for suspicion in found]
    hits = sum(any(len(campaign & names) >= 0.8 * len(campaign) for names in named) for campaign in campaigns)
    return hits / len(campaigns)


def peak_mib() -> float:
    """Most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints the table and the line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reviews", type=int, default=100_000)
    count = parser.parse_args().reviews
    made = planted(count)
    before = peak_mib()
    table = Table(
        "sign",
        "seconds",
        "suspicions",
        "planted ones seen",
        title=f"{count:,} reviews of about {WORDS} words",
    )
    figures: dict[str, float] = {"reviews": count, "memory_before_mib": round(before)}
    for kind in Doubt:
        started = time.perf_counter()
        found = look(kind, made.reviews)
        seconds = time.perf_counter() - started
        share = seen(made.campaigns[kind], found)
        table.add_row(kind.value, f"{seconds:.2f}", f"{len(found):,}", f"{share:.0%}")
        figures |= {f"{kind.value}_seconds": round(seconds, 3), f"{kind.value}_seen": round(share, 3)}
    figures["peak_mib"] = round(peak_mib())
    table.caption = f"peak memory {figures['peak_mib']} MiB, of which {before:.0f} MiB hold the reviews"
    Console().print(table)
    print(json.dumps({"benchmark": "doubtful"} | figures))


if __name__ == "__main__":
    main()
