"""Whether a message says what an earlier one said, word for word or nearly, among a million others.

What copies differ in without saying anything else is taken off first: case, accents, punctuation,
links, names behind an `@`, « RT », emojis. What is left decides by its length:

* fewer than `FEWEST` words are never alike: « Merci ! » says nothing about who wrote it;
* fewer than `ANYWHERE` are alike when they are the same within one conversation;
* fewer than `NEAR` are alike when they are the same anywhere;
* more are alike when their fingerprints (SimHash over words and pairs of words) differ in at most
  `DISTANCE` bits *and* they share a key.

A key is the hash of the `_MINIMA` smallest pairs of words, by a permutation of its own (MinHash:
Broder 1997, “On the resemblance and containment of documents”): texts that share most pairs share
one of `KEYS` keys nearly always, and others hardly ever, so that an index of keys finds the one
earlier text worth comparing with. Bands of the fingerprint would not: one word changed among
twenty changes seven bits, and leaves no band of sixteen untouched in half of all cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from veilleur.reputation.fingerprints import Shingled, distinct, fingerprints, pairs_of
from veilleur.text.words import Hashes, Integers, Words, mixed, split

FEWEST = 4
ANYWHERE = 8
NEAR = 12
DISTANCE = 10
"""Bits in which the fingerprints of two long texts that are alike may differ."""
KEYS = 4
_MINIMA = 3
_SEED = 20261122
_ORDER = np.uint64(0xD1B54A32D192ED03)

_MARKS = dict.fromkeys(range(0x300, 0x370))
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_ASIDE = re.compile(
    r"https?://\S+|www\.\S+|\brt\s+(?=@)|(?<!\w)@\w[\w.-]*"
    r"|[\u200d\ufe0f\u2600-\u27bf\U0001f000-\U0001faff]"
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a text to find others like it; nothing of it can be read."""

    words: int
    fingerprint: int
    """64 bits, as a signed number."""
    keys: tuple[int, ...]
    """By which it is found; signed. Texts share one at the same place. Empty for what is never alike."""

    def distance(self, fingerprint: int) -> int:
        """Bits in which two fingerprints differ."""
        return ((self.fingerprint ^ fingerprint) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()

    def is_like(self, fingerprint: int) -> bool:
        """Whether a text that shares a key and has this fingerprint says the same."""
        return self.distance(fingerprint) <= (DISTANCE if self.words >= NEAR else 0)

    def within(self, conversation: str) -> Sketch:
        """As it is looked for: a short text only within its conversation."""
        if self.words >= ANYWHERE or not self.keys:
            return self
        told = blake2b(f"{self.keys[0]} {conversation}".encode("utf-8", "surrogatepass"), digest_size=8)
        return replace(self, keys=(int.from_bytes(told.digest(), signed=True),))


def plain(text: str) -> str:
    """What copies of a text have in common.

    >>> plain("RT @sante_56 : Trop d’ATTENTE 😡 https://t.co/x")
    ': trop d’attente'
    """
    folded = unicodedata.normalize("NFKD", text).translate(_MARKS).casefold().translate(_LIGATURES)
    return " ".join(_ASIDE.sub(" ", folded).split())


def sketches(texts: Sequence[str]) -> list[Sketch]:
    """The sketch of each text."""
    words = split([plain(text) for text in texts])
    counts = np.bincount(words.owner, minlength=len(texts))
    pairs = _by_text(*distinct(*pairs_of(words)), len(texts))
    exact, near = _signed(_whole(words, counts)), _signed(_minima(pairs))
    prints = _signed(fingerprints(_features(words, pairs, len(texts))))
    return [
        Sketch(count, one, _keys(count, whole, some))
        for count, one, whole, some in zip(
            counts.tolist(), prints.tolist(), exact.tolist(), near.tolist(), strict=True
        )
    ]


def _keys(words: int, whole: int, some: list[int]) -> tuple[int, ...]:
    if words < FEWEST:
        return ()
    return tuple(some) if words >= NEAR else (whole,)


def _signed(hashes: Hashes) -> Integers:
    return np.ascontiguousarray(hashes).view(np.int64)


def _by_text(hashes: Hashes, owner: Integers, texts: int) -> Shingled:
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=texts))])
    return Shingled(hashes, first)


def _features(words: Words, pairs: Shingled, texts: int) -> Shingled:
    """Words and pairs of words, each once per text."""
    of_pairs = np.repeat(np.arange(texts), pairs.counts())
    hashes = np.concatenate([mixed(words.hashes), pairs.hashes])
    return _by_text(*distinct(hashes, np.concatenate([words.owner, of_pairs])), texts)


def _whole(words: Words, counts: Integers) -> Hashes:
    """One hash of all words in their order."""
    first = np.concatenate([[0], np.cumsum(counts)])
    place = (np.arange(len(words)) - first[words.owner] + 1).astype(np.uint64)
    return mixed(_reduced(np.add, mixed(words.hashes + place * _ORDER), first))


def _minima(pairs: Shingled) -> Hashes:
    """(texts, KEYS)"""
    chance = np.random.default_rng(_SEED)
    factors = chance.integers(0, 2**63, (KEYS, _MINIMA), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.zeros((len(pairs.first) - 1, KEYS), dtype=np.uint64)
    for key in range(KEYS):
        for factor in factors[key]:
            smallest = _reduced(np.minimum, mixed(pairs.hashes * factor), pairs.first)
            keys[:, key] = mixed(keys[:, key] * _ORDER + smallest)
    return keys


def _reduced(how: np.ufunc, values: Hashes, first: Integers) -> Hashes:
    """`how` over the values of each text; 0 for a text without any."""
    out = np.zeros(len(first) - 1, dtype=np.uint64)
    some = np.diff(first) > 0
    if some.any():
        out[some] = how.reduceat(values, first[:-1][some])
    return out
