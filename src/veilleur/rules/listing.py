"""What packs and rules there are, for people who must know when they were last looked up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from veilleur.rules import codes
from veilleur.rules.rule import Pack, Rule


def is_due(rule: Rule, today: date) -> bool:
    """Whether a rule was last looked up in an earlier year."""
    return rule.checked_on.year < today.year


def listed_packs(packs: Iterable[Pack], today: date, language: str) -> list[dict[str, Any]]:
    """One row per pack."""
    return [
        {
            "pack": pack.id,
            "title": pack.title.say(language),
            "version": pack.version,
            "rules": len(pack.rules),
            "checked_on": pack.checked_on.isoformat(),
            "due": any(is_due(rule, today) for rule in pack.rules),
        }
        for pack in packs
    ]


def listed_rules(pack: Pack, today: date, language: str) -> list[dict[str, Any]]:
    """One row per rule: severity, marks of its grounds, days of validity, whether it is due."""
    return [
        {
            "rule": rule.id,
            "severity": rule.severity.value,
            "title": rule.title.say(language),
            "marks": "".join(sorted(_marks(rule, today), key="VSG".index)),
            "from": _day(min((basis.since for basis in rule.bases if basis.since), default=None)),
            "until": _day(max((basis.until for basis in rule.bases if basis.until), default=None)),
            "checked_on": rule.checked_on.isoformat(),
            "due": is_due(rule, today),
        }
        for rule in pack.rules
    ]


def _marks(rule: Rule, today: date) -> set[str]:
    articles = codes.articles(rule.theme, None, today) if rule.theme else ()
    own = (basis.reference for basis in rule.bases if basis.holds(today))
    return {reference.mark.value for reference in (*articles, *own)}


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
