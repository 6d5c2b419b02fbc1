"""A rule tried on what came in the last days: which messages it would have applied to, and what it would do.

Nothing is changed. A job looks through them, newest first, a batch at a time: killed at any instant, it goes
on where it was. Each message is judged as it stands today, but for what was done to it since.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import override

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.automation.firing import Armed, armed, reading_as_corrected, returns
from veilleur.desk.automation.models import Rule, Trial, TrialState
from veilleur.desk.automation.safety import danger_of
from veilleur.desk.automation.steps import STEPS, Case
from veilleur.desk.inbox.happenings import Kind
from veilleur.desk.inbox.models import MentionVersion, TicketRow
from veilleur.desk.inbox.ordering import first_position_of
from veilleur.desk.inbox.policies import policy_of
from veilleur.errors import ActRefused, QueryInvalid
from veilleur.triage import Policy
from veilleur.vocabulary import Status

MOST = 20_000
"""Messages that a trial looks at, the newest ones."""
BATCH = 200
LISTED = 50
"""Messages that the page names; the others are counted."""
ASKED = ("name", "event", "query", "queue", "steps", "is_last")


@transaction.atomic
def ask(place: Workplace, rule: Rule, *, days: int, now: datetime) -> Trial:
    """Asks for a trial of a rule as it is now; a job carries it out."""
    trial = Trial.objects.create(
        organisation=place.organisation,
        rule=rule,
        asked={name: getattr(rule, name) for name in ASKED},
        days=days,
        by=place.user,
        at=now,
    )
    told = {"name": rule.name, "days": days}
    audit.record(place.organisation, place.user.email, "automation.try", f"rule:{rule.pk}", told, at=now)
    return trial


def carry_out(trial_id: int) -> None:
    """Looks through the messages of a trial; harmless to repeat."""
    trial = Trial.objects.select_related("organisation").filter(pk=trial_id).first()
    if trial is None or trial.state in {TrialState.DONE, TrialState.FAILED}:
        return
    try:
        rule = armed(Rule(organisation=trial.organisation, **trial.asked))
    except QueryInvalid:
        Trial.objects.filter(pk=trial.pk).update(state=TrialState.FAILED)
        return
    with override(trial.organisation.language):
        if trial.total is None:
            trial.total = _candidates(trial)[:MOST].count()
            trial.state = TrialState.RUNNING
            trial.save(update_fields=["total", "state"])
        while trial.state == TrialState.RUNNING:
            _look_at_some(trial, rule)


def _candidates(trial: Trial) -> QuerySet[TicketRow]:
    """The messages to which the event of the rule happened, newest first."""
    since = trial.at - timedelta(days=trial.days)
    tickets = TicketRow.objects.filter(
        organisation=trial.organisation, position__gte=first_position_of(since), opened_at__lte=trial.at
    )
    return tickets.filter(_happened(trial.asked["event"])).order_by("-position")


def _happened(event: str) -> Q:
    over = Coalesce("closed_at", Now())
    return {
        Kind.CHANGES: Q(Exists(MentionVersion.objects.filter(mention=OuterRef("mention")))),
        Kind.CLOSED: Q(status=Status.CLOSED),
        Kind.NEAR: Q(near_at__lte=over),
        Kind.LATE: Q(due_at__lte=over),
        Kind.RETURNS: ~Q(mention__thread="") & ~Q(mention__author=""),
    }.get(Kind(event), Q())


def _look_at_some(trial: Trial, rule: Armed) -> None:
    ahead = _candidates(trial)
    if trial.beyond is not None:
        ahead = ahead.filter(position__lt=trial.beyond)
    left = min(BATCH, (trial.total or 0) - trial.looked_at)
    related = ahead.select_related("mention__reading", "mention__source", "organisation")
    tickets = list(related[: max(left, 0)])
    policy = policy_of(trial.organisation)
    for ticket in tickets:
        would = _would(trial, rule, ticket, policy)
        if would is not None:
            trial.found += 1
            trial.hits += [[ticket.pk, would]] if len(trial.hits) < LISTED else []
    trial.looked_at += len(tickets)
    trial.beyond = tickets[-1].position if tickets else trial.beyond
    if len(tickets) < BATCH:
        trial.state = TrialState.DONE
    trial.save(update_fields=["found", "hits", "looked_at", "beyond", "state"])


def _would(trial: Trial, rule: Armed, ticket: TicketRow, policy: Policy) -> list[list[Any]] | None:
    """For each step whether it would be done, and why not; None when the rule does not apply."""
    reading = reading_as_corrected(ticket)
    if rule.rule.event == Kind.RETURNS and not returns(ticket):
        return None
    if not rule.holds(ticket, reading):
        return None
    ticket.assignee_id = None  # whoever has it now had not got it yet
    case = Case(
        trial.organisation, ticket, policy, rule.rule.name, danger_of(ticket, reading), timezone.now()
    )
    return [_step(code, case, rule.rule.steps[code]) for code in STEPS if code in rule.rule.steps]


def _step(code: str, case: Case, value: Any) -> list[Any]:
    try:
        STEPS[code].check(case, value)
    except ActRefused as refused:
        return [code, False, str(refused)]
    return [code, True, ""]
