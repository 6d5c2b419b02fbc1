"""Judges texts that leave: which rules they break, on a date, and where.

Pure: the same texts, rules and date give the same breaches. A rule is detected by its learned head, its
expressions, its pattern or its check; what detects it never changes with the date, only whether it was law.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import import_module

from veilleur.errors import InvalidInput, PackInvalid
from veilleur.rules import codes, learned
from veilleur.rules.pack import installed_packs
from veilleur.rules.rule import Pack, Rule, soften
from veilleur.text import normalise
from veilleur.text.normalise import Normalised
from veilleur.vocabulary import Breach, Kind, Outgoing, Reference, Severity, Span

Check = Callable[[Outgoing], Iterable[Span]]


@dataclass(frozen=True)
class Rulebook:
    """The rules that an organisation lives by: packs, what is switched off, other severities."""

    packs: tuple[Pack, ...] = field(default_factory=installed_packs)
    off: frozenset[str] = frozenset()
    """Ids of rules that are switched off."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """Rule id → severity of the organisation, instead of that of the pack."""

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are on, in the order of the packs."""
        return tuple(rule for pack in self.packs for rule in pack.rules if rule.id not in self.off)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Every rule of the packs, whether on or off."""
        return {rule.id: rule for pack in self.packs for rule in pack.rules}

    @cached_property
    def house(self) -> frozenset[str]:
        """Ids of the rules of house policy: breaking them makes no text unlawful."""
        return frozenset(rule.id for pack in self.packs if pack.house for rule in pack.rules)

    def in_force(self, outgoing: Outgoing, on: date) -> Sequence[tuple[Rule, tuple[Reference, ...]]]:
        """The rules that bind this text on that day, with the grounds that hold."""
        asked = (profession_of(outgoing), outgoing.kind, on)
        if asked not in self._known_force:
            profession, kind, _on = asked
            bound = [rule for rule in self.rules if rule.binds(profession, kind)]
            grounds = [grounds_of(rule, profession, on) for rule in bound]
            self._known_force[asked] = [pair for pair in zip(bound, grounds, strict=True) if pair[1]]
        return self._known_force[asked]

    @cached_property
    def _known_force(self) -> dict[tuple[str | None, Kind, date], list[tuple[Rule, tuple[Reference, ...]]]]:
        return {}

    def judge(self, texts: Sequence[Outgoing], on: date) -> list[list[Breach]]:
        """The breaches of each text, in the order of the text; none means that it may leave.

        Raises `InvalidInput` for an actor that nobody knows.
        """
        normal = [normalise(outgoing.text) for outgoing in texts]
        said = learned.read(texts, normal, self.heads_for, self.house_heads_for)
        return [
            sorted(self._breaches(outgoing, text, heads, on), key=lambda breach: (breach.span, breach.rule))
            for outgoing, text, heads in zip(texts, normal, said, strict=True)
        ]

    def check(self, outgoing: Outgoing) -> None:
        """Raises `InvalidInput` when a text cannot be judged: an actor that nobody knows."""
        profession_of(outgoing)

    def heads_for(self, outgoing: Outgoing) -> frozenset[str]:
        """The heads of the rules that bind a text, whatever the day and what is switched off.

        What is out of force is left out afterwards: its head must not lend its weight to another rule.
        """
        return self._heads(profession_of(outgoing), outgoing.kind, house=False)

    def house_heads_for(self, outgoing: Outgoing) -> frozenset[str]:
        """The heads that only a policy of the house asks: they have no say in what breaks the law."""
        asked = self._heads(profession_of(outgoing), outgoing.kind, house=True)
        return asked - self.heads_for(outgoing)

    def _heads(self, profession: str | None, kind: Kind, *, house: bool) -> frozenset[str]:
        known, asked = self._known_heads, (profession, kind, house)
        if asked not in known:
            rules = (rule for pack in self.packs if pack.house is house for rule in pack.rules)
            known[asked] = frozenset(
                rule.learned for rule in rules if rule.learned and rule.binds(profession, kind)
            )
        return known[asked]

    @cached_property
    def _known_heads(self) -> dict[tuple[str | None, Kind, bool], frozenset[str]]:
        return {}

    def _breaches(
        self, outgoing: Outgoing, text: Normalised, heads: learned.Said, on: date
    ) -> Iterator[Breach]:
        for rule, grounds in self.in_force(outgoing, on):
            if rule.learned not in heads and not rule.is_exact:
                continue
            if rule.id in self.house and rule.learned in self.heads_for(outgoing):
                continue  # the rule of the profession speaks
            for span, score in _places(rule, outgoing, text, heads):
                language = outgoing.language or learned.language_of(text)
                yield Breach(
                    rule.id,
                    soften(self.severities.get(rule.id, rule.severity), grounds),
                    span,
                    rule.message.say(language),
                    grounds[0],
                    rule.advice.say(language),
                    score,
                )

    def verdict(self, breaches: Iterable[Breach]) -> str:
        """`"violating"` when a rule that is no mere house policy is broken, else `"compliant"`."""
        return "violating" if any(breach.rule not in self.house for breach in breaches) else "compliant"


def profession_of(outgoing: Outgoing) -> str | None:
    """Whose code binds the text; None when nobody said who publishes. Raises `InvalidInput`."""
    if not outgoing.actor:
        return None
    actor = codes.actors().get(outgoing.actor)
    if actor is None:
        raise InvalidInput(f"unknown actor “{outgoing.actor}”; known are {', '.join(sorted(codes.actors()))}")
    return actor.profession


def grounds_of(rule: Rule, profession: str | None, on: date) -> tuple[Reference, ...]:
    """What the rule rests on that day: the article of the profession first. Empty: it was not law yet."""
    articles = codes.articles(rule.theme, profession, on) if rule.theme else ()
    own = tuple(basis.reference for basis in rule.bases if basis.holds(on))
    if articles or own:
        return (*articles, *own)
    return (codes.UNKNOWN,) if rule.theme else ()


def _places(
    rule: Rule, outgoing: Outgoing, text: Normalised, heads: learned.Said
) -> Iterator[tuple[Span, float]]:
    exact = [*_check(rule.check)(outgoing)] if rule.check else []
    yield from ((span, 1.0) for span in exact)
    if rule.learned in heads and not exact:
        start, end, score = heads[rule.learned]
        yield text.span(start, end), score
    expression = _expression(rule.terms, rule.pattern)
    if expression:
        for match in expression.finditer(text.text):
            if match.end() > match.start():
                yield text.span(match.start(), match.end()), 1.0


@cache
def _expression(terms: tuple[str, ...], pattern: str) -> re.Pattern[str] | None:
    parts = [rf"(?<!\w){re.escape(normalise(term).text.strip())}(?!\w)" for term in terms]
    parts += [pattern] if pattern else []
    return re.compile("|".join(parts)) if parts else None


@cache
def _check(path: str) -> Check:
    module, _, name = path.rpartition(".")
    try:
        found: Check = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise PackInvalid(f"the check “{path}” cannot be imported: {error}") from error
    return found
