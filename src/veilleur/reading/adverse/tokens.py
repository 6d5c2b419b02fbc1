"""What the tagger reads of each word of the messages that name a product: numbered rows of weights.

`near` rows also speak for the words around (« jambes » for « tremblent »); `own` rows speak for their
word alone. Words, pairs and character n-grams keep the rows of the shared features; whatever has a
name (a cue, a scope, a distance) has the row its name hashes to, so that new names move no others.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon import tables
from veilleur.reading import signals
from veilleur.reading.adverse import words as around
from veilleur.reading.adverse.evidence import SCOPES, Looks
from veilleur.reading.adverse.heads import features_here, looks_of, told_in
from veilleur.reading.adverse.marks import KINDS
from veilleur.reading.adverse.places import Places
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.concepts import NO_CONCEPT, catalogue, meanings
from veilleur.reading.features import HASHED_LOG2, HASHED_ROWS, Features, features_of
from veilleur.text import normalise
from veilleur.text.words import Flags, Floats, Integers, changes, paired, split, stretches

NAMED_LOG2 = 16
ROWS = HASHED_ROWS + (1 << NAMED_LOG2)
DENSE = ("told", "told, in a mark", "told, near a product")
MEANING_LAYER = 3
"""Where the shared features keep the meaning of each word among their `around_rows`."""
_FAR = (1, 2, 3, 5, 8, 13, 21, 34)
"""Distances to a product, in words, that count as one."""
_NOWHERE = 999
_CLOSE = 8
_STEPS = 6
"""How finely the chance that a reaction is told is cut, to stand with other names."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Rows that words bring: word `words[i]` brings row `rows[i]`."""

    words: Integers
    rows: Integers


@dataclass(frozen=True, slots=True)
class Brought:
    """All rows that words bring, in the order in which they are added up."""

    first: tuple[Integers, ...]
    """Rows of every word; `ROWS` for none."""
    some: Entries
    last: tuple[Integers, ...]

    def entries(self) -> Entries:
        """One entry for each row that a word brings."""
        layers = (*self.first, *self.last)
        known = [np.flatnonzero(layer < ROWS) for layer in layers]
        rows = [layer[words] for layer, words in zip(layers, known, strict=True)]
        return _together(self.some, *map(Entries, known, rows))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of the messages of a batch that name a product."""

    features: Features
    shift: Integers
    """(texts,): where the text starts in what the features were taken from, behind its title."""
    sentence: Integers
    """(words,): number of the sentence; never the same in two texts; -1 in a title."""
    product: Flags
    """(words,): part of a product."""
    marked: Flags
    """(words,): part of a reaction of the lexicon."""
    near: Brought
    own: Brought
    dense: Floats
    """(words, `len(DENSE)`)."""


@cache
def row_of(name: str) -> int:
    """The row of a name."""
    return HASHED_ROWS + (zlib.crc32(name.encode()) >> (32 - NAMED_LOG2))


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Named stretches of the texts, as words."""

    first: Integers
    last: Integers
    """Behind the last word."""
    rows: Integers

    def inside(self) -> Entries:
        """Each word in a stretch brings its row."""
        stretch, found = stretches(self.first, np.maximum(self.last - self.first, 0))
        return Entries(found, self.rows[stretch])

    def begin(self) -> Entries:
        """The first word of each stretch brings its row."""
        kept = self.last > self.first
        return Entries(self.first[kept], self.rows[kept])


def tokens_of(batch: Batch) -> Tokens:
    """Everything the tagger reads: ask with `batch.once(tokens_of)`."""
    looks, told = batch.once(looks_of), batch.once(told_in)
    surely = np.array([max(told[row]["adr"], told[row]["reaction"]) for row in looks.rows])
    return tokens(batch, looks, surely)


def _shifts(subjects: Sequence[Subject]) -> Integers:
    """Where each text starts behind its title."""
    return np.array([one.shift for one in subjects], dtype=np.int64)


