"""The last word on polarity: what opinions taught and what everyday messages taught, weighed together.

The head of the opinions (`weights/sentiment.*`) knows reviews and questionnaires; the heads of the tone
(`weights/tone.*`) know what people write in French on networks and forums, where a complaint often has no
word of blame. Whom to believe depends on whether a text looks like an everyday message, which one more head
tells: a small multinomial regression learned that from texts that none of them had seen. English is left
to the opinions: of it they alone have read enough.
"""

from __future__ import annotations

import numpy as np

from veilleur.reading import panel
from veilleur.reading.concepts import catalogue
from veilleur.reading.features import DENSE, Features
from veilleur.reading.heads import softmax
from veilleur.text.words import Floats
from veilleur.vocabulary import Sentiment

NAME = "tone"
TONES = (Sentiment.NEG, Sentiment.NEU, Sentiment.POS, Sentiment.MIXED)
"""The order of all columns."""
EVERYDAY = "everyday"
"""Name of the head that tells an everyday message from an answer to a question about a service."""
MIXED_FROM = 0.55
"""From this chance on, an English opinion is called mixed: found on the development sentences."""
_FEWEST = 10
"""Words of a mixed opinion, when it does not both praise and blame: of 339 shorter messages 7 are mixed."""
SERVICE = "service"
"""Name of the head that tells good from bad where people tell how a public service served them."""
HEADS = (*TONES, EVERYDAY, SERVICE)
"""The heads of `weights/tone.*`, in order."""
_LEAST, _FURTHEST, _SURE = 1e-4, 8.0, 4.0
_BESIDE = [DENSE.index(name) for name in ("words", "rated", "cheer then blame")]
_ENGLISH = DENSE.index("english")
_MOCKING = DENSE.index("cheer then blame")


def chances(features: Features, opinion: Floats, mixed: Floats) -> Floats:
    """(texts, `TONES`): how sure of each polarity, summing to 1.

    `opinion` is (texts, 3), the chances that the head of the opinions gives; `mixed` (texts,) the log-odds
    that the parts of a text pull apart.
    """
    known = panel.load(NAME)
    said = panel.judge(known, features, np.zeros((len(features.dense), 0), dtype=np.float32))
    *weights, bias = known.others["together"]
    # Not a matrix product: BLAS rounds differently for batches of different heights.
    weighed = numbers(features, opinion, mixed, said.logits)[:, :, None] * np.array(weights)
    together = _of_one_mind(softmax((weighed.sum(axis=1) + bias).astype(np.float32)), features)
    return np.where(features.dense[:, [_ENGLISH]] > 0, _of_opinions(opinion, mixed), together)


def _of_one_mind(chances: Floats, features: Features) -> Floats:
    """`chances` without a mixed opinion where it is no likelier than the rest, or no room for two."""
    mixed = TONES.index(Sentiment.MIXED)
    polarity, owner = catalogue().polarity[features.concepts], features.words.owner
    cheers, blames = (np.bincount(owner[polarity * sign > 0], minlength=len(chances)) for sign in (1, -1))
    mocking = features.dense[:, _MOCKING] > 0
    room = (np.diff(features.first_word) >= _FEWEST) | ((cheers > 0) & (blames > 0) & ~mocking)
    kept = chances.copy()
    kept[:, mixed] = np.where(room & (chances[:, mixed] >= 0.5), chances[:, mixed], np.float32(0))
    alone: Floats = kept / kept.sum(axis=1, keepdims=True)
    return alone


def _of_opinions(opinion: Floats, mixed: Floats) -> Floats:
    """The same by the opinions alone."""
    both = panel.sigmoid(mixed)[:, None]
    both = np.where(both >= MIXED_FROM, both, np.float32(0))
    return np.concatenate([opinion * (1 - both), both], axis=1)


def numbers(features: Features, opinion: Floats, mixed: Floats, heads: Floats) -> Floats:
    """(texts, numbers): what the regression reads; `heads` is (texts, `HEADS`), log-odds."""
    tone = np.clip(heads[:, : len(TONES)], -_FURTHEST, _FURTHEST)
    everyday = np.clip(heads[:, len(TONES) : len(TONES) + 1], -_SURE, _SURE) / _SURE
    service = np.clip(heads[:, len(TONES) + 1 :], -_FURTHEST, _FURTHEST)
    told = np.concatenate([np.log(np.maximum(opinion, _LEAST)), mixed[:, None], tone, service], axis=1)
    columns = [told, told * everyday, everyday, features.dense[:, _BESIDE]]
    return np.concatenate(columns, axis=1, dtype=np.float32)
