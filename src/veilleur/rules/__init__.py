"""Dated, sourced rules, and the judgement of every text that leaves against them.

`Rulebook().judge(texts, on)` gives the breaches of each text: rule, severity, place, message, reference and
advice.
"""

from veilleur.rules.judge import Rulebook, grounds_of, profession_of
from veilleur.rules.pack import installed_packs, load_pack, read_pack
from veilleur.rules.rule import Basis, Pack, Rewriting, Rule

__all__ = [
    "Basis",
    "Pack",
    "Rewriting",
    "Rule",
    "Rulebook",
    "grounds_of",
    "installed_packs",
    "load_pack",
    "profession_of",
    "read_pack",
]
