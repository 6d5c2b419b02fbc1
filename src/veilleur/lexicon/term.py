"""A word or an expression that an analyzer wants to be told about."""

from __future__ import annotations

from dataclasses import dataclass

from veilleur.vocabulary import Concept, Language


@dataclass(frozen=True, slots=True)
class Term:
    """Words to look for, in any spelling that `veilleur.text.normalise` folds to theirs."""

    text: str
    """The words, as a person would write them: « mal à la tête »."""
    concept: Concept | None = None
    """What they mean, when a terminology says so."""
    kind: str = ""
    """A word of the analyzer's own, handed back with every mark: "brand", "praise"…"""
    language: Language | None = None
    """The language they belong to; `None` when they are the same in all."""
    doubtful: bool = False
    """Whether they also are ordinary words, so that the analyzer must look around."""
