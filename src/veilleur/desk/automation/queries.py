"""Reads of rules: the list, the log of what they did, a trial; ready to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.automation.firing import TOO_OFTEN
from veilleur.desk.automation.models import Firing, Rule, Trial, TrialState
from veilleur.desk.automation.steps import STEPS, queues, sentences
from veilleur.desk.inbox.models import TicketRow

LOG = 50
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class RuleShown:
    """One line of the page of rules."""

    id: int
    name: str
    is_on: bool
    event: str
    query: str
    queue: str
    """Its name; empty for any."""
    steps: tuple[str, ...]
    is_last: bool
    fired: str
    """How often it applied, as shown."""


def rules_of(organisation: Organisation) -> list[RuleShown]:
    """The rules in the order in which they are asked."""
    names = dict(queues(organisation))
    rules = Rule.objects.filter(organisation=organisation).order_by("rank", "pk")
    return [_rule_shown(rule, organisation, names) for rule in rules]


def _rule_shown(rule: Rule, organisation: Organisation, names: dict[str, str]) -> RuleShown:
    fired = rule.firings.all()[: COUNTED + 1].count()
    return RuleShown(
        id=rule.pk,
        name=rule.name,
        is_on=rule.is_on,
        event=rule.get_event_display(),
        query=rule.query,
        queue=names.get(rule.queue, rule.queue),
        steps=tuple(sentences(organisation, rule.steps)),
        is_last=rule.is_last,
        fired=f"{COUNTED}+" if fired > COUNTED else str(fired),
    )


def rule_of(place: Workplace, rule_id: int) -> Rule:
    """A rule of this organisation; `Http404` for any other."""
    rule = (
        Rule.objects.select_related("organisation")
        .filter(organisation=place.organisation, pk=rule_id)
        .first()
    )
    if rule is None:
        raise Http404
    return rule


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step."""

    words: str
    is_done: bool
    why: str


@dataclass(frozen=True, slots=True)
class FiringShown:
    """One line of the log."""

    id: int
    at: datetime
    rule: str
    event: str
    ticket_id: int
    text: str
    results: tuple[Result, ...]


def log_of(
    organisation: Organisation, rule: Rule | None = None, before: int | None = None
) -> list[FiringShown]:
    """One page of what rules did, the latest first, older than the line `before`."""
    firings = Firing.objects.select_related("ticket__mention").filter(organisation=organisation)
    if rule is not None:
        firings = firings.filter(rule=rule)
    if before is not None:
        firings = firings.filter(pk__lt=before)
    return [_firing_shown(one) for one in firings.order_by("-pk")[:LOG]]


def _firing_shown(firing: Firing) -> FiringShown:
    return FiringShown(
        id=firing.pk,
        at=firing.at,
        rule=firing.rule_name,
        event=firing.get_event_display(),
        ticket_id=firing.ticket_id,
        text=_beginning(firing.ticket),
        results=_results(firing.results),
    )


def _beginning(ticket: TicketRow) -> str:
    text = ticket.mention.title or ticket.mention.text or _("Text erased")
    return text if len(text) <= 100 else f"{text[:99]}…"


def _results(results: Iterable[Sequence[Any]]) -> tuple[Result, ...]:
    return tuple(Result(_step_name(code), bool(is_done), str(why)) for code, is_done, why in results)


def _step_name(code: str) -> str:
    if code == TOO_OFTEN:
        return _("It had applied to this message often enough: it applies no more.")
    return str(STEPS[code].title) if code in STEPS else code


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that a rule would have applied to."""

    ticket_id: int
    text: str
    moment: datetime
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class TrialShown:
    """The page of a trial."""

    id: int
    rule_id: int
    name: str
    is_on: bool
    """Whether the rule is on today."""
    days: int
    state: str
    is_over: bool
    total: int
    looked_at: int
    found: int
    steps: tuple[str, ...]
    hits: tuple[Hit, ...]


def trial_of(place: Workplace, trial_id: int) -> TrialShown:
    """A trial of this organisation; `Http404` for any other."""
    trial = Trial.objects.select_related("rule").filter(organisation=place.organisation, pk=trial_id).first()
    if trial is None:
        raise Http404
    tickets = TicketRow.objects.select_related("mention").in_bulk([pk for pk, _would in trial.hits])
    return TrialShown(
        id=trial.pk,
        rule_id=trial.rule_id,
        name=trial.asked["name"],
        is_on=trial.rule.is_on,
        days=trial.days,
        state=trial.get_state_display(),
        is_over=trial.state in {TrialState.DONE, TrialState.FAILED},
        total=trial.total or 0,
        looked_at=trial.looked_at,
        found=trial.found,
        steps=tuple(sentences(place.organisation, trial.asked["steps"])),
        hits=tuple(
            Hit(pk, _beginning(tickets[pk]), tickets[pk].moment, _results(would))
            for pk, would in trial.hits
            if pk in tickets
        ),
    )
