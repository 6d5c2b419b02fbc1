"""One feature vector for every statistical judgement, for a whole batch at a time.

A text is a run of words. Each word brings itself, its character n-grams, the pair it makes with
the word before and the opinion and the meaning it ends; each of these is one row of a fixed
table, so that a trained head is nothing but columns of weights. What a word brings by itself is worked
out once for all the places where the batch holds it. A negation close before a
word makes it another word: « pas rapide » does not count as « rapide ». A few dense numbers
(what the question asked, the stars, the balance of opinions) stand beside the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from veilleur.lexicon.index import Index
from veilleur.reading.analyzer import Batch, words_of
from veilleur.reading.balance import COLUMNS, Opinions
from veilleur.reading.concepts import NO_CONCEPT, catalogue, find_concepts, meanings
from veilleur.reading.questions import Asked, asked
from veilleur.reading.wordbook import Units, Wordbook, wordbook
from veilleur.text.words import (
    Flags,
    Floats,
    Hashes,
    Integers,
    Layout,
    Rows,
    Words,
    mixed,
    paired,
    split,
    stretches,
)
from veilleur.vocabulary import Language

HASHED_LOG2 = 18
HASHED_ROWS = 1 << HASHED_LOG2
"""Rows that words, pairs and character n-grams share by hashing."""
CHARACTER_SIZES = (3, 4, 5)
NEGATION_REACH = 4
"""How many words after a negation it still turns."""
_PAIR_SALT = np.uint64(0x8EBC6AF09C88C6E3)
_PERSON_SALT = np.uint64(0xD1B54A32D192ED03)
PERSONS = (
    "je j jai moi me m jsuis chui jme mon ma mes i my",
    "tu te t toi ton ta tes vous votre vos you your",
    "il elle ils elles lui leur son sa ses he she they his her",
    "on nous notre nos we our",
)
"""Words that name a person: the author, who is spoken to, others, the author among others."""
_NEGATED_SALT = np.uint64(0xE7037ED1A0B428DB)


DENSE = (
    "words", *COLUMNS, "nothing else", "exclamations", "questions",
    "asked to improve", "improve, short", "improve, nothing", "improve, balance",
    "asked for good", "good, short", "good, nothing", "good, balance",
    "rated", "stars", "worst stars", "best stars",
    "french", "english",
)  # fmt: skip
"""Names of the dense numbers, in order."""
_SHORT = 4
"""Words in a short answer, at most."""
_DAMPING = 2.0
"""Added to the number of words when it divides: one word alone does not shout."""
_FAR = 0.375
"""From here on, stars (between -0.5 and 0.5) stand at one end of their scale."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a text beside its words."""

    language: Language = Language.OTHER
    asked: Asked = Asked.OPEN
    rating_share: float | None = None
    """0 the worst, 1 the best, `None` without a rating."""


@dataclass(frozen=True)
class Features:
    """Everything a head needs to judge a batch of texts."""

    words: Words
    concepts: NDArray[np.int16]
    """Opinion concept that ends at each word."""
    negated: Flags
    """Whether a negation turns each word."""
    book: Wordbook = field(repr=False)
    """Knows the words by their `numbers`."""
    numbers: Integers
    """(words,): the unit that each word is, in `book`."""
    around_rows: Rows
    """(7, words): rows of the pair, the opinion, the pair of opinions, the meaning, the pair of meanings, and
    of the word and the meaning with the person its clause speaks of (« je … mourir », « te … retrouver »).

    The last row of the table stands for “nothing”."""
    dense: Floats
    """(texts, `len(DENSE)`)."""
    first_word: Integers = field(repr=False)
    """(texts + 1): the words of text `t` are `first_word[t]:first_word[t + 1]`."""

    @cached_property
    def scale(self) -> Floats:
        """(texts,): long texts do not weigh more than short ones by their length alone."""
        scale: Floats = (1 / np.sqrt(np.diff(self.first_word) + _DAMPING)).astype(np.float32)
        return scale

    @cached_property
    def around(self) -> tuple[Rows, Integers]:
        """Rows of `around_rows` that are something, word by word; (words + 1) where those of each begin."""
        telling = (self.around_rows != rows() - 1).T
        first = np.zeros(len(self.words) + 1, dtype=np.int64)
        np.cumsum(telling.sum(axis=1), out=first[1:])
        return self.around_rows.T[telling], first

    def only(self, texts: Integers) -> Features:
        """The features of some of the texts, in the order given."""
        sizes = np.diff(self.first_word)[texts]
        owner, chosen = stretches(self.first_word[texts], sizes)
        return Features(
            words=self.words.only(chosen, owner, texts),
            concepts=self.concepts[chosen],
            negated=self.negated[chosen],
            book=self.book,
            numbers=self.numbers[chosen],
            around_rows=self.around_rows[:, chosen],
            dense=self.dense[texts],
            first_word=np.append(0, np.cumsum(sizes)),
        )

    @cached_property
    def units(self) -> Units:
        """The different words of these texts alone."""
        _, first = np.unique(self.numbers, return_index=True)
        return _units(self.words, first, _turned(self.words, self.negated))

    @cached_property
    def unit_of(self) -> Integers:
        """(words,): which of `units` each word is."""
        of: Integers = np.unique(self.numbers, return_inverse=True)[1]
        return of


