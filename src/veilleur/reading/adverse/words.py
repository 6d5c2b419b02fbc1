"""The words of this topic: product classes told to the reader, cues looked for where a product is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain

import numpy as np
from daachorse import CharwiseDoubleArrayAhoCorasick
from numpy.typing import NDArray

from veilleur.lexicon import Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.reading.adverse.places import Places, spread
from veilleur.reading.words import Flags, Integers
from veilleur.text import normalise

NAME = "adverse"
VAGUE = "vague"
"""Kind of the words that speak of a product without naming it (« mon traitement »)."""
_DOUBTFUL = "?"
SIDES = ("cue", "situation")
"""What is said around a product: cues, then seriousness (`serious.death`…) and situations (`pregnancy`…)."""
_TABLES = ("adverse_cues.tsv", "adverse_special.tsv")
_PLURALS = np.array([ord(sign) for sign in "sx"], dtype=np.uint32)
_SHORTEST_PLURAL = 4
_BLANK = ord(" ")
_GAP = re.compile(r"[^\w ]|_")
_ASCII_GAPS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})


def product_terms() -> list[Term]:
    """Generic names of devices, cosmetics, supplements…; their kind says which.

    Words of everyday life, under a kind with a question mark, are doubtful.
    """
    kinds: dict[str, str] = {}
    for kind, expressions in _table("adverse_products.tsv"):
        for words in expressions:
            kinds.setdefault(words, kind)
    return [
        Term(words, kind=kind.removesuffix(_DOUBTFUL), doubtful=kind.endswith(_DOUBTFUL))
        for words, kind in kinds.items()
    ]


@cache
def kinds() -> tuple[tuple[str, str], ...]:
    """(side, kind) of everything that is looked for, all cues first."""
    return tuple((side, kind) for side, name in zip(SIDES, _TABLES, strict=True) for kind, _ in _table(name))


@cache
def cues() -> tuple[str, ...]:
    """The kinds of cues: the first ones of `kinds()`."""
    return tuple(kind for side, kind in kinds() if side == SIDES[0])


def said_around(texts: Sequence[str], offsets: Integers) -> Places:
    """Everything of `kinds()` in all texts, as `Lexicon` finds it: whole words, leftmost, then longest.

    In each text cues come first, among them those of the kind that is met first.
    """
    known = _around()
    # Two gaps between texts: an expression has one between its words.
    joined = "  ".join(("", *map(_spaced, texts), ""))
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    matches = known.automaton.find_overlapping(joined)
    start, end, index = np.fromiter(chain.from_iterable(matches), dtype=np.int64).reshape(-1, 3).T
    last = _word_ends(points, start, end, known.alphabetic[index])
    found, of = spread(known.first[index], np.where(last > 0, known.first[index + 1], 0))
    kind, start, end = known.kind[found], start[of] + 1, last[of]
    begins = np.cumsum([2, *(len(text) + 2 for text in texts)])
    text = np.searchsorted(begins, start, side="right") - 1
    shift = (offsets - begins[:-1])[text]
    return _leftmost_longest(Places(text, start + shift, end + shift, kind))


def _spaced(text: str) -> str:
    """With a blank for whatever is neither a letter nor a digit."""
    return text.translate(_ASCII_GAPS) if text.isascii() else _GAP.sub(" ", text)


def _word_ends(points: NDArray[np.uint32], start: Integers, end: Integers, alphabetic: Flags) -> Integers:
    """Where the last word of each match ends, its plural included; 0 when it goes on otherwise."""
    plural = alphabetic & (end - start > _SHORTEST_PLURAL) & np.isin(points[end], _PLURALS)
    plural[plural] = points[end[plural] + 1] == _BLANK
    return np.where(points[end] == _BLANK, end, np.where(plural, end + 1, 0))


def _leftmost_longest(found: Places) -> Places:
    """Of those of one kind that overlap, the leftmost and then the longest; what is met first comes first."""
    group = found.text * len(kinds()) + found.kind
    count = len(group)
    first_met = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    first_met[group[::-1]] = np.arange(count)[::-1]
    side = 2 * found.text + (found.kind >= len(cues()))
    order = np.lexsort((-found.end, found.start, side * count + first_met[group]))
    kept, of, begin, stop = [], -1, -1, -1
    columns = (group[order].tolist(), found.start[order].tolist(), found.end[order].tolist())
    for number, (one, start, end) in enumerate(zip(*columns, strict=True)):
        if one != of or start >= stop or (start, end) == (begin, stop):
            kept.append(number)
            of, begin, stop = one, start, end
    return found.among(order[kept])


@dataclass(frozen=True, slots=True)
class _Around:
    """Everything that is looked for around a product."""

    automaton: CharwiseDoubleArrayAhoCorasick
    """Finds expressions, each behind a blank."""
    first: Integers
    """(expressions + 1,): the kinds of expression `e` are `kind[first[e]:first[e + 1]]`."""
    kind: Integers
    alphabetic: Flags
    """(expressions,): whether the last character is a letter."""


@cache
def _around() -> _Around:
    owned: defaultdict[str, list[int]] = defaultdict(list)
    rows = chain.from_iterable(map(_table, _TABLES))
    for number, (_, expressions) in enumerate(rows):
        for words in dict.fromkeys(expressions):
            owned[" " + " ".join(_spaced(normalise(words).text).split())].append(number)
    return _Around(
        CharwiseDoubleArrayAhoCorasick(list(owned)),
        np.cumsum([0, *map(len, owned.values())]),
        np.array(list(chain.from_iterable(owned.values())), dtype=np.int64),
        np.array([words[-1].isalpha() for words in owned], dtype=np.bool_),
    )


def _table(name: str) -> list[tuple[str, list[str]]]:
    lines = (resources.files("veilleur.reading") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines)
    return [(kind, spelled_out(words)) for kind, _, words in rows]
