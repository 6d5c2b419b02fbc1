"""A Dask cluster writes what one process writes, and its workers may die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engine.conftest import given
from veilleur.engine import Progress, Work, cluster, engine, open_file, read_archive, sources
from veilleur.errors import EngineStopped

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
pytestmark = pytest.mark.slow

RECORDS, PIECE = 700, 50
Told = Callable[[Progress], None]


@pytest.fixture
def long_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fourteen chunks: more than are on their way at a time."""
    monkeypatch.setattr(sources, "CHUNK", PIECE)
    monkeypatch.setattr(cluster, "AHEAD", 2)
    file = tmp_path / "archive.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in given(RECORDS)), encoding="utf-8")
    return file


def run(archive: Path, output: Path, name: str, form: str = "jsonl", told: Told = lambda _: None) -> bytes:
    source = open_file(archive)
    outcome = read_archive(archive, source, output, Work(source.kind, form), engine(name), told)
    assert outcome.records == RECORDS
    return output.read_bytes()


@dataclass
class Killer:
    """Kills one worker when the first answer has come, when most chunks are still to be read."""

    killed: list[int] = field(default_factory=list)
    told: int = 0

    def __call__(self, progress: Progress) -> None:
        self.told += 1
        if not self.killed:
            workers = distributed.default_client().run(os.getpid)
            assert os.getpid() not in workers.values()
            assert len(workers) == 2 or len(os.sched_getaffinity(0)) != 2
            self.killed.append(min(workers.values()))
            os.kill(self.killed[0], signal.SIGKILL)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    long_archive: Path, tmp_path: Path, form: str
) -> None:
    here = run(long_archive, tmp_path / f"here.{form}", "process", form)
    killer = Killer()
    assert run(long_archive, tmp_path / f"dask.{form}", "dask", form, killer) == here
    assert killer.told == RECORDS / PIECE
    assert killer.killed
    if form == "jsonl":
        ids = [json.loads(line)["id"] for line in here.splitlines()]
        assert ids == [record["id"] for record in given(RECORDS)]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers without nannies, as somebody would start them on other machines."""
    told = tmp_path / "scheduler.json"
    processes = [_start("dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1", told)]
    deadline = time.monotonic() + 60
    while not (told.exists() and told.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    processes += [
        _start("dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", told) for _worker in "ab"
    ]
    try:
        yield json.loads(told.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(part: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
    *options, told = arguments
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{part}", *options, "--scheduler-file", told],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_cluster_elsewhere_writes_the_same_bytes_even_when_half_of_it_dies(
    long_archive: Path, tmp_path: Path, elsewhere: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = elsewhere
    assert address.startswith("tcp://")
    here = run(long_archive, tmp_path / "here.jsonl", "process")
    assert run(long_archive, tmp_path / "all.jsonl", f"dask={address}") == here

    def one_dies(progress: Progress) -> None:
        workers[0].kill()

    assert run(long_archive, tmp_path / "half.jsonl", f"dask={address}", told=one_dies) == here
    assert workers[0].wait(10) == -signal.SIGKILL
    assert workers[1].poll() is None


def test_a_chunk_that_kills_every_worker_stops_the_run(long_archive: Path) -> None:
    chunks = open_file(long_archive).chunks
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(EngineStopped, match="keep dying"),
    ):
        list(cluster.on_dask(lambda chunk: os._exit(9), chunks, ""))


def test_workers_that_read_otherwise_are_refused(long_archive: Path) -> None:
    source = open_file(long_archive)
    with pytest.raises(EngineStopped, match="same version"):
        cluster._answer(Work(source.kind, "jsonl"), "sentiment/0", next(source.chunks))


def test_an_address_where_nobody_answers_is_said(long_archive: Path) -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(EngineStopped, match=r"tcp://127\.0\.0\.1:9"),
    ):
        list(engine("dask=tcp://127.0.0.1:9")(Work("jsonl", "jsonl"), open_file(long_archive).chunks))


def test_a_scheduler_without_workers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty:
        answers = engine(f"dask={empty.scheduler_address}")(Work("jsonl", "jsonl"), iter(()))
        with pytest.raises(EngineStopped, match="no worker"):
            list(answers)
