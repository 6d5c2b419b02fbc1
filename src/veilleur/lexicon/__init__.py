"""Words that mean something, and the one automaton that finds them all."""

from veilleur.lexicon.automaton import Lexicon, Mark
from veilleur.lexicon.term import Term

__all__ = ["Lexicon", "Mark", "Term"]
