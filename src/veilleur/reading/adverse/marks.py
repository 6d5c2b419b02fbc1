"""The products and the candidate reactions of one message, from the marks of all who look for them."""

from __future__ import annotations

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
    vague: tuple[Mark, ...]
    reactions: tuple[Mark, ...]


def find(subject: Subject) -> Found | None:
    """What the message names; nothing when there is neither a product nor a treatment in it."""
    if not (NAME in subject.marks or drugs.NAME in subject.marks):
        return None
    own = one_per_place(subject.marks_of(NAME), subject.language.language)
    products = _products([mark for mark in own if not mark.term.doubtful], drugs.drugs_of(subject))
    vague = tuple(mark for mark in own if mark.term.kind == VAGUE)
    symptoms = _reactions(subject, products)
    if symptoms:
        # Beside a symptom an everyday word (« lentilles », « fer ») may name a product.
        named = one_per_place(subject.marks_of(drugs.NAME), subject.language.language)
        products = _products(own, named)
        symptoms = _reactions(subject, products)
    return Found(products, vague, symptoms) if products or (vague and symptoms) else None


def _products(own: list[Mark], named: list[Mark]) -> tuple[Named, ...]:
    products = [Named(mark.start, mark.end, kind_of(mark), mark, not mark.term.doubtful) for mark in named]
    taken = {place for one in products for place in range(one.start, one.end)}
    products += (
        Named(mark.start, mark.end, kind_of(mark), mark, sure=False)
        for mark in own
        if mark.term.kind != VAGUE and taken.isdisjoint(range(mark.start, mark.end))
    )
    return tuple(sorted(products, key=_start))


def _start(named: Named) -> int:
    return named.start


def kind_of(mark: Mark) -> str:
    """The kind of the product that a mark names: one of `KINDS`."""
    return mark.term.kind if mark.term.kind in KINDS else "drug"


def _reactions(subject: Subject, products: tuple[Named, ...]) -> tuple[Mark, ...]:
    taken = {place for one in products for place in range(one.start, one.end)}
    guess = subject.language
    marks = one_per_place(
        [
            mark
            for mark in subject.marks_of(reactions.NAME)
            if guess.score < _PLAINLY or mark.term.language in {None, guess.language, Language.FR}
        ],
        guess.language,
    )
    return tuple(mark for mark in marks if _may_happen(mark) and not {mark.start, mark.end - 1} & taken)


def _may_happen(mark: Mark) -> bool:
    concept = mark.term.concept
    return mark.term.kind != "denied" and not (concept is not None and concept.group in _NO_SYMPTOM)
