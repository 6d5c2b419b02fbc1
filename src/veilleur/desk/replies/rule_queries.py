"""Reads about the rules of an organisation, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.replies.judging import severity_name
from veilleur.desk.replies.models import RuleChange
from veilleur.desk.replies.rulebooks import policy_of, rulebook_of
from veilleur.rules import Pack, Rule, installed_packs
from veilleur.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class RuleShown:
    """One rule, as this organisation lives by it."""

    id: str
    title: str
    severity: str
    """In words, the one that holds; empty when the rule is off."""
    pack_severity: str
    reason: str
    changed_by: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PackShown:
    """One pack and its rules."""

    id: str
    title: str
    checked_on: date
    is_on: bool
    is_house: bool
    is_own: bool
    rules: tuple[RuleShown, ...]


def packs_of(organisation: Organisation, language: str) -> list[PackShown]:
    """Every installed pack, and the organisation's own, with what it changed."""
    policy = policy_of(organisation)
    changed = {one.rule: one for one in RuleChange.objects.filter(organisation=organisation)}
    installed = {pack.id: pack for pack in installed_packs()}
    known = installed | {pack.id: pack for pack in rulebook_of(organisation, policy).packs}
    return [
        _pack(
            pack,
            changed,
            language,
            is_on=pack.id not in policy.packs_off,
            is_own=pack.id not in installed,
        )
        for pack in known.values()
    ]


def _pack(
    pack: Pack, changed: dict[str, RuleChange], language: str, *, is_on: bool, is_own: bool
) -> PackShown:
    rules = tuple(_rule(rule, changed.get(rule.id), language) for rule in pack.rules)
    return PackShown(pack.id, pack.title.say(language), pack.checked_on, is_on, pack.house, is_own, rules)


def _rule(rule: Rule, change: RuleChange | None, language: str) -> RuleShown:
    mine = severity_name(rule.severity)
    if change is None:
        return RuleShown(rule.id, rule.title.say(language), mine, mine, "", "", None)
    held = severity_name(Severity(change.severity)) if change.severity else ""
    return RuleShown(rule.id, rule.title.say(language), held, mine, change.reason, change.by_name, change.at)
