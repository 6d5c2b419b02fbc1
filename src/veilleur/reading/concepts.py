"""Concepts: what a word or expression says, whichever the language.

Opinions live in `data/opinions.toml`; all other meanings in `training/terms/meanings.toml`, of
which `python -m training.meanings` ships the hashes alone. They are looked up by hash, for a
whole batch at once, the longest expression first. Because a concept is one row of weights
shared by French and English, what an English corpus teaches about “rude” serves
« désagréable », and what « gifler » teaches serves « cogner ».
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon.index import Index, Values
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


@dataclass(frozen=True, slots=True)
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


def find_concepts(words: Words, known: Catalogue) -> NDArray[np.int16]:
    """The concept of `known` that ends at each word, `NO_CONCEPT` for most words."""
    found = np.full(len(words), NO_CONCEPT, dtype=np.int16)
    covered = np.zeros(len(words), dtype=np.bool_)
    runs = _runs(words)
    # One search for all sizes: a single message is mostly the price of calling numpy.
    places, concepts = known.index.found(np.concatenate(runs))
    firsts = np.cumsum([0, *map(len, runs)])
    bounds = np.searchsorted(places, firsts)
    for size in range(_LONGEST, 0, -1):
        here = slice(*bounds[size - 1 : size + 1])
        _settle(size, places[here] - firsts[size - 1], concepts[here], words, found, covered)
    opened = _beginnings(words, np.flatnonzero(~covered), (_SHORTEST_PREFIX,), known.openings)[0]
    _, first, same = np.unique(words.hashes[opened], return_index=True, return_inverse=True)
    of_word = np.full(len(words), NO_CONCEPT, dtype=np.int16)
    places, concepts = _beginnings(words, opened[first], known.prefix_lengths, known.index)
    of_word[places] = concepts
    found[opened] = of_word[opened[first]][same]
    return found


def _beginnings(
    words: Words, among: Integers, lengths: tuple[int, ...], index: Index
) -> tuple[Integers, Values]:
    """Those of the words `among` whose first letters are in `index`, and their values.

    `lengths` says how many letters, the preferred number first.
    """
    sizes = words.ends[among] - words.starts[among]
    rows, columns = np.nonzero(sizes[:, None] >= np.array(lengths))
    starts = words.starts[among[rows]]
    hits, values = index.found(
        mixed(words.layout.hashes(starts, starts + np.array(lengths)[columns]) ^ _PREFIX_SALT)
    )
    rows, first = np.unique(rows[hits], return_index=True)
    return among[rows], values[first]


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
