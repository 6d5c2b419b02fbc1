"""What a look at the whole house finds: each thing well, worth a look, or wrong, and what to do about it."""

from __future__ import annotations

import os
import shutil
import stat
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override
from django_tasks_db.models import DBTaskResult

from veilleur.desk.accounts.audit import verify
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.settings import Environment
from veilleur.desk.sources.models import Listening, Trouble
from veilleur.desk.upkeep.figures import BEATS
from veilleur.desk.upkeep.models import Worker
from veilleur.desk.upkeep.variables import unknown_variables
from veilleur.desk.upkeep.working import alive
from veilleur.errors import TrailBroken
from veilleur.listening.scanning import silence_of

LITTLE_ROOM, NO_ROOM = 5 << 30, 500 << 20
"""Bytes free on the disk of the data: worth a look, and wrong."""
DRIFT = timedelta(seconds=5)
"""Between our clock and that of the database."""
LONG_WAIT = timedelta(minutes=15)
LATELY = timedelta(days=1)
OLDEST_POSTGRESQL = 14_00_00
ASSETS = ("app.css", "app.js")


class Verdict(StrEnum):
    """How a thing was found."""

    WELL = "well"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at."""

    verdict: Verdict
    words: str
    remedy: str = ""
    """What to do; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the examination."""

    name: str
    found: Found


Check = Callable[[], Iterator[Found]]


def examine() -> Iterator[Line]:
    """Looks at everything, the database first: without it, what it holds is left out."""
    for name, check in ON_THE_MACHINE.items():
        yield from _lines(name, check)
    reached = list(_lines(gettext_noop("database"), _database))
    yield from reached
    if any(line.found.verdict == Verdict.WRONG for line in reached):
        return
    for name, check in IN_THE_DATABASE.items():
        yield from _lines(name, check)


def _lines(name: str, check: Check) -> Iterator[Line]:
    try:
        for found in check():
            yield Line(name, found)
    except (DatabaseError, OSError) as error:
        yield Line(name, _wrong(f"{type(error).__name__}: {error}".splitlines()[0], _("See the message.")))


def _well(words: str) -> Found:
    return Found(Verdict.WELL, words)


def _look(words: str, remedy: str) -> Found:
    return Found(Verdict.LOOK, words, remedy)


def _wrong(words: str, remedy: str) -> Found:
    return Found(Verdict.WRONG, words, remedy)


def _settings() -> Iterator[Found]:
    for name, nearest in unknown_variables(os.environ):
        remedy = _("Did you mean %(name)s?") % {"name": nearest} if nearest else _("Remove it.")
        yield _look(_("%(name)s is no setting.") % {"name": name}, remedy)
    if settings.DEBUG:
        yield _wrong(_("Errors are shown with their code."), _("Remove VEILLEUR_DEBUG."))
    public = set(settings.ALLOWED_HOSTS) - set(Environment.model_fields["allowed_hosts"].default)
    if public and not settings.SESSION_COOKIE_SECURE:
        yield _look(
            _("The desk answers to %(names)s without HTTPS.") % {"names": ", ".join(sorted(public))},
            _("Put a reverse proxy with HTTPS before it, and set VEILLEUR_HTTPS=1."),
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield _wrong(_("The desk answers to any name."), _("Name its hosts in VEILLEUR_ALLOWED_HOSTS."))
    yield _well(_("read; data in %(folder)s") % {"folder": settings.DATA_DIR})


def _rights() -> Iterator[Found]:
    """Of the data directory and of what lies at its top."""
    home = Path(settings.DATA_DIR)
    for path in (home, home / "keys.json", home / "veilleur.sqlite3"):
        if not path.exists():
            continue
        state = path.stat()
        if stat.S_IMODE(state.st_mode) & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield _wrong(_("Others may read %(path)s.") % {"path": path}, f"chmod {mode} {path}")
        if state.st_uid != os.geteuid():
            yield _wrong(
                _("%(path)s belongs to somebody else.") % {"path": path},
                _("Run as the account of the desk, or: chown -R %(user)d %(home)s")
                % {"user": os.geteuid(), "home": home},
            )
    yield _well(_("keys and data are for their owner only"))


def _disk() -> Iterator[Found]:
    room = shutil.disk_usage(settings.DATA_DIR)
    words = _("%(free).1f GiB free of %(all).1f") % {"free": room.free / 2**30, "all": room.total / 2**30}
    if room.free >= LITTLE_ROOM:
        yield _well(words)
    else:
        found = _wrong if room.free < NO_ROOM else _look
        yield found(words, _("Make room where %(folder)s is.") % {"folder": settings.DATA_DIR})


def _words() -> Iterator[Found]:
    with override("fr"):
        is_there = _("Sign in") != "Sign in"
    if is_there:
        yield _well(_("French and English"))
    else:
        yield _wrong(_("The French catalogue is missing."), _("Install the wheel again."))


def _time_zones() -> Iterator[Found]:
    try:
        zoneinfo.ZoneInfo(settings.TIME_ZONE)
        zoneinfo.ZoneInfo("America/Montreal")
    except zoneinfo.ZoneInfoNotFoundError as error:
        yield _wrong(_("Time zones are missing: %(cause)s") % {"cause": error}, "apt-get install tzdata")
    else:
        yield _well(str(settings.TIME_ZONE))


def _assets() -> Iterator[Found]:
    missing = [name for name in ASSETS if finders.find(name) is None]
    if missing:
        yield _wrong(_("Missing: %(names)s") % {"names": ", ".join(missing)}, _("Install the wheel again."))
    else:
        yield _well(_("style sheets and scripts are there"))


def _tools() -> Iterator[Found]:
    if connection.vendor == "postgresql":
        missing = [name for name in ("pg_dump", "pg_restore", "psql") if not shutil.which(name)]
        if missing:
            yield _look(
                _("%(names)s missing: no backup can be made here.") % {"names": ", ".join(missing)},
                "apt-get install postgresql-client",
            )
    scanner = settings.ENVIRONMENT.clamav
    if not scanner:
        yield _well(_("no virus scanner is named"))
    elif fault := silence_of(scanner):
        yield _wrong(
            _("The virus scanner %(name)s does not answer: %(cause)s") % {"name": scanner, "cause": fault},
            _("Start clamd, or correct VEILLEUR_CLAMAV: until then no file comes in."),
        )
    else:
        yield _well(_("the virus scanner answers"))


def _database() -> Iterator[Found]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
            )
        else:
            cursor.execute("SELECT 0, sqlite_version()")
        number, version = cursor.fetchone()
    if 0 < number < OLDEST_POSTGRESQL:
        yield _wrong(
            _("PostgreSQL %(version)s is too old.") % {"version": version}, _("Install 14 or newer.")
        )
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield _wrong(_("Migrations that wait: %(count)d.") % {"count": len(waiting)}, "veilleur migrate")
    newer = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if newer:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in newer)[:3])
        yield _wrong(
            _("A newer Veilleur was here: %(names)s.") % {"names": names},
            _("Install that version again, or restore a backup of this one."),
        )
    yield _well(f"{connection.vendor} {version}")


def _integrity() -> Iterator[Found]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database"
                " WHERE datname = current_database()"
                if connection.cursor().connection.info.server_version >= 15_00_00
                else "SELECT '', ''"
            )
            then, now = cursor.fetchone()
            if then and then != now:
                yield _wrong(
                    _("The order of letters changed with the system (%(then)s, now %(now)s).")
                    % {"then": then, "now": now},
                    "REINDEX DATABASE; ALTER DATABASE … REFRESH COLLATION VERSION",
                )
                return
        else:
            cursor.execute("PRAGMA quick_check(1)")
            (verdict,) = cursor.fetchone()
            if verdict != "ok":
                yield _wrong(
                    _("The database is damaged: %(cause)s") % {"cause": verdict},
                    _("Stop the desk and restore the last backup."),
                )
                return
    yield _well(_("intact"))


def _clock() -> Iterator[Found]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp()"
            if connection.vendor == "postgresql"
            else "SELECT strftime('%s', 'now')"
        )
        (said,) = cursor.fetchone()
    theirs = said if isinstance(said, datetime) else datetime.fromtimestamp(int(said), UTC)
    drift = abs(timezone.now() - theirs)
    if drift > DRIFT:
        yield _wrong(
            _("This clock and that of the database differ by %(seconds)d s.")
            % {"seconds": drift.total_seconds()},
            "timedatectl set-ntp true",
        )
    else:
        yield _well(f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC")


def _workers() -> Iterator[Found]:
    living = Worker.objects.filter(ended_at=None, beat_at__gt=Now() - BEATS).count()
    if living:
        yield _well(_("at work: %(count)d") % {"count": living})
    else:
        yield _wrong(_("Nobody takes the jobs."), _("Start `veilleur serve`, or `veilleur worker`."))


def _jobs() -> Iterator[Found]:
    living = alive()
    running = DBTaskResult.objects.running().order_by()[:100]
    stuck = [job for job in running if not set(job.worker_ids[-1:]) & living]
    if stuck:
        yield _look(
            _("Jobs of a worker that died: %(count)d.") % {"count": len(stuck)},
            _("Start a worker: it takes them up by itself."),
        )
    long_ago = timezone.now() - LONG_WAIT
    late = DBTaskResult.objects.filter(status="READY", enqueued_at__lt=long_ago).order_by().count()
    if late:
        yield _look(
            _("Jobs that have waited for more than a quarter of an hour: %(count)d.") % {"count": late},
            _("Start another worker, or look at what the first one does."),
        )
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=timezone.now() - LATELY).order_by()
    paths = sorted(set(failed.values_list("task_path", flat=True)[:1000]))
    if paths:
        yield _look(
            _("Jobs failed within a day: %(names)s") % {"names": ", ".join(paths)},
            _("See the log of the worker at that time."),
        )
    yield _well(
        _("waiting: %(count)d") % {"count": DBTaskResult.objects.filter(status="READY").order_by().count()}
    )


def _sources() -> Iterator[Found]:
    heard = Listening.objects.filter(is_paused=False)
    ailing = heard.exclude(trouble__in=["", Trouble.THROTTLED]).select_related("source__organisation")
    for one in ailing.order_by("pk")[:20]:
        source = one.source
        yield _look(
            f"{source.organisation.slug}/{source.key}: {one.get_trouble_display()}",
            f"veilleur sources check --source {source.key}",
        )
    yield _well(_("listened to: %(count)d") % {"count": heard.count()})


def _trails() -> Iterator[Found]:
    for organisation in Organisation.objects.order_by("slug"):
        try:
            verify(organisation)
        except TrailBroken as broken:
            yield _wrong(
                str(broken), _("Keep this database as it is, and restore a backup elsewhere to compare.")
            )
    yield _well(_("verified to the last line"))


ON_THE_MACHINE: dict[str, Check] = {
    gettext_noop("settings"): _settings,
    gettext_noop("rights"): _rights,
    gettext_noop("disk"): _disk,
    gettext_noop("languages"): _words,
    gettext_noop("time zones"): _time_zones,
    gettext_noop("assets"): _assets,
    gettext_noop("tools"): _tools,
}
IN_THE_DATABASE: dict[str, Check] = {
    gettext_noop("integrity"): _integrity,
    gettext_noop("clock"): _clock,
    gettext_noop("workers"): _workers,
    gettext_noop("jobs"): _jobs,
    gettext_noop("sources"): _sources,
    gettext_noop("audit trails"): _trails,
}
