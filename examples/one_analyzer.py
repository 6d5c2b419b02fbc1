"""A complete analyzer: parking trouble, in one file.

To install one of your own, put such a class in a package and declare it in its
`pyproject.toml`:

    [project.entry-points."veilleur.analyzers"]
    parking = "my_package:ParkingAnalyzer"

After `pip install`, its findings appear beside the built-in ones. Run this file to see it work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Term
from veilleur.reading import Batch, Reader, Subject
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Because, Finding, Why

WORDS = ("parking", "stationnement", "place de parking", "se garer", "car park", "parking space")


class ParkingAnalyzer:
    """Finds where people speak of parking."""

    name = "parking"
    version = "1"

    def terms(self) -> Iterable[Term]:
        """The words to be told about; spelling, accents and plurals are taken care of."""
        return [Term(words) for words in WORDS]

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """One finding per place where one of the words stands."""
        return [self._findings(subject) for subject in batch]

    def _findings(self, subject: Subject) -> list[Finding]:
        spans = [subject.text.span(mark.start, mark.end) for mark in subject.marks_of(self.name)]
        return [
            Finding(self.name, "parking", 0.9, Why(Because.TERM, (span.of(subject.mention.text),)), span)
            for span in spans
        ]


def main() -> None:
    """Checks the analyzer, then reads one message with it."""
    check_analyzer(ParkingAnalyzer())
    message = mention("Équipe au top, mais impossible de SE GARER : le PARKIIIING est minuscule !")
    [reading] = Reader([ParkingAnalyzer()]).read([message])
    for finding in reading.of("parking"):
        print(finding.label, finding.span, *finding.why.grounds)  # noqa: T201


if __name__ == "__main__":
    main()
