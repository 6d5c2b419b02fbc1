"""Danger: suicide, medical emergency, children and violence, by the words that tell of them.

Labels: `crisis_suicide`, `emergency_medical`, `child_protection`, `violence`. Made to miss little:
a person looks at what it finds, and no answer leaves by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.cues import Cues
from veilleur.vocabulary import Finding

NAME = "danger"


class DangerAnalyzer:
    """One finding per cue; `score` says how sure the label is in view of all cues together."""

    name = NAME
    version = "1"

    def __init__(self) -> None:
        self._cues = Cues(NAME)

    def terms(self) -> Iterable[Term]:
        """The expressions of `data/danger.tsv`."""
        return self._cues.terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The cues of each message that together are enough, in order."""
        return [self._cues.findings(subject) if NAME in subject.marks else () for subject in batch]
