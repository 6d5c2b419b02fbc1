"""Takes what was found out of a text, and says where everything went.

Each value gets a placeholder, « [NAME_1] »: the same value the same number, however it is
written (blanks, case, accents; +33 6 and 06), in the order of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from veilleur.text import normalise
from veilleur.vocabulary import Finding, Span

PLACEHOLDER = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+\]")
_NOT_COUNTED = re.compile(r"[\W_]+")
_COUNTRY = re.compile(r"^(?:00)?33(?=[1-9]\d{8}$)|^330(?=[1-9]\d{8}$)")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One stretch that was taken out."""

    placeholder: str
    original: Span
    """Where it stood in the text as written."""
    redacted: Span
    """Where the placeholder stands now."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what was found in it."""

    text: str
    replacements: tuple[Replacement, ...]
    """In the order of the text; they never overlap."""

    def original(self, start: int, end: int) -> Span:
        """Where `text[start:end]` stood; a span that touches a placeholder covers all it replaced."""
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not a span of a text of {len(self.text)} characters")
        first = self._back(start, last=False)
        return Span(first, max(first, self._back(end - 1, last=True) + 1) if end > start else first)

    def _back(self, index: int, *, last: bool) -> int:
        at = bisect_right(self.replacements, index, key=lambda one: one.redacted.start) - 1
        if at < 0:
            return index
        one = self.replacements[at]
        if index < one.redacted.end:
            return one.original.end - 1 if last else one.original.start
        return index - one.redacted.end + one.original.end


def redact(text: str, findings: Iterable[Finding]) -> Redacted:
    """`text` with a placeholder for the span of each of `findings` (those of `personal_data`).

    Spans that overlap are taken out together, under the label of the first. Findings without
    a span are passed over. Raises `ValueError` when a span ends outside the text.
    """
    pieces: list[str] = []
    replacements: list[Replacement] = []
    numbers: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    done = length = 0
    for label, span in _apart(text, findings):
        value = label, _value(label, span.of(text))
        if value not in numbers:
            numbers[value] = counts[label] = counts.get(label, 0) + 1
        placeholder = f"[{label}_{numbers[value]}]"
        length += span.start - done
        pieces += (text[done : span.start], placeholder)
        replacements.append(Replacement(placeholder, span, Span(length, length + len(placeholder))))
        length += len(placeholder)
        done = span.end
    return Redacted("".join((*pieces, text[done:])), tuple(replacements))


def clean(text: str, find: Callable[[str], Iterable[Finding]]) -> Redacted:
    """`text` redacted until `find` sees nothing more in what is left.

    Taking one thing out can lay another bare: what is found then is taken out of the text as
    well. It ends, because no finding of this product covers a placeholder.
    """
    findings = [finding for finding in find(text) if finding.span]
    redacted = redact(text, findings)
    while more := [_moved(finding, redacted) for finding in find(redacted.text) if finding.span]:
        findings += more
        redacted = redact(text, findings)
    return redacted


def _moved(finding: Finding, redacted: Redacted) -> Finding:
    """The same finding of a redacted text, where it stands in the text as written."""
    span = finding.span or Span(0, 0)
    return Finding(
        finding.analyzer, finding.label, finding.score, finding.why, redacted.original(span.start, span.end)
    )


def _apart(text: str, findings: Iterable[Finding]) -> list[tuple[str, Span]]:
    """Label and span of what is taken out: in order, not empty, overlaps joined."""
    apart: list[tuple[str, Span]] = []
    spans = [(finding.span, finding.label) for finding in findings if finding.span]
    for span, label in sorted(spans, key=lambda one: (one[0].start, -one[0].end)):
        if span.end > len(text):
            raise ValueError(f"{span.start}-{span.end} ends outside a text of {len(text)} characters")
        if apart and span.start < apart[-1][1].end:
            first, before = apart[-1]
            apart[-1] = first, Span(before.start, max(before.end, span.end))
        elif span.start < span.end:
            apart.append((label, span))
    return apart


def _value(label: str, written: str) -> str:
    """What makes two writings the same value."""
    compact = _NOT_COUNTED.sub("", normalise(written).text)
    return _COUNTRY.sub("0", compact) if label.endswith("PHONE") else compact
