"""The life of a run while somebody imports it: claimed by one, moved on, ended.

Every step is a compare-and-set on the run's own row: whoever lost the run to another runner
finds out at the next step, and the transaction that would have doubled its messages is undone.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.sources.models import CollectionRun, RunState
from veilleur.errors import ActRefused, Outdated

SILENCE = timedelta(seconds=60)
"""A runner that gave no sign of life for so long is taken for dead."""


def is_interrupted(run: CollectionRun) -> bool:
    """Whether the run is said to be running while its runner is dead, or silent for too long."""
    if run.state != RunState.RUNNING:
        return False
    host, _space, rest = run.runner.partition(" ")
    process, _space, _token = rest.partition(" ")
    if host == platform.node() and process.isdigit() and not is_alive(int(process)):
        return True
    return run.heartbeat_at is None or timezone.now() - run.heartbeat_at > SILENCE


def interrupted_runs() -> list[CollectionRun]:
    """The runs that a crash left behind, oldest first."""
    running = CollectionRun.objects.filter(state=RunState.RUNNING).order_by("pk")
    return [run for run in running if is_interrupted(run)]


def is_alive(process: int) -> bool:
    """Whether a process of this machine lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@transaction.atomic
def claim(run_id: int) -> CollectionRun:
    """Takes the run for this process and says so in the audit trail.

    `started_at` is set the first time only: it is the moment of first awareness of everything
    in the file, however often the run is resumed. Raises `Outdated` when somebody else has it,
    `ActRefused` when it is done.
    """
    run = CollectionRun.objects.select_related("organisation", "source", "requested_by").get(pk=run_id)
    if run.state == RunState.DONE:
        raise ActRefused(_("This file is imported already."))
    if run.state == RunState.RUNNING and not is_interrupted(run):
        raise Outdated(_("This file is being imported right now."))
    now = timezone.now()
    seen = {"state": run.state, "runner": run.runner, "cursor": run.cursor}
    _move(
        run,
        seen,
        state=RunState.RUNNING,
        runner=f"{platform.node().replace(' ', '-')} {os.getpid()} {secrets.token_hex(8)}"[:120],
        heartbeat_at=now,
        started_at=run.started_at or now,
        finished_at=None,
        cancel_requested=False,
        failure="",
    )
    details = {"file": run.file_name, "from": run.cursor}
    audit.record(run.organisation, actor_of(run), "sources.start", f"run:{run.pk}", details)
    return run


def advance(run: CollectionRun, rows: int, counts: Mapping[str, int]) -> None:
    """Moves the cursor by `rows` and the counters by `counts`.

    Must be in the transaction that stores those rows. Raises `Outdated` when the run is no
    longer ours; the transaction must then be undone.
    """
    grown = {name: F(name) + count for name, count in counts.items() if count}
    _change(run, {"cursor": run.cursor}, cursor=run.cursor + rows, heartbeat_at=timezone.now(), **grown)
    run.cursor += rows
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)


def must_stop(run: CollectionRun) -> bool:
    """Whether a person asked to stop."""
    return CollectionRun.objects.filter(pk=run.pk, cancel_requested=True).exists()


@transaction.atomic
def end(run: CollectionRun, state: RunState, failure: str = "") -> None:
    """The run is over: done, stopped or failed; one line in the audit trail says which."""
    _move(run, {}, state=state, runner="", finished_at=timezone.now(), failure=failure)
    run.refresh_from_db(fields=["cursor", "added", "updated", "unchanged", "rejected"])
    verb = {RunState.DONE: "finish", RunState.CANCELLED: "stop", RunState.FAILED: "fail"}[state]
    audit.record(run.organisation, actor_of(run), f"sources.{verb}", f"run:{run.pk}", _account(run))


def actor_of(run: CollectionRun) -> str:
    """Who answers for the run in the audit trail."""
    return run.requested_by.email if run.requested_by else audit.JOB


def _account(run: CollectionRun) -> dict[str, Any]:
    names = ("cursor", "added", "updated", "unchanged", "rejected")
    account: dict[str, Any] = {name: getattr(run, name) for name in names}
    return account | ({"failure": run.failure} if run.failure else {})


def _move(run: CollectionRun, seen: Mapping[str, Any], **after: Any) -> None:
    _change(run, seen, **after)
    for name, value in after.items():
        setattr(run, name, value)


def _change(run: CollectionRun, seen: Mapping[str, Any], **after: Any) -> None:
    """Compare-and-set: only while the run is as we saw it, and ours."""
    ours = {"pk": run.pk, "runner": run.runner, "state": run.state} | dict(seen)
    if not CollectionRun.objects.filter(**ours).update(**after):
        raise Outdated(_("Somebody else has taken over this import; it goes on there."))
