"""A rule: what may not be said, by whom, since when, on which ground, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from veilleur.vocabulary import Kind, Mark, Reference, Severity, Words


@dataclass(frozen=True, slots=True)
class Basis:
    """A ground, from its first day to the day when it no longer holds."""

    reference: Reference
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it was law on that day.

        >>> Basis(Reference("R.4127-19-1", Mark.READ), since=date(2020, 12, 25)).holds(date(2019, 5, 1))
        False
        """
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


class Rewriting(StrEnum):
    """What a sentence that breaks a rule becomes in one click."""

    NEUTRAL = "neutral"
    """The neutral sentence of secrecy."""
    CUT = "cut"
    """Itself without the few words of the breach; the neutral sentence when they are many."""
    REMOVE = "remove"
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack."""

    id: str
    title: Words
    severity: Severity
    kinds: frozenset[Kind]
    professions: frozenset[str]
    """Whom it binds; empty: everybody."""
    message: Words
    advice: Words
    bases: tuple[Basis, ...] = ()
    theme: str = ""
    """Stands for the article of each profession (`codes.article`)."""
    learned: str = ""
    """Name of the trained head that detects it; empty when none does."""
    terms: tuple[str, ...] = ()
    """Expressions that detect it, as people write them."""
    pattern: str = ""
    """A regular expression over the normalised text that detects it."""
    check: str = ""
    """Dotted path of a function `(Outgoing) -> Iterable[Span]` that detects it."""
    checked_on: date = date.min
    note: str = ""
    rewrite: Rewriting = Rewriting.REMOVE
    flags: tuple[str, ...] = ()
    """Sentences that it must flag."""
    passes: tuple[str, ...] = ()
    """Sentences that it must let pass."""

    @property
    def is_exact(self) -> bool:
        """Whether something beside the learned head detects it."""
        return bool(self.check or self.terms or self.pattern)

    def binds(self, profession: str | None, kind: Kind) -> bool:
        """Whether it speaks of this kind of text by this profession; None: nobody knows who."""
        of_them = profession is None or not self.professions or profession in self.professions
        return of_them and kind in self.kinds


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules that are kept, dated and switched on together."""

    id: str
    title: Words
    version: str
    checked_on: date
    rules: tuple[Rule, ...]
    house: bool = False
    """True for a policy stricter than the law: its findings advise, they make no text unlawful."""


def soften(severity: Severity, references: Iterable[Reference]) -> Severity:
    """A ground that nobody verified never blocks alone: at most a warning.

    >>> soften(Severity.BLOCKER, (Reference("usage", Mark.GENERAL),))
    <Severity.WARNING: 'warning'>
    """
    if all(reference.mark is Mark.GENERAL for reference in references):
        return max(severity, Severity.WARNING, key=lambda one: one.rank)
    return severity
