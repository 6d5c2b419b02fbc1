"""What changes rules: one act, one transaction, one line in the trail. What rules do is in `firing`."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.automation.models import Rule
from veilleur.desk.inbox.happenings import await_only
from veilleur.errors import ActRefused


@transaction.atomic
def save(place: Workplace, rule: Rule) -> Rule:
    """Keeps a rule; a new one is off, and comes last. Raises `ActRefused` when the name is taken."""
    is_new = rule.pk is None
    if is_new:
        last = Rule.objects.filter(organisation=place.organisation).aggregate(last=Max("rank"))["last"]
        rule.organisation, rule.rank, rule.is_on = place.organisation, (last or 0) + 1, False
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise ActRefused(_("There is already a rule of this name.")) from error
    _listen(place.organisation)
    told = {
        "name": rule.name,
        "event": rule.event,
        "query": rule.query,
        "queue": rule.queue,
        "steps": rule.steps,
    }
    audit.record(place.organisation, place.user.email, "automation.save", f"rule:{rule.pk}", told)
    return rule


@transaction.atomic
def switch(place: Workplace, rule_id: int, *, is_on: bool) -> Rule:
    """Lets a rule apply to what happens from now on, or no more."""
    rule = held(place, rule_id)
    if rule.is_on == is_on:
        return rule
    rule.is_on = is_on
    rule.save(update_fields=["is_on"])
    _listen(place.organisation)
    if is_on:
        audit.record(place.organisation, place.user.email, "automation.switch_on", *_told(rule))
    else:
        audit.record(place.organisation, place.user.email, "automation.switch_off", *_told(rule))
    return rule


@transaction.atomic
def put_before(place: Workplace, rule_id: int) -> None:
    """Has a rule asked before the one that comes before it."""
    held(place, rule_id)
    rules = list(
        Rule.objects.select_for_update().filter(organisation=place.organisation).order_by("rank", "pk")
    )
    at = next(number for number, rule in enumerate(rules) if rule.pk == rule_id)
    if at == 0:
        return
    rules[at - 1], rules[at] = rules[at], rules[at - 1]
    for rank, rule in enumerate(rules, 1):
        rule.rank = rank
    Rule.objects.bulk_update(rules, ["rank"])
    audit.record(place.organisation, place.user.email, "automation.order", *_told(rules[at - 1]))


@transaction.atomic
def drop(place: Workplace, rule_id: int) -> str:
    """Removes a rule; what it did stays. Returns its name."""
    rule = held(place, rule_id)
    audit.record(place.organisation, place.user.email, "automation.drop", *_told(rule))
    rule.delete()
    _listen(place.organisation)
    return rule.name


def held(place: Workplace, rule_id: int) -> Rule:
    """The rule, locked until the transaction ends; `Http404` for one that is not of this organisation."""
    rule = Rule.objects.select_for_update().filter(organisation=place.organisation, pk=rule_id).first()
    if rule is None:
        raise Http404
    return rule


def _listen(organisation: Organisation) -> None:
    """Only what a rule waits for is noted."""
    on = Rule.objects.filter(organisation=organisation, is_on=True)
    await_only(organisation, on.values_list("event", flat=True))


def _told(rule: Rule) -> tuple[str, dict[str, str]]:
    """A rule as the trail speaks of it."""
    return f"rule:{rule.pk}", {"name": rule.name}
