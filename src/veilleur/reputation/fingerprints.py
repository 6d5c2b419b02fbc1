"""Texts that nearly are the same, among very many, without comparing each with each.

A text becomes 64 bits: each of its shingles (two words in a row) votes on every bit with its
hash, so that texts which share most shingles differ in few bits (SimHash: Charikar 2002,
“Similarity estimation techniques from rounding algorithms”). Texts are looked up by bands of
16 of these bits; what meets in a band is compared. The work grows as n · log n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veilleur.text.words import Hashes, Integers, Words, paired, split

BITS = 64
DISTANCE = 12
"""Bits in which near texts may differ."""
BANDS = 32
BAND_BITS = 16
NEIGHBOURS = 24
"""Texts of one crowded band that each of them is compared with, at most."""
_CHUNK = 1024
"""Texts whose shingles vote at a time: about 30 MB."""
_SEED = 20260301


@dataclass(frozen=True, slots=True)
class Shingled:
    """The shingles of many texts, end to end."""

    hashes: Hashes
    """Different shingles of each text, sorted within it."""
    first: Integers
    """(texts + 1): those of text `t` are `hashes[first[t]:first[t + 1]]`."""

    def of(self, text: int) -> Hashes:
        """The different shingles of one text."""
        return self.hashes[self.first[text] : self.first[text + 1]]

    def counts(self) -> Integers:
        """How many different shingles each text has."""
        return np.diff(self.first)

    def resemblance(self, one: int, other: int) -> float:
        """Shingles of both texts ÷ shingles of either one (Jaccard); 0 when neither has any."""
        ones, others = self.of(one), self.of(other)
        both = len(np.intersect1d(ones, others, assume_unique=True))
        either = len(ones) + len(others) - both
        return both / either if either else 0.0


def shingle(texts: Sequence[str]) -> Shingled:
    """The shingles of normalised `texts`, each counted once per text."""
    parts: list[Hashes] = []
    counts = np.zeros(len(texts) + 1, dtype=np.int64)
    for start in range(0, len(texts), _CHUNK):
        hashes, owner = _pairs(texts[start : start + _CHUNK])
        parts.append(hashes)
        size = len(texts[start : start + _CHUNK])
        counts[start + 1 : start + 1 + size] = np.bincount(owner, minlength=size)
    return Shingled(np.concatenate(parts) if parts else np.zeros(0, np.uint64), np.cumsum(counts))


def _pairs(texts: Sequence[str]) -> tuple[Hashes, Integers]:
    """Different shingles and the text of each, by text."""
    return distinct(*pairs_of(split(texts)))


def pairs_of(words: Words) -> tuple[Hashes, Integers]:
    """Every two words in a row and the text of each, in order."""
    together = words.owner[1:] == words.owner[:-1]
    return paired(words.hashes[:-1], words.hashes[1:])[together], words.owner[1:][together]


def distinct(hashes: Hashes, owner: Integers) -> tuple[Hashes, Integers]:
    """`hashes` sorted within the text of each, every one once."""
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    fresh = np.ones(len(hashes), dtype=np.bool_)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    return hashes[fresh], owner[fresh]


def fingerprints(shingled: Shingled) -> Hashes:
    """The 64 bits of each text; 0 for a text without shingles."""
    texts = len(shingled.first) - 1
    out = np.zeros(texts, dtype=np.uint64)
    for start in range(0, texts, _CHUNK):
        out[start : start + _CHUNK] = _voted(shingled, start, min(start + _CHUNK, texts))
    return out


def _voted(shingled: Shingled, start: int, stop: int) -> Hashes:
    first = shingled.first[start : stop + 1]
    counts = np.diff(first)
    out = np.zeros(stop - start, dtype=np.uint64)
    if not counts.any():
        return out
    hashes = np.ascontiguousarray(shingled.hashes[first[0] : first[-1]])
    votes = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1)
    some = counts > 0
    ayes = np.add.reduceat(votes, first[:-1][some] - first[0], axis=0, dtype=np.int32)
    won = 2 * ayes > counts[some, None]
    out[some] = np.ascontiguousarray(np.packbits(won, axis=1)).view(np.uint64).ravel()
    return out


def near_pairs(prints: Hashes, distance: int = DISTANCE) -> NDArray[np.int64]:
    """(pairs, 2): fingerprints that differ in at most `distance` bits, the smaller index first.

    All pairs within 3 bits are found, those 8 bits apart with a chance of 98 %, 10 apart with
    89 %, 12 apart with 69 %. Among more than `NEIGHBOURS` in one band each is compared with the
    next ones only. Equal fingerprints are given as a chain: each with the next one.
    """
    order = np.argsort(prints, kind="stable")
    same = prints[order[1:]] == prints[order[:-1]]
    found = [np.stack([order[:-1][same], order[1:][same]], axis=1)]
    heads = order[np.concatenate([np.ones(min(1, len(order)), dtype=np.bool_), ~same])]
    found += [heads[pairs] for pairs in _banded(prints[heads], distance)]
    pairs = np.sort(np.concatenate(found), axis=1)
    unique: NDArray[np.int64] = np.unique(pairs, axis=0)
    return unique


def _banded(prints: Hashes, distance: int) -> Iterator[NDArray[np.int64]]:
    """Pairs of different fingerprints, by places in `prints`."""
    bits = np.unpackbits(np.ascontiguousarray(prints).view(np.uint8).reshape(-1, 8), axis=1)
    for columns in _bands():
        keys = np.ascontiguousarray(np.packbits(bits[:, columns], axis=1)).view(np.uint16).ravel()
        order = np.lexsort((prints, keys))
        ranked, keyed = prints[order], keys[order]
        for step in range(1, NEIGHBOURS + 1):
            meet = keyed[step:] == keyed[:-step]
            if not meet.any():
                break
            close = meet & (_bit_count(ranked[step:] ^ ranked[:-step]) <= distance)
            yield np.stack([order[:-step][close], order[step:][close]], axis=1)


def _bands() -> Iterator[NDArray[np.int64]]:
    """Bits of each band; every four bands part all 64, so that few differences leave one untouched."""
    chance = np.random.default_rng(_SEED)
    for _round in range(BANDS * BAND_BITS // BITS):
        yield from chance.permutation(BITS).reshape(-1, BAND_BITS)


def _bit_count(values: Hashes) -> Integers:
    """How many bits of each value are set."""
    counts: Integers = _SET_BITS[values.view(np.uint16).reshape(-1, 4)].sum(axis=1, dtype=np.int64)
    return counts


_SET_BITS = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)


def clusters(size: int, pairs: NDArray[np.int64]) -> list[list[int]]:
    """What hangs together by `pairs` of 0 … size − 1: sets of two or more, each sorted, by first member."""
    leader = list(range(size))
    for one, other in pairs.tolist():
        ones, others = _leader(leader, one), _leader(leader, other)
        leader[max(ones, others)] = min(ones, others)
    groups: dict[int, list[int]] = {}
    for member in sorted(set(pairs.ravel().tolist())):
        groups.setdefault(_leader(leader, member), []).append(member)
    return list(groups.values())


def _leader(leader: list[int], member: int) -> int:
    while leader[member] != member:
        leader[member] = leader[leader[member]]
        member = leader[member]
    return member
