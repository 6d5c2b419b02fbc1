"""Reasons → sentences, in the reader's language, from the wording of the policy.

A wording is plain text with `{variables}`; a part between square brackets is said only when all
the variables in it are known: `insatisfaction nette[ : {sentiment}]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from veilleur.triage.policy import Policy
from veilleur.vocabulary import Reason, Words

VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*)\]")

_BARE = frozenset({"rating"})
"""Variables that are said as they are; the others are words of somebody and stand in quotes."""
_QUOTES = {"fr": ("«\u00a0", "\u00a0»"), "en": ("“", "”")}
_UNKNOWN_RULE = Words(
    {
        "fr": "règle «\u00a0{rule}\u00a0» d’une version antérieure de la politique",
        "en": "rule “{rule}” of an earlier version of the policy",
    }
)
_UNKNOWN_VALUE = "…"


def sentences(reasons: Iterable[Reason], policy: Policy, language: str) -> list[str]:
    """One sentence per reason, in the same order; `language` is a code such as `"fr"`, `"en-gb"`.

    A reason whose rule the policy no longer has is still told, by its name.
    """
    return [_sentence(reason, policy, language) for reason in reasons]


def _sentence(reason: Reason, policy: Policy, language: str) -> str:
    words = policy.reason_by_rule.get(reason.rule)
    if words is None:
        return _UNKNOWN_RULE.say(language).replace("{rule}", reason.rule)
    return say(words.say(language), reason.details, language)


def say(wording: str, details: Mapping[str, str], language: str) -> str:
    """Fills one wording.

    >>> say("note seule[ : {rating}]", {"rating": "4/5"}, "fr")
    'note seule : 4/5'
    >>> say("note seule[ : {rating}]", {}, "fr")
    'note seule'
    """

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(name in details for name in VARIABLE.findall(match[1])) else ""

    def variable(match: re.Match[str]) -> str:
        return _spoken(match[1], details.get(match[1], _UNKNOWN_VALUE), language)

    return VARIABLE.sub(variable, OPTIONAL.sub(optional, wording))


def _spoken(name: str, value: str, language: str) -> str:
    if name in _BARE or value == _UNKNOWN_VALUE:
        return value
    opening, closing = _QUOTES.get(language[:2].lower(), _QUOTES["fr"])
    return ", ".join(f"{opening}{expression}{closing}" for expression in value.split("\n"))
