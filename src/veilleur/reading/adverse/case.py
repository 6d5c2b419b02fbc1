"""The case a message tells: frozen, in spans of the text as written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from veilleur.vocabulary import Concept, Span


class Who(StrEnum):
    """Who had the reaction, seen from the author."""

    AUTHOR = "author"
    RELATIVE = "relative"
    OTHERS = "others"
    NONE = "none"
    """Nobody: no reaction is told as having happened."""


@dataclass(frozen=True, slots=True)
class Part:
    """A product or a reaction where the text says it."""

    span: Span
    kind: str
    """`drug`, `vaccine`, `device`, `cosmetic`, `supplement`; or `reaction`."""
    score: float
    concept: Concept | None = None
    suspected: bool = False
    """Of a product: whether the reaction is put on it."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """The four criteria of a valid case, each with how sure it is (0 to 1)."""

    reporter: float
    patient: float
    product: float
    reaction: float


@dataclass(frozen=True, slots=True)
class Note:
    """A seriousness criterion or a special situation, and the words that say so (if any)."""

    name: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class AdverseReaction:
    """What a message says of an adverse reaction.

    `suspected` means that the four criteria seem to be there; `score` says how surely.
    """

    suspected: bool
    score: float
    criteria: Criteria
    who: Who
    products: tuple[Part, ...]
    reactions: tuple[Part, ...]
    """Only those told as having happened."""
    seriousness: tuple[Note, ...]
    special: tuple[Note, ...]
    person: Span | None
    """The words that say who had it, when there are any."""

    @property
    def pairs(self) -> tuple[tuple[Span, Span], ...]:
        """(product, reaction) for each suspected product and each reaction."""
        suspects = [product.span for product in self.products if product.suspected]
        return tuple((product, reaction.span) for product in suspects for reaction in self.reactions)

    @property
    def serious(self) -> bool:
        """Whether a criterion of seriousness is told."""
        return bool(self.seriousness)
