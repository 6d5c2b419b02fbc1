"""What kind of answer a question of a form invites: « Rien » is good news under one, bad under another."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from veilleur.text import normalise


class Asked(IntEnum):
    """What the question asks for."""

    OPEN = 0
    """Anything, both sides, or no question at all."""
    IMPROVE = 1
    """What was wrong, missing or to be done better."""
    GOOD = 2
    """What was good."""


_IMPROVE = re.compile(
    r"\b(?:improv\w+|better|wrong|bad|worse|worst|dissatisf\w+|disappoint\w+|dislik\w+|complain\w*"
    r"|negative\w*|change"
    r"|amelior\w+|mieux|ne va pas|pas ete|pas plu|moins (?:aime|apprecie|plu|satisf\w+)|negati\w+|faibles?"
    r"|insatisf\w+|mecontent\w*|decu\w*|reproch\w+|manqu\w+|defauts?|problemes?|difficultes?"
    r"|inconvenients?|a revoir|deplu)\b"
)
_GOOD = re.compile(
    r"\b(?:good|well|best|liked?|positive\w*|satisfied|satisfaction|enjoy\w*|appreciat\w+|strengths?"
    r"|apprecie\w*|aimee?s?|plu|positi\w+|forts?|satisfaits?|satisfaites?|bien|reussi\w*|avantages?|atouts?)\b"
)
_TURNED = re.compile(
    r"(?:\bnot|n't) (?:you )?(?:go )?(?:well|good|like|enjoy|work)\b"
    r"|\b(?:pas ete|pas bien|pas plu|pas apprecie\w*|pas aime\w*|le moins|moins (?:aime|apprecie|plu))\b"
)


@lru_cache(maxsize=1024)
def asked(question: str) -> Asked:
    """The kind of `question`; `OPEN` when it asks for both sides or says nothing of it.

    >>> asked("Qu'est-ce qui n'a pas été ?")
    <Asked.IMPROVE: 1>
    >>> asked("What was good?")
    <Asked.GOOD: 2>
    >>> asked("satisfied and/or dissatisfied with")
    <Asked.OPEN: 0>
    """
    if not question:
        return Asked.OPEN
    text = normalise(question).text
    if _TURNED.search(text):
        return Asked.IMPROVE
    improve, good = _IMPROVE.search(text), _GOOD.search(text)
    if bool(improve) == bool(good):
        return Asked.OPEN
    return Asked.IMPROVE if improve else Asked.GOOD
