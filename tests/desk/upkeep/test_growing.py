"""Steps of migrations for large tables do what the plain ones do, piece by piece, and go on after a kill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.utils import timezone

from tests.desk.conftest import MORNING
from veilleur.desk import growing
from veilleur.desk.growing import BuildIndex, FillInBatches
from veilleur.desk.upkeep.models import Worker


def carry_out(operation: Operation) -> None:
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    operation.state_forwards("upkeep", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("upkeep", editor, before, after)


def names_of_indexes() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "upkeep_worker")
    return {name for name, one in found.items() if one["index"]}


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_and_again_when_it_was_left_half_built() -> None:
    build = BuildIndex("worker", models.Index(fields=["host"], name="worker_host"))
    carry_out(build)
    assert "worker_host" in names_of_indexes()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'worker_host'::regclass"
            )
        carry_out(build)
        with connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'worker_host'::regclass")
            assert cursor.fetchone() == (True,)
    with connection.schema_editor(atomic=False) as editor:
        editor.execute("DROP INDEX worker_host")


@pytest.mark.django_db(transaction=True)
def test_a_column_is_filled_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "BATCH", 10)
    monkeypatch.setattr(growing, "PAUSE", 0)
    earlier = timezone.now() - timedelta(days=1)
    Worker.objects.bulk_create(
        Worker(
            name=f"w{number}",
            host="h",
            process=1,
            started_at=MORNING,
            beat_at=MORNING,
            ended_at=earlier if number == 7 else None,
        )
        for number in range(35)
    )
    carry_out(FillInBatches("worker", "ended_at", MORNING))
    assert Worker.objects.filter(ended_at=MORNING).count() == 34
    assert Worker.objects.get(name="w7").ended_at == earlier
