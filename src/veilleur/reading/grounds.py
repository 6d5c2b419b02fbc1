"""Why a statistical judgement fell: the words, and the clause, that weighed most, as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.features import Features, features_of
from veilleur.text.words import Floats
from veilleur.vocabulary import Span

MOST = 3
_WIDEST = 160
"""Characters of a clause that is shown, at most: who writes without punctuation writes long ones."""


def heaviest_words(batch: Batch, row: int, weight: Floats) -> tuple[str, ...]:
    """The few words of one text that weigh most, in reading order; `weight` is (words,) of the text."""
    features, own = batch.once(features_of), weight
    first = features.first_word[row]
    order = np.argsort(-own, kind="stable")[:MOST]
    words = np.sort(order[own[order] > 0]) + first
    return tuple(_as_written(batch.subjects[row], row, words.tolist(), features))


def heaviest_clause(batch: Batch, row: int, weight: Floats) -> Span | None:
    """The clause of the text (not of the title) whose words weigh most together, `None` without any."""
    subject, features = batch.subjects[row], batch.once(features_of)
    words, shift = features.words, subject.shift
    first, last = features.first_word[row : row + 2]
    offset = int(words.layout.offsets[row]) + shift
    begin = first
    first = int(np.searchsorted(words.starts[first:last], offset)) + first
    if first == last:
        return None
    clauses = words.clause[first:last]
    best = clauses[0] + int(
        np.bincount(clauses - clauses[0], weights=weight[first - begin : last - begin]).argmax()
    )
    inside = np.flatnonzero(clauses == best) + first
    start, end = int(words.starts[inside[0]]), int(words.ends[inside[-1]])
    if end - start > _WIDEST:
        heaviest = inside[weight[inside - begin].argmax()]
        near = inside[np.abs(words.starts[inside] - words.starts[heaviest]) < _WIDEST // 2]
        start, end = int(words.starts[near[0]]), int(words.ends[near[-1]])
    return subject.text.span(start - offset, end - offset)


def _as_written(subject: Subject, row: int, words: Sequence[int], features: Features) -> Iterator[str]:
    """The words as they stand in the title or the text."""
    offset, shift = int(features.words.layout.offsets[row]), subject.shift
    title = subject.title
    for word in words:
        start, end = int(features.words.starts[word]) - offset, int(features.words.ends[word]) - offset
        if title and end < shift:
            yield title.span(start, end).of(subject.mention.title)
        else:
            yield subject.text.span(start - shift, end - shift).of(subject.mention.text)
