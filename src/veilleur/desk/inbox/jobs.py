"""What the inbox does when nobody waits for it."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.intake import collect
from veilleur.desk.inbox.models import Watch
from veilleur.desk.inbox.noticing import houses_with_news, notice
from veilleur.desk.inbox.policies import sort_untouched_again
from veilleur.desk.inbox.retention import carry_out, waiting
from veilleur.desk.inbox.watching import scan
from veilleur.desk.jobs import each_alone, enqueue, job, keep_at
from veilleur.desk.sources.running import interrupted_runs
from veilleur.errors import VeilleurError

log = logging.getLogger(__name__)


@job
def import_file(run_id: int) -> None:
    """Imports the file of a run. What goes wrong is noted on the run, where a person sees it."""
    try:
        collect(run_id)
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
def sort_again(organisation_id: int) -> None:
    """Sorts what nobody has touched by the present policy of an organisation."""
    sort_untouched_again(Organisation.objects.get(pk=organisation_id))


@job
def erase_due(organisation_id: int) -> None:
    """Erases what one house keeps no longer."""
    carry_out(organisation_id)


def erase_what_is_due() -> None:
    """Carries out the rule of every house whose hour has come."""
    each_alone(carry_out, waiting(timezone.now()))


def notice_clocks() -> None:
    """Notices in every house what is nearly due and what is overdue."""
    now = timezone.now()
    for organisation in Organisation.objects.filter(pk__in=houses_with_news(now)):
        notice(organisation, now)


def keep_noticing(stop: threading.Event) -> None:
    """`notice_clocks`, again and again."""
    keep_at(notice_clocks, stop)


def keep_erasing(stop: threading.Event) -> None:
    """`erase_what_is_due`, again and again."""
    keep_at(erase_what_is_due, stop)
