"""What a message is: a complaint, a threat, a suspected adverse reaction… several at once, or nothing.

One linear head per label over the shared features and cues. The chances of all labels and of
the four priorities are worked out once per batch: whoever needs them asks for `probabilities`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from veilleur.lexicon import Term
from veilleur.reading import panel
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.features import Features, Floats, features_of
from veilleur.reading.signals import NAME, signals_of, terms
from veilleur.text import normalise
from veilleur.vocabulary import LABELS, Because, Finding, Priority, Why

_GROUNDS = 3


def label_names() -> tuple[str, ...]:
    """The labels, in the order of `Chances.labels`; the panel's other columns serve the priority."""
    return panel.load().labels[: len(LABELS)]


def judgements(batch: Batch) -> panel.Judgement:
    """What the panel says of the batch: ask with `batch.once(judgements)`."""
    return panel.judge(panel.load(), batch.once(features_of), batch.once(signals_of))


def probabilities(batch: Batch) -> Floats:
    """Chance of every label, (texts, labels), in the order of `label_names()`."""
    return batch.once(judgements).labels[:, : len(LABELS)]


def priorities(batch: Batch) -> list[Priority]:
    """The likeliest priority of each text, by the words alone: no policy, no deadline."""
    names = [Priority(name) for name in panel.load().priorities]
    return [names[winner] for winner in batch.once(judgements).priority.argmax(axis=1).tolist()]


class LabelAnalyzer:
    """One finding for each label that reaches its threshold, on the message as a whole."""

    name = NAME

    def __init__(self) -> None:
        """Loads the shipped weights."""
        self._panel = panel.load()

    @property
    def version(self) -> str:
        """Version of the weights."""
        return self._panel.version

    def terms(self) -> Iterable[Term]:
        """The words of all cues."""
        return terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The labels of each message, in the order of `label_names()`."""
        chances = probabilities(batch)
        spoken = np.diff(batch.once(features_of).first_word) > 0
        given = (chances >= self._panel.thresholds) & spoken[:, None]
        findings: list[tuple[Finding, ...]] = [()] * len(batch)
        if given.any():
            for row in np.flatnonzero(given.any(axis=1)).tolist():
                columns = np.flatnonzero(given[row]).tolist()
                findings[row] = tuple(self._findings(batch, row, columns))
        return findings

    def _findings(self, batch: Batch, row: int, columns: Sequence[int]) -> Iterator[Finding]:
        chances, features = probabilities(batch)[row], batch.once(features_of)
        weights = batch.once(judgements).evidence
        first, last = features.first_word[row : row + 2]
        for column in columns:
            heaviest = _heaviest(weights[first:last, column]) + first
            grounds = _as_written(batch.subjects[row], row, heaviest.tolist(), features)
            score = round(float(chances[column]), 3)
            yield Finding(self.name, self._panel.labels[column], score, Why(Because.NGRAMS, tuple(grounds)))


def _heaviest(weight: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The few words that weigh most, in reading order."""
    order = np.argsort(-weight, kind="stable")[:_GROUNDS]
    return np.sort(order[weight[order] > 0])


def _as_written(subject: Subject, row: int, words: Sequence[int], features: Features) -> Iterator[str]:
    """The words as they stand in the title or the text."""
    offset = int(features.words.layout.offsets[row])
    title = normalise(subject.mention.title) if subject.mention.title else None
    shift = len(title.text) + 1 if title else 0
    for word in words:
        start, end = int(features.words.starts[word]) - offset, int(features.words.ends[word]) - offset
        if title and end < shift:
            yield title.span(start, end).of(subject.mention.title)
        else:
            yield subject.text.span(start - shift, end - shift).of(subject.mention.text)
