"""The polarity of a message: good, bad, neither, or both.

A trained head weighs the words, the question they answer and the stars; a second, tiny one
sees whether the parts of the message pull apart. The stars alone speak only for a message
that says nothing in a language we read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon import Term
from veilleur.reading import panel, tone
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.concepts import catalogue
from veilleur.reading.features import DENSE, Features, features_of
from veilleur.reading.grounds import as_written
from veilleur.reading.heads import Judgement, judge, load, margins
from veilleur.reading.parts import Mixture, parts
from veilleur.text.words import Integers, Words
from veilleur.vocabulary import Because, Finding, Language, Rating, Sentiment, Why

_GROUNDS = 3
_SHORT = 2
"""Letters of a word that says little alone."""
_STARS_SCORE = 0.6
"""How sure the stars alone make us: one in four does not go with what was written."""
_STARS_AS_TEXT = re.compile(r"\s*(\d{1,2}) ?/ ?(5|10|20)\W*")


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """What the heads say of each text of a batch."""

    features: Features
    labels: list[Sentiment]
    scores: list[float]
    grounds: list[list[tuple[int, int]]]
    """Where the words that weighed most stand in each text, in reading order: [start, end)."""
    opinionated: NDArray[np.bool_]
    """Whether the text uses a word of opinion that we know."""


class SentimentAnalyzer:
    """One judgement on the whole message, or none when it says nothing that can be told."""

    name = "sentiment"

    def __init__(self) -> None:
        """Loads the shipped weights."""
        self._head = load(self.name)
        self._mixture = Mixture.load(self.name)
        self._poles = self._head.labels.index("neg"), self._head.labels.index("pos")

    @property
    def version(self) -> str:
        """Versions of the weights."""
        return f"{self._head.version}.{panel.load(tone.NAME).version}"

    def terms(self) -> Iterable[Term]:
        """No words of its own: opinions are looked up with the features."""
        return ()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """At most one finding per message, without a span: it is about the whole."""
        verdicts = self._verdicts(batch.once(features_of))
        return [self._read(batch, verdicts, row) for row in range(len(batch))]

    def _verdicts(self, features: Features) -> _Verdicts:
        judgement = judge(self._head, features)
        mixed = self._mixture.logits(parts(features, judgement, *self._poles))
        chances = tone.chances(features, judgement.chances, mixed)
        winners = chances.argmax(axis=1)
        told = catalogue().polarity[features.concepts] != 0
        weight = _worth_saying(self._weight(judgement, winners, features), told, features)
        return _Verdicts(
            features,
            [tone.TONES[winner] for winner in winners.tolist()],
            np.round(chances.max(axis=1).astype(np.float64), 3).tolist(),
            _heaviest(weight, features),
            np.bincount(features.words.owner[told], minlength=len(winners)) > 0,
        )

    def _weight(self, judgement: Judgement, winners: Integers, features: Features) -> NDArray[np.float32]:
        """For one pole: what a word adds to it. For a mixed opinion: how far it pulls either way."""
        negative, positive = self._poles
        mixed = tone.TONES.index(Sentiment.MIXED)
        pull = np.abs(judgement.evidence[:, positive] - judgement.evidence[:, negative])
        plain = margins(judgement, np.where(winners == mixed, 0, winners), features)
        return np.where((winners == mixed)[features.words.owner], pull, plain)

    def _read(self, batch: Batch, verdicts: _Verdicts, row: int) -> tuple[Finding, ...]:
        subject = batch.subjects[row]
        if not _speaks(subject, opinionated=bool(verdicts.opinionated[row])):
            return self._from_stars(subject)
        why = self._why(batch, verdicts, row)
        return (Finding(self.name, verdicts.labels[row].value, verdicts.scores[row], why),)

    def _why(self, batch: Batch, verdicts: _Verdicts, row: int) -> Why:
        question = batch.subjects[row].mention.question
        if question and verdicts.features.dense[row, _NOTHING_ELSE]:
            return Why(Because.QUESTION, (question,))
        return Why(Because.NGRAMS, as_written(batch, row, verdicts.grounds[row]))

    def _from_stars(self, subject: Subject) -> tuple[Finding, ...]:
        rating = subject.mention.rating or _written_rating(subject.text.text)
        if rating is None:
            return ()
        why = Why(Because.RATING, (f"{rating.value:g}/{max(rating.best, rating.worst):g}",))
        return (Finding(self.name, _polarity(rating.share).value, _STARS_SCORE, why),)


_NOTHING_ELSE = DENSE.index("nothing else")


def _worth_saying(
    weight: NDArray[np.float32], told: NDArray[np.bool_], features: Features
) -> NDArray[np.float32]:
    """`weight` without the words that would convince nobody.

    Every word weighs a little; where words of opinion (`told`) speak for the verdict, they are
    its ground, and « leur » or « toujours » beside them are not.
    """
    owner = features.words.owner
    opinions = np.bincount(owner[told & (weight > 0)], minlength=len(features.dense)) > 0
    return np.where(told | ~opinions[owner], weight, np.float32(0))


def _speaks(subject: Subject, *, opinionated: bool) -> bool:
    """Whether the words can be judged: letters or emojis, in French, in English or known to us."""
    if opinionated:
        return True
    known = subject.language.language is not Language.OTHER
    return known and any(map(str.isalpha, subject.full_text))


def _heaviest(weight: NDArray[np.float32], features: Features) -> list[list[tuple[int, int]]]:
    """Where the few words of each text that weigh most stand in it, in reading order."""
    words, texts = features.words, len(features.dense)
    telling = np.flatnonzero(weight > 0)
    ranked = telling[np.lexsort((-weight[telling], words.owner[telling]))]
    first = np.searchsorted(words.owner[ranked], np.arange(texts + 1))
    places = first[:-1, None] + np.arange(_GROUNDS)
    word = np.sort(ranked[places[places < first[1:, None]]])
    offsets = words.layout.offsets[words.owner[word]]
    starts, ends = words.starts[_from_word(words, word)] - offsets, words.ends[word] - offsets
    grounds = list(zip(starts.tolist(), ends.tolist(), strict=True))
    bounds = np.searchsorted(words.owner[word], np.arange(texts + 1)).tolist()
    return [grounds[first:stop] for first, stop in pairwise(bounds)]


def _from_word(words: Words, word: Integers) -> Integers:
    """Where to begin saying each `word`: with the word before, when it is as short as in « personne ne »."""
    before = np.maximum(word - 1, 0)
    is_short = words.ends[word] - words.starts[word] <= _SHORT
    follows = words.starts[word] - words.ends[before] == 1
    same = (words.owner[word] == words.owner[before]) & (words.clause[word] == words.clause[before])
    return np.where(is_short & follows & same, before, word)


def _polarity(share: float) -> Sentiment:
    if share >= 0.7:
        return Sentiment.POS
    return Sentiment.NEG if share <= 0.4 else Sentiment.NEU


def _written_rating(text: str) -> Rating | None:
    """« 4/5 » when it is all that was written."""
    match = _STARS_AS_TEXT.fullmatch(text)
    if not match:
        return None
    value, best = int(match[1]), int(match[2])
    return Rating(value, 0, best) if value <= best else None
