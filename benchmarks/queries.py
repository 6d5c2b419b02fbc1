"""How fast messages are shown to many queries.

    python -m benchmarks.queries

A hundred queries of twenty terms (words, beginnings, phrases, NEAR, exclusions, fields) are asked of a
thousand messages of some sixty words, made of words that people wrote; beside it, a plain loop asks
each query of each message, whose words are found only once.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from veilleur.listening.queries import (
    And,
    Is,
    Matcher,
    Near,
    Not,
    Or,
    Phrase,
    Place,
    Query,
    Stars,
    Word,
    parse,
)
from veilleur.listening.queries.words import words_of
from veilleur.vocabulary import Because, Finding, Mention, Rating, Reading, Why

QUERIES, TERMS, MESSAGES, LENGTH = 100, 20, 1_000, 60
FEWER = 100
"""Messages for what is slow."""
CORPUS = Path(__file__).parents[1] / "tests/corpus/social_fr"
ROUNDS = 3
Shown = tuple[Mention, Reading]


def corpus_words() -> list[str]:
    """Every word of the messages in social French, in order."""
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [word for line in lines for word in words_of(json.loads(line)["text"])]


def messages(words: Sequence[str], chance: random.Random) -> list[Shown]:
    """Stretches of what people wrote, with a label and a rating drawn by lot."""
    starts = [chance.randrange(len(words) - LENGTH) for _ in range(MESSAGES)]
    return [_message(" ".join(words[start : start + LENGTH]), start, chance) for start in starts]


def _message(text: str, number: int, chance: random.Random) -> Shown:
    rating = Rating(chance.randint(1, 5), 1, 5)
    mention = Mention("bench", str(number), text, datetime(2026, 1, 1, tzinfo=UTC), rating=rating)
    label = chance.choice(["complaint", "praise", "question"])
    return mention, Reading("d", "r", (Finding("labels", label, 0.9, Why(Because.NGRAMS)),))


def queries(words: Sequence[str], chance: random.Random) -> list[Query]:
    """Half of them choices of rarer words with conditions, half ANDs of choices of any words."""
    common = [word for word, _ in Counter(words).most_common(3_000)]
    return [parse(_spelled(common, number, chance)) for number in range(QUERIES)]


def _spelled(common: Sequence[str], number: int, chance: random.Random) -> str:
    rarer = common[300:]
    if number % 2:
        choice = " OU ".join(_term(rarer, chance) for _ in range(12))
        near = f"{chance.choice(rarer)} PRÈS/5 ({chance.choice(rarer)} OU {chance.choice(common)})"
        excluded = " ".join(f"-{chance.choice(common)}" for _ in range(3))
        return f"({choice} OU {near}) {excluded} note:<4 label:plainte"
    choices = [" OU ".join(_term(common, chance) for _ in range(5)) for _ in range(4)]
    return " ".join(f"({choice})" for choice in choices)


def _term(words: Sequence[str], chance: random.Random) -> str:
    word = chance.choice(words)
    kind = chance.random()
    if kind < 0.15:
        return word[:5] + "*"
    return f'"{word} {chance.choice(words)}"' if kind < 0.25 else word


def naive(asked: Sequence[Query], shown: Iterable[Shown]) -> list[tuple[int, ...]]:
    """The reference: the words of each message once, then each query from its top."""
    found = []
    for mention, reading in shown:
        words = words_of(mention.text)
        found.append(
            tuple(number for number, one in enumerate(asked) if _holds(one, words, mention, reading))
        )
    return found


def _holds(query: Query, words: list[str], mention: Mention, reading: Reading) -> bool:
    match query:
        case And(parts=parts):
            return all(_holds(part, words, mention, reading) for part in parts)
        case Or(parts=parts):
            return any(_holds(part, words, mention, reading) for part in parts)
        case Not(part=part):
            return not _holds(part, words, mention, reading)
        case Near(left=left, right=right, distance=distance):
            return _is_near(_places(left, words), _places(right, words), distance)
        case Word() | Phrase():
            return _places(query, words) != []
    return _field_holds(query, mention, reading)


def _is_near(left: list[range], right: list[range], distance: int) -> bool:
    return any(0 < b[0] - a[-1] <= distance or 0 < a[0] - b[-1] <= distance for a in left for b in right)


def _places(place: Place | Query, words: list[str]) -> list[range]:
    if isinstance(place, Or):
        return [found for part in place.parts for found in _places(part, words)]
    if isinstance(place, Word) and not place.is_prefix:
        return [range(number, number + 1) for number, word in enumerate(words) if word == place.text]
    asked = place.words if isinstance(place, Phrase) else [place]
    return [
        range(start, start + len(asked))
        for start in range(len(words) - len(asked) + 1)
        if all(_is(word, words[start + offset]) for offset, word in enumerate(asked))
    ]


def _is(word: object, said: str) -> bool:
    if not isinstance(word, Word):
        return False
    return said.startswith(word.text) if word.is_prefix else said == word.text


def _field_holds(query: Query, mention: Mention, reading: Reading) -> bool:
    if isinstance(query, Stars):
        return mention.rating is not None and query.low <= mention.rating.value <= query.high
    if isinstance(query, Is):
        return any(finding.label == query.value for finding in reading.findings)
    raise NotImplementedError(query)


Answers = list[tuple[int, ...]]


def timed(name: str, shown: Sequence[Shown], work: Callable[[Sequence[Shown]], Answers]) -> Answers:
    """What the work finds in the messages; prints the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.perf_counter()
        found = work(shown)
        best = min(best, time.perf_counter() - before)
    print(f"{name:24} {best:7.3f} s for {len(shown):5,} messages  {len(shown) / best:8,.0f} messages/s")
    return found


def main() -> None:
    chance = random.Random(7)
    words = corpus_words()
    asked, shown = queries(words, chance), messages(words, chance)
    matcher = Matcher(asked)
    print(f"{QUERIES} queries of {TERMS} terms, messages of {LENGTH} words")
    found = timed("Matcher", shown, lambda some: [matcher.of(*one) for one in some])
    timed("Matcher, made each time", shown[:FEWER], lambda some: [Matcher(asked).of(*one) for one in some])
    expected = timed("plain loop", shown[:FEWER], lambda some: naive(asked, some))
    if found[:FEWER] != expected:
        raise SystemExit("Matcher and plain loop do not find the same messages")
    print(
        f"{sum(map(len, found)):,} answers; those of the first {FEWER} messages are those of the plain loop"
    )


if __name__ == "__main__":
    main()
