"""The parts of a message and how far they pull apart: what makes an opinion mixed.

A part ends at a full stop, a comma, a line break, or where the writer turns (« mais »,
“although”). Each part sums what its words say for and against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.balance import Opinions
from veilleur.reading.concepts import catalogue
from veilleur.reading.features import DENSE, Features
from veilleur.reading.heads import Judgement, array
from veilleur.text.words import Floats, Integers, changes

PARTS = (
    "best part", "worst part", "the lesser of both", "product of both",
    "turns", "good parts", "bad parts", "the rarer of both", "both", "share of the rarer", "changes of tone",
    "words", "both, long", "product, long", "negative", "neutral", "positive",
    "doubt between poles", "cheer then blame",
)  # fmt: skip
"""Names of the numbers, in order."""


_CHEER = DENSE.index("cheer then blame")


@dataclass(frozen=True, slots=True)
class Mixture:
    """Weights that tell a mixed opinion from a plain one."""

    weights: Floats
    """(`len(PARTS)`,)."""
    bias: float

    @classmethod
    def load(cls, name: str) -> Mixture:
        """The one that is shipped with the head `name`."""
        *weights, bias = array(name, "mixture").tolist()
        return cls(np.array(weights, dtype=np.float32), bias)

    def logits(self, numbers: Floats) -> Floats:
        """(texts,): log-odds that each is mixed."""
        logits: Floats = (numbers * self.weights).sum(axis=1) + np.float32(self.bias)
        return logits


def parts(features: Features, judgement: Judgement, negative: int, positive: int) -> Floats:
    """(texts, `len(PARTS)`); `negative` and `positive` are the columns of the poles."""
    texts = len(features.dense)
    owner, starts, turns = _cut(features)
    pull = (judgement.evidence[:, positive] - judgement.evidence[:, negative]).astype(np.float64)
    best, worst = _extremes(_sums(pull, starts), owner, texts)
    signs = Opinions(features.words, features.concepts, features.negated, texts).signs().astype(np.float64)
    tone = np.sign(_sums(signs, starts))
    good, bad = (np.bincount(owner[tone == sign], minlength=texts) for sign in (1, -1))
    rarer = np.minimum(good, bad)
    length = np.log1p(np.diff(features.first_word))
    chances = judgement.chances
    return np.stack(
        [
            best, worst, np.minimum(best, worst), np.sqrt(best * worst),
            np.log1p(turns), np.log1p(good), np.log1p(bad),
            np.log1p(rarer), rarer > 0, rarer / (good + bad + 1),
            np.log1p(_changes(tone, owner, texts)), length,
            (rarer > 0) * length, np.sqrt(best * worst) * length,
            *chances.T, chances[:, positive] * chances[:, negative], features.dense[:, _CHEER],
        ],
        axis=1,
    ).astype(np.float32)  # fmt: skip


def _cut(features: Features) -> tuple[Integers, Integers, Integers]:
    """(text of each part, first word of each part, number of turns in each text)."""
    words = features.words
    turns = features.concepts == catalogue().number("pivot")
    starts = np.flatnonzero(changes(words.clause) | turns)
    return words.owner[starts], starts, np.bincount(words.owner[turns], minlength=len(features.dense))


def _sums(values: NDArray[np.float64], starts: Integers) -> NDArray[np.float64]:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def _extremes(sums: NDArray[np.float64], owner: Integers, texts: int) -> NDArray[np.float64]:
    """What the best part of each text says for it, and the worst one against; 0 for none."""
    out = np.zeros((2, texts))
    np.maximum.at(out[0], owner, sums)
    np.maximum.at(out[1], owner, -sums)
    return out


def _changes(tone: NDArray[np.float64], owner: Integers, texts: int) -> Integers:
    """How many times praise follows blame or blame praise."""
    spoken = np.flatnonzero(tone)
    before, after = spoken[:-1], spoken[1:]
    changed = (tone[before] != tone[after]) & (owner[before] == owner[after])
    return np.bincount(owner[after][changed], minlength=texts)
