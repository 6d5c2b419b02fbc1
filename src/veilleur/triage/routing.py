"""Applies a policy to one message: the heart of triage, pure and quick."""

from __future__ import annotations

from datetime import datetime

from veilleur.triage.conditions import Condition, Facts
from veilleur.triage.details import fill
from veilleur.triage.policy import OTHERWISE, Otherwise, Policy, Rule
from veilleur.vocabulary import Mention, Reading, Reason, Ticket


def route(mention: Mention, reading: Reading, policy: Policy, now: datetime) -> Ticket:
    """The ticket of one message.

    Every rule that applies gives a reason, most urgent first; the most urgent one decides queue,
    priority and due time (ties: the shorter delay, then the order of the file). `now` is aware and
    is the moment of first awareness: due times are counted from it, never from the publication. What the
    house promises for such a message comes before the delay of the rule.
    """
    facts = Facts(mention, reading, now)
    applying = _applying(policy, facts)
    if not applying:
        fallback = policy.otherwise
        reason = Reason(OTHERWISE, fill(fallback.variables, facts))
        return _ticket(fallback, (reason,), policy, now)
    places = policy.place_of_rule
    applying.sort(key=lambda rule: places[rule.id])
    first = applying[0]
    reasons = tuple(Reason(rule.id, fill(rule.variables, facts)) for rule in applying)
    return _ticket(first, reasons, policy, now)


def _ticket(outcome: Rule | Otherwise, reasons: tuple[Reason, ...], policy: Policy, now: datetime) -> Ticket:
    promises = policy.promises
    owed = promises.owed(outcome.queue, outcome.priority, outcome.due_in)
    if owed is None:
        return Ticket(outcome.queue, outcome.priority, None, reasons)
    due = promises.due(owed, now)
    return Ticket(outcome.queue, outcome.priority, due.at, reasons, due.near_at)


def _applying(policy: Policy, facts: Facts) -> list[Rule]:
    applied: set[str] = set()
    rules: list[Rule] = []
    for place in sorted(_worth_asking(policy, facts)):
        rule = policy.rules[place]
        if _hold(rule.conditions, facts) and applied.isdisjoint(rule.unless):
            applied.add(rule.id)
            rules.append(rule)
    return rules


def _worth_asking(policy: Policy, facts: Facts) -> set[int]:
    """Places of the rules that may apply: most ask for a finding that most messages lack."""
    asking, nothing = policy.asking, frozenset[int]()
    places = set(asking.get(("", ""), nothing))
    for analyzer, findings in facts.by_analyzer.items():
        places |= asking.get((analyzer, ""), nothing)
        for finding in findings:
            places |= asking.get((analyzer, finding.label), nothing)
    return places


def _hold(conditions: tuple[Condition, ...], facts: Facts) -> bool:
    # A plain loop: this runs for every rule of every message, and `all()` costs twice as much.
    for condition in conditions:  # noqa: SIM110
        if not condition.holds(facts):
            return False
    return True
