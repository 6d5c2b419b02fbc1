"""What the inbox does when nobody waits for it."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.intake import collect
from veilleur.desk.inbox.models import MentionRow, Watch
from veilleur.desk.inbox.policies import sort_untouched_again
from veilleur.desk.inbox.watching import active, batches, mark, scan
from veilleur.desk.jobs import enqueue, job
from veilleur.desk.sources.models import CollectionRun
from veilleur.desk.sources.running import interrupted_runs
from veilleur.errors import VeilleurError

log = logging.getLogger(__name__)


@job
def import_file(run_id: int) -> None:
    """Imports the file of a run. What goes wrong is noted on the run, where a person sees it."""
    try:
        collect(run_id)
        enqueue(watch_imported, run_id)
    except (VeilleurError, OSError, DatabaseError) as error:
        log.warning("import %s: %s", run_id, error)


def resume_interrupted() -> int:
    """Puts the imports that a crash left behind back to work; returns how many."""
    runs = interrupted_runs()
    for run in runs:
        enqueue(import_file, run.pk)
    return len(runs)


@job
def scan_watch(watch_id: int) -> None:
    """Looks through the past for what answers a watch; nothing when it is gone."""
    watch = Watch.objects.select_related("organisation").filter(pk=watch_id).first()
    if watch is not None:
        scan(watch)


@job
def watch_imported(run_id: int) -> None:
    """Looks for what answers the watches of a house in a file that was imported."""
    run = CollectionRun.objects.select_related("organisation").get(pk=run_id)
    rows = MentionRow.objects.filter(source=run.source_id, collected_at__gte=run.started_at)
    watches = active(run.organisation)
    for ids in batches(rows) if watches else ():
        with transaction.atomic():
            mark(MentionRow.objects.filter(pk__in=ids), watches, run.organisation)


@job
def sort_again(organisation_id: int) -> None:
    """Sorts what nobody has touched by the present policy of an organisation."""
    sort_untouched_again(Organisation.objects.get(pk=organisation_id))
