"""Words that mean something, and the one look that finds them all."""

from veilleur.lexicon.finder import Finds, Lexicon, Mark, Marks, one_per_place
from veilleur.lexicon.term import Term

__all__ = ["Finds", "Lexicon", "Mark", "Marks", "Term", "one_per_place"]
