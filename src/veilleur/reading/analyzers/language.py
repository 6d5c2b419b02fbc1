"""The language of a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch, Subject
from veilleur.vocabulary import Because, Finding, Why


class LanguageAnalyzer:
    """Says what `text.language` found, once for the whole text: `fr`, `en` or `other`."""

    name = "language"
    version = "1"

    def terms(self) -> Iterable[Term]:
        """No words of its own."""
        return ()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """One finding per message; its score is 0 when the message has no words."""
        return [(self._finding(subject),) for subject in batch]

    def _finding(self, subject: Subject) -> Finding:
        guess = subject.language
        return Finding(self.name, guess.language.value, guess.score, Why(Because.TERM, guess.grounds))
