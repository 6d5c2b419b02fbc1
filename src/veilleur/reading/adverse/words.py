"""The words of this topic: product classes told to the reader, cues looked for where a product is."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib import resources

from veilleur.lexicon import Lexicon, Mark, Term
from veilleur.lexicon.alternatives import spelled_out

NAME = "adverse"
VAGUE = "vague"
"""Kind of the words that speak of a product without naming it (« mon traitement »)."""
_DOUBTFUL = "?"


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


Marks = dict[str, tuple[Mark, ...]]


def said_around(text: str) -> tuple[Marks, Marks]:
    """By kind: cues around a product, then seriousness (`serious.death`…) and situations (`pregnancy`…)."""
    found = _around().scan(text)
    sides: tuple[Marks, Marks] = ({}, {})
    for owner, marks in found.items():
        side, _, kind = owner.partition(" ")
        sides[_SIDES.index(side)][kind] = marks
    return sides


_SIDES = ("cue", "situation")


@cache
def _around() -> Lexicon:
    owned: defaultdict[str, list[Term]] = defaultdict(list)
    for side, name in zip(_SIDES, ("adverse_cues.tsv", "adverse_special.tsv"), strict=True):
        for kind, expressions in _table(name):
            owned[f"{side} {kind}"] += (Term(words) for words in dict.fromkeys(expressions))
    return Lexicon(owned)


def _table(name: str) -> list[tuple[str, list[str]]]:
    lines = (resources.files("veilleur.reading") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines)
    return [(kind, spelled_out(words)) for kind, _, words in rows]
