"""Acting on what happened: each happening once, by the rules that are on, in their order.

What a rule does and the taking away of the happening are one transaction: killed at any instant, it is done
once or begins again. What rules do wakes no rule; and a rule applies to one message a few times at most.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import override

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.automation.models import Firing, Rule
from veilleur.desk.automation.safety import danger_of
from veilleur.desk.automation.steps import STEPS, Case
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.happenings import Happening, Kind
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.search import query_of
from veilleur.errors import ActRefused, QueryInvalid
from veilleur.listening.queries import Matcher
from veilleur.triage import Policy
from veilleur.vocabulary import Reading

BATCH = 50
"""Happenings in one transaction."""
MOST = 5
"""Times that a rule applies to one message, whatever happens to it."""
TOO_OFTEN = "too_often"
"""In the place of a step: the rule had applied often enough."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A rule, ready to be asked."""

    rule: Rule
    matcher: Matcher | None
    """None for a rule that asks for no words."""

    def holds(self, ticket: TicketRow, reading: Reading) -> bool:
        """Whether a message answers it; one whose words are erased never does."""
        if ticket.mention.erased_at is not None or self.rule.queue not in {"", ticket.queue}:
            return False
        return self.matcher is None or bool(self.matcher.of(mention_of(ticket.mention), reading))


def armed(rule: Rule) -> Armed:
    """A rule with its query compiled. Raises `QueryInvalid`."""
    if not rule.query.strip():
        return Armed(rule, None)
    query = query_of(rule.query, rule.organisation, may_exclude=True)
    return Armed(rule, Matcher([query], zoneinfo.ZoneInfo(rule.organisation.time_zone)))


def _ready(rules: Iterable[Rule]) -> Iterator[Armed]:
    """One that cannot be read any more (a list of words is gone) applies to nothing."""
    for rule in rules:
        try:
            yield armed(rule)
        except QueryInvalid:
            continue


def fire_some(organisation: Organisation, now: datetime) -> int:
    """Acts on the oldest happenings of one house; returns how many it took."""
    with transaction.atomic(), override(organisation.language):
        waiting = Happening.objects.select_for_update(skip_locked=True).filter(organisation=organisation)
        happenings = list(waiting.order_by("pk")[:BATCH])
        if not happenings:
            return 0
        rules = Rule.objects.filter(organisation=organisation, is_on=True).order_by("rank", "pk")
        ready = list(_ready(rules.select_related("organisation")))
        policy = policy_of(organisation)
        for happening in happenings:
            _fire(happening, ready, policy, now)
        Happening.objects.filter(pk__in=[one.pk for one in happenings]).delete()
    return len(happenings)


def _fire(happening: Happening, ready: Iterable[Armed], policy: Policy, now: datetime) -> None:
    ticket = _held(happening)
    if ticket is None:
        return
    reading = reading_as_corrected(ticket)
    for one in ready:
        if not _is_meant(one.rule, happening.kind, ticket) or not one.holds(ticket, reading):
            continue
        case = Case(ticket.organisation, ticket, policy, one.rule.name, danger_of(ticket, reading), now)
        _apply(one.rule, case, happening)
        if one.rule.is_last:
            return


def _held(happening: Happening) -> TicketRow | None:
    tickets = TicketRow.objects.select_for_update(of=("self",)).select_related(
        "mention__reading", "mention__source", "organisation"
    )
    return tickets.filter(mention=happening.mention_id).first()


def reading_as_corrected(ticket: TicketRow) -> Reading:
    """What was read in its message, as people corrected it."""
    mention = ticket.mention
    return corrected(reading_of(mention.reading), corrections_of([mention])[mention.pk])


def _is_meant(rule: Rule, kind: str, ticket: TicketRow) -> bool:
    if rule.event == Kind.RETURNS:
        return kind == Kind.ARRIVES and returns(ticket)
    return rule.event == kind


def returns(ticket: TicketRow) -> bool:
    """Whether its author had written in the same conversation before."""
    mention = ticket.mention
    if not (mention.author and mention.thread):
        return False
    before = MentionRow.objects.filter(
        organisation=mention.organisation_id,
        source=mention.source_id,
        author=mention.author,
        pk__lt=mention.pk,
    )
    return before.filter(Q(thread=mention.thread) | Q(external_id=mention.thread)).exists()


def _apply(rule: Rule, case: Case, happening: Happening) -> None:
    times = Firing.objects.filter(ticket=case.ticket, rule=rule)[: MOST + 1].count()
    if times > MOST:
        return
    results = _results(rule, case) if times < MOST else [[TOO_OFTEN, False, ""]]
    Firing.objects.create(
        organisation=case.organisation,
        rule=rule,
        rule_name=rule.name,
        ticket=case.ticket,
        event=rule.event,
        happening=happening.pk,
        at=case.now,
        results=results,
    )


def _results(rule: Rule, case: Case) -> list[list[Any]]:
    return [_done(code, case, rule.steps[code]) for code in STEPS if code in rule.steps]


def _done(code: str, case: Case, value: Any) -> list[Any]:
    try:
        with transaction.atomic():
            STEPS[code].check(case, value)
            return [code, True, STEPS[code].perform(case, value)]
    except ActRefused as refused:
        return [code, False, str(refused)]
