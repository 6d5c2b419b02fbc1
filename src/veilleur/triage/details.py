"""What fills the variables of a reason: the words the author wrote, the rating, the place…

Details are stored with the ticket in no particular language. A variable that stands for words
holds one expression a line; the sentence decides how to quote them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from veilleur.triage.conditions import Facts, Finds
from veilleur.vocabulary import Because, Finding, Rating, Span

MOST_WORDS = 3
"""Expressions shown in one reason; more would hide the sentence."""
LONGEST = 60
"""Characters of one expression."""
_FROM_THE_TEXT = (Because.TERM, Because.NGRAMS)
_NOWHERE = Span(2**62, 2**62)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name between braces; `sources` are the conditions whose findings it quotes.

    Without sources it is a fact of the message itself: one of `OF_MESSAGE`.
    """

    name: str
    sources: tuple[Finds, ...] = ()

    def value(self, facts: Facts) -> str:
        """The text that stands for it; empty when nothing is known."""
        if not self.sources:
            return OF_MESSAGE[self.name](facts)
        return _words([finding for source in self.sources for finding in source.fitting(facts)], facts)


def fill(variables: Sequence[Variable], facts: Facts) -> dict[str, str]:
    """Name → value, as text; a variable about which nothing is known is left out."""
    details = {}
    for variable in variables:
        value = variable.value(facts)
        if value:
            details[variable.name] = value
    return details


def _words(findings: list[Finding], facts: Facts) -> str:
    if len(findings) > 1:
        findings.sort(key=_reading_order)
    expressions: dict[str, str] = {}
    for finding in findings:
        for expression in _as_written(finding, facts.mention.text):
            short = _shorten(expression)
            if short:
                expressions.setdefault(short.casefold(), short)
                if len(expressions) == MOST_WORDS:
                    return "\n".join(expressions.values())
    return "\n".join(expressions.values())


def _reading_order(finding: Finding) -> tuple[Span, float, tuple[str, ...], str]:
    return finding.span or _NOWHERE, -finding.score, finding.why.grounds, finding.label


def _as_written(finding: Finding, text: str) -> Sequence[str]:
    if finding.span is not None:
        return (finding.span.of(text),)
    # A rating, a question or a colleague's remark may decide too, but the author did not write them.
    return finding.why.grounds if finding.why.because in _FROM_THE_TEXT else ()


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
