"""What fills the variables of a reason: the words the author wrote, the rating, the place…

Details are stored with the ticket in no particular language. A variable that stands for words
holds one expression a line; the sentence decides how to quote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from veilleur.triage.conditions import Condition, Facts, Finds
from veilleur.vocabulary import Finding, Rating, Span

MOST_WORDS = 3
"""Expressions shown in one reason; more would hide the sentence."""
LONGEST = 60
"""Characters of one expression."""
_NOWHERE = Span(2**62, 2**62)


def fill(variables: Sequence[str], conditions: Iterable[Condition], facts: Facts) -> dict[str, str]:
    """Variable → value, as text; a variable about which nothing is known is left out.

    The name of an analyzer stands for the words that made the conditions hold.
    """
    if not variables:
        return {}
    values = ((name, _value(name, conditions, facts)) for name in variables)
    return {name: value for name, value in values if value}


def _value(name: str, conditions: Iterable[Condition], facts: Facts) -> str:
    if name in OF_MESSAGE:
        return OF_MESSAGE[name](facts)
    found = [
        finding
        for condition in conditions
        if isinstance(condition, Finds) and condition.analyzer == name
        for finding in condition.fitting(facts)
    ]
    return _words(found, facts.mention.text)


def _words(findings: Iterable[Finding], text: str) -> str:
    expressions: dict[str, str] = {}
    for finding in sorted(findings, key=_reading_order):
        for expression in _as_written(finding, text):
            short = _shorten(expression)
            expressions.setdefault(short.casefold(), short)
    expressions.pop("", None)
    return "\n".join(list(expressions.values())[:MOST_WORDS])


def _reading_order(finding: Finding) -> tuple[Span, float, tuple[str, ...], str]:
    return finding.span or _NOWHERE, -finding.score, finding.why.grounds, finding.label


def _as_written(finding: Finding, text: str) -> Sequence[str]:
    return finding.why.grounds if finding.span is None else (finding.span.of(text),)


def _shorten(expression: str) -> str:
    one_line = " ".join(expression.split())
    return one_line if len(one_line) <= LONGEST else one_line[: LONGEST - 1].rstrip() + "…"


def _rating(facts: Facts) -> str:
    return "" if facts.mention.rating is None else rating_as_text(facts.mention.rating)


def rating_as_text(rating: Rating) -> str:
    """The rating as a person says it; a scale that is turned round or odd is told on five.

    >>> rating_as_text(Rating(7, 0, 10)), rating_as_text(Rating(2, 5, 1))
    ('7/10', '4/5')
    """
    if rating.worst in (0, 1) and rating.best > rating.worst:
        return f"{rating.value:g}/{rating.best:g}"
    return f"{round(1 + 4 * rating.share, 1):g}/5"


OF_MESSAGE: Mapping[str, Callable[[Facts], str]] = {
    "rating": _rating,
    "network": lambda facts: _shorten(facts.mention.network),
    "place": lambda facts: _shorten(facts.mention.place),
    "question": lambda facts: _shorten(facts.mention.question),
}
"""Variables that come from the message itself; every other name is that of an analyzer."""
