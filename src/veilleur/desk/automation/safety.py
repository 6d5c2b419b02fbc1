"""What no rule may put out of sight: somebody in danger, an adverse reaction that may be told."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from veilleur.desk.inbox.models import TicketRow
from veilleur.replies.draft import ADVERSE, CRISIS
from veilleur.vocabulary import Priority, Reading

IN_DANGER = CRISIS | {"threat"}


@dataclass(frozen=True, slots=True)
class Danger:
    """Why a message stays in sight until a person has decided."""

    why: Promise

    def sentence(self) -> str:
        """For a person."""
        return str(self.why)


SOMEBODY = Danger(_("Somebody may be in danger: only a person puts this message out of sight."))
REACTION = Danger(_("An adverse reaction may be told here: only a person puts this message out of sight."))
AT_ONCE = Danger(_("It must be looked at once: only a person puts this message out of sight."))


def danger_of(ticket: TicketRow, reading: Reading) -> Danger | None:
    """Why this message stays in sight; None for most messages."""
    labels = {finding.label for finding in reading.of("labels")}
    if labels & IN_DANGER:
        return SOMEBODY
    if labels & ADVERSE or (reading.of("drugs") and reading.of("reactions")):
        return REACTION
    return AT_ONCE if ticket.priority == Priority.IMMEDIATE.rank else None
