"""What changes sources and runs: one act, one transaction, one line in the trail.

The runner's own steps (claim, advance, end) are in `running`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.sources import files
from veilleur.desk.sources.files import KeptFile
from veilleur.desk.sources.models import CollectionRun, RememberedMapping, RunState, Source
from veilleur.desk.sources.running import is_interrupted
from veilleur.errors import ActRefused, FileRefused, InvalidInput, Outdated
from veilleur.listening.files import Mapping, Table, guess_mapping, headers_digest, open_table

RESUMABLE = (RunState.CANCELLED, RunState.FAILED)
HELD_BACK = frozenset({"infected", "not_scanned", "too_large_to_scan"})
"""Reasons of a refusal that come from the virus scanner."""


@transaction.atomic
def add_source(organisation: Organisation, name: str, *, by: str, key: str = "") -> Source:
    """The source of this key (made of the name when not given), added if it is not there yet.

    A key stands in addresses: what is written for one becomes letters, digits and hyphens.
    """
    key = slugify(key or name)[:50]
    if not key:
        raise InvalidInput(_("Give the source a name with letters or digits."))
    source, is_new = Source.objects.get_or_create(
        organisation=organisation, key=key, defaults={"name": name[:200]}
    )
    if is_new:
        audit.record(organisation, by, "sources.add", f"source:{source.pk}", {"key": key, "name": name})
    return source


def source_name(file_name: str) -> str:
    """The name of a file without the dates and numbers at its end: the next export is the same source.

    >>> source_name("Avis Google 2026-03.csv"), source_name("2026.csv")
    ('Avis Google', '')
    """
    return re.sub(r"[\d\W_]+$", "", file_name.partition(".")[0])


def draft_run(
    source: Source,
    chunks: Iterable[bytes],
    file_name: str,
    *,
    mapping: Mapping | None = None,
    person: User | None = None,
) -> CollectionRun:
    """Keeps a copy of the file and proposes how to read it; nothing is imported yet.

    Without a `mapping`, it is the one a person confirmed for a file with the same headers, else a
    guess.
    Raises `FileRefused` for what cannot be read; nothing is kept then.
    """
    organisation = source.organisation
    by = person.email if person else audit.JOB
    kept = _kept(source, chunks, file_name, by)
    run = CollectionRun(
        organisation=organisation,
        source=source,
        path=kept.path,
        file_digest=kept.digest,
        file_name=file_name[-255:],
        requested_by=person,
    )
    try:
        table = open_table(files.location(run))
        run.headers = list(table.headers)
        run.total = table.count()
        run.mapping = (mapping or proposed_mapping(organisation, table)).to_json()
    except InvalidInput:
        files.forget(run)
        raise
    with transaction.atomic():
        run.save()
        audit.record(organisation, by, "sources.upload", f"run:{run.pk}", {"file": run.file_name})
    return run


def _kept(source: Source, chunks: Iterable[bytes], file_name: str, by: str) -> KeptFile:
    """The copy; what the virus scanner did not let pass leaves a line in the trail."""
    try:
        return files.keep(source.organisation, chunks, file_name)
    except FileRefused as refusal:
        if refusal.code in HELD_BACK:
            details = {"file": file_name[-255:], "why": str(refusal)}
            audit.record(source.organisation, by, "sources.hold_back", f"source:{source.pk}", details)
        raise


def proposed_mapping(organisation: Organisation, table: Table) -> Mapping:
    """What a person confirmed for these headers before, else what the file itself suggests."""
    guess = guess_mapping(table, zone=organisation.time_zone)
    remembered = RememberedMapping.objects.filter(
        organisation=organisation, headers_digest=headers_digest(table)
    ).first()
    if remembered is None:
        return guess
    # The same columns may hold days only in one file and full times in the next.
    return replace(Mapping.from_json(remembered.mapping), dates_only=guess.dates_only)


def correct_mapping(run: CollectionRun, mapping: Mapping) -> None:
    """Keeps what the person chose so far; the run stays a draft."""
    _change(run, [RunState.DRAFT], mapping=mapping.to_json())


@transaction.atomic
def request_start(run: CollectionRun, mapping: Mapping, *, by: str, now: datetime | None = None) -> None:
    """Confirms the columns, remembers them for the next such file, and lets the import begin."""
    table = open_table(files.location(run))
    RememberedMapping.objects.update_or_create(
        organisation=run.organisation,
        headers_digest=headers_digest(table),
        defaults={"mapping": mapping.to_json(), "confirmed_at": now or timezone.now()},
    )
    _change(run, [RunState.DRAFT], mapping=mapping.to_json(), state=RunState.WAITING)
    audit.record(run.organisation, by, "sources.confirm", f"run:{run.pk}", {"mapping": mapping.to_json()})


@transaction.atomic
def request_stop(run: CollectionRun, *, by: str) -> None:
    """Stops the import: at once when nobody runs it, else after the batch that is on its way."""
    if run.state == RunState.RUNNING and not is_interrupted(run):
        _change(run, [RunState.RUNNING], cancel_requested=True)
    else:
        _change(
            run, [RunState.WAITING, RunState.RUNNING], state=RunState.CANCELLED, finished_at=timezone.now()
        )
    audit.record(run.organisation, by, "sources.ask_stop", f"run:{run.pk}")


@transaction.atomic
def request_resume(run: CollectionRun, *, by: str) -> None:
    """Lets an import that was stopped, failed or was interrupted go on from where it is."""
    states = [*RESUMABLE, RunState.RUNNING] if is_interrupted(run) else list(RESUMABLE)
    _change(run, states, state=RunState.WAITING, cancel_requested=False, finished_at=None, failure="")
    audit.record(run.organisation, by, "sources.resume", f"run:{run.pk}", {"from": run.cursor})


@transaction.atomic
def discard(run: CollectionRun, *, by: str) -> None:
    """Forgets a file that will not be imported (any further); what was imported stays."""
    if run.state == RunState.DRAFT:
        CollectionRun.objects.filter(pk=run.pk, state=RunState.DRAFT).delete()
    else:
        _change(run, list(RESUMABLE), state=RunState.CANCELLED)
    audit.record(run.organisation, by, "sources.discard", f"run:{run.pk}", {"file": run.file_name})
    transaction.on_commit(lambda: files.forget(run))


def _change(run: CollectionRun, states: list[RunState], **after: object) -> None:
    """Compare-and-set on the state: two clicks, or a click and a runner, never both win."""
    if run.state not in states:
        raise ActRefused(_("This is not possible any more: the import is “%s”.") % run.get_state_display())
    changed = CollectionRun.objects.filter(pk=run.pk, state=run.state, runner=run.runner).update(**after)
    if not changed:
        raise Outdated(_("The import has moved on meanwhile: look again."))
    run.refresh_from_db()
