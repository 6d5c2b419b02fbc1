"""Packs as TOML: read, checked, and found wherever they are installed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from veilleur.errors import PackInvalid
from veilleur.plugins import RULE_PACKS, installed
from veilleur.rules import codes
from veilleur.rules.rule import Basis, Pack, Rewriting, Rule
from veilleur.vocabulary import Kind, Mark, Reference, Severity, Words

_EVERYWHERE = frozenset(Kind)


NO_CODE = "autre"
"""In a list of professions: actors that no professional code binds."""


def _profession(name: str) -> str:
    if name == NO_CODE:
        return ""
    if name not in codes.professions():
        raise ValueError(f"unknown profession; known are {NO_CODE}, {', '.join(sorted(codes.professions()))}")
    return name


def _theme(name: str) -> str:
    if name not in codes.themes():
        raise ValueError(f"unknown theme; known are {', '.join(sorted(codes.themes()))}")
    return name


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Said(_Strict):
    fr: Annotated[str, Field(min_length=1)]
    en: str | None = None

    def words(self) -> Words:
        return Words({"fr": self.fr, **({"en": self.en} if self.en else {})})


class _Reference(_Strict):
    title: Annotated[str, Field(min_length=1)]
    href: str = ""


class _Basis(_Strict):
    since: date | None = Field(None, alias="from")
    until: date | None = None
    reference: _Reference
    mark: Mark

    def basis(self) -> Basis:
        return Basis(Reference(self.reference.title, self.mark, self.reference.href), self.since, self.until)


class _Rule(_Strict):
    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")]
    title: _Said
    severity: Severity
    message: _Said
    advice: _Said
    kinds: frozenset[Kind] = _EVERYWHERE
    professions: frozenset[Annotated[str, AfterValidator(_profession)]] = frozenset()
    theme: Annotated[str, AfterValidator(lambda name: name and _theme(name))] = ""
    in_force: tuple[_Basis, ...] = ()
    learned: bool | str = False
    terms: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    pattern: Annotated[str, AfterValidator(_pattern)] = ""
    check: str = ""
    checked_on: date | None = None
    note: str = ""
    rewrite: Rewriting = Rewriting.REMOVE
    flags: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()

    def rule(self, checked_on: date) -> Rule:
        return Rule(
            self.id,
            self.title.words(),
            self.severity,
            self.kinds,
            self.professions,
            self.message.words(),
            self.advice.words(),
            tuple(basis.basis() for basis in self.in_force),
            self.theme,
            (self.id if self.learned is True else self.learned) or "",
            self.terms,
            self.pattern,
            self.check,
            self.checked_on or checked_on,
            self.note,
            self.rewrite,
            self.flags,
            self.passes,
        )


class _Pack(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: _Said
    version: str
    checked_on: date
    house: bool = False
    rules: Annotated[tuple[_Rule, ...], Field(min_length=1)]


def load_pack(text: str, name: str = "") -> Pack:
    """The pack that a TOML text says; `name` is how errors call it.

    Raises `PackInvalid`: what is wrong and where.
    """
    try:
        raw = _Pack.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PackInvalid(f"{name or 'the pack'} is not TOML: {error}") from error
    except ValidationError as error:
        raise PackInvalid("\n".join(_complaints(name or "the pack", error))) from error
    rules = tuple(rule.rule(raw.checked_on) for rule in raw.rules)
    _check(name or raw.id, rules)
    return Pack(raw.id, raw.title.words(), raw.version, raw.checked_on, rules, house=raw.house)


def _complaints(name: str, error: ValidationError) -> Iterator[str]:
    for wrong in error.errors():
        place = " → ".join(str(step + 1) if isinstance(step, int) else step for step in wrong["loc"])
        yield f"{name}: {place}: {wrong['msg']}"


def _check(name: str, rules: tuple[Rule, ...]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise PackInvalid(f"{name}: two rules are called {rule.id}")
        seen.add(rule.id)
        if not (rule.learned or rule.terms or rule.pattern or rule.check):
            raise PackInvalid(f"{name}: {rule.id}: nothing detects it (learned, terms, pattern or check)")
        if not (rule.bases or rule.theme):
            raise PackInvalid(f"{name}: {rule.id}: it stands on nothing (in_force or theme)")


def read_pack(path: Path) -> Pack:
    """The pack of a file. Raises `PackInvalid`."""
    try:
        return load_pack(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise PackInvalid(f"{path} cannot be read: {error}") from error


@cache
def installed_packs() -> tuple[Pack, ...]:
    """The packs of the house and of every installed distribution, by name.

    An entry point of `veilleur.rule_packs` is a module or package that holds `<name>.toml`, the name
    being that of the entry point. Raises `PackInvalid` and `PluginInvalid`.
    """
    packs = []
    for name, place in installed(RULE_PACKS):
        text = (files(place) / f"{name}.toml").read_text(encoding="utf-8")  # type: ignore[arg-type]
        packs.append(load_pack(text, name))
    return tuple(packs)
