"""Why a statistical judgement fell: the words, and the clause, that weighed most, as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from veilleur.reading.analyzer import Batch
from veilleur.reading.features import Features, features_of
from veilleur.text.words import Floats, Integers, changes, stretches
from veilleur.vocabulary import Span

MOST = 3
_WIDEST = 160
"""Characters of a clause that is shown, at most: who writes without punctuation writes long ones."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The words of the texts that were judged, end to end: a text stands once for each judgement on it."""

    rows: Integers
    """(judgements,): the text of each."""
    first: Integers
    """(judgements + 1): the entries of judgement `j` are `first[j]:first[j + 1]`."""
    of: Integers
    """(entries,): the judgement of each."""
    words: Integers
    """(entries,): the word of the batch that each is."""


def judged_words(features: Features, rows: Integers) -> Judged:
    """The words of each of the texts `rows`, in order; a text may be named several times."""
    starts = features.first_word[rows]
    sizes = features.first_word[rows + 1] - starts
    of, words = stretches(starts, sizes)
    return Judged(rows, np.concatenate([[0], np.cumsum(sizes)]), of, words)


def heaviest_words(batch: Batch, judged: Judged, weight: Floats) -> list[tuple[str, ...]]:
    """The few words that weigh most in each judgement, in reading order; `weight` is (entries,)."""
    words, entries = batch.once(features_of).words, _heaviest(judged, weight)
    word, of = judged.words[entries], judged.of[entries]
    offsets = words.layout.offsets[words.owner[word]]
    starts, ends = (words.starts[word] - offsets).tolist(), (words.ends[word] - offsets).tolist()
    places = list(zip(starts, ends, strict=True))
    bounds = np.searchsorted(of, np.arange(len(judged.rows) + 1)).tolist()
    return [
        as_written(batch, row, places[first:last])
        for row, (first, last) in zip(judged.rows.tolist(), pairwise(bounds), strict=True)
    ]


def _heaviest(judged: Judged, weight: Floats) -> Integers:
    """The entries that weigh most in each judgement, in order; of equal ones the first."""
    full = np.flatnonzero(np.diff(judged.first))
    if not len(full):
        return full
    left, chosen = weight.copy(), []
    for _ in range(MOST):
        most = np.zeros(len(judged.rows), dtype=weight.dtype)
        most[full] = np.maximum.reduceat(left, judged.first[full])
        found = np.flatnonzero((left == most[judged.of]) & (left > 0))
        chosen.append(found[changes(judged.of[found])])
        left[chosen[-1]] = 0
    return np.sort(np.concatenate(chosen))


def heaviest_clause(batch: Batch, row: int, weight: Floats) -> Span | None:
    """The clause of the text (not of the title) whose words weigh most together, `None` without any.

    `weight` is that of the words of this one text.
    """
    subject, features = batch.subjects[row], batch.once(features_of)
    words, shift = features.words, subject.shift
    own, last = features.first_word[row : row + 2]
    offset = int(words.layout.offsets[row]) + shift
    first = int(np.searchsorted(words.starts[own:last], offset)) + own
    if first == last:
        return None
    clauses = words.clause[first:last]
    best = clauses[0] + int(np.bincount(clauses - clauses[0], weights=weight[first - own :]).argmax())
    inside = np.flatnonzero(clauses == best) + first
    start, end = int(words.starts[inside[0]]), int(words.ends[inside[-1]])
    if end - start > _WIDEST:
        heaviest = inside[weight[inside - own].argmax()]
        near = inside[np.abs(words.starts[inside] - words.starts[heaviest]) < _WIDEST // 2]
        start, end = int(words.starts[near[0]]), int(words.ends[near[-1]])
    return subject.text.span(start - offset, end - offset)


def as_written(batch: Batch, row: int, places: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Stretches [start, end) of the `full_text` of one message, as they stand in its title or its text."""
    text, title = batch.subjects[row].text, batch.subjects[row].title
    if title is None:
        return tuple([text.written(start, end) for start, end in places])
    shift = len(title.text) + 1
    return tuple(
        title.written(start, end) if end < shift else text.written(start - shift, end - shift)
        for start, end in places
    )
