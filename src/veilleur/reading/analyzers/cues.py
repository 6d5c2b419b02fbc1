"""Shows where a message says what it was labelled for: one finding per cue of a decided label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.analyzers.labels import decided
from veilleur.reading.cues import Evidence, Said, said_in, topic
from veilleur.vocabulary import Because, Finding, Span, Why


class CueAnalyzer:
    """The cues of one topic, where the trained labels agree; `score` sums up all cues of the label."""

    name: ClassVar[str]
    """The topic: its table is `data/<name>.tsv`."""
    version = "2"

    def terms(self) -> Iterable[Term]:
        """Every cue."""
        return topic(self.name).terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The cues of each message that are enough for a label it was given, in the order of the text."""
        own = frozenset(topic(self.name).labels)
        given = batch.once(decided)
        return [
            self._findings(
                subject, [said for said in all_said if said.is_enough and said.label in own & labels]
            )
            for subject, all_said, labels in zip(batch, batch.once(said_in), given, strict=True)
        ]

    def _findings(self, subject: Subject, shown: Iterable[Said]) -> Sequence[Finding]:
        return sorted((found for said in shown for found in self._of(subject, said)), key=_order)

    def _of(self, subject: Subject, said: Said) -> Iterator[Finding]:
        for one in said.evidence:
            span = _span(subject, one)
            why = Why(Because.TERM, (span.of(subject.text.original),))
            yield Finding(self.name, said.label, round(said.score, 3), why, span)


def _span(subject: Subject, one: Evidence) -> Span:
    return subject.text.span(one.start, one.end)


def _order(finding: Finding) -> tuple[Span, str]:
    return finding.span or Span(0, 0), finding.label
