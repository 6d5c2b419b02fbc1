"""Triggers on the tickets: whatever a summary counts leaves a mark when it changes.

A later migration that alters `inbox_ticket` must run `install` again on SQLite: Django rebuilds
the table there, and its triggers go with the old one. A test says so when it was forgotten.
"""

from django.db import migrations

COUNTED = (
    "organisation_id",
    "position",
    "queue",
    "sentiment",
    "network",
    "place",
    "rating_share",
    "opened_at",
    "answered_at",
)
ID_BITS = 29
"""As in the inbox's `ordering.py` when this migration was written."""
DAY, LONG_AGO = 86_400, 100_000
"""Days are counted from long ago and back: whole division goes towards zero, not down."""


def _utc_day(row):
    return f"(({row}.position >> {ID_BITS}) + {LONG_AGO * DAY}) / {DAY} - {LONG_AGO}"


def _mark(row):
    return (
        "INSERT INTO reports_stalemark (organisation_id, utc_day) "
        f"SELECT {row}.organisation_id, {_utc_day(row)}"
    )


def _mark_once(row):
    """One mark a day is enough on SQLite, where writers take turns.

    On PostgreSQL a mark that is there may be one that a count is just taking away: each writer
    leaves its own. Nor may they share one: an import and the people at work would wait for it.
    """
    return (
        f"{_mark(row)} WHERE NOT EXISTS (SELECT 1 FROM reports_stalemark "
        f"WHERE organisation_id = {row}.organisation_id AND utc_day = {_utc_day(row)});"
    )


def _sqlite():
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in COUNTED)
    return [
        f"CREATE TRIGGER reports_added AFTER INSERT ON inbox_ticket BEGIN {_mark_once('NEW')} END",
        f"CREATE TRIGGER reports_removed AFTER DELETE ON inbox_ticket BEGIN {_mark_once('OLD')} END",
        f"CREATE TRIGGER reports_changed AFTER UPDATE ON inbox_ticket WHEN {changed} "
        f"BEGIN {_mark_once('OLD')} {_mark_once('NEW')} END",
    ]


def _postgresql():
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in COUNTED)
    run = "FOR EACH ROW {when} EXECUTE FUNCTION reports_mark()"
    return [
        f"""
        CREATE FUNCTION reports_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP <> 'INSERT' THEN {_mark("OLD")}; END IF;
            IF TG_OP <> 'DELETE' THEN {_mark("NEW")}; END IF;
            RETURN NULL;
        END $$
        """,
        f"CREATE TRIGGER reports_added AFTER INSERT ON inbox_ticket {run.format(when='')}",
        f"CREATE TRIGGER reports_removed AFTER DELETE ON inbox_ticket {run.format(when='')}",
        f"CREATE TRIGGER reports_changed AFTER UPDATE ON inbox_ticket {run.format(when=f'WHEN ({changed})')}",
    ]


def _removal(vendor):
    if vendor == "postgresql":
        names = ("reports_added", "reports_removed", "reports_changed")
        dropped = [f"DROP TRIGGER IF EXISTS {name} ON inbox_ticket" for name in names]
        return [*dropped, "DROP FUNCTION IF EXISTS reports_mark()"]
    return [f"DROP TRIGGER IF EXISTS {name}" for name in ("reports_added", "reports_removed", "reports_changed")]


def install(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in _postgresql() if vendor == "postgresql" else _sqlite():
        schema_editor.execute(statement, params=None)


def uninstall(apps, schema_editor):
    for statement in _removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("inbox", "0002_search")]
    operations = [migrations.RunPython(install, uninstall)]
