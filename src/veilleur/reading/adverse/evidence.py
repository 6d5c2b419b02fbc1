"""What speaks for and against a case, as named numbers that the trained weights read.

Names are meant for people: `cue since`, `word pschit`, `reaction negated`. All messages of a batch
are looked at together; the same functions serve training and reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from veilleur.reading.adverse.marks import KINDS, Found
from veilleur.reading.adverse.places import Places, laid_out, places
from veilleur.reading.adverse.words import cues, kinds, said_around
from veilleur.text.scope import Scope, scopes
from veilleur.text.sentences import bounds
from veilleur.text.words import Flags, Floats, Integers, changes, stretches
from veilleur.vocabulary import SERIOUSNESS, SITUATIONS

Evidence = dict[str, float]
_WORD = re.compile(r"[a-z][a-z]+|\d+|[?!]")
_NEAR, _FAR = 40, 120
_BEFORE = 30
_WORDS_REACH = 25
_MOST = 3
_LONG, _SHORT = 400, 100
_NOWHERE = 1 << 40
_SIDES = ("before", "after", "on")
"""Where a cue stands: just in front of a product (« depuis », « à cause de », « sous »), behind it, on it."""
_COUNTS = (
    "products", "products sure", "no product", "reactions", "reactions sure", "any reaction",
    "any sure reaction", "reactions held back", "long", "short",
)  # fmt: skip
_RANGES = ("close", "within reach", "far")
SCOPES = tuple(Scope)
_SCOPE_NUMBERS = {scope: number for number, scope in enumerate(SCOPES)}
_HOLDS_BACK = frozenset(Scope) - {Scope.PAST, Scope.QUOTED}
"""Scopes under which a word is no candidate for a reaction."""
_TAKES_BACK = frozenset({Scope.NEGATED, Scope.SUPPOSED, Scope.ASKED})
"""Scopes under which nothing serious happened."""
_SERIOUS = tuple(f"serious.{name}" for name in SERIOUSNESS)
_TOLD = ("author", "relative", "others", *SITUATIONS, *_SERIOUS)
"""Kinds of which a case shows the words."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Messages of a batch with everything their judgement looks at."""

    rows: list[int]
    """Of the messages in their batch."""
    texts: list[str]
    """Normalised."""
    found: list[Found]
    offsets: Integers
    """(texts,): where each text starts among the places."""
    products: Places
    """Kinds are those of `KINDS`."""
    sure: Flags
    """(products,): not to be mistaken for an everyday word."""
    reactions: Places
    """Candidates; the kind is 1 for doubtful ones."""
    said: Places
    """Cues and situations: kinds are those of `words.kinds()`."""
    scopes: Places
    """Kinds are those of `SCOPES`."""
    sentences: Integers
    """(sentences,): where they start."""
    beside: Flags
    """(3, products, cues): whether such a cue stands on each of `_SIDES` of a product."""

    def __len__(self) -> int:
        return len(self.rows)


def look(rows: list[int], texts: list[str], found: list[Found]) -> Looks:
    """Looks for cues, scopes and sentences in normalised texts."""
    offsets = laid_out(texts)
    products = places(_products(found), offsets)
    sure = np.array([one.sure for told in found for one in told.products], dtype=np.bool_)
    said = said_around(texts, offsets)
    parts = [bounds(text) for text in texts]
    starts = [offset + start for offset, own in zip(offsets.tolist(), parts, strict=True) for start, _ in own]
    return Looks(
        rows,
        texts,
        found,
        offsets,
        products,
        sure,
        places(_reactions(found), offsets),
        said,
        places(_scopes(texts, parts), offsets),
        np.array(starts, dtype=np.int64),
        _beside(products, said.among(said.kind < len(cues()))),
    )


Rows = Iterator[tuple[int, int, int, int]]


def _products(found: Sequence[Found]) -> Rows:
    for text, told in enumerate(found):
        for one in told.products:
            yield text, one.start, one.end, KINDS.index(one.kind)


def _reactions(found: Sequence[Found]) -> Rows:
    for text, told in enumerate(found):
        for mark in told.reactions:
            yield text, mark.start, mark.end, mark.term.doubtful


