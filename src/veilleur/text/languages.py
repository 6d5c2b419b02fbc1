"""Which language a message is written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from veilleur.text.normalise import Normalised
from veilleur.vocabulary import Language


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The language of one text, how sure (0 to 1), and the words that told."""

    language: Language
    score: float
    grounds: tuple[str, ...] = ()


def language(texts: Sequence[Normalised]) -> list[LanguageGuess]:
    """The language of each text."""
    return [LanguageGuess(Language.FR, 0.0) for _ in texts]
