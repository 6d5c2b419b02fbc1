"""Another key for the secrets of connections: everything is sealed anew, and the old key is forgotten last.

Killed at any instant, it is simply run again: while two keys are known, all secrets can be opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from veilleur.desk import keys
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources.models import Grant, Source
from veilleur.desk.sources.sealing import sealed_again
from veilleur.errors import InvalidInput

BATCH = 200
SETTLE = 5.0
"""Seconds for who sealed with the old key to have it stored: longer than any of these transactions."""
SEALED: tuple[tuple[type[Source | Grant], str], ...] = ((Source, "connection"), (Grant, "tokens"))
"""Every column that holds a secret."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of the secrets."""

    changed: int
    unreadable: int
    """Sealed with a key that nobody has any more: their connections must be set up again anyway."""


def rotate_keys() -> Rotation:
    """Draws a key (unless a rotation is under way), seals every secret with it, and forgets the others."""
    path = settings.KEYS_FILE
    with keys.held(path):
        known = keys.keys_of(path)["connections"]
        if len(known) == 1:
            known = [keys.new_key(), *known]
            keys.keep_connections(path, known)
        first = _seal_all()
        time.sleep(SETTLE)
        last = _seal_all()
        _record()
        keys.keep_connections(path, known[:1])
    return Rotation(first.changed + last.changed, last.unreadable)


def _seal_all() -> Rotation:
    done = [_seal_batch(model, column, rows) for model, column in SEALED for rows in _batches(model, column)]
    return Rotation(sum(one.changed for one in done), sum(one.unreadable for one in done))


def _batches(model: type[Source | Grant], column: str) -> Iterator[list[tuple[Any, str]]]:
    last = 0
    while True:
        rows = model.objects.filter(pk__gt=last).exclude(**{column: ""}).order_by("pk")
        batch = list(rows.values_list("pk", column)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1][0]


@transaction.atomic
def _seal_batch(model: type[Source | Grant], column: str, rows: list[tuple[Any, str]]) -> Rotation:
    """A row that somebody else just changed is left as it is: it is looked at again."""
    changed = unreadable = 0
    for pk, sealed in rows:
        try:
            fresh = sealed_again(sealed)
        except InvalidInput:
            unreadable += 1
            continue
        if fresh is not None:
            same = model.objects.filter(pk=pk, **{column: sealed})
            changed += same.update(**{column: fresh})
    return Rotation(changed, unreadable)


@transaction.atomic
def _record() -> None:
    """One line in the trail of each organisation that has secrets."""
    having = Source.objects.filter(~Q(connection="") | Q(grant__isnull=False))
    for organisation in Organisation.objects.filter(pk__in=having.values("organisation")):
        audit.record(organisation, audit.JOB, "sources.rotate_keys", "organisation", {})
