"""Concepts: what a word or expression says, whichever the language.

Opinions live in `data/opinions.toml`; all other meanings in `training/terms/meanings.toml`, of
which `python -m training.meanings` ships the hashes alone. They are looked up by hash, for a
whole batch at once, the longest expression first. Because a concept is one row of weights
shared by French and English, what an English corpus teaches about “rude” serves
« désagréable », and what « gifler » teaches serves « cogner ».
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon.index import NOTHING, Index, Values
from veilleur.text import normalise
from veilleur.text.words import Flags, Hashes, Integers, Words, mixed, paired, split

NO_CONCEPT = -1
_LONGEST = 4
"""Most words in one expression."""
_PREFIX_SALT = np.uint64(0x5851F42D4C957F2D)
_SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept: its name and what it says when it is not negated (1, 0 or -1)."""

    name: str
    polarity: int


@dataclass(frozen=True, slots=True)
class Expression:
    """One way to say a concept: folded words; `open_ended` when the last one is a beginning."""

    concept: int
    words: str
    open_ended: bool


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All concepts and the index of their expressions."""

    concepts: tuple[Concept, ...]
    index: Index
    openings: Index
    """The first letters of the open-ended ones: rules out most words at once."""
    prefix_lengths: tuple[int, ...]
    """Lengths of the open-ended expressions, longest first."""
    polarity: NDArray[np.int8]
    """Polarity of each concept, and 0 at the end so that `NO_CONCEPT` indexes it."""

    numbers: dict[str, int]
    """Index of each concept by name."""

    def number(self, name: str) -> int:
        """Index of a concept by name; raises `KeyError` for an unknown one."""
        return self.numbers[name]


class Compiled(NamedTuple):
    """A lexicon of concepts as arrays: what `training/meanings.py` ships, ready to be indexed."""

    names: NDArray[np.str_]
    polarity: NDArray[np.int8]
    keys: Hashes
    """Of every expression; `values` has their concepts."""
    values: NDArray[np.int16]
    openings: Hashes
    lengths: Integers


@cache
def catalogue() -> Catalogue:
    """The shipped opinions, read and indexed once per process."""
    text = files("veilleur.reading").joinpath("data/opinions.toml").read_text("utf-8")
    return _indexed(compiled(tomllib.loads(text)))


@cache
def meanings() -> Catalogue:
    """The shipped meanings that are no opinions, indexed once per process."""
    with files("veilleur.reading").joinpath("weights/meanings.npz").open("rb") as source:
        arrays = np.load(source)
        return _indexed(Compiled(*(arrays[part] for part in Compiled._fields)))


def compiled(raw: Mapping[str, Mapping[str, Any]]) -> Compiled:
    """Sections with `fr`, `en` and (0 where it is missing) `polarity`, as arrays."""
    expressions = [
        Expression(number, normalise(written.removesuffix("*")).text, written.endswith("*"))
        for number, section in enumerate(raw.values())
        for written in (*section["fr"], *section["en"])
    ]
    keys = dict(_keys(expressions))
    open_ended = [expression.words for expression in expressions if expression.open_ended]
    openings = sorted({_prefix_key(words[:_SHORTEST_PREFIX]) for words in open_ended})
    return Compiled(
        np.array(list(raw)),
        np.array([section.get("polarity", 0) for section in raw.values()], dtype=np.int8),
        np.array(list(keys), dtype=np.uint64),
        np.array(list(keys.values()), dtype=np.int16),
        np.array(openings, dtype=np.uint64),
        np.array(sorted({len(words) for words in open_ended}, reverse=True), dtype=np.int64),
    )


def _indexed(found: Compiled) -> Catalogue:
    names = [str(name) for name in found.names]
    return Catalogue(
        tuple(map(Concept, names, found.polarity.tolist())),
        Index.of(found.keys, found.values.astype(np.int32)),
        Index.of(found.openings, np.zeros(len(found.openings), dtype=np.int32)),
        tuple(found.lengths.tolist()),
        np.append(found.polarity, np.int8(0)),
        {name: number for number, name in enumerate(names)},
    )


def find_concepts(words: Words, *known: Catalogue) -> list[NDArray[np.int16]]:
    """For each of `known`, the concept that ends at each word, `NO_CONCEPT` for most words."""
    shelf = _shelf(known)
    found = [np.full(len(words), NO_CONCEPT, dtype=np.int16) for _ in known]
    covered = np.zeros((len(known), len(words)), dtype=np.bool_)
    runs = _runs(words)
    # One search for all sizes and catalogues: a single message is mostly the price of calling numpy.
    places, lines = shelf.index.found(np.concatenate(runs))
    firsts = np.cumsum([0, *map(len, runs)])
    bounds = np.searchsorted(places, firsts).tolist()
    for size in range(_LONGEST, 0, -1):
        here = slice(*bounds[size - 1 : size + 1])
        starts, concepts = places[here] - firsts[size - 1], shelf.concepts[:, lines[here]]
        for number in range(len(known)):
            own = np.flatnonzero(concepts[number] != NO_CONCEPT)
            _settle(size, starts[own], concepts[number, own], words, found[number], covered[number])
    _open(words, shelf, found, covered)
    return found


def _open(words: Words, shelf: _Shelf, found: list[NDArray[np.int16]], covered: Flags) -> None:
    """Writes the concepts of the open-ended expressions that begin a word which nothing covers."""
    free = np.flatnonzero(~covered.all(axis=0))
    rows, lines = _beginnings(words, free, np.array([_SHORTEST_PREFIX]), shelf.openings)
    opened, opens = free[rows], shelf.opens[:, lines] & ~covered[:, free[rows]]
    _, first, same = np.unique(words.hashes[opened], return_index=True, return_inverse=True)
    rows, lines = _beginnings(words, opened[first], shelf.prefix_lengths, shelf.index)
    for number, own in enumerate(found):
        concepts = shelf.concepts[number, lines]
        said = np.flatnonzero(concepts != NO_CONCEPT)
        of_word = np.full(len(first), NO_CONCEPT, dtype=np.int16)
        # The longest beginning comes first, and is written last.
        of_word[rows[said[::-1]]] = concepts[said[::-1]]
        own[opened[opens[number]]] = of_word[same[opens[number]]]


def _beginnings(words: Words, among: Integers, lengths: Integers, index: Index) -> tuple[Integers, Values]:
    """Which of the words `among` have their first letters in `index`, and the values of these, word by word.

    `lengths` says how many letters, the preferred number first.
    """
    sizes = words.ends[among] - words.starts[among]
    rows, columns = np.nonzero(sizes[:, None] >= lengths)
    starts = words.starts[among[rows]]
    hits, values = index.found(mixed(words.layout.hashes(starts, starts + lengths[columns]) ^ _PREFIX_SALT))
    return rows[hits], values


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Several catalogues that are searched at once."""

    index: Index
    """Of the expressions of all of them; its values are lines."""
    concepts: NDArray[np.int16]
    """(catalogues, lines): what each catalogue says, `NO_CONCEPT` for nothing."""
    openings: Index
    """As `Catalogue.openings`, with lines as values."""
    opens: Flags
    """(catalogues, lines): whose opening it is."""
    prefix_lengths: Integers
    """Longest first."""


