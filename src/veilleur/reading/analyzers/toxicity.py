"""Toxicity: insults, threats and hate, by the words and whom they are said to.

Labels: `insult`, `threat`, `hate`. Harsh judgement of work, swearing at nobody, insults at oneself
and insults that are quoted are no findings.
"""

from veilleur.reading.analyzers.cues import CueAnalyzer

NAME = "toxicity"


class ToxicityAnalyzer(CueAnalyzer):
    """Insults, threats, hate."""

    name = NAME