def _scopes(texts: Sequence[str], parts: Sequence[Sequence[tuple[int, int]]]) -> Rows:
    for text, (whole, own) in enumerate(zip(texts, parts, strict=True)):
        for one in scopes(whole, own):
            yield text, one.start, one.end, _SCOPE_NUMBERS[one.scope]


def _beside(products: Places, said: Places) -> Flags:
    """Which cues stand beside which products: see `Looks.beside`."""
    out = np.zeros((len(_SIDES), len(products), len(cues())), dtype=np.bool_)
    by_start, by_end = np.argsort(said.start, kind="stable"), np.argsort(said.end, kind="stable")
    starts, ends = said.start[by_start], said.end[by_end]
    longest = (said.end - said.start).max(initial=0)
    ranges = (
        (by_end, np.searchsorted(ends, [products.start - _BEFORE, products.start + 1])),
        (by_start, np.searchsorted(starts, [products.end, products.end + _BEFORE + 1])),
        (by_start, np.searchsorted(starts, [products.start - longest, products.end])),
    )
    for side, (order, (first, last)) in enumerate(ranges):
        product, found = stretches(first, np.maximum(last - first, 0))
        mark = order[found]
        here = (said.end[mark] > products.start[product]) | (side < 2)
        out[side, product[here], said.kind[mark[here]]] = True
    return out


@cache
def names() -> tuple[str, ...]:
    """What `of_messages` says, in order."""
    return (
        *(f"{side} {kind}" for side, kind in kinds()),
        *_COUNTS,
        *(f"kind {kind}" for kind in KINDS),
        *(f"{kind} {side} product" for side in _SIDES for kind in cues()),
        *(f"nearest {one}" for one in _RANGES),
    )


def of_messages(looks: Looks) -> Floats:
    """(texts, `names()`): what each whole message says."""
    size = len(looks)
    said = _counted(looks.said, size, len(kinds()))
    situations = said[:, len(cues()) :]
    situations[:] = 2 * (situations > 0)
    kind = _counted(looks.products, size, len(KINDS)) > 0
    beside = np.zeros((size, len(_SIDES), len(cues())), dtype=np.bool_)
    np.logical_or.at(beside, looks.products.text, looks.beside.swapaxes(0, 1))
    free = looks.reactions.among(~_under(looks, _HOLDS_BACK, looks.reactions))
    return np.concatenate(
        [
            np.minimum(said, _MOST),
            _counts(looks, free),
            kind,
            beside.reshape(size, -1),
            _nearest(looks, free),
        ],
        axis=1,
        dtype=np.float32,
    )


def _counted(found: Places, texts: int, many: int) -> Integers:
    """(texts, kinds): how often each kind is found."""
    counts = np.bincount(found.text * many + found.kind, minlength=texts * many)
    return counts.reshape(texts, many)


def _under(looks: Looks, taken: frozenset[Scope], found: Places) -> Flags:
    """(found,): what stands whole under one of the scopes `taken`."""
    return looks.scopes.among(np.isin(looks.scopes.kind, [_SCOPE_NUMBERS[one] for one in taken])).inside(
        found
    )


