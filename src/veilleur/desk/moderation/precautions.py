"""What comes before a message goes out of sight: somebody in danger, a case to declare."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from veilleur.desk.inbox.conversion import reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.explanations import NUMBERS
from veilleur.desk.inbox.models import MentionRow
from veilleur.replies.draft import ADVERSE, CRISIS


@dataclass(frozen=True, slots=True)
class Precaution:
    """One thing to do first, and why."""

    title: Promise
    sentences: tuple[Promise, ...]
    is_danger: bool
    asks_for_decision: bool
    """Whether it is a case is decided on the page of the reply."""


DANGER = Precaution(
    _("Somebody may be in danger: these numbers come first."),
    (
        NUMBERS,
        _("Out of sight, the message helps nobody find its author any more: answer or call before."),
    ),
    is_danger=True,
    asks_for_decision=False,
)
REACTION = Precaution(
    _("An adverse reaction may be told here"),
    (
        _("Decide first whether it is a case, and ask for what is missing while its author can be reached."),
        _("Veilleur keeps the text, the date and the address; not what is said under it later."),
    ),
    is_danger=False,
    asks_for_decision=True,
)


def precautions_of(mention: MentionRow) -> tuple[Precaution, ...]:
    """What must be done or kept first, the gravest first; empty for most messages."""
    reading = corrected(reading_of(mention.reading), corrections_of([mention])[mention.pk])
    labels = {finding.label for finding in reading.of("labels")}
    found = ((DANGER, labels & CRISIS), (REACTION, labels & ADVERSE))
    return tuple(precaution for precaution, seen in found if seen)
