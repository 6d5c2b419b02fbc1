"""What the parts of this folder hand to the analyzer."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """One stretch of the text as written: code points `start` (included) to `end` (excluded)."""

    start: int
    end: int
    label: str
    score: float
    rule: str
    """What made us sure, in one word of the trade: "key", "format", "context", "title"…"""


CERTAIN, SURE, LIKELY, POSSIBLE = 0.99, 0.95, 0.8, 0.6
"""A key that holds; an unmistakable form; a form with its context; a form alone."""
