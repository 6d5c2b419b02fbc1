"""Puts a backup where there is nothing: opened and proved beside the place first, moved there last.

The desk of the backup is proved by the commands of the desk, in a process of their own: its settings must be
those of the place, and ours are already read.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from veilleur.desk.upkeep.archives import DUMP, KEYS, SQLITE, About, Manifest, unpack
from veilleur.desk.upkeep.sealed import Secret
from veilleur.desk.upkeep.snapshots import postgresql_program, rows_of, run_postgresql
from veilleur.errors import ActRefused, BackupRefused

AT_WORK = timedelta(seconds=60)
"""A worker whose pulse is younger is at work."""
TABLE = re.compile(r"[a-z_][a-z0-9_]*")
EMPTYING = """\
SET lock_timeout = '10s';
SET client_min_messages = warning;
DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT oid::regclass::text AS name FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name); END LOOP;
  FOR one IN SELECT p.oid, p.oid::regprocedure::text AS name FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    CONTINUE WHEN NOT EXISTS (SELECT FROM pg_proc WHERE oid = one.oid);  -- gone with one it stood on
    EXECUTE format('DROP FUNCTION %s CASCADE', one.name);
  END LOOP;
END $$;
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in its place again."""

    about: About
    manifest: Manifest
    broken_trail: str
    """What is wrong with an audit trail: it was so when the backup was made; empty when all are intact."""


def restore(
    backup: Path, secret: Secret, home: Path, *, database_url: str = "", force: bool = False
) -> Restored:
    """Puts `backup` into the data directory `home`, and into the database at `database_url` where it has one.

    Raises `BackupRefused` or `ActRefused`, with nothing done. `force` lets it take the place of what is
    there: the former files are moved to `before-restore-…` beside the new ones, the former tables go.
    """
    _require_place(home, force=force)
    with _staged(home) as staging:
        with backup.open("rb") as file:
            about, manifest = unpack(file, secret, staging)
        _require_known(about)
        if (
            KEYS not in manifest.files
            or (SQLITE if about.database == "sqlite" else DUMP) not in manifest.files
        ):
            raise BackupRefused(_("The backup holds no keys or no database. Take another one."))
        if about.database == "sqlite":
            _require_no_url(database_url)
            _prove_sqlite(staging / SQLITE, manifest)
        else:
            _to_postgresql(staging / DUMP, database_url, manifest, force=force)
        fault = _proved_trails(staging / "data", database_url)
        _place(staging / "data", home)
    return Restored(about, manifest, fault)


def _require_place(home: Path, *, force: bool) -> None:
    if not home.exists() or not any(home.iterdir()):
        return
    if not force:
        raise ActRefused(
            _("%(home)s is not empty: restore to another directory, or say --force.") % {"home": home}
        )
    if _is_at_work(home / Path(SQLITE).name):
        raise ActRefused(_("The desk in %(home)s is at work: stop it first.") % {"home": home})


def _is_at_work(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            (last,) = database.execute("SELECT max(beat_at) FROM upkeep_worker").fetchone()
        except sqlite3.DatabaseError:
            return False
    return bool(last) and datetime.now(UTC) - datetime.fromisoformat(last).replace(tzinfo=UTC) < AT_WORK


@contextmanager
def _staged(home: Path) -> Iterator[Path]:
    """A folder within the place, so that what is proved there is moved without being copied."""
    was_there = home.exists()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = home / f".restore-{secrets.token_hex(4)}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if not was_there and not any(home.iterdir()):
            home.rmdir()


def _require_known(about: About) -> None:
    """Refuses what a newer Veilleur made: its tables are not those we know."""
    known = {
        f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    }
    newer = [name for name in about.migrations if name not in known]
    if newer:
        raise BackupRefused(
            _("Veilleur %(version)s made this backup; this one is older, without %(names)s: install that.")
            % {"version": about.version, "names": ", ".join(newer[:3])}
        )


def _require_no_url(database_url: str) -> None:
    if database_url:
        raise ActRefused(
            _("This backup is of a desk on SQLite: leave out --database-url and VEILLEUR_DATABASE_URL.")
        )


def _prove_sqlite(path: Path, manifest: Manifest) -> None:
    with closing(sqlite3.connect(path)) as database:
        (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise BackupRefused(_("The database of the backup is damaged: %(cause)s") % {"cause": verdict})
        _compare(manifest, rows_of(database, _tables(manifest)))


def _to_postgresql(dump: Path, database_url: str, manifest: Manifest, *, force: bool) -> None:
    """In one transaction: all of it, or nothing."""
    if not database_url:
        raise ActRefused(_("This backup is of a desk on PostgreSQL: say where with --database-url."))
    database = dj_database_url.parse(database_url)
    psql = [postgresql_program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1"]
    _require_empty(psql, database, force=force)
    sql = dump.with_suffix(".sql")
    unpacking = [
        postgresql_program("pg_restore"),
        "--no-owner",
        "--no-privileges",
        f"--file={sql}",
        str(dump),
    ]
    run_postgresql(unpacking, database)
    dump.unlink()
    emptying = ["-c", EMPTYING] if force else []
    run_postgresql([*psql, "-1", *emptying, "-f", str(sql)], database)
    sql.unlink()
    tables = _tables(manifest)
    counting = [part for table in tables for part in ("-c", f"SELECT count(*) FROM {table}")]  # noqa: S608
    counts = run_postgresql([*psql, *counting], database).splitlines()
    _compare(manifest, dict(zip(tables, map(int, counts), strict=True)))


def _require_empty(psql: Sequence[str], database: Mapping[str, Any], *, force: bool) -> None:
    tables = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    )
    if int(run_postgresql([*psql, "-c", tables], database)) and not force:
        raise ActRefused(_("The database is not empty: restore to another one, or say --force."))
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    if int(run_postgresql([*psql, "-c", others], database)):
        raise ActRefused(_("Somebody is at work on the database: stop the desk and its workers first."))


def _tables(manifest: Manifest) -> list[str]:
    tables = sorted(manifest.rows)
    if not all(map(TABLE.fullmatch, tables)):
        raise BackupRefused(_("The backup does not say what it holds. Take another one."))
    return tables


def _compare(manifest: Manifest, counted: Mapping[str, int]) -> None:
    wrong = [table for table in sorted(counted) if counted[table] != manifest.rows[table]]
    if wrong:
        raise BackupRefused(
            _("Rows are missing after the restoration: %(names)s.") % {"names": ", ".join(wrong)}
        )


def _proved_trails(data: Path, database_url: str) -> str:
    """Brings the tables up to date, then verifies every audit trail with the keys of the backup."""
    fault = _commanded(data, database_url, "migrate")
    if fault:
        raise BackupRefused(_("The desk of the backup does not stand: %(cause)s") % {"cause": fault})
    fault = _commanded(data, database_url, "audit", "verify")
    for journal in data.glob("veilleur.sqlite3-*"):  # empty: who opened the database last has closed it
        journal.unlink()
    return fault


def _commanded(data: Path, database_url: str, *command: str) -> str:
    """Runs a command of the desk on what was restored; returns what it complains of."""
    places = {"VEILLEUR_DATA_DIR": str(data), "VEILLEUR_DATABASE_URL": database_url}
    done = subprocess.run(  # noqa: S603 - commands of ours
        [sys.executable, "-m", "veilleur.cli", *command],
        env=os.environ | places,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() or "?" if done.returncode else ""


def _place(data: Path, home: Path) -> None:
    """Moves what was proved to its place, the database last; what was there is moved aside."""
    former = [path for path in home.iterdir() if not path.name.startswith((".restore-", "before-restore-"))]
    if former:
        aside = home / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        aside.mkdir(mode=0o700)
        for path in former:
            path.rename(aside / path.name)
    for path in sorted(data.iterdir(), key=lambda path: path.name == Path(SQLITE).name):
        path.rename(home / path.name)
