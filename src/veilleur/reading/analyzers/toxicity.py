"""Toxicity: insults, threats and hate, by the words and whom they are said to.

Labels: `insult`, `threat`, `hate`. Harsh judgement of work, swearing at nobody, insults at oneself
and insults that are quoted are no findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.cues import Cues
from veilleur.vocabulary import Finding

NAME = "toxicity"


class ToxicityAnalyzer:
    """One finding per cue; `score` says how sure the label is in view of all cues together."""

    name = NAME
    version = "1"

    def __init__(self) -> None:
        self._cues = Cues(NAME)

    def terms(self) -> Iterable[Term]:
        """The expressions of `data/toxicity.tsv`."""
        return self._cues.terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The cues of each message that together are enough, in order."""
        return [self._cues.findings(subject) if NAME in subject.marks else () for subject in batch]