def _counts(looks: Looks, free: Places) -> Floats:
    """(texts, `_COUNTS`)."""

    def count(text: Integers) -> Integers:
        return np.bincount(text, minlength=len(looks))

    products, reactions = count(looks.products.text), count(free.text)
    sure = count(free.text[free.kind == 0])
    sizes = np.array([len(text) for text in looks.texts], dtype=np.int64)
    columns = [
        np.minimum(products, _MOST),
        count(looks.products.text[looks.sure]) > 0,
        products == 0,
        np.minimum(reactions, _MOST),
        np.minimum(sure, _MOST),
        reactions > 0,
        sure > 0,
        np.minimum(count(looks.reactions.text) - reactions, _MOST),
        sizes > _LONG,
        sizes < _SHORT,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _nearest(looks: Looks, free: Places) -> Flags:
    """(texts, `_RANGES`): how far the reaction nearest to a product stands from it."""
    products = looks.products
    # Products never overlap: the nearest one is the last in front or the first behind.
    behind = np.searchsorted(products.start, free.start, side="right")
    starts, ends = np.append(products.start, _NOWHERE), np.append(-_NOWHERE, products.end)
    gaps = np.maximum(np.minimum(starts[behind] - free.end, free.start - ends[behind]), 0)
    nearest = np.full(len(looks), _NOWHERE)
    np.minimum.at(nearest, free.text, gaps)
    told = np.bincount(free.text, minlength=len(looks)) > 0
    ranges = np.searchsorted([_NEAR, _FAR], nearest)
    out: Flags = (ranges[:, None] == np.arange(len(_RANGES))) & told[:, None]
    return out


def of_products(looks: Looks, chosen: Integers, told: Sequence[float]) -> list[Evidence]:
    """What speaks for putting the reaction on each of the products `chosen`.

    `told` has, for each of them, how surely its message tells of a reaction.
    """
    products = looks.products
    text, start = products.text[chosen], products.start[chosen]
    here, there = (
        np.searchsorted(looks.sentences, one, side="right") for one in (start, looks.reactions.start)
    )
    begins = changes(products.text)
    ends = np.append(begins[1:], True)[: len(begins)]
    columns = (text, start - looks.offsets[text], products.kind[chosen], looks.sure[chosen])
    flags = (begins[chosen], np.isin(here, there), ~ends[chosen])
    rows = zip(told, *(column.tolist() for column in (*columns, *flags)), strict=True)
    alone = [len({one.mark.term.text for one in found.products}) == 1 for found in looks.found]
    out = []
    for row, around in zip(rows, _cues_around(looks, chosen), strict=True):
        surely, message, place, kind, sure, first, with_reaction, ahead = row
        before = _WORD.findall(looks.texts[message], max(0, place - _WORDS_REACH), place)[-2:]
        evidence = {
            "told": surely,
            "sure": float(sure),
            "first": float(first),
            "only one": float(alone[message]),
            f"kind {KINDS[kind]}": 1.0,
        }
        said = [*(f"before {word}" for word in before), "with product"]
        said += ["with reaction"] * with_reaction + ["ahead of a product"] * ahead + around
        out.append(evidence | dict.fromkeys(said, 1.0))
    return out


def _cues_around(looks: Looks, chosen: Integers) -> list[list[str]]:
    """For each product, the cues behind which and before which it stands; as its text has them."""
    text, said = looks.products.text[chosen], looks.said
    met = np.zeros((len(looks), len(kinds())), dtype=np.int64)
    met[said.text[::-1], said.kind[::-1]] = np.arange(len(said))[::-1]
    product, cue, side = np.nonzero(looks.beside[:2, chosen].transpose(1, 2, 0))
    order = np.lexsort((side, met[text[product], cue], product))
    out: list[list[str]] = [[] for _ in text]
    for one, name in zip(product[order].tolist(), (side * len(cues()) + cue)[order].tolist(), strict=True):
        out[one].append(_around_names()[name])
    return out


@cache
def _around_names() -> tuple[str, ...]:
    return tuple(f"{side} {kind}" for side in ("behind", "before") for kind in cues())


First = dict[str, tuple[int, int]]
"""What is said around a product → where in the text it is said first."""


def first_told(looks: Looks) -> list[First]:
    """Of each message the words that a case shows; nothing serious that did not happen."""
    said, told, serious = looks.said, *_told_kinds()
    chosen = told[said.kind]
    chosen[chosen] = ~(serious[said.kind[chosen]] & _under(looks, _TAKES_BACK, said.among(chosen)))
    kept = said.among(chosen)
    shift = looks.offsets[kept.text]
    out: list[First] = [{} for _ in looks.rows]
    columns = (kept.text, kept.kind, kept.start - shift, kept.end - shift)
    for text, kind, start, end in zip(*(column.tolist() for column in columns), strict=True):
        out[text].setdefault(kinds()[kind][1], (start, end))
    return out


@cache
def _told_kinds() -> tuple[Flags, Flags]:
    """(kinds,) twice: which a case shows, and which of them are serious."""
    told, serious = ([kind in chosen for _, kind in kinds()] for chosen in (_TOLD, _SERIOUS))
    return np.array(told), np.array(serious)