def tokens(batch: Batch, looks: Looks, surely: NDArray[np.float64]) -> Tokens:
    """What the tagger reads; `surely` (texts,) is how surely each message tells of a reaction.

    The features of `looks` are those of `batch.once(features_here)`.
    """
    features = batch.once(features_here)
    shift = _shifts([batch.subjects[row] for row in looks.rows])
    turn = features.words.layout.offsets[: len(shift)] + shift - looks.offsets
    sentence = _sentences(looks, features, turn)
    products = _stretches(features, turn, looks.products, _product_rows(looks))
    marks = _stretches(features, turn, looks.reactions, _mark_rows(looks))
    scoped = _stretches(features, turn, looks.scopes, _named("scope", SCOPES)[looks.scopes.kind]).inside()
    size = len(features.words)
    product, marked = (_covered(one.inside(), size) for one in (products, marks))
    hashed = _row(features.words.hashes)
    near = Brought(
        (hashed, _in_lexicon(hashed)),
        _together(
            _concepts(features),
            _label_cues(batch, looks.rows),
            products.inside(),
            marks.inside(),
            _stretches(features, turn, looks.said, _said_rows()[looks.said.kind]).begin(),
        ),
        (),
    )
    logit = np.log(np.clip(surely, 0.01, 0.99) / (1 - np.clip(surely, 0.01, 0.99)))[features.words.owner]
    left, right = _sides(product, features.words.owner)
    gap, after = np.minimum(left, right), left <= right
    with_product = np.isin(sentence, np.unique(sentence[product]))
    own = Brought(
        (features.units.rows.astype(np.int64)[features.unit_of], *_pairs(features)),
        _together(scoped, marks.begin()),
        (
            *_clauses(features, sentence, product),
            *_standing(logit, marked, gap, after, with_product, _covered(scoped, size)),
        ),
    )
    numbers = [logit, logit * marked, logit * (gap < _CLOSE)]
    dense = (np.stack(numbers, axis=1) / 3).astype(np.float32)
    return Tokens(features, shift, sentence, product, marked, near, own, dense)


def _together(*entries: Entries) -> Entries:
    return Entries(
        np.concatenate([one.words for one in entries]), np.concatenate([one.rows for one in entries])
    )


def _covered(entries: Entries, size: int) -> Flags:
    out = np.zeros(size, dtype=np.bool_)
    out[entries.words] = True
    return out


def _stretches(features: Features, turn: Integers, found: Places, rows: Integers) -> _Stretches:
    """The words that share a character with each place; `rows` is (places,) or (places, rows of each).

    `turn` (texts,) leads from where a place is among the looks to where it is among the features.
    """
    words, shift = features.words, turn[found.text]
    first = np.searchsorted(words.ends, found.start + shift, side="right")
    last = np.searchsorted(words.starts, found.end + shift, side="left")
    times = rows.size // max(1, len(found))
    return _Stretches(np.repeat(first, times), np.repeat(last, times), rows.ravel())


def _sentences(looks: Looks, features: Features, turn: Integers) -> Integers:
    words = features.words
    text = np.searchsorted(looks.offsets, looks.sentences, side="right") - 1
    begins = np.concatenate([looks.offsets + turn, looks.sentences + turn[text]])
    number = np.searchsorted(np.unique(begins), words.starts, side="right")
    title = words.starts < (looks.offsets + turn)[words.owner]
    return np.where(title, -1, number)


def _product_rows(looks: Looks) -> Integers:
    """(products, 2)."""
    sure = np.where(looks.sure, row_of("product"), row_of("doubtful product"))
    return np.stack([sure, _named("product", KINDS)[looks.products.kind]], axis=1)


def _mark_rows(looks: Looks) -> Integers:
    """(reactions, 2)."""
    doubtful = np.where(looks.reactions.kind == 1, row_of("doubtful mark"), row_of("mark"))
    concepts = [mark.term.concept for found in looks.found for mark in found.reactions]
    groups = [row_of(f"group {concept.group if concept else ''}") for concept in concepts]
    return np.stack([doubtful, np.array(groups, dtype=np.int64)], axis=1)


@cache
def _named(what: str, kinds: tuple[str, ...]) -> Integers:
    """(kinds,): the row of each."""
    return np.array([row_of(f"{what} {kind}") for kind in kinds], dtype=np.int64)


@cache
def _said_rows() -> Integers:
    """(kinds of what is said around a product,)."""
    return np.array([row_of(f"{side} {kind}") for side, kind in around.kinds()], dtype=np.int64)


def _label_cues(batch: Batch, rows: Sequence[int]) -> Entries:
    """The cues of the labels, on the words they start with."""
    told = batch.once(signals.signals_of)
    whole = batch.once(features_of)
    inside = np.isin(whole.words.owner, rows)
    here = np.cumsum(inside) - 1
    kept = inside[told.words] if len(told.words) else np.zeros(0, dtype=np.bool_)
    return Entries(here[told.words[kept]], _named("label cue", signals.kinds())[told.kinds[kept]])


def _row(hashes: NDArray[np.uint64]) -> Integers:
    return (hashes >> np.uint64(64 - HASHED_LOG2)).astype(np.int64)


@cache
def _word_counts() -> Integers:
    """(hashed rows,): in how many reactions of the lexicon a word comes, as a logarithm, 0 for none."""
    terms = [term for term in tables.reactions() if term.concept]
    words = split([normalise(term.text).text for term in terms])
    concepts = np.array([zlib.crc32(term.concept.id.encode()) for term in terms if term.concept])
    rows, _ = np.unique(np.stack([_row(words.hashes), concepts[words.owner]]), axis=1)
    counts = np.bincount(rows, minlength=HASHED_ROWS)
    return np.where(counts > 0, 1 + np.minimum(np.log2(np.maximum(counts, 1)), 6), 0).astype(np.int64)


