"""No migration holds a table of a million rows for long, and the version before still works beside it.

Tables are taken for large unless `SMALL` names them; what a migration does to tables that it makes itself is
free. docs/explanation/upgrades.md says how to do otherwise what is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from veilleur.desk.growing import BuildIndex, FillInBatches

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("veilleur.")}
SMALL = {
    "accounts": {"organisation", "membership", "user", "audithead"},
    "sources": {"source", "rememberedmapping", "grant", "listening"},
    "inbox": {"watch", "wordlist", "savedview", "retention", "legalhold", "authorerasure"},
    "replies": {"template"},
    "upkeep": {"worker"},
}
"""Tables that grow with organisations, people and sources, not with messages."""
FOUNDING = {
    "inbox": {"0002_search", "0003_watches", "0004_alike", "0005_retention"},
    "reports": {"0002_marks"},
}
"""Run on empty tables: no version before the first one was ever installed. Nothing is added here."""
ALLOWED: dict[tuple[str, str, str], str] = {}
"""(app, migration, first words of the complaint) → why it may all the same."""


def faults(
    operation: Operation, app: str, state: ProjectState, fresh: set[str], *, atomic: bool
) -> Iterator[str]:
    """What an operation does that must not be done to a table with a million rows."""
    if isinstance(operation, migrations.RunPython | migrations.RunSQL):
        yield f"{type(operation).__name__} without batches: use FillInBatches"
    elif isinstance(operation, migrations.DeleteModel | migrations.RenameModel | migrations.AlterModelTable):
        yield f"{type(operation).__name__}: the version before still asks for the table"
    elif _is_large(operation, app, fresh):
        yield from _of_large(operation, app, state, atomic=atomic)


def _of_large(operation: Operation, app: str, state: ProjectState, *, atomic: bool) -> Iterator[str]:
    match operation:
        case BuildIndex() | FillInBatches():
            if atomic:
                yield f"{type(operation).__name__} in one transaction: atomic = False"
        case migrations.AddIndex():
            yield f"AddIndex {operation.index.name}: use BuildIndex"
        case migrations.AddConstraint():
            yield f"AddConstraint {operation.constraint.name}: it reads every row behind a lock"
        case migrations.RenameField():
            yield f"RenameField {operation.old_name}: the version before still asks for it"
        case migrations.RemoveField():
            yield f"RemoveField {operation.name}: the version before still asks for it"
        case migrations.AddField():
            yield from _of_new_field(operation.name, operation.field)
        case migrations.AlterField():
            before = state.models[app, operation.model_name_lower].fields[operation.name]
            yield from _of_changed_field(operation.name, before, operation.field)


def _is_large(operation: Operation, app: str, fresh: set[str]) -> bool:
    name = getattr(operation, "model_name", None)
    return bool(name) and name.lower() not in fresh | SMALL.get(app, set())


def _of_new_field(name: str, field: models.Field[Any, Any]) -> Iterator[str]:
    if isinstance(field, models.ManyToManyField):
        return
    if isinstance(field, models.GeneratedField):
        yield f"AddField {name}: a generated column writes every row again"
    elif not field.null and not field.has_db_default():
        yield f"AddField {name}: neither null nor db_default, the version before cannot write rows"
    if field.unique or field.db_index:
        yield f"AddField {name}: its index is built behind a lock; db_index=False, then BuildIndex"


def _of_changed_field(
    name: str, before: models.Field[Any, Any], after: models.Field[Any, Any]
) -> Iterator[str]:
    def column(field: models.Field[Any, Any]) -> tuple[Any, ...]:
        field.set_attributes_from_name(name)
        return (
            field.__class__.__name__,
            field.null,
            field.unique,
            field.db_index,
            field.max_length,
            field.db_column,
        )

    if column(before) != column(after):
        yield f"AlterField {name}: it may write every row again; add a column beside it"


def all_faults() -> Iterator[tuple[str, str, str]]:
    loader = MigrationLoader(connection, ignore_no_migrations=True)
    for app, name in sorted(key for key in loader.disk_migrations if key[0] in OURS):
        migration = loader.disk_migrations[app, name]
        if name.startswith("0001_") or name in FOUNDING.get(app, set()):
            continue
        state = loader.project_state((app, name), at_end=False)
        fresh: set[str] = set()
        for operation in migration.operations:
            if isinstance(operation, migrations.CreateModel):
                fresh.add(operation.name_lower)
            for fault in faults(operation, app, state, fresh, atomic=migration.atomic):
                yield app, name, fault
            operation.state_forwards(app, state)


@pytest.mark.django_db
def test_every_migration_may_run_while_people_work() -> None:
    refused = [
        f"{app}.{name}: {fault}"
        for app, name, fault in all_faults()
        if not any(key[:2] == (app, name) and fault.startswith(key[2]) for key in ALLOWED)
    ]
    assert refused == [], "see docs/explanation/upgrades.md"


def test_what_is_allowed_and_small_exists() -> None:
    known = {app: {model._meta.model_name for model in apps.get_app_config(app).get_models()} for app in OURS}
    assert {app: names - known[app] for app, names in SMALL.items()} == {app: set() for app in SMALL}


TEXT = models.TextField()
BAD: list[tuple[Operation, str]] = [
    (migrations.AddIndex("ticketrow", models.Index(fields=["queue"], name="x")), "AddIndex x"),
    (
        migrations.AddConstraint("ticketrow", models.UniqueConstraint(fields=["queue"], name="x")),
        "AddConstraint x",
    ),
    (migrations.AddField("ticketrow", "colour", models.TextField(default="")), "neither null nor db_default"),
    (migrations.AddField("ticketrow", "colour", models.TextField(null=True, db_index=True)), "behind a lock"),
    (
        migrations.AddField("ticketrow", "by", models.ForeignKey("accounts.User", models.CASCADE, null=True)),
        "behind",
    ),
    (migrations.AlterField("ticketrow", "queue", models.TextField()), "AlterField queue"),
    (migrations.AlterField("ticketrow", "due_at", models.DateTimeField()), "AlterField due_at"),
    (migrations.RenameField("ticketrow", "queue", "pile"), "RenameField"),
    (migrations.RemoveField("ticketrow", "queue"), "RemoveField queue"),
    (migrations.DeleteModel("ticketrow"), "DeleteModel"),
    (migrations.RunPython(migrations.RunPython.noop), "RunPython without batches"),
    (migrations.RunSQL("SELECT 1"), "RunSQL without batches"),
    (BuildIndex("ticketrow", models.Index(fields=["queue"], name="x")), "atomic = False"),
    (FillInBatches("ticketrow", "status"), "atomic = False"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("operation", "said"), BAD, ids=lambda value: str(value)[:40])
def test_what_would_hold_people_up_is_refused(operation: Operation, said: str) -> None:
    state = MigrationLoader(connection).project_state()
    assert any(said in fault for fault in faults(operation, "inbox", state, set(), atomic=True))


GOOD: list[Operation] = [
    BuildIndex("ticketrow", models.Index(fields=["queue"], name="x")),
    FillInBatches("ticketrow", "status"),
    migrations.AddField("ticketrow", "colour", models.TextField(null=True)),
    migrations.AddField("ticketrow", "colour", models.TextField(db_default="")),
    migrations.AddIndex("watch", models.Index(fields=["name"], name="x")),
    migrations.AddIndex("novelty", models.Index(fields=["name"], name="x")),
    migrations.AlterField("ticketrow", "queue", models.CharField(max_length=40, help_text="Other words.")),
]


@pytest.mark.django_db
@pytest.mark.parametrize("operation", GOOD, ids=lambda value: str(value)[:40])
def test_what_holds_nobody_up_is_not(operation: Operation) -> None:
    state = MigrationLoader(connection).project_state()
    assert list(faults(operation, "inbox", state, {"novelty"}, atomic=False)) == []