@cache
def _shelf(known: tuple[Catalogue, ...]) -> _Shelf:
    expressions, openings = _merged([one.index for one in known]), _merged([one.openings for one in known])
    lengths = {length for one in known for length in one.prefix_lengths}
    return _Shelf(
        expressions[0],
        expressions[1].astype(np.int16),
        openings[0],
        openings[1] != NOTHING,
        np.array(sorted(lengths, reverse=True), dtype=np.int64),
    )


def _merged(indices: Sequence[Index]) -> tuple[Index, Values]:
    """One index of the keys of all, and (indices, keys) the value of each key in each, or `NOTHING`."""
    keys = np.unique(np.concatenate([index.keys[index.keys != 0] for index in indices]))
    lines = np.arange(len(keys), dtype=np.int32)
    return Index.of(keys, lines), np.stack([index.find(keys) for index in indices])


def _runs(words: Words) -> list[Hashes]:
    """For each size from 1 on, the hash of the run that starts at each word."""
    runs = [words.hashes]
    for size in range(2, _LONGEST + 1):
        runs.append(paired(runs[-1][:-1], words.hashes[size - 1 :]))
    return runs


def _settle(
    size: int, starts: Integers, concepts: Values, words: Words, found: NDArray[np.int16], covered: Flags
) -> None:
    """Writes the runs of `size` words that were found, unless part of one already belongs to another."""
    if not len(starts):
        return
    kept = words.clause[starts] == words.clause[starts + size - 1]
    for step in range(size):
        kept &= ~covered[starts + step]
    starts, concepts = starts[kept], concepts[kept]
    apart = np.diff(starts, prepend=-size) >= size
    starts, concepts = starts[apart], concepts[apart]
    found[starts + size - 1] = concepts
    for step in range(size):
        covered[starts + step] = True


def _keys(expressions: list[Expression]) -> Iterator[tuple[int, int]]:
    """(hash, concept) of each expression; the first one listed keeps a hash."""
    words = split([expression.words for expression in expressions])
    runs = _runs(words)
    firsts = np.searchsorted(words.owner, np.arange(len(expressions) + 1))
    for number in reversed(range(len(expressions))):
        expression, first = expressions[number], firsts[number]
        size = int(firsts[number + 1] - first)
        if expression.open_ended:
            yield _prefix_key(expression.words), expression.concept
        elif size:
            yield int(runs[size - 1][first]), expression.concept


def _prefix_key(letters: str) -> int:
    return int(mixed(split([letters]).hashes ^ _PREFIX_SALT)[0])
