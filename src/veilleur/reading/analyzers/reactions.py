"""Symptoms and adverse reactions, in the words of patients and of medicine.

An expression of everyday life (« vidée », « cauchemar », "shock") counts only when a
medicine or an unmistakable symptom is named in the same message. What is denied with a
set phrase (« aucun effet secondaire ») is left out; wider negation, fear and hearsay are
not judged here. French expressions are
looked for in messages that are not plainly English, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Mark, Term, one_per_place, tables
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.analyzers.drugs import drugs_of
from veilleur.vocabulary import Because, Finding, Language, Why

NAME = "reactions"
SURE, LIKELY = 0.9, 0.6
_PLAINLY = 0.9
_DENIED = "denied"
_NOT_SYMPTOMS = frozenset({"product_use", "product_quality", "device", "social", "procedures"})


class ReactionAnalyzer:
    """One finding per expression, with its concept and the concept's neutral group.

    The label is `reaction`, or `product_problem` for misuse, errors, shortages and defects.
    """

    name = NAME
    version = "1"

    def terms(self) -> Iterable[Term]:
        """The table of reactions."""
        return tables.reactions()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The reactions each message speaks of, in order."""
        return [
            [_finding(subject, mark) for mark in _reactions_of(subject)] if NAME in subject.marks else ()
            for subject in batch
        ]


def _reactions_of(subject: Subject) -> list[Mark]:
    marks = [mark for mark in subject.marks_of(NAME) if _may_be_read(subject, mark.term.language)]
    marks = [mark for mark in one_per_place(marks, subject.language.language) if mark.term.kind != _DENIED]
    drugs = drugs_of(subject)
    if drugs:
        # « antidouleur » and "pain killer" hold the name of a symptom, yet tell of none.
        named = {place for drug in drugs for place in range(drug.start, drug.end)}
        return [mark for mark in marks if not {mark.start, mark.end - 1} & named]
    return [] if all(mark.term.doubtful for mark in marks) else marks


def _may_be_read(subject: Subject, language: Language | None) -> bool:
    guess = subject.language
    return language in {None, guess.language} or guess.score < _PLAINLY


def _finding(subject: Subject, mark: Mark) -> Finding:
    span = subject.text.span(mark.start, mark.end)
    concept = mark.term.concept
    problem = concept is not None and concept.group in _NOT_SYMPTOMS
    return Finding(
        analyzer=NAME,
        label="product_problem" if problem else "reaction",
        score=LIKELY if mark.term.doubtful else SURE,
        why=Why(Because.TERM, (span.of(subject.text.original),)),
        span=span,
        concept=concept,
    )
