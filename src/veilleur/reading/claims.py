"""The table of health claims: classes of words, and which of them together make a claim.

The words live in `data/misinformation.toml`, which also says how they are written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from veilleur.lexicon import Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Claim:
    """Classes of words that make a claim when they meet in one sentence."""

    theme: str
    classes: tuple[str, ...]
    score: float
    ordered: bool = False
    """Whether the words must stand in the order of `classes`."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words that count as one word of the class `name`."""

    name: str
    first: str
    then: str
    within: int
    """Characters between them, at most."""
    term: Term


@dataclass(frozen=True, slots=True)
class Claims:
    """Everything the table says."""

    terms: tuple[Term, ...]
    """The words; `kind` is their class."""
    claims: tuple[Claim, ...]
    """The surest first."""
    by_class: Mapping[str, tuple[Claim, ...]]
    """First class of a claim → its claims."""
    alone: frozenset[str]
    """Classes that make a claim by themselves."""
    phrases: tuple[Phrase, ...]
    strict: frozenset[str]
    """Classes that a negation close by turns into their contrary."""


@cache
def claims() -> Claims:
    """The shipped table."""
    text = files("veilleur.reading").joinpath("data/misinformation.toml").read_text(encoding="utf-8")
    return parse(tomllib.loads(text))


def parse(table: dict[str, Any]) -> Claims:
    """A table as TOML gives it.

    Raises `ValueError` when a claim needs a class that has no words.
    """
    words = table["words"]
    rules = [
        Claim(row["theme"], tuple(row["all"]), row["score"], row.get("ordered", False))
        for row in table["claims"]
    ]
    for rule in rules:
        if unknown := set(rule.classes) - words.keys():
            raise ValueError(f"a claim on {rule.theme} needs words of {', '.join(sorted(unknown))}")
    rules.sort(key=lambda rule: -rule.score)
    return Claims(
        terms=tuple(term for name, entry in words.items() for term in _terms(name, entry)),
        claims=tuple(rules),
        by_class={name: tuple(rule for rule in rules if rule.classes[0] == name) for name in words},
        alone=frozenset(rule.classes[0] for rule in rules if len(rule.classes) == 1),
        phrases=tuple(_phrase(row) for row in table["phrases"]),
        strict=frozenset(name for name, entry in words.items() if entry.get("strict")),
    )


def _phrase(row: dict[str, Any]) -> Phrase:
    first, then = row["parts"]
    return Phrase(row["name"], first, then, row["within"], Term(" ".join(row["parts"]), kind=row["name"]))


def _terms(name: str, entry: dict[str, Any]) -> Iterator[Term]:
    for key, language in (("any", None), ("fr", Language.FR), ("en", Language.EN)):
        texts = {text for written in entry.get(key, ()) for text in spelled_out(written)}
        yield from (Term(text, kind=name, language=language) for text in sorted(texts))