def _in_lexicon(hashed: Integers) -> Integers:
    """Words that reactions of the lexicon are made of (« jambe », « trembler »), wherever they stand."""
    return _table("in reactions", 8)[_word_counts()[hashed]]


def _clauses(features: Features, sentence: Integers, product: Flags) -> tuple[Integers, ...]:
    """How many clauses from a product each word stands, where in its clause, and how long that is."""
    words = features.words
    begins = changes(words.clause) | changes(sentence)
    ends = np.append(begins[1:], True)[: len(begins)]
    clause = np.cumsum(begins) - 1
    holds = np.zeros(len(words), dtype=np.bool_)
    holds[clause[product]] = True
    count = int(begins.sum())
    left, right = _sides(holds[:count], words.owner[begins])
    far = _table("clauses", 7, 7)[np.minimum(left, 6), np.minimum(right, 6)]
    size = np.minimum(np.bincount(clause, minlength=1), 12)[clause]
    edges = _table("edge", 2, 2)[begins.astype(np.int64), ends.astype(np.int64)]
    return far[clause], edges, _table("clause of", 13)[size]


def _concepts(features: Features) -> Entries:
    """Opinions and other meanings, negated ones apart."""
    known = catalogue().concepts
    opinions = np.flatnonzero(features.concepts != NO_CONCEPT)
    codes = 2 * features.concepts[opinions].astype(np.int64) + features.negated[opinions]
    # The shared features already looked for meanings: their rows stand behind those of opinions.
    said = features.around_rows[MEANING_LAYER].astype(np.int64) - HASHED_ROWS - 2 * len(known)
    meant = np.flatnonzero((said >= 0) & (said < 2 * len(meanings().concepts)))
    return _together(
        Entries(opinions, _concept_rows("opinion")[codes]),
        Entries(meant, _concept_rows("meaning")[said[meant]]),
    )


@cache
def _concept_rows(name: str) -> Integers:
    """(2 · concepts,): the rows of each concept, plain and negated."""
    known = catalogue() if name == "opinion" else meanings()
    names = [f"{name} {turned}{one.name}" for one in known.concepts for turned in ("", "not ")]
    return np.array([row_of(one) for one in names], dtype=np.int64)


def _pairs(features: Features) -> tuple[Integers, Integers]:
    """The pairs that each word makes with the words on either side."""
    words = features.words
    before, behind = (np.full(len(words), ROWS) for _ in range(2))
    pair = np.flatnonzero(words.owner[1:] == words.owner[:-1])
    before[pair + 1] = _row(paired(words.hashes[:-1], words.hashes[1:]))[pair]
    behind[pair] = _row(paired(words.hashes[1:], words.hashes[:-1]))[pair]
    return before, behind


def characters_of(features: Features) -> Entries:
    """Character n-grams of each **unit**."""
    units = features.units
    owner = np.tile(units.owners(), len(units.character_rows))
    rows = units.character_rows.ravel().astype(np.int64)
    kept = rows < HASHED_ROWS
    return Entries(owner[kept], rows[kept])


def _sides(told: Flags, owner: Integers) -> tuple[Integers, Integers]:
    """Steps back and forth to the nearest place that is told, of the same owner; `_NOWHERE` for none."""
    size = len(told)
    places = np.arange(size)
    if not size:
        return places, places
    before = np.maximum.accumulate(np.where(told, places, -1))
    behind = np.minimum.accumulate(np.where(told, places, size)[::-1])[::-1]
    left = np.where((before >= 0) & (owner[before] == owner), places - before, _NOWHERE)
    there = np.minimum(behind, size - 1)
    right = np.where((behind < size) & (owner[there] == owner), behind - places, _NOWHERE)
    return left, right


def _standing(
    logit: NDArray[np.float64],
    marked: Flags,
    gap: Integers,
    after: Flags,
    with_product: Flags,
    scoped: Flags,
) -> tuple[Integers, ...]:
    """Where each word stands: how far from a product, in a message that tells how surely of a reaction."""
    bucket = np.searchsorted(_FAR, gap)
    cut = np.clip(np.round(logit + _STEPS / 2), 0, _STEPS).astype(np.int64)
    inside, there, under = (one.astype(np.int64) for one in (marked, with_product, scoped))
    return (
        _table("gap", 2, len(_FAR) + 1)[after.astype(np.int64), bucket],
        _table("told", 2, 2, _STEPS + 1)[inside, there, cut],
        _table("under", 2, 2, _STEPS + 1)[inside, under, cut],
    )


@cache
def _table(name: str, *shape: int) -> Integers:
    places = np.ndindex(*shape)
    rows = [row_of(f"{name} {' '.join(map(str, place))}") for place in places]
    return np.array(rows, dtype=np.int64).reshape(shape)
