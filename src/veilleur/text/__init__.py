"""What the characters say: one spelling, sentences, language."""

from veilleur.text.languages import LanguageGuess, language
from veilleur.text.normalise import Normalised, normalise
from veilleur.text.sentences import sentences

__all__ = ["LanguageGuess", "Normalised", "language", "normalise", "sentences"]
