"""Words that mean something, and the one look that finds them all."""

from veilleur.lexicon.finder import Lexicon, Mark, Marks, one_per_place
from veilleur.lexicon.term import Term

__all__ = ["Lexicon", "Mark", "Marks", "Term", "one_per_place"]
