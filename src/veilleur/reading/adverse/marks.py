"""The products and the candidate reactions of one message, from the marks of all who look for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from veilleur.lexicon import Mark, one_per_place
from veilleur.reading.adverse.words import NAME, VAGUE
from veilleur.reading.analyzer import Subject
from veilleur.reading.analyzers import drugs, reactions
from veilleur.vocabulary import Language

_PLAINLY = 0.9
KINDS = ("drug", "vaccine", "device", "cosmetic", "supplement")
_NO_SYMPTOM = frozenset({"product_use", "product_quality", "device", "social", "procedures"})


@dataclass(frozen=True, slots=True)
class Named:
    """A product in the normalised text."""

    start: int
    end: int
    kind: str
    mark: Mark
    sure: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Everything one message gives to judge."""

    products: tuple[Named, ...]
    reactions: tuple[Mark, ...]


def find(subject: Subject) -> Found | None:
    """What the message names; nothing when there is neither a product nor a treatment in it."""
    if not (NAME in subject.marks or drugs.NAME in subject.marks):
        return None
    language = subject.language.language
    own = one_per_place(subject.marks_of(NAME), language)
    plain, meant = [mark for mark in own if not mark.term.doubtful], drugs.drugs_of(subject)
    candidates = _candidates(subject)
    products = _products(plain, meant)
    symptoms = _beside(products, candidates)
    if symptoms:
        # Beside a symptom an everyday word (« lentilles », « fer ») may name a product.
        named = one_per_place(subject.marks_of(drugs.NAME), language)
        if len(plain) < len(own) or len(meant) < len(named):
            products = _products(own, named)
            symptoms = _beside(products, candidates)
    if products or (symptoms and any(mark.term.kind == VAGUE for mark in own)):
        return Found(products, symptoms)
    return None


def _products(own: list[Mark], named: list[Mark]) -> tuple[Named, ...]:
    products = [Named(mark.start, mark.end, kind_of(mark), mark, not mark.term.doubtful) for mark in named]
    others = [mark for mark in own if mark.term.kind != VAGUE]
    if others:
        taken = _taken(products)
        products += (
            Named(mark.start, mark.end, kind_of(mark), mark, sure=False)
            for mark in others
            if taken.isdisjoint(range(mark.start, mark.end))
        )
        products.sort(key=_start)
    return tuple(products)


def _taken(products: Iterable[Named]) -> set[int]:
    """Every place that is part of a product."""
    return {place for one in products for place in range(one.start, one.end)}


def _start(named: Named) -> int:
    return named.start


def kind_of(mark: Mark) -> str:
    """The kind of the product that a mark names: one of `KINDS`."""
    return mark.term.kind if mark.term.kind in KINDS else "drug"


def _candidates(subject: Subject) -> list[Mark]:
    """What may be a reaction, in a language that the message may be written in."""
    marks = subject.marks_of(reactions.NAME)
    guess = subject.language
    if guess.score >= _PLAINLY:
        spoken = {None, guess.language, Language.FR}
        marks = tuple(mark for mark in marks if mark.term.language in spoken)
    return [mark for mark in one_per_place(marks, guess.language) if _may_happen(mark)]


def _beside(products: tuple[Named, ...], candidates: list[Mark]) -> tuple[Mark, ...]:
    """The candidates that neither begin nor end in a product."""
    taken = _taken(products) if candidates else ()
    return tuple(mark for mark in candidates if mark.start not in taken and mark.end - 1 not in taken)


def _may_happen(mark: Mark) -> bool:
    concept = mark.term.concept
    return mark.term.kind != "denied" and not (concept is not None and concept.group in _NO_SYMPTOM)