def features_of(batch: Batch) -> Features:
    """The features of a batch under reading: ask for them with `batch.once(features_of)`."""
    return extract(
        batch.once(words_of),
        [subject.full_text for subject in batch],
        [
            Context(
                subject.language.language,
                asked(subject.mention.question),
                subject.mention.rating.share if subject.mention.rating else None,
            )
            for subject in batch
        ],
    )


def rows() -> int:
    """Rows of the table: hashed, then each concept plain and negated, then one for “nothing”."""
    return HASHED_ROWS + 2 * (len(catalogue().concepts) + len(meanings().concepts)) + 1


def extract(words: Words, texts: Sequence[str], contexts: Sequence[Context]) -> Features:
    """Features of normalised `texts`, whose words are `words`; `contexts` has one entry for each."""
    concepts, said = find_concepts(words, catalogue(), meanings())
    negated = _negated(words, concepts)
    first_word = np.searchsorted(words.owner, np.arange(len(texts) + 1))
    book, turned = wordbook(), _turned(words, negated)
    numbers, strange = book.numbers(turned)
    book.add(_units(words, strange, turned))
    return Features(
        words=words,
        concepts=concepts,
        negated=negated,
        book=book,
        numbers=numbers,
        around_rows=_around_rows(words, concepts, said, negated),
        dense=_dense(texts, contexts, Opinions(words, concepts, negated, len(texts))),
        first_word=first_word,
    )


def _negated(words: Words, concepts: NDArray[np.int16]) -> Flags:
    """Words that stand at most `NEGATION_REACH` after a negation, in the same clause."""
    triggers = concepts == catalogue().number("negation")
    places = np.arange(len(words))
    last = np.maximum.accumulate(np.where(triggers, places, -1 - NEGATION_REACH))
    near: Flags = (last >= 0) & (places > last) & (places - last <= NEGATION_REACH)
    return near & np.equal(words.clause[np.maximum(last, 0)], words.clause)


def _row(hashes: Hashes) -> Rows:
    return (hashes >> np.uint64(64 - HASHED_LOG2)).astype(np.int32)


def _turned(words: Words, negated: Flags) -> Hashes:
    """(words,): a word that is turned by a negation is another word."""
    return np.where(negated, mixed(words.hashes ^ _NEGATED_SALT), words.hashes)


def _units(words: Words, first: Integers, turned: Hashes) -> Units:
    """Those of the words whose indices are `first`."""
    starts, sizes = words.starts[first], words.ends[first] - words.starts[first] + 1
    places = stretches(starts - 1, sizes)[1]
    return Units(_row(turned[first]), _character_rows(words.layout, places), np.cumsum(sizes) - sizes)


