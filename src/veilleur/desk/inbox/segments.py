"""A text cut where findings begin and end, so that a template can underline without a rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from veilleur.vocabulary import Span

FAMILIES = ("danger", "secrecy", "pharmacovigilance", "law", "neg", "pos", "other")
"""Families of findings, the gravest first: where two overlap, its colour is the one shown."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One stretch to underline, and the sentence that says why."""

    number: int
    """1 for the first: ties the stretch to its sentence on the page."""
    span: Span
    family: str
    label: str
    """What it is, in a word: never colour alone."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text with the marks that cover all of it; none for plain text."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def family(self) -> str:
        """The gravest family among the marks; empty for plain text."""
        return min((mark.family for mark in self.marks), key=FAMILIES.index, default="")

    @property
    def label(self) -> str:
        """What the marks are, in words."""
        return ", ".join(dict.fromkeys(mark.label for mark in self.marks))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Why each mark is there."""
        return tuple(mark.sentence for mark in self.marks)

    @property
    def described_by(self) -> str:
        """Ids of the sentences, for `aria-describedby`."""
        return " ".join(f"why-{mark.number}" for mark in self.marks)


def segments(text: str, marks: Iterable[Mark]) -> tuple[Segment, ...]:
    """`text` cut at every end of a mark; put together again, the pieces are `text`.

    A mark that lies outside the text, or that covers nothing, is left out.
    """
    inside = [mark for mark in marks if mark.span.start < mark.span.end <= len(text)]
    ends = {0, len(text)}.union(*((mark.span.start, mark.span.end) for mark in inside))
    cuts = sorted(ends)
    return tuple(Segment(text[start:end], _covering(inside, start, end)) for start, end in pairwise(cuts))


def _covering(marks: Sequence[Mark], start: int, end: int) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.span.start <= start and end <= mark.span.end)


def excerpt(text: str, mark: Mark | None, length: int = 220) -> tuple[Segment, ...]:
    """The first `length` characters or so, or those around `mark` when it lies further.

    The start and the end carry « … » where text was left out.
    """
    start = 0
    if mark is not None and mark.span.end > length * 2 // 3:
        start = _word_start(text, max(0, mark.span.start - length // 4))
    stop = min(len(text), start + length)
    pieces = segments(text[start:stop], _moved(mark, start, stop))
    before = (Segment("… "),) if start else ()
    after = (Segment("…"),) if stop < len(text) else ()
    return (*before, *pieces, *after)


def _word_start(text: str, near: int) -> int:
    blank = text.rfind(" ", 0, near + 1)
    return blank + 1 if near - blank < 30 else near


def _moved(mark: Mark | None, start: int, stop: int) -> list[Mark]:
    """The part of `mark` that is seen in the window, as a mark of the window; none when nothing is."""
    if mark is None or mark.span.end <= start or mark.span.start >= stop:
        return []
    seen = Span(max(mark.span.start, start) - start, min(mark.span.end, stop) - start)
    return [replace(mark, span=seen)]
