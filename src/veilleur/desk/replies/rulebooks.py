"""The rules an organisation lives by: packs, what it switched off, what it made graver or milder."""

from __future__ import annotations

from functools import lru_cache

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.replies.models import ReplyPolicy, RuleChange
from veilleur.rules import Rulebook, installed_packs, load_pack
from veilleur.vocabulary import Severity

OWN = "maison"
"""Name of the organisation's own pack in messages about it."""


def policy_of(organisation: Organisation) -> ReplyPolicy:
    """How an organisation answers; the defaults when it never said."""
    found = ReplyPolicy.objects.filter(organisation=organisation).first()
    return found or ReplyPolicy(organisation=organisation)


def rulebook_of(organisation: Organisation, policy: ReplyPolicy | None = None) -> Rulebook:
    """The rules that bind what leaves an organisation."""
    policy = policy or policy_of(organisation)
    changes = RuleChange.objects.filter(organisation=organisation).order_by("rule")
    told = tuple((change.rule, change.severity) for change in changes)
    return _book(tuple(sorted(policy.packs_off)), policy.own_pack, told)


@lru_cache(maxsize=32)
def _book(packs_off: tuple[str, ...], own: str, changes: tuple[tuple[str, str], ...]) -> Rulebook:
    packs = tuple(pack for pack in installed_packs() if pack.id not in packs_off)
    if own.strip():
        packs = (*packs, load_pack(own, OWN))
    return Rulebook(
        packs,
        frozenset(rule for rule, severity in changes if not severity),
        {rule: Severity(severity) for rule, severity in changes if severity},
    )
