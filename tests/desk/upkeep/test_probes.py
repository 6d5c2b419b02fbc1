"""Health and figures: true, quick to tell, and nothing about anybody in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import Client
from django_tasks_db.models import DBTaskResult

from tests.desk.conftest import MORNING
from veilleur.desk import measures
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.sources.models import Listening, Source, Trouble
from veilleur.desk.upkeep import figures, probes
from veilleur.desk.upkeep.figures import DatabaseFigures
from veilleur.desk.upkeep.models import Worker


def beat(ago: timedelta = timedelta(0)) -> Worker:
    return Worker.objects.create(name="w", host="h", process=1, started_at=Now(), beat_at=Now() - ago)


def samples(text: str, name: str) -> dict[str, float]:
    lines = re.findall(rf"^{name}(?:\{{(.*?)\}})? ([\d.e+-]+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in lines}


def test_live_asks_nothing_of_the_database(client: Client) -> None:
    """Without the mark of a test that may use it."""
    answer = client.get("/health/live", headers={"host": "10.0.0.7:9999"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "process": "ok"})
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer


@pytest.mark.django_db
def test_ready_when_database_tables_and_worker_are(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["worker"]) == (503, "silent")
    beat(timedelta(minutes=10))
    assert client.get("/health/ready").status_code == 503
    Worker.objects.update(beat_at=Now())
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "migrations": "ok", "worker": "ok"}


@pytest.mark.django_db
def test_not_ready_before_the_migrations(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    beat()
    monkeypatch.setattr(probes, "_up_to_date", set())
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda *_asked: ["one"])
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "waiting")


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_in_one_word(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("could not connect to 10.0.0.7 as veilleur, password hunter2")

    monkeypatch.setattr(probes.connection, "cursor", away)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "wait", "database": "unreachable"})


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "192.0.2.1", 403),
        ("", {}, "", 403),
        ("", {"x-forwarded-for": "192.0.2.1"}, "127.0.0.1", 403),
        ("", {"forwarded": "for=192.0.2.1"}, "127.0.0.1", 403),
        ("", {"authorization": "Bearer "}, "192.0.2.1", 403),
        ("s" * 20, {}, "127.0.0.1", 403),
        ("s" * 20, {"authorization": "Bearer wrong"}, "127.0.0.1", 403),
        ("s" * 20, {"authorization": "Bearer é"}, "127.0.0.1", 403),
        ("s" * 20, {"authorization": "Bearer " + "s" * 20}, "192.0.2.1", 200),
    ],
)
def test_figures_are_for_this_machine_or_who_has_the_token(
    client: Client, settings: Any, token: str, headers: dict[str, str], address: str, status: int
) -> None:
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_what_the_desk_has_to_do_is_counted(
    client: Client,
    organisation_a: Organisation,
    make_mention: Callable[..., MentionRow],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(figures, "FRESH", -1.0)
    for queue in ("law", "law", "a-queue-of-theirs"):
        make_mention(organisation_a, queue=queue)
    make_mention(organisation_a, status="closed")
    for key, trouble, is_paused in (("a", "", False), ("b", Trouble.CREDENTIALS, False), ("c", "", True)):
        source = Source.objects.create(organisation=organisation_a, key=f"net-{key}", name=key)
        Listening.objects.create(source=source, trouble=trouble, is_paused=is_paused, handle_since=MORNING)
    for status in ("READY", "READY", "FAILED", "SUCCESSFUL"):
        DBTaskResult.objects.create(
            status=status,
            args_kwargs={},
            task_path="x",
            backend_name="default",
            run_after=MORNING,
        )
    beat()
    text = client.get("/metrics").content.decode()
    assert samples(text, "veilleur_tickets_to_do")['queue="other"'] == 1
    assert samples(text, "veilleur_tickets_to_do")['queue="law"'] == 2
    assert samples(text, "veilleur_jobs") == {'state="waiting"': 2, 'state="running"': 0, 'state="failed"': 1}
    assert samples(text, "veilleur_sources") == {
        'state="well"': 1,
        'state="credentials"': 1,
        'state="paused"': 1,
    }
    assert samples(text, "veilleur_workers") == {"": 1}
    assert samples(text, "veilleur_database_up") == {"": 1}
    for secret in (organisation_a.slug, organisation_a.name, "theirs", "net-a", "avis"):
        assert secret not in text


@pytest.mark.django_db
def test_who_asks_often_costs_nothing(django_assert_num_queries: Any) -> None:
    asked = DatabaseFigures()
    list(asked.collect())
    with django_assert_num_queries(0):
        assert list(asked.collect())


@pytest.mark.django_db
def test_requests_are_counted_by_view_and_never_by_address(client: Client) -> None:
    client.get("/login/?email=zoe@example.org")
    client.get("/hooks/secret-token-of-a-hook/")
    client.get("/nowhere/zoe@example.org/")
    text = client.get("/metrics").content.decode()
    counted = samples(text, "veilleur_request_seconds_count")
    assert any('view="account_login"' in labels and 'status="200"' in labels for labels in counted)
    assert any('view="none"' in labels and 'status="404"' in labels for labels in counted)
    assert "zoe" not in text
    assert "secret-token" not in text
    assert samples(text, "veilleur_request_seconds_bucket")


def test_reading_is_counted() -> None:
    measures._counted.cache_clear()
    with measures.reading(7):
        pass
    measures.read(3, 0.2)
    counted = {one.name: one.value for family in measures.registry().collect() for one in family.samples}
    assert counted["veilleur_messages_read_total"] == 10
    assert counted["veilleur_reading_seconds_count"] == 2


def test_processes_count_together(tmp_path: Path) -> None:
    told = """if True:
        import pathlib, sys
        from veilleur.desk import measures
        measures.count_together(pathlib.Path(sys.argv[1]), tidy=sys.argv[2] == "tidy")
        measures.read(5, 0.1)
        counted = [one for family in measures.registry().collect() for one in family.samples]
        print([one.value for one in counted if one.name == "veilleur_messages_read_total"])
    """
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "veilleur.desk.settings",
        "VEILLEUR_DATA_DIR": str(tmp_path),
    }

    def count(tidy: str) -> str:
        command = [sys.executable, "-c", told, str(tmp_path), tidy]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert [count("no"), count("no"), count("tidy")] == ["[5.0]", "[10.0]", "[5.0]"]
