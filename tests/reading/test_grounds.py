"""Why a judgement fell: the words that weighed most, whatever the texts and the weights."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.features import features_of
from veilleur.reading.grounds import MOST, heaviest_words, judged_words
from veilleur.reading.reader import Reader
from veilleur.testing import mention
from veilleur.vocabulary import Mention

WORDS = ["Salle", "d’attente", "bondée", "pcq", "😱", "trooop", "Dr", "éteint", ""]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def batch_of(mentions: list[Mention]) -> Batch:
    return next(batch for batch, _readings in Reader([]).batches(mentions))


def slowly(batch: Batch, row: int, own: list[float]) -> tuple[str, ...]:
    """The same, one judgement and one word at a time."""
    words, subject = batch.once(features_of).words, batch.subjects[row]
    first = int(batch.once(features_of).first_word[row])
    ranked = sorted(range(len(own)), key=lambda place: (-own[place], place))[:MOST]
    chosen = sorted(place for place in ranked if own[place] > 0)
    offset = int(words.layout.offsets[row])
    return tuple(
        written(subject, int(words.starts[first + place]) - offset, int(words.ends[first + place]) - offset)
        for place in chosen
    )


def written(subject: Subject, start: int, end: int) -> str:
    return subject.text.span(start, end).of(subject.mention.text)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_heaviest_words_of_many_judgements_are_those_of_each(texts: list[str], data: st.DataObject):
    batch = batch_of([mention(text) for text in texts])
    rows = sorted(data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=8)))
    judged = judged_words(batch.once(features_of), np.array(rows, dtype=np.int64))
    # Few different weights: ties matter.
    some, size = st.sampled_from([-1.0, 0.0, 0.5, 1.0]), len(judged.words)
    weight = np.array(data.draw(st.lists(some, min_size=size, max_size=size)), dtype=np.float32)
    own = np.split(weight, judged.first[1:-1]) if rows else []
    assert heaviest_words(batch, judged, weight) == [
        slowly(batch, row, values.tolist()) for row, values in zip(rows, own, strict=True)
    ]