def _around_rows(words: Words, opinions: NDArray[np.int16], said: NDArray[np.int16], negated: Flags) -> Rows:
    """`Features.around_rows` of words with their opinions and other meanings."""
    nothing = rows() - 1
    out = np.full((7, len(words)), nothing, dtype=np.int32)
    together = words.owner[1:] == words.owner[:-1]
    out[0, 1:] = np.where(together, _row(paired(words.hashes[:-1], words.hashes[1:])), nothing)
    known = catalogue()
    telling = (known.polarity[opinions] != 0) | (opinions == known.number("pivot"))
    first_meaning = HASHED_ROWS + 2 * len(known.concepts)
    _put_concepts(out[1:3], words, _codes(opinions, negated), HASHED_ROWS, telling)
    _put_concepts(out[3:5], words, _codes(said, negated), first_meaning, said != NO_CONCEPT)
    person = _person(words)
    spoken = np.flatnonzero(person)
    out[5, spoken] = _row(paired(person[spoken] + _PERSON_SALT, words.hashes[spoken]))
    meant = spoken[said[spoken] != NO_CONCEPT]
    out[6, meant] = _row(paired(person[meant] + _PERSON_SALT, out[3, meant].astype(np.uint64)))
    return out


def _person(words: Words) -> Hashes:
    """The last person named before each word in its clause, counted in `PERSONS` from 1 on; 0 for none."""
    named = np.zeros(len(words), dtype=np.uint64)
    known, numbers = _person_words().found(words.hashes)
    named[known] = numbers
    places = np.arange(len(words))
    last = np.maximum.accumulate(np.where(named > 0, places, 0)) if len(words) else places
    before = (last < places) & (words.clause[last] == words.clause)
    return np.where(before, named[last], np.uint64(0))


@cache
def _person_words() -> Index:
    """The words of `PERSONS`; their values are the numbers of the persons."""
    words = split(PERSONS)
    return Index.of(words.hashes, (words.owner + 1).astype(np.int32))


def _codes(concepts: NDArray[np.int16], negated: Flags) -> Integers:
    """(words,): number of a concept that may be negated, below 0 for none."""
    return 2 * concepts.astype(np.int64) + negated


def _put_concepts(out: Rows, words: Words, codes: Integers, first_row: int, telling: Flags) -> None:
    """Writes the row of each concept, and of each telling one with the one before it in the text.

    « bravo … attente » is not « attente … bravo ».
    """
    known = np.flatnonzero(codes >= 0)
    out[0, known] = first_row + codes[known]
    places = np.flatnonzero(telling)
    salted = (first_row + codes[places]).astype(np.uint64) + _PAIR_SALT
    together = words.owner[places[1:]] == words.owner[places[:-1]]
    out[1, places[1:][together]] = _row(paired(salted[:-1], salted[1:]))[together]


def _character_rows(layout: Layout, places: Integers) -> Rows:
    """N-grams that start at `places`: those of a word with one blank on either side."""
    out = np.full((len(CHARACTER_SIZES), len(places)), rows() - 1, dtype=np.int32)
    for index, size in enumerate(CHARACTER_SIZES):
        # Blanks may stand at the ends of an n-gram, never within: it belongs to one word.
        middle = np.logical_and.reduce([layout.inside[places + step] for step in range(1, size - 1)])
        inside = places[middle]
        out[index, middle] = _row(layout.hashes(inside, inside + size))
    return out


def _dense(texts: Sequence[str], contexts: Sequence[Context], opinions: Opinions) -> Floats:
    count = np.bincount(opinions.words.owner, minlength=len(texts))
    short = count <= _SHORT
    nothing_else = opinions.nothing() * short
    columns: list[ArrayLike] = [
        np.log1p(count),
        *opinions.columns(),
        nothing_else,
        *(np.log1p([text.count(sign) for text in texts]) for sign in "!?"),
        *_asked(contexts, short, nothing_else, opinions.balance()),
        *_stars(contexts),
        *([context.language is language for context in contexts] for language in (Language.FR, Language.EN)),
    ]
    return np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)


def _asked(
    contexts: Sequence[Context], short: Flags, nothing_else: Floats, balance: Floats
) -> Iterator[Floats]:
    """What the question asked, alone and with what answers it."""
    for kind in (Asked.IMPROVE, Asked.GOOD):
        here = np.array([context.asked is kind for context in contexts], dtype=np.float32)
        yield from (here, here * short, here * nothing_else, here * balance)


def _stars(contexts: Sequence[Context]) -> Iterator[Floats]:
    given = [context.rating_share for context in contexts]
    shares = np.array([np.nan if share is None else share for share in given], dtype=np.float32)
    rated = ~np.isnan(shares)
    stars = np.where(rated, shares - np.float32(0.5), np.float32(0))
    yield from (part.astype(np.float32) for part in (rated, stars, stars <= -_FAR, stars >= _FAR))
