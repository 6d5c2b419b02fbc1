"""How praise and blame stand in each text: the dense numbers that opinions give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.concepts import NO_CONCEPT, catalogue
from veilleur.text.words import Flags, Integers, Words

Floats = NDArray[np.float32]

COLUMNS = (
    "praised", "praise denied", "blamed", "blame denied",
    "balance", "both sides", "first opinion", "last opinion", "turn", "opinion after the turn",
    "nothing", "wish", "asking", "cheer then blame",
)  # fmt: skip
"""Names of `Opinions.columns()`, in order."""


@dataclass(frozen=True)
class Opinions:
    """The opinion words of a batch: where they are and what they say."""

    words: Words
    concepts: NDArray[np.int16]
    negated: Flags
    texts: int
    """Number of texts in the batch."""

    def columns(self) -> list[Floats]:
        """One number per text for each of `COLUMNS`."""
        counts, signs = self._counts, self.signs()
        turns = self._times("pivot")
        both = np.minimum(np.minimum(counts[0], counts[2]), 2)
        others = [np.log1p(self._times(name)) for name in ("wish", "asking")]
        spoken = np.flatnonzero(signs)
        edges = (
            self._spread(signs, spoken[::-1]),
            self._spread(signs, spoken),
            np.minimum(turns, 2),
            self._after_turn(signs, spoken),
        )
        mock = self._mock(signs, turns)
        return [*map(np.log1p, counts), _balance(counts), both, *edges, self.nothing(), *others, mock]

    def balance(self) -> Floats:
        """-1 when all is blame, 1 when all is praise."""
        return _balance(self._counts)

    def nothing(self) -> Floats:
        """1 where « rien », “nothing” or the like is said."""
        return np.minimum(self._times("nothing"), 1)

    def signs(self) -> Floats:
        """Per word: 1 for praise, -1 for blame, as negations leave them."""
        polarity = catalogue().polarity[self.concepts]
        return np.where(self.negated, -polarity, polarity).astype(np.float32)

    @cached_property
    def _counts(self) -> list[Floats]:
        """How often each text praises, denies praise, blames, denies blame."""
        polarity = catalogue().polarity[:-1]
        return [
            self._often[:, polarity == sign, denied].sum(axis=1).astype(np.float32)
            for sign in (1, -1)
            for denied in (0, 1)
        ]

    @cached_property
    def _often(self) -> Integers:
        """(texts, concepts, 2): how often each is said, plainly and negated."""
        said = np.flatnonzero(self.concepts != NO_CONCEPT)
        many = len(catalogue().concepts)
        codes = (self.words.owner[said] * many + self.concepts[said]) * 2 + self.negated[said]
        return np.bincount(codes, minlength=self.texts * many * 2).reshape(self.texts, many, 2)

    def _times(self, name: str) -> Floats:
        """How often each text says a concept."""
        times: Floats = self._often[:, catalogue().number(name)].sum(axis=1).astype(np.float32)
        return times

    def _said(self, name: str) -> Flags:
        said: Flags = self.concepts == catalogue().number(name)
        return said

    def _spread(self, signs: Floats, places: Integers) -> Floats:
        """The sign of the last one of `places` in each text, 0 for none."""
        out = np.zeros(self.texts, dtype=np.float32)
        out[self.words.owner[places]] = signs[places]
        return out

    def _mock(self, signs: Floats, turns: Floats) -> Floats:
        """1 for « Bravo, … » with nothing but blame after it: irony has this shape."""
        words = self.words
        praised, praise_denied, blamed, blame_denied = self._counts
        good, bad = praised + blame_denied, blamed + praise_denied
        opens = np.searchsorted(words.owner, np.arange(self.texts))
        mocking = (good == 1) & (bad > 0) & (turns == 0)
        cheers = self._said("cheer") | self._said("thanks")
        alone = np.append(words.clause[1:] != words.clause[:-1], True)
        heads = np.flatnonzero((signs > 0) & (cheers | alone))
        heads = heads[heads - opens[words.owner[heads]] <= 1]
        opened = np.bincount(words.owner[heads], minlength=self.texts) > 0
        return np.asarray(mocking & opened, dtype=np.float32)

    def _after_turn(self, signs: Floats, spoken: Integers) -> Floats:
        """What is said after the last « mais » of each text, between -2 and 2."""
        turns = np.full(self.texts, len(self.words))
        places = np.flatnonzero(self._said("pivot"))
        turns[self.words.owner[places]] = places
        later = spoken[spoken > turns[self.words.owner[spoken]]]
        sums = np.bincount(self.words.owner[later], weights=signs[later], minlength=self.texts)
        return np.clip(sums, -2, 2).astype(np.float32)


def _balance(counts: list[Floats]) -> Floats:
    praised, praise_denied, blamed, blame_denied = counts
    good, bad = praised + blame_denied / 2, blamed + praise_denied
    share: Floats = (good - bad) / (good + bad + 1)
    return share
