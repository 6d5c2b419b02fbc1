"""Words that mean something, and the one automaton that finds them all."""

from veilleur.lexicon.automaton import Lexicon, Mark, one_per_place
from veilleur.lexicon.term import Term

__all__ = ["Lexicon", "Mark", "Term", "one_per_place"]
