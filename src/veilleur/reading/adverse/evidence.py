"""What speaks for and against a case, as named numbers that the trained weights read.

Names are meant for people: `cue since`, `word pschit`, `reaction negated`. The same function
serves training and reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from veilleur.lexicon import Mark
from veilleur.reading.adverse.marks import Found, Named
from veilleur.reading.adverse.words import said_around
from veilleur.text import sentences
from veilleur.text.scope import Scope, Scoped, scopes

Evidence = dict[str, float]
Cues = Mapping[str, tuple[Mark, ...]]
_WORD = re.compile(r"[a-z][a-z]+|\d+|[?!]")
_NEAR, _FAR = 40, 120
_BEFORE = 30
_MOST = 3


@dataclass(frozen=True, slots=True)
class Look:
    """One message with everything its judgement looks at."""

    text: str
    found: Found
    cues: Cues
    situations: Cues
    scopes: tuple[Scoped, ...]
    sentence_starts: tuple[int, ...]

    def sentence(self, place: int) -> int:
        """The number of the sentence that `place` is in."""
        return sum(start <= place for start in self.sentence_starts)


def look(text: str, found: Found) -> Look:
    """Looks for cues and scopes in a normalised text."""
    starts = tuple(sentence.start for sentence in sentences(text))
    cues, situations = said_around(text)
    return Look(text, found, cues, situations, scopes(text), starts)


def of_message(seen: Look) -> Evidence:
    """What the whole message says."""
    evidence = {f"cue {kind}": float(min(len(marks), _MOST)) for kind, marks in seen.cues.items()}
    evidence |= {f"situation {kind}": 2.0 for kind in seen.situations}
    evidence |= _counts(seen)
    evidence |= dict.fromkeys(_near_products(seen), 1.0)
    best = min((_distance(seen, mark) for mark in _free(seen)), default=None)
    if best is not None:
        evidence[f"nearest {_range(best)}"] = 1.0
    return evidence


def _counts(seen: Look) -> Evidence:
    products, free = seen.found.products, _free(seen)
    sure = sum(not mark.term.doubtful for mark in free)
    return {
        "products": float(min(len(products), _MOST)),
        "products sure": float(any(one.sure for one in products)),
        "no product": float(not products),
        "reactions": float(min(len(free), _MOST)),
        "reactions sure": float(min(sure, _MOST)),
        "any reaction": float(bool(free)),
        "any sure reaction": float(sure > 0),
        "reactions held back": float(min(len(seen.found.reactions) - len(free), _MOST)),
        "long": float(len(seen.text) > 400),
        "short": float(len(seen.text) < 100),
        **{f"kind {one.kind}": 1.0 for one in products},
    }


def _free(seen: Look) -> list[Mark]:
    """Candidate reactions that stand under no scope that takes them back."""
    return [mark for mark in seen.found.reactions if not scoped(seen, mark) - {Scope.PAST, Scope.QUOTED}]


def scoped(seen: Look, mark: Mark) -> frozenset[Scope]:
    """The scopes over a mark."""
    return frozenset(one.scope for one in seen.scopes if one.start <= mark.start and mark.end <= one.end)


def _near_products(seen: Look) -> Iterator[str]:
    """Cues just in front of a product: « depuis », « à cause de », « sous »."""
    for kind, marks in seen.cues.items():
        for one in seen.found.products:
            if any(0 <= one.start - mark.end <= _BEFORE for mark in marks):
                yield f"{kind} before product"
            if any(0 <= mark.start - one.end <= _BEFORE for mark in marks):
                yield f"{kind} after product"
            if any(mark.start < one.end and one.start < mark.end for mark in marks):
                yield f"{kind} on product"


def _distance(seen: Look, mark: Mark) -> int:
    """Characters between a mark and the nearest product; far away when there is none."""
    gaps = (max(one.start - mark.end, mark.start - one.end, 0) for one in seen.found.products)
    return min(gaps, default=10 * _FAR)


def _range(distance: int) -> str:
    if distance <= _NEAR:
        return "close"
    return "within reach" if distance <= _FAR else "far"


def of_product(seen: Look, named: Named, told: float) -> Evidence:
    """What speaks for putting the reaction on one product."""
    before = _WORD.findall(seen.text, max(0, named.start - 25), named.start)[-2:]
    first = seen.found.products[0] is named
    evidence = {
        "told": told,
        "sure": float(named.sure),
        "first": float(first),
        "only one": float(len({one.mark.term.text for one in seen.found.products}) == 1),
        f"kind {named.kind}": 1.0,
    }
    evidence |= {f"before {word}": 1.0 for word in before}
    evidence |= dict.fromkeys(_place(seen, named.start), 1.0)
    return evidence | dict.fromkeys(_cues_around(seen, named.start, named.end), 1.0)


def _place(seen: Look, start: int) -> Iterator[str]:
    here = seen.sentence(start)
    if any(seen.sentence(one.start) == here for one in seen.found.products):
        yield "with product"
    if any(seen.sentence(mark.start) == here for mark in seen.found.reactions):
        yield "with reaction"
    if any(one.start > start for one in seen.found.products):
        yield "ahead of a product"


def _cues_around(seen: Look, start: int, end: int) -> Iterator[str]:
    for kind, marks in seen.cues.items():
        if any(0 <= start - mark.end <= _BEFORE for mark in marks):
            yield f"behind {kind}"
        if any(0 <= mark.start - end <= _BEFORE for mark in marks):
            yield f"before {kind}"
