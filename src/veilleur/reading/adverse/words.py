"""The words of this topic: product classes told to the reader, cues looked for where a product is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import chain

import numpy as np

from veilleur.lexicon import Lexicon, Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.reading.adverse.places import Places
from veilleur.text.words import Integers, changes, split

NAME = "adverse"
VAGUE = "vague"
"""Kind of the words that speak of a product without naming it (« mon traitement »)."""
_DOUBTFUL = "?"
SIDES = ("cue", "situation")
"""What is said around a product: cues, then seriousness (`serious.death`…) and situations (`pregnancy`…)."""
_TABLES = ("adverse_cues.tsv", "adverse_special.tsv")


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
    """Everything of `kinds()` in all texts; in each, cues come first, and what is met first of one kind."""
    (found,) = _around().finds(split(texts), [0] * len(texts))
    kind, text, starts, ends = found.owners, found.texts, found.starts, found.ends
    firsts = np.flatnonzero(changes(kind * len(texts) + text))
    first_start = np.repeat(starts[firsts], np.diff(firsts, append=len(kind)))
    order = np.lexsort((starts, kind, first_start, kind >= len(cues()), text))
    places = Places(text, starts + offsets[text], ends + offsets[text], kind)
    return places.among(order)


@cache
def _around() -> Lexicon:
    """Everything that is looked for around a product; its owners are the numbers of `kinds()`."""
    rows = chain.from_iterable(map(_table, _TABLES))
    return Lexicon({str(number): map(Term, dict.fromkeys(words)) for number, (_, words) in enumerate(rows)})


def _table(name: str) -> list[tuple[str, list[str]]]:
    lines = (resources.files("veilleur.reading") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines)
    return [(kind, spelled_out(words)) for kind, _, words in rows]
