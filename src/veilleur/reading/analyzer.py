"""What an analyzer is, and what it is given.

An analyzer declares its words once and judges batches: everything that costs time is done
once per text (`Subject`) or once per batch (`Batch.once`) and shared by all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from veilleur.lexicon import Mark, Term
from veilleur.text import LanguageGuess, Normalised, sentences
from veilleur.text.words import Words, split
from veilleur.vocabulary import Finding, Mention, Span

Shared = TypeVar("Shared")


@dataclass(frozen=True, slots=True)
class Subject:
    """One message under reading, with what all analyzers share about it."""

    mention: Mention
    text: Normalised
    """`mention.text` in its one spelling; `text.span(start, end)` leads back to it."""
    language: LanguageGuess
    marks: Mapping[str, tuple[Mark, ...]]
    """Marks by name of the analyzer that declared the words; without those that have none."""
    title: Normalised | None = None
    """`mention.title` in its one spelling, when there is one."""

    @property
    def full_text(self) -> str:
        """Title and text, normalised, a line each: what statistical judgements are taken from."""
        return full_text(self.title, self.text)

    @property
    def shift(self) -> int:
        """Where the text begins in `full_text`."""
        return len(self.title.text) + 1 if self.title else 0

    def marks_of(self, analyzer: str) -> tuple[Mark, ...]:
        """The marks of one analyzer, in the order of the text; they overlap only when equal."""
        return self.marks.get(analyzer, ())

    def sentences(self) -> list[Span]:
        """The sentences, as spans of the **normalised** text."""
        return sentences(self.text.text)


def full_text(title: Normalised | None, text: Normalised) -> str:
    """A line for the title, when there is one, then the text."""
    return f"{title.text}\n{text.text}" if title else text.text


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages of one batch, and what was worked out about all of them together."""

    subjects: Sequence[Subject]
    _known: dict[object, object] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.subjects)

    def __iter__(self) -> Iterator[Subject]:
        return iter(self.subjects)

    def once(self, compute: Callable[[Batch], Shared]) -> Shared:
        """`compute(batch)`, worked out the first time an analyzer asks and then shared.

        Features and the scores of all statistical heads live here: whoever needs them
        asks with the same function.
        """
        if compute not in self._known:
            self._known[compute] = compute(self)
        return cast("Shared", self._known[compute])


def words_of(batch: Batch) -> Words:
    """The words of titles and texts: ask for them with `batch.once(words_of)`."""
    return split([subject.full_text for subject in batch])


class Analyzer(Protocol):
    """One topic of reading. Built-in or not, found through `veilleur.analyzers` entry points.

    An entry point names a class (or any callable) that makes an analyzer without arguments.
    `veilleur.testing.check_analyzer` tells whether one keeps this contract.
    """

    @property
    def name(self) -> str:
        """Lower-case word that findings carry; the same as the name of the entry point."""

    @property
    def version(self) -> str:
        """Changes whenever the same text could give other findings: readings are then redone."""

    def terms(self) -> Iterable[Term]:
        """The words to be told about; asked once per process."""

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The findings of each subject of `batch`, in its order; `name` is their `analyzer`.

        Same subjects, same findings: no clock, no chance, no network. Spans count in
        `mention.text` as written.
        """
