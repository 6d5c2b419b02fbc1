"""The doctor finds what is wrong, and each time says what to do."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from tests.desk.conftest import MORNING
from tests.desk.upkeep.conftest import Desk
from tests.fake_clamd import scanning
from veilleur.desk.accounts.models import AuditLine, Organisation
from veilleur.desk.settings import Environment
from veilleur.desk.sources.models import Listening, Source, Trouble
from veilleur.desk.upkeep import examination
from veilleur.desk.upkeep.examination import Found, Verdict, examine
from veilleur.desk.upkeep.models import Worker


def found(name: str) -> list[Found]:
    with translation.override("en"):
        return [line.found for line in examine() if line.name == name and line.found.verdict != Verdict.WELL]


def one(name: str) -> Found:
    (only,) = found(name)
    assert only.remedy, "a problem without what to do"
    return only


@pytest.fixture(autouse=True)
def at_work(db: None) -> Worker:
    return Worker.objects.create(name="w", host="elsewhere", process=1, started_at=Now(), beat_at=Now())


def test_nothing_is_wrong_with_a_desk_at_work(organisation_a: Organisation) -> None:
    assert [line for line in examine() if line.found.verdict == Verdict.WRONG] == []
    names = {line.name for line in examine()}
    assert names >= {*examination.ON_THE_MACHINE, *examination.IN_THE_DATABASE, "database"}


def test_nobody_at_work(at_work: Worker) -> None:
    Worker.objects.update(beat_at=Now() - timedelta(minutes=3))
    assert one("workers").verdict == Verdict.WRONG


def test_jobs_that_do_not_move(at_work: Worker) -> None:
    told = {"args_kwargs": {}, "task_path": "house.job", "backend_name": "default", "run_after": MORNING}
    DBTaskResult.objects.create(status="RUNNING", worker_ids=["dead"], started_at=MORNING, **told)
    DBTaskResult.objects.create(status="RUNNING", worker_ids=["w"], started_at=MORNING, **told)
    DBTaskResult.objects.create(status="FAILED", finished_at=timezone.now(), **told)
    late = DBTaskResult.objects.create(status="READY", **told)
    DBTaskResult.objects.filter(pk=late.pk).update(enqueued_at=MORNING)
    stuck, waiting, failed = found("jobs")
    assert stuck.words.endswith(": 1.")
    assert waiting.words.endswith(": 1.")
    assert "house.job" in failed.words


def test_sources_in_trouble(organisation_a: Organisation) -> None:
    source = Source.objects.create(organisation=organisation_a, key="wall", name="Wall")
    Listening.objects.create(source=source, trouble=Trouble.CREDENTIALS, handle_since=MORNING)
    assert one("sources").remedy == "veilleur sources check --source wall"


def test_a_forged_trail(organisation_a: Organisation) -> None:
    AuditLine.objects.filter(organisation=organisation_a).update(actor="nobody")
    assert organisation_a.slug in one("audit trails").words


def test_keys_that_others_may_read(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o700)
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o640)
    assert one("rights").remedy == f"chmod 600 {keys}"
    keys.chmod(0o600)
    assert found("rights") == []


@pytest.mark.parametrize(("free", "verdict"), [(1 << 30, Verdict.LOOK), (1 << 20, Verdict.WRONG)])
def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict) -> None:
    usage = type(examination.shutil.disk_usage("/"))(1 << 40, 1, free)
    monkeypatch.setattr(examination.shutil, "disk_usage", lambda _path: usage)
    assert one("disk").verdict == verdict


def test_a_clock_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(examination.timezone, "now", lambda: later)
    assert "differ" in one("clock").words


def test_settings_that_are_odd(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLEUR_ALLOWED_HOST", "desk.example.org")
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*", "desk.example.org"]
    said = {one.words.split(" ")[0]: one for one in found("settings")}
    assert "VEILLEUR_ALLOWED_HOSTS" in said["VEILLEUR_ALLOWED_HOST"].remedy
    assert {one.verdict for one in said.values()} == {Verdict.LOOK, Verdict.WRONG}
    assert len(found("settings")) == 4


def test_a_scanner_that_is_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with scanning() as clamd:
        settings.ENVIRONMENT = Environment(clamav=clamd.told)
        assert found("tools") == []
        clamd.says = b"UNKNOWN COMMAND\0"
        assert "UNKNOWN COMMAND" in one("tools").words
    assert one("tools").verdict == Verdict.WRONG


def test_missing_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "ASSETS", ("app.css", "gone.css"))
    assert "gone.css" in one("assets").words


def test_migrations_that_wait_or_come_from_tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('inbox', '0999_tomorrow', %s)",
            [MORNING],
        )
    newer = one("database")
    assert "inbox.0999_tomorrow" in newer.words
    monkeypatch.setattr(examination.MigrationExecutor, "migration_plan", lambda *_asked: [1, 2])
    assert any(one.remedy == "veilleur migrate" for one in found("database"))


def test_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("connection refused\nis it running?")

    with monkeypatch.context() as patch:
        patch.setattr(examination.connection, "cursor", away)
        lines = list(examine())
    assert lines[-1].name == "database"
    assert lines[-1].found.verdict == Verdict.WRONG
    assert "connection refused" in lines[-1].found.words


def test_the_command_says_it_to_people_and_to_programs(desk: Desk) -> None:
    table = desk.run("doctor", code=1)
    assert "Nobody takes the jobs" in table
    assert "no setting" in desk.run("doctor", code=1, VEILLEUR_HTPS="1")
    told = json.loads(desk.run("doctor", "--json", code=1))
    assert told["is_well"] is False
    assert [one["name"] for one in told["found"] if one["verdict"] == "wrong"] == ["workers"]
    assert "Personne" in desk.run("doctor", code=1, LC_ALL="fr_FR.UTF-8")
    (desk.data / "keys.json").chmod(0o644)
    assert "chmod 600" in desk.run("doctor", code=1)


def test_a_setting_that_makes_no_sense_is_named_without_its_value(desk: Desk) -> None:
    said = desk.run("doctor", code=1, VEILLEUR_UPLOAD_LIMIT_MB="hunter2", VEILLEUR_METRICS_TOKEN="hunter2")
    assert "VEILLEUR_UPLOAD_LIMIT_MB" in said
    assert "VEILLEUR_METRICS_TOKEN" in said
    assert "hunter2" not in said
