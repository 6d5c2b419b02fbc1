"""Sparing those who read all day: what may distress, and how each person wishes it shown.

What somebody reads is counted in their own browser (`static/care.js`) and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from veilleur.desk.accounts.models import User
from veilleur.desk.inbox.attendance import Care
from veilleur.desk.inbox.explanations import label_of
from veilleur.vocabulary import Reading

DISTRESSING = frozenset(
    {"crisis_suicide", "emergency_medical", "child_protection", "violence", "threat", "hate"}
)
"""Labels of what is hard to read."""
_ANALYZERS = frozenset({"labels", "danger", "toxicity"})
MOST_BEFORE_PAUSE = 500


@dataclass(frozen=True, slots=True)
class Distress:
    """That a text may distress: what is in it, in words, and how this person wishes to be spared."""

    what: str
    is_veiled: bool
    pause_after: int


def distress_of(reading: Reading, care: Callable[[], Care]) -> Distress | None:
    """None for a text that should distress nobody; only for others is `care` asked."""
    found = [one for one in reading.findings if one.analyzer in _ANALYZERS and one.label in DISTRESSING]
    if not found:
        return None
    what = ", ".join(dict.fromkeys(label_of(one) for one in found))
    wished = care()
    return Distress(what, is_veiled=wished.veils, pause_after=wished.pause_after)


def care_of(user: User) -> Care:
    """How a person wishes to be spared; the defaults for who never said."""
    return Care.objects.filter(person=user).first() or Care(person=user)


@transaction.atomic
def choose_care(user: User, *, veils: bool, pause_after: int) -> None:
    """Keeps how a person wishes to be spared. No line in any trail: it concerns nobody else."""
    Care.objects.update_or_create(person=user, defaults={"veils": veils, "pause_after": pause_after})
