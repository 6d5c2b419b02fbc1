"""The whole database as it was at one moment, in a file, while people go on working on it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from veilleur.errors import ActRefused

ROOM = 1.2
"""How much more than the size of the database must be free where its copy is written."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was copied."""

    at: datetime
    rows: dict[str, int]
    migrations: tuple[str, ...]


def snapshot(path: Path) -> Snapshot:
    """Copies the database to the new file `path`, without holding anybody up."""
    _require_room(path.parent)
    return _of_postgresql(path) if connection.vendor == "postgresql" else _of_sqlite(path)


def _of_sqlite(path: Path) -> Snapshot:
    """In one step: SQLite reads one state of the journal to its end, while others write on."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, timeout=20)) as source, closing(sqlite3.connect(path)) as copy:
        at = datetime.now(UTC)
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
        return Snapshot(at, rows_of(copy, _tables()), _migrations_of(copy))


def rows_of(database: sqlite3.Connection, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each table has."""
    return {table: database.execute(_counting(table)).fetchone()[0] for table in tables}


def _migrations_of(database: sqlite3.Connection) -> tuple[str, ...]:
    found = database.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
    return tuple(name for (name,) in found)


def _of_postgresql(path: Path) -> Snapshot:
    """pg_dump and the counts look at the same moment: one transaction lends its snapshot to the other."""
    program = postgresql_program("pg_dump")
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), now()")
        lent, at = cursor.fetchone()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        run_postgresql(
            [program, "-Fc", "-Z0", "--no-owner", "--no-privileges", f"--snapshot={lent}", f"--file={path}"],
            connection.settings_dict,
        )
        rows = {}
        for table in _tables():
            cursor.execute(_counting(table))
            rows[table] = cursor.fetchone()[0]
        applied = MigrationRecorder.Migration.objects.order_by("pk").values_list("app", "name")
        return Snapshot(at, rows, tuple(f"{app}.{name}" for app, name in applied))


def _tables() -> list[str]:
    """Ours and Django's, without what a database keeps for its index of words."""
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*ours, "django_migrations"})


def _counting(table: str) -> str:
    return f"SELECT count(*) FROM {connection.ops.quote_name(table)}"  # noqa: S608 - the name of a table of ours


def postgresql_program(name: str) -> str:
    """Where a program of PostgreSQL lies. Raises `ActRefused` when it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise ActRefused(
            _("%(name)s is not installed here. On Debian: apt-get install postgresql-client.")
            % {"name": name}
        )
    return found


def run_postgresql(command: Sequence[str], database: Mapping[str, Any]) -> str:
    """Runs a program of PostgreSQL on `database`: what it printed. No password is in its arguments."""
    done = subprocess.run(  # noqa: S603 - a program found by its name, arguments of ours
        command, env=postgresql_environment(database), capture_output=True, check=False
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        cause = next((line for line in lines if "error" in line.lower()), " ".join(lines))
        program = Path(command[0]).name
        raise ActRefused(_("%(program)s failed: %(cause)s") % {"program": program, "cause": cause})
    return done.stdout.decode("utf-8", "replace").strip()


def postgresql_environment(database: Mapping[str, Any]) -> dict[str, str]:
    """How the programs of PostgreSQL find `database`: an entry of Django's `DATABASES`."""
    names = {
        "HOST": "PGHOST",
        "PORT": "PGPORT",
        "USER": "PGUSER",
        "PASSWORD": "PGPASSWORD",
        "NAME": "PGDATABASE",
    }
    given = {theirs: str(database[ours]) for ours, theirs in names.items() if database.get(ours)}
    options = database.get("OPTIONS") or {}
    told = {"PG" + name.upper(): str(value) for name, value in options.items() if name.startswith("ssl")}
    return {**os.environ, **given, **told}


def _require_room(folder: Path) -> None:
    free, needed = shutil.disk_usage(folder).free, int(size_of_database() * ROOM)
    if free < needed:
        raise ActRefused(
            _("%(needed)d MiB must be free in %(folder)s for a copy of the database; %(free)d MiB are.")
            % {"needed": needed >> 20, "free": free >> 20, "folder": folder}
        )


def size_of_database() -> int:
    """In bytes."""
    if connection.vendor != "postgresql":
        return Path(connection.settings_dict["NAME"]).stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
