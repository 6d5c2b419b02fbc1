"""What rules do when nobody waits for it."""

from __future__ import annotations

import threading
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.automation import trying
from veilleur.desk.automation.firing import fire_some
from veilleur.desk.automation.models import Trial, TrialState, Unshared
from veilleur.desk.automation.sharing import give_waiting
from veilleur.desk.inbox.happenings import Happening
from veilleur.desk.jobs import each_alone, enqueue, job, keep_at


@job
def carry_out_trial(trial_id: int) -> None:
    """Tries a rule on the past."""
    trying.carry_out(trial_id)


def resume_trials() -> None:
    """Puts the trials that a crash left behind back to work."""
    for trial in Trial.objects.filter(state__in=[TrialState.WAITING, TrialState.RUNNING]):
        enqueue(carry_out_trial, trial.pk)


def fire_what_waits() -> None:
    """Acts on everything that happened, then gives what waits to those who are there now."""
    each_alone(_fire_all, _houses(Happening.objects.values_list("organisation", flat=True)))
    each_alone(_give, _houses(Unshared.objects.values_list("organisation", flat=True)))


def _houses(rows: QuerySet[Any, Any]) -> list[int]:
    return sorted(set(rows.order_by().distinct()))


def _fire_all(organisation_id: int) -> None:
    organisation = Organisation.objects.get(pk=organisation_id)
    while fire_some(organisation, timezone.now()):
        pass


def _give(organisation_id: int) -> None:
    give_waiting(Organisation.objects.get(pk=organisation_id), timezone.now())


def keep_firing(stop: threading.Event) -> None:
    """`fire_what_waits`, again and again."""
    keep_at(fire_what_waits, stop)
