"""Tags and macros on one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import DecisionRow
from veilleur.desk.inbox.team.models import Macro
from veilleur.desk.inbox.team.steps import Kind, Means, Step, carry_out, steps_of
from veilleur.desk.inbox.team.tags import named


@transaction.atomic
def tag(
    place: Workplace, ticket_id: int, *, names: Sequence[str], off: int | None = None, now: datetime
) -> DecisionRow:
    """Puts tags on a ticket, and takes one off."""
    steps = [Step(Kind.TAG, str(one.pk)) for one in named(place, names)]
    if off is not None:
        steps.append(Step(Kind.UNTAG, str(off)))
    return carry_out(Means.of(place, now), ticket_id, None, steps)


def run_macro(place: Workplace, ticket_id: int, version: int, *, macro: Macro, now: datetime) -> DecisionRow:
    """Does the steps of a macro, as one act."""
    means = Means.of(place, now)
    return carry_out(means, ticket_id, version, steps_of(macro.steps), macro=macro.name)


@transaction.atomic
def keep_macro(place: Workplace, macro: Macro) -> None:
    """Keeps what a form has checked."""
    macro.save()
    told = {"name": macro.name, "steps": [step.kind for step in steps_of(macro.steps)]}
    audit.record(place.organisation, place.user.email, "inbox.macro", f"macro:{macro.pk}", told)


@transaction.atomic
def drop_macro(place: Workplace, macro: Macro) -> None:
    """Forgets a macro; what it did stays done."""
    told = {"name": macro.name}
    audit.record(place.organisation, place.user.email, "inbox.drop_macro", f"macro:{macro.pk}", told)
    macro.delete()
