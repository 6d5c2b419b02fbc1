"""Adverse reactions as cases: what the marks of products and reactions add up to."""

from veilleur.reading.adverse.case import AdverseReaction, Criteria, Who
from veilleur.reading.adverse.heads import told_in
from veilleur.reading.adverse.judge import cases

__all__ = ["AdverseReaction", "Criteria", "Who", "cases", "told_in"]
