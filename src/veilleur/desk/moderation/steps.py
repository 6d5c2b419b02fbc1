"""How an act changes: the act itself, the history of its ticket, and the trail, in one transaction."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import User
from veilleur.desk.inbox.actions import tell
from veilleur.desk.moderation.models import NetworkAct
from veilleur.vocabulary import Act


class Step(StrEnum):
    """What happened to an act."""

    ASKED = "asked"
    AGAIN = "again"
    POSTPONED = "postponed"
    DOUBTED = "doubted"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


TOLD = frozenset({Step.ASKED, Step.DONE, Step.FAILED, Step.DROPPED})
"""Steps that the history of the ticket tells; the others are for the trail alone."""


def note(
    act: NetworkAct, step: Step, by: User | None, now: datetime, *, reason: str = "", **changes: Any
) -> None:
    """Writes what changed and tells of it; what went wrong (`reason`) stays out of the trail."""
    for name, value in changes.items():
        setattr(act, name, value)
    if changes:
        act.save(update_fields=list(changes))
    if step in TOLD:
        details = {"step": step.value, "reason": reason}
        # Asking alone is an act on the ticket: whoever looks at it must look again.
        tell(act.ticket, Act(act.verb), details, by=by, now=now, is_news=step is Step.ASKED)
    told = {"verb": act.verb, "state": act.state, "ground": act.ground}
    actor = by.email if by else audit.JOB
    name = act.verb if step is Step.ASKED else step.value
    audit.record(act.organisation, actor, f"moderation.{name}", f"ticket:{act.ticket_id}", told, at=now)
