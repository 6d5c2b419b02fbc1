"""From file to file: order, bytes, and what is left after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import given
from veilleur.engine import Work, encoding, engine, open_file, read_archive
from veilleur.engine.sources import CHUNK, Chunk
from veilleur.engine.work import Answer
from veilleur.errors import EngineStopped, InvalidInput


def run(archive: Path, output: Path, name: str = "process", form: str = "jsonl") -> bytes:
    source = open_file(archive)
    read_archive(archive, source, output, Work(source.kind, form), engine(name))
    return output.read_bytes()


def command(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "veilleur.cli", "read", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})},
    )  # fmt: skip


def test_one_line_in_one_line_out_in_order_but_for_the_bad_one(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    source = open_file(archive)
    told: list[int] = []
    outcome = read_archive(
        archive,
        source,
        output,
        Work(source.kind, "jsonl"),
        engine("process"),
        lambda state: told.append(state.position),
    )
    ids = [json.loads(line)["id"] for line in output.read_text(encoding="utf-8").splitlines()]
    assert ids == [record["id"] for at, record in enumerate(given(300)) if at != 150]
    assert (outcome.records, outcome.resumed) == (299, 0)
    assert [(notice.line, notice.refused) for notice in outcome.notices] == [(151, True)]
    assert told[-1] == archive.stat().st_size
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("out")] == ["out.jsonl"]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_all_cores_write_the_same_bytes(archive: Path, tmp_path: Path, form: str) -> None:
    here = run(archive, tmp_path / f"here.{form}", "process", form)
    assert here == run(archive, tmp_path / f"cores.{form}", "cores", form)


def test_parquet_holds_what_the_lines_hold(archive: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = [json.loads(line) for line in run(archive, tmp_path / "out.jsonl").splitlines()]
    run(archive, tmp_path / "out.parquet", form="parquet")
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist() == lines


def test_what_was_read_before_a_stop_is_not_read_again(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    source = open_file(archive)
    work = Work(source.kind, "jsonl")

    def stops(work: Work, chunks: Iterator[Chunk]) -> Iterator[Answer]:
        yield work(next(chunks))
        raise EngineStopped("the power went")

    with pytest.raises(EngineStopped):
        read_archive(archive, source, output, work, stops)
    assert not output.exists()

    asked: list[int] = []

    def watched(work: Work, chunks: Iterator[Chunk]) -> Iterator[Answer]:
        for chunk in chunks:
            asked.append(chunk.number)
            yield work(chunk)

    outcome = read_archive(archive, open_file(archive), output, work, watched)
    assert asked == [1, 2]
    assert (outcome.resumed, outcome.records) == (1, 299)
    assert output.read_bytes() == run(archive, tmp_path / "whole.jsonl")


def test_parts_of_another_input_are_thrown_away(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out.jsonl.parts"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "00000000.part").write_bytes(b'{"records":1,"position":1,"notices":[]}\nold')
    assert b"old" not in run(archive, tmp_path / "out.jsonl")


@pytest.mark.parametrize("name", ["process", "cores"])
def test_a_killed_command_goes_on_where_it_was(tmp_path: Path, name: str) -> None:
    archive, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    archive.write_text("".join(f'{{"id": {at}, "text": "RAS {at}"}}\n' for at in range(4 * CHUNK)))
    parts = tmp_path / "out.jsonl.parts"
    first = command(str(archive), "--output", str(output), "--engine", name)
    deadline = time.monotonic() + 60
    while not list(parts.glob("*.part")):
        assert first.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not output.exists()
    assert len(list(parts.glob("*.part"))) < 4
    second = command(str(archive), "--output", str(output), "--engine", name)
    _, said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert b"resumed" in said or "après reprise".encode() in said
    assert not parts.exists()
    assert [json.loads(line)["id"] for line in output.read_bytes().splitlines()] == list(range(4 * CHUNK))
    assert output.read_bytes() == run(archive, tmp_path / "whole.jsonl", "cores")


def test_an_error_in_another_process_is_said_here(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "x"}\n')
    with pytest.raises(EngineStopped):
        list(engine("cores")(Work("no such kind", "jsonl"), open_file(file).chunks))


@pytest.mark.parametrize("name", ["", "gpu", "cores=2"])
def test_an_unknown_engine_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="process, cores, dask"):
        engine(name)


def test_an_empty_archive_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert run(tmp_path / "a.jsonl", tmp_path / "out.jsonl") == b""
    assert run(tmp_path / "a.jsonl", tmp_path / "out.csv", form="csv") == encoding("csv").header
