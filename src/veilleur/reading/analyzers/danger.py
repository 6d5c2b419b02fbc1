"""Danger: suicide, medical emergency, children and violence, by the words that tell of them.

Labels: `crisis_suicide`, `emergency_medical`, `child_protection`, `violence`. Made to miss little:
a person looks at what it finds, and no answer leaves by itself.
"""

from veilleur.reading.analyzers.cues import CueAnalyzer

NAME = "danger"


class DangerAnalyzer(CueAnalyzer):
    """Suicidal distress, medical emergencies, children in danger, violence."""

    name = NAME
