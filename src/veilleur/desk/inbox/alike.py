"""Which group of messages that say the same a message belongs to, in the transaction that stores it.

The first message with a wording leaves its fingerprint; later ones that are like it join its group,
which is known by its id. The fingerprint stays when the first message is edited or leaves, so that
the group stays what it is; it goes with the last member. Two collectors of one organisation take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet

from veilleur.desk.inbox.bulk import insert
from veilleur.desk.inbox.models import Fingerprint, TicketRow
from veilleur.reputation.likeness import KEYS, Sketch

COLUMNS = tuple(f"key_{place}" for place in range(KEYS))
AT_ONCE = 500
"""Keys that are looked up in one question."""
_LOCK = 0x616C696B
"""“alik”: whose turn it is. No other lock of PostgreSQL has this name."""


def take_turns(organisation_id: int) -> None:
    """Waits until nobody else groups messages of this organisation; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, organisation_id])


@dataclass(slots=True)
class _Known:
    """The wordings that some keys lead to."""

    of_key: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(place of the key, key) → (fingerprint, first message)."""

    def like(self, sketch: Sketch) -> int | None:
        """The first message of the group that says the same, the nearest one."""
        met = {self.of_key[key] for key in enumerate(sketch.keys) if key in self.of_key}
        near = [(sketch.distance(one), first) for one, first in met if sketch.is_like(one)]
        return min(near)[1] if near else None

    def found(self, first: int, sketch: Sketch) -> dict[str, int | None]:
        """Lets `first` begin a group: its keys that are free, as columns of `Fingerprint`."""
        columns: dict[str, int | None] = dict.fromkeys(COLUMNS)
        for place, key in enumerate(sketch.keys):
            if (place, key) not in self.of_key:
                self.of_key[place, key] = (sketch.fingerprint, first)
                columns[COLUMNS[place]] = key
        return columns


def join(organisation_id: int, new: Mapping[int, Sketch]) -> dict[int, int]:
    """Mention → first message of its group, for new mentions of groups of two or more.

    The mentions are stored, their tickets not yet: what is returned is to be written there.
    """
    known = _known(organisation_id, list(new.values()))
    groups: dict[int, int] = {}
    begun = []
    for mention, sketch in new.items():
        first = known.like(sketch)
        if first is not None:
            groups[mention] = first
        elif sketch.keys:
            keys = known.found(mention, sketch)
            begun.append(_row(organisation_id, mention, sketch, keys))
    insert(Fingerprint, begun)
    firsts = set(groups.values())
    groups |= {first: first for first in firsts if first in new}
    _begin_groups(organisation_id, firsts - new.keys())
    return groups


def move(organisation_id: int, mention: int, sketch: Sketch) -> None:
    """Lets an edited message leave the group of what it said, for that of what it says."""
    tickets = TicketRow.objects.filter(organisation=organisation_id)
    before = tickets.values_list("alike", flat=True).get(mention=mention)
    known = _known(organisation_id, [sketch])
    first = known.like(sketch)
    after = None if first == mention and not _members(organisation_id, mention, mention) else first
    if after != before:
        tickets.filter(mention=mention).update(alike=after)
    if after is not None and after != mention:
        _begin_groups(organisation_id, {after})
    left = before or mention
    if first != left and not _members(organisation_id, left, mention):
        Fingerprint.objects.filter(mention=left).delete()
        known = _known(organisation_id, [sketch])
    if first is None and sketch.keys and not Fingerprint.objects.filter(mention=mention).exists():
        insert(Fingerprint, [_row(organisation_id, mention, sketch, known.found(mention, sketch))])


def _row(
    organisation_id: int, mention: int, sketch: Sketch, keys: Mapping[str, int | None]
) -> dict[str, int | None]:
    owned = {"mention_id": mention, "organisation_id": organisation_id}
    return {**owned, "fingerprint": sketch.fingerprint, **keys}


def _members(organisation_id: int, first: int, but: int) -> bool:
    """Whether a group has members beside one message."""
    members = TicketRow.objects.filter(organisation=organisation_id, alike=first)
    return members.exclude(mention=but).exists()


def _begin_groups(organisation_id: int, firsts: set[int]) -> None:
    """Lets the first messages that stood alone until now be members; not those that have left."""
    if not firsts:
        return
    members = TicketRow.objects.filter(organisation=organisation_id, alike=OuterRef("mention_id"))
    alone = TicketRow.objects.filter(organisation=organisation_id, mention__in=firsts, alike=None)
    alone.filter(~Exists(members)).update(alike=F("mention_id"))


def _known(organisation_id: int, sketches: Sequence[Sketch]) -> _Known:
    known = _Known()
    for place, column in enumerate(COLUMNS):
        keys = {sketch.keys[place] for sketch in sketches if len(sketch.keys) > place}
        for some in _sliced(sorted(keys)):
            for key, fingerprint, first in _holding(organisation_id, column, some):
                known.of_key[place, key] = (fingerprint, first)
    return known


def _holding(
    organisation_id: int, column: str, keys: Sequence[int]
) -> QuerySet[Fingerprint, tuple[int, int, int]]:
    holders = Fingerprint.objects.filter(organisation=organisation_id, **{f"{column}__in": keys})
    return holders.values_list(column, "fingerprint", "mention_id")


def _sliced(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
