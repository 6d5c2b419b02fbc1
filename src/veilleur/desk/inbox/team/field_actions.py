"""What changes the fields of a house, and what they hold on a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import DecisionRow
from veilleur.desk.inbox.team.fields import MOST, cleaned, shown, write
from veilleur.desk.inbox.team.models import CustomField, FieldKind, FieldValue
from veilleur.desk.inbox.team.tags import lock_words
from veilleur.errors import ActRefused
from veilleur.vocabulary import Act


@transaction.atomic
def fill(
    place: Workplace, ticket_id: int, version: int, *, field: CustomField, value: str, now: datetime
) -> DecisionRow:
    """Says what a field holds on a ticket; nothing empties it."""
    lock_words(ticket_id)
    ticket = actions.held(place, ticket_id, version)
    kept = cleaned(field, value)
    before = FieldValue.objects.filter(ticket=ticket, field=field).values_list("value", flat=True).first()
    if kept == (before or ""):
        raise ActRefused(_("Nothing would change."))
    write(ticket, field.pk, kept)
    details = {
        "field": field.pk,
        "name": field.name,
        "value": shown(field, kept),
        "value_before": before or "",
    }
    return actions.decide(place, ticket, Act.FILL, {"status": actions.taken_up(ticket)}, details, now)


@transaction.atomic
def keep(place: Workplace, field: CustomField, choices: Sequence[str]) -> None:
    """Makes a field, or changes its name and its choices; a choice of the same words stays what it was."""
    if field.pk is None and CustomField.objects.filter(organisation=place.organisation).count() >= MOST:
        raise ActRefused(_("A house has at most %(most)d fields of its own.") % {"most": MOST})
    if CustomField.objects.filter(organisation=place.organisation, name=field.name).exclude(pk=field.pk):
        raise ActRefused(_("There is already a field of this name."))
    field.choices = _numbered(field.choices, choices) if field.kind == FieldKind.CHOICE else []
    field.save()
    told = {"name": field.name}
    audit.record(place.organisation, place.user.email, "inbox.field", f"field:{field.pk}", told)


def _numbered(known: Sequence[Sequence[object]], words: Sequence[str]) -> list[list[object]]:
    """The words with their numbers: a new one gets a number that none had."""
    numbers = {str(said): number for number, said in known}
    following = max((int(str(number)) for number, _said in known), default=0) + 1
    numbered: list[list[object]] = []
    for one in words:
        if one not in numbers:
            numbers[one], following = following, following + 1
        numbered.append([numbers[one], one])
    return numbered


@transaction.atomic
def drop(place: Workplace, field: CustomField) -> None:
    """Forgets a field with what it held; nothing of it can be found again."""
    told = {"name": field.name}
    audit.record(place.organisation, place.user.email, "inbox.drop_field", f"field:{field.pk}", told)
    field.delete()
