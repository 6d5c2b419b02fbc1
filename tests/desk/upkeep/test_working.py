"""Workers: each job once, whatever happens to who does it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.desk.upkeep.conftest import Desk
from veilleur.desk.upkeep import working
from veilleur.desk.upkeep.models import Worker

JOB = "tests.desk.upkeep.counted.note"
TABLE = "django_tasks_database_dbtaskresult"


@pytest.fixture
def start_worker(desk: Desk, repository: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `veilleur worker` on the desk; none is left at the end."""
    started: list[subprocess.Popen[str]] = []
    source = f"{repository}:{repository / 'src'}"

    def start(*options: str) -> subprocess.Popen[str]:
        started.append(desk.start("worker", *options, PYTHONPATH=source))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def hand_over(desk: Desk, numbers: range, seconds: float) -> Path:
    """Puts jobs in the database as `enqueue` does; returns where they write."""
    path = desk.folder / "done.txt"
    path.touch()
    now = "now()" if desk.url else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    for number in numbers:
        kept = json.dumps({"args": [str(path), number, seconds], "kwargs": {}})
        key = f"00000000-0000-0000-0000-{number:012d}" if desk.url else f"{number:032d}"
        columns = {
            "id": key,
            "status": "READY",
            "args_kwargs": kept,
            "priority": "0",
            "task_path": JOB,
            "worker_ids": "[]",
            "queue_name": "default",
            "backend_name": "default",
            "exception_class_path": "",
            "traceback": "",
        }
        names, values = ", ".join(columns), ", ".join(f"'{value}'" for value in columns.values())
        desk.ask(f"INSERT INTO {TABLE} ({names}, enqueued_at, run_after) VALUES ({values}, {now}, {now})")
    return path


def states(desk: Desk) -> Counter[str]:
    return Counter(desk.ask(f"SELECT status FROM {TABLE}"))


def until(is_so: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_several_workers_never_do_a_job_twice(
    desk: Desk, start_worker: Callable[..., subprocess.Popen[str]]
) -> None:
    path = hand_over(desk, range(200), 0.01)
    for _number in range(3):
        start_worker()
    until(lambda: states(desk) == {"SUCCESSFUL": 200})
    assert Counter(path.read_text().split("\n")[:-1]).most_common(1)[0][1] == 1
    names = {json.loads(line)[0] for line in desk.ask(f"SELECT worker_ids FROM {TABLE}")}
    assert len(names) == 3, "all of them had work"


@pytest.mark.slow
def test_the_job_of_a_killed_worker_is_done_by_another(
    desk: Desk, start_worker: Callable[..., subprocess.Popen[str]]
) -> None:
    path = hand_over(desk, range(1), 4)
    first = start_worker()
    until(lambda: "begun" in path.read_text())
    first.kill()
    first.wait()
    start_worker()
    until(lambda: states(desk) == {"SUCCESSFUL": 1})
    assert path.read_text().split("\n")[:-1] == ["begun 0", "begun 0", "ended 0"]


@pytest.mark.slow
@pytest.mark.parametrize(("patience", "ended"), [("20", True), ("0.5", False)])
def test_a_worker_told_to_stop_ends_its_job_or_hands_it_back(
    desk: Desk, start_worker: Callable[..., subprocess.Popen[str]], patience: str, ended: bool
) -> None:
    path = hand_over(desk, range(2), 3)
    worker = start_worker("--patience", patience)
    until(lambda: "begun" in path.read_text())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert ("ended 0" in path.read_text()) is ended
    assert states(desk) == ({"SUCCESSFUL": 1, "READY": 1} if ended else {"READY": 2})
    assert desk.ask("SELECT count(*) FROM upkeep_worker WHERE ended_at IS NULL") == ["0"]


@pytest.mark.slow
def test_an_idle_worker_stops_at_once(desk: Desk, start_worker: Callable[..., subprocess.Popen[str]]) -> None:
    worker = start_worker()
    until(lambda: desk.ask("SELECT count(*) FROM upkeep_worker") == ["1"])
    time.sleep(0.5)
    start = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert time.monotonic() - start < 8


def _job(*workers: str) -> DBTaskResult:
    return DBTaskResult.objects.create(
        status="RUNNING",
        started_at=timezone.now(),
        args_kwargs={"args": [], "kwargs": {}},
        task_path=JOB,
        worker_ids=list(workers),
        backend_name="default",
        run_after=timezone.now(),
    )


def _worker(name: str, silent: timedelta = timedelta(0), **fields: object) -> Worker:
    return Worker.objects.create(
        name=name, host="elsewhere", process=1, started_at=Now(), beat_at=Now() - silent, **fields
    )


@pytest.mark.django_db
def test_only_the_jobs_of_the_dead_go_back() -> None:
    _worker("lives")
    _worker("silent", timedelta(minutes=5))
    _worker("went", ended_at=timezone.now())
    jobs = {name: _job(name) for name in ("lives", "silent", "went", "unknown")}
    taken_over = _job("silent", "lives")
    assert working.give_back_of_dead() == 3
    assert {name: DBTaskResult.objects.get(pk=job.pk).status for name, job in jobs.items()} == {
        "lives": "RUNNING",
        "silent": "READY",
        "went": "READY",
        "unknown": "READY",
    }
    taken_over.refresh_from_db()
    assert taken_over.status == "RUNNING"


@pytest.mark.django_db
def test_a_job_that_brings_down_its_workers_is_given_up() -> None:
    job = _job(*(f"dead-{number}" for number in range(working.MOST_TRIES)))
    assert working.give_back_of_dead() == 0
    job.refresh_from_db()
    assert job.status == "FAILED"
    assert job.exception_class_path.endswith("EngineStopped")


@pytest.mark.django_db
def test_what_ended_long_ago_is_forgotten() -> None:
    old, young = _job("x"), _job("x")
    for job, age in ((old, working.REMEMBERED * 2), (young, timedelta(hours=1))):
        DBTaskResult.objects.filter(pk=job.pk).update(status="SUCCESSFUL", finished_at=timezone.now() - age)
    _worker("long ago", working.REMEMBERED * 2)
    working.forget_finished()
    assert list(DBTaskResult.objects.values_list("pk", flat=True)) == [young.pk]
    assert not Worker.objects.exists()


@pytest.mark.slow
def test_processes_that_start_together_migrate_once(new_desk: Callable[[], Desk]) -> None:
    desk = new_desk()
    started = [desk.start("migrate") for _number in range(3)]
    said = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert sorted("now" in output for output, _errors in said) == [False, False, True]
