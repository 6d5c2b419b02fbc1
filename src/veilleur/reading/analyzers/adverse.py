"""Adverse reactions as cases, told in findings: pairs, criteria, seriousness, special situations.

Works from the marks of the analyzers `drugs` and `reactions`: read with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from veilleur.lexicon import Term
from veilleur.reading import panel
from veilleur.reading.adverse import AdverseReaction, Who, cases
from veilleur.reading.adverse.heads import NAME as HEADS_NAME
from veilleur.reading.adverse.weights import shipped
from veilleur.reading.adverse.words import NAME, product_terms
from veilleur.reading.analyzer import Batch, Subject
from veilleur.vocabulary import Because, Concept, Finding, Span, Why

_SURE = 0.8
_TOLD = 0.5
"""How sure a criterion is that is told."""
_BY_WEIGHT = Why(Because.NGRAMS)


class AdverseAnalyzer:
    """One finding for the case (`suspected` or `incomplete`), then one for each part of it.

    Labels: `suspected`, `pair`, `criterion.<name>`, `who.<who>`, `serious.<criterion>`,
    `special.<situation>`, `product`, `reaction`.
    """

    name = NAME

    @property
    def version(self) -> str:
        """Versions of the two sets of weights."""
        return f"{panel.load(HEADS_NAME).version}.{shipped().version}"

    def terms(self) -> Iterable[Term]:
        """Generic names of products that the table of medicines does not hold."""
        return product_terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The parts of each message's case; nothing where no product is named."""
        return [
            () if case is None else list(_findings(subject, case))
            for subject, case in zip(batch, batch.once(cases), strict=True)
        ]


def _findings(subject: Subject, case: AdverseReaction) -> Iterator[Finding]:
    text = subject.text.original
    pairs = case.pairs
    if case.suspected:
        grounds = tuple(span.of(text) for span in pairs[0]) if pairs else ()
        yield _finding("suspected", case.score, grounds)
    for label, parts in (("product", case.products), ("reaction", case.reactions)):
        for part in parts:
            yield _finding(label, part.score, (part.span.of(text),), part.span, part.concept)
    for product, reaction in pairs:
        whole = Span(min(product.start, reaction.start), max(product.end, reaction.end))
        yield _finding("pair", case.criteria.reaction, (product.of(text), reaction.of(text)), whole)
    yield from _criteria(case, text)
    if case.reactions and case.who is not Who.NONE:
        yield _told(f"who.{case.who.value}", _SURE, text, case.person)
    for note in case.seriousness:
        yield _told(f"serious.{note.name}", _SURE, text, note.span)
    for note in case.special:
        yield _told(f"special.{note.name}", _SURE, text, note.span)


def _criteria(case: AdverseReaction, text: str) -> Iterator[Finding]:
    product, reaction = (parts[0].span if parts else None for parts in (case.products, case.reactions))
    told = case.criteria
    for label, score, span in (
        ("criterion.reporter", told.reporter, case.person),
        ("criterion.patient", told.patient, case.person),
        ("criterion.product", told.product, product),
        ("criterion.reaction", told.reaction, reaction),
    ):
        if score >= _TOLD:
            yield _told(label, score, text, span)


def _told(label: str, score: float, text: str, span: Span | None) -> Finding:
    return _finding(label, score, (span.of(text),) if span else (), span)


def _finding(
    label: str,
    score: float,
    grounds: tuple[str, ...],
    span: Span | None = None,
    concept: Concept | None = None,
) -> Finding:
    because = Why(Because.TERM, grounds) if grounds else _BY_WEIGHT
    return Finding(NAME, label, min(1.0, score), because, span, concept)
