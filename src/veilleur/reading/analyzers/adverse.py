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
from veilleur.vocabulary import CRITERIA, Because, Concept, Finding, Span, Why

_SURE = 0.8


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
    grounds = tuple(span.of(text) for pair in case.pairs[:1] for span in pair)
    if case.suspected:
        yield _finding("suspected", case.score, grounds)
    yield from _parts(case, text)
    yield from _criteria(case, text)
    if case.reactions and case.who is not Who.NONE:
        yield _finding(f"who.{case.who}", _SURE, _words(text, case.person), case.person)
    for note in case.seriousness:
        yield _finding(f"serious.{note.name}", _SURE, _words(text, note.span), note.span)
    for note in case.special:
        yield _finding(f"special.{note.name}", _SURE, _words(text, note.span), note.span)


def _parts(case: AdverseReaction, text: str) -> Iterator[Finding]:
    for part in case.products:
        yield _finding("product", part.score, _words(text, part.span), part.span, part.concept)
    for part in case.reactions:
        yield _finding("reaction", part.score, _words(text, part.span), part.span, part.concept)
    for product, reaction in case.pairs:
        whole = Span(min(product.start, reaction.start), max(product.end, reaction.end))
        yield _finding("pair", case.criteria.reaction, (product.of(text), reaction.of(text)), whole)


def _criteria(case: AdverseReaction, text: str) -> Iterator[Finding]:
    places = {
        "product": next((part.span for part in case.products), None),
        "reaction": case.reactions[0].span if case.reactions else None,
        "patient": case.person,
        "reporter": case.person,
    }
    for name in CRITERIA:
        score = getattr(case.criteria, name)
        if score >= 0.5:
            span = places[name]
            yield _finding(f"criterion.{name}", score, _words(text, span), span)


def _words(text: str, span: Span | None) -> tuple[str, ...]:
    return () if span is None else (span.of(text),)


def _finding(
    label: str,
    score: float,
    grounds: tuple[str, ...],
    span: Span | None = None,
    concept: Concept | None = None,
) -> Finding:
    because = Because.TERM if grounds else Because.NGRAMS
    return Finding(NAME, label, min(1.0, score), Why(because, grounds), span, concept)
