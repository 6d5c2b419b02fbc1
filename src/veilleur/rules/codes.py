"""The codes of the professions as data: theme and profession → article, with its days of validity."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from veilleur.rules.rule import Basis
from veilleur.vocabulary import Mark, Reference, Words

UNKNOWN = Reference("Code de déontologie de la profession (article à vérifier)", Mark.GENERAL)
"""What is cited when a rule binds a profession whose article nobody looked up."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who publishes."""

    key: str
    profession: str
    """Whose code binds them; empty when none does."""
    name: Words


@cache
def actors() -> Mapping[str, Actor]:
    """Every actor by key, as on the command line."""
    return {key: Actor(key, raw["profession"], Words(raw["name"])) for key, raw in _data("actors").items()}


@cache
def professions() -> frozenset[str]:
    """Every profession that a rule may bind."""
    return frozenset(actor.profession for actor in actors().values() if actor.profession)


def articles(theme: str, profession: str | None, on: date) -> tuple[Reference, ...]:
    """What the code of a profession says on a theme on that day; of all professions when it is None."""
    return tuple(
        basis.reference
        for known_theme, whose, basis in _articles()
        if known_theme == theme and profession in (None, whose) and basis.holds(on)
    )


@cache
def themes() -> frozenset[str]:
    """Every theme that has an article."""
    return frozenset(theme for theme, _profession, _basis in _articles())


@cache
def _articles() -> tuple[tuple[str, str, Basis], ...]:
    return tuple(
        (
            raw["theme"],
            raw["profession"],
            Basis(Reference(raw["title"], Mark(raw["mark"])), raw.get("from"), raw.get("until")),
        )
        for raw in _data("codes")["articles"]
    )


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "data" / f"{name}.toml").read_text(encoding="utf-8"))
