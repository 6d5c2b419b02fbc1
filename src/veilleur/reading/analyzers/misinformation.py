"""Health claims that a person should check: the claims of messages that were labelled misinformation.

Whether a claim is true is not judged: every finding carries the concept group `to_be_checked`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.labels import decided
from veilleur.reading.claimed import NAME, claimed_in
from veilleur.reading.claims import claims
from veilleur.vocabulary import Finding


class MisinformationAnalyzer:
    """One finding per claim: its label is the theme, its span the clause that claims."""

    name = NAME
    version = "2"

    def terms(self) -> Iterable[Term]:
        """The words of the table of claims."""
        return claims().terms

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The claims of each message that was given the label, in order; one per theme and sentence."""
        claimed = zip(batch.once(claimed_in), batch.once(decided), strict=True)
        return [found if NAME in labels else () for found, labels in claimed]
