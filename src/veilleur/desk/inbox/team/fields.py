"""Fields that a house adds to its tickets: text, numbers, dates, choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.formats import localize
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.team.models import CustomField, FieldKind, FieldValue
from veilleur.desk.inbox.team.tags import mark_again
from veilleur.errors import ActRefused

MOST = 12
"""Fields of one organisation."""
MOST_CHOICES = 50
LONGEST = 500
LONGEST_NUMBER = 30
_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Filled:
    """A field as a ticket shows it."""

    field: CustomField
    value: str
    """As it is kept; empty when nothing is."""
    shown: str


def fields_of(organisation: Organisation) -> list[CustomField]:
    """Those of a house, in the order in which they were made."""
    return list(CustomField.objects.filter(organisation=organisation).order_by("pk"))


def choices_of(organisation: Organisation) -> list[tuple[str, str]]:
    """What the list may be narrowed to: `field.choice`, in words."""
    choices = [field for field in fields_of(organisation) if field.kind == FieldKind.CHOICE]
    return [
        (f"{field.pk}.{number}", _("%(field)s: %(choice)s") % {"field": field.name, "choice": words})
        for field in choices
        for number, words in field.choices
    ]


def filled(organisation: Organisation, ticket_id: int) -> list[Filled]:
    """Every field of the house, with what it holds on a ticket."""
    fields = fields_of(organisation)
    rows = FieldValue.objects.filter(ticket=ticket_id).values_list("field", "value")
    values = dict(rows) if fields else {}
    return [
        Filled(field, values.get(field.pk, ""), shown(field, values.get(field.pk, ""))) for field in fields
    ]


def shown(field: CustomField, value: str) -> str:
    """What a field holds, in words."""
    if not value:
        return ""
    if field.kind == FieldKind.CHOICE:
        return next((str(words) for number, words in field.choices if str(number) == value), "")
    if field.kind == FieldKind.DATE:
        return str(localize(date.fromisoformat(value)))
    return str(localize(Decimal(value), use_l10n=True)) if field.kind == FieldKind.NUMBER else value


def cleaned(field: CustomField, said: str) -> str:
    """What a person said, as it is kept; raises `ActRefused` when the field cannot hold it.

    The decimal comma is read like the point, and blanks between thousands are left out.
    """
    said = said.strip()
    if not said:
        return ""
    if field.kind == FieldKind.NUMBER:
        return _number(said)
    if field.kind == FieldKind.DATE:
        return _day(said)
    if field.kind == FieldKind.CHOICE and said not in {str(number) for number, _words in field.choices}:
        raise ActRefused(_("Choose one of the values of this field."))
    if len(said) > LONGEST:
        raise ActRefused(_("At most %(most)d characters.") % {"most": LONGEST})
    return said


def _number(said: str) -> str:
    plain = "".join(said.split()).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(plain) > LONGEST_NUMBER or abs(number.adjusted()) > LONGEST_NUMBER:
        raise ActRefused(_("Write a number, for instance 1250.5"))
    return f"{number:f}"


def _day(said: str) -> str:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = date.max
    if not _FIRST <= day <= _LAST:
        raise ActRefused(_("Write a date, for instance 2026-11-23"))
    return day.isoformat()


def write(ticket: TicketRow, field_id: int, value: str) -> None:
    """Puts a value in a field, on a ticket that its caller holds; harmless when the field is gone."""
    field = CustomField.objects.filter(pk=field_id, organisation=ticket.organisation_id).first()
    if field is None:
        return
    if value:
        FieldValue.objects.update_or_create(ticket=ticket, field=field, defaults={"value": value})
    else:
        FieldValue.objects.filter(ticket=ticket, field=field).delete()
    if field.kind == FieldKind.CHOICE:
        mark_again(ticket.mention_id)
