"""Steps of migrations for tables with a million rows: people work on while they run.

They belong in migrations with `atomic = False`; killed half-way, `veilleur migrate` goes on.
docs/explanation/upgrades.md says when they are needed; a test of the house says it, too.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

BATCH = 2_000
PAUSE = 0.05
"""Seconds between two batches: others write, too."""


class BuildIndex(migrations.AddIndex):
    """An index that PostgreSQL builds while others write; SQLite, where one writes at a time, plainly."""

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Builds it; one that was left half-built is built again."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}"
        )
        schema_editor.execute(self.index.create_sql(model, schema_editor, concurrently=True), params=None)

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Build index {self.index.name} on {self.model_name} while people work"


class FillInBatches(Operation):
    """Gives a column that is null a value, a batch at a time, each in its own transaction."""

    reduces_to_sql = False
    atomic = False

    def __init__(self, model_name: str, field: str, value: Any = None) -> None:
        self.model_name, self.field, self.value = model_name, field, value

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The tables stay as they are."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002 - Django's signature
        to_state: ProjectState,
    ) -> None:
        """Fills; what is filled already is left alone, so that a killed one goes on."""
        model = to_state.apps.get_model(app_label, self.model_name)
        rows = model.objects.using(schema_editor.connection.alias).order_by("pk")
        last: Any = None
        while True:
            left = rows.filter(**{f"{self.field}__isnull": True})
            batch = list(
                (left if last is None else left.filter(pk__gt=last)).values_list("pk", flat=True)[:BATCH]
            )
            if not batch:
                return
            with transaction.atomic(using=schema_editor.connection.alias):
                rows.filter(pk__in=batch, **{f"{self.field}__isnull": True}).update(
                    **{self.field: self.value}
                )
            last = batch[-1]
            time.sleep(PAUSE)

    def database_backwards(self, *_asked: Any) -> None:
        """Nothing to take back: the column goes, or stays."""

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Fill {self.field} of {self.model_name}, a batch at a time"
