"""What the page of a ticket shows of the team: notes, tags, fields, macros."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.accounts.queries import colleagues
from veilleur.desk.inbox.models import Note, TicketRow
from veilleur.desk.inbox.team.fields import Filled, filled
from veilleur.desk.inbox.team.models import Attachment, Macro, Tag
from veilleur.desk.inbox.team.naming import Piece, pieces_of
from veilleur.desk.inbox.team.tags import tags_on


@dataclass(frozen=True, slots=True)
class NoteShown:
    """What a colleague told the others."""

    author: str
    at: datetime
    pieces: tuple[Piece, ...]
    files: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class OnTicket:
    """Notes, tags, fields, and the macros it may run."""

    notes: tuple[NoteShown, ...]
    tags: tuple[Tag, ...]
    fields: tuple[Filled, ...]
    macros: tuple[Macro, ...]


def notes_of(place: Workplace, ticket: TicketRow) -> tuple[NoteShown, ...]:
    """The notes on a ticket, oldest first."""
    notes = list(Note.objects.filter(ticket=ticket).order_by("at", "pk").prefetch_related("attachments"))
    people = colleagues(place.organisation) if notes else []
    return tuple(
        NoteShown(
            note.author_name, note.at, tuple(pieces_of(note.text, people)), tuple(note.attachments.all())
        )
        for note in notes
    )


def on_ticket(place: Workplace, ticket: TicketRow) -> OnTicket:
    """What the team did to a ticket, and may do at one key."""
    macros = Macro.objects.filter(organisation=place.organisation).order_by("key", "name")
    return OnTicket(
        notes_of(place, ticket),
        tuple(tags_on([ticket.pk]).get(ticket.pk, ())),
        tuple(filled(place.organisation, ticket.pk)),
        tuple(macros),
    )
