"""Medicines, vaccines and their classes, by name.

A name that also is an ordinary word or a first name (« Diane », « fer », « Moderna »)
counts only when something speaks of a medicine: a dose or a word of treatment within
`NEAR` characters, an unmistakable medicine in the same message, or the name alone
written in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from veilleur.lexicon import Mark, Term, one_per_place, tables
from veilleur.reading.analyzer import Batch, Subject
from veilleur.vocabulary import Because, Finding, Why

NAME = "drugs"
NEAR = 25
SURE, LIKELY = 0.95, 0.7
_TREATMENT = re.compile(
    r"\d ?(?:mg|g|ug|mcg|ml|ui|iu)\b"
    r"|\b(?:cp|cachets?|comprimes?|gelules?|gouttes|sachets?|pilules?|ampoules?|injections?|doses?|posologie"
    r"|traitements?|medicaments?|ordonnance|prescri\w+|prends|prendre|pris|prise|sous|cure|vaccin\w*|pharmacie"
    r"|tablets?|capsules?|pills?|drops|medications?|medicines?|meds|taking|took|prescribed|jabs?)\b"
)


class DrugAnalyzer:
    """One finding per name: its label is the kind, its concept's group the ATC code when known.

    Kinds are `brand`, `substance`, `class`, `vaccine` and `device`.
    """

    name = NAME
    version = "1"

    def terms(self) -> Iterable[Term]:
        """The table of medicines."""
        return tables.drugs()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The medicines each message names, in order."""
        return [
            [_finding(subject, mark) for mark in drugs_of(subject)] if NAME in subject.marks else ()
            for subject in batch
        ]


def drugs_of(subject: Subject) -> list[Mark]:
    """The marks that name a medicine, doubtful words settled by what stands around them."""
    marks = one_per_place(subject.marks_of(NAME), subject.language.language)
    if all(mark.term.doubtful for mark in marks):
        return [mark for mark in marks if _is_meant(subject, mark)]
    return marks


def _is_meant(subject: Subject, mark: Mark) -> bool:
    text = subject.text.text
    around = text[max(0, mark.start - NEAR) : mark.start] + " " + text[mark.end : mark.end + NEAR]
    return _TREATMENT.search(around) is not None or _stands_out(subject, mark)


def _stands_out(subject: Subject, mark: Mark) -> bool:
    """Whether the word is in capitals while those around it are not."""
    written = subject.text.original
    span = subject.text.span(mark.start, mark.end)
    around = written[max(0, span.start - NEAR) : span.start] + written[span.end : span.end + NEAR]
    name = span.of(written)
    return len(name) > 2 and name.isupper() and sum(map(str.isupper, around)) < len(around) / 4


def _finding(subject: Subject, mark: Mark) -> Finding:
    span = subject.text.span(mark.start, mark.end)
    return Finding(
        analyzer=NAME,
        label=mark.term.kind,
        score=LIKELY if mark.term.doubtful else SURE,
        why=Why(Because.TERM, (span.of(subject.text.original),)),
        span=span,
        concept=mark.term.concept,
    )
