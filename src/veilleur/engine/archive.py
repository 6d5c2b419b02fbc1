"""File → file, in parts: what was read before a crash is not read again.

Beside the output stands a folder `<output>.parts` with a manifest and one file per chunk. A part
appears under its name only when it is whole and on the disk. When all are there they are joined,
the output appears at once, and the folder goes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import orjson

from veilleur.engine.engines import Engine
from veilleur.engine.incoming import Notice
from veilleur.engine.sources import CHUNK, Chunk, Source
from veilleur.engine.work import Answer, Work
from veilleur.reading import installed_reader

MANIFEST = "manifest.json"


class Progress(NamedTuple):
    """How far a run is."""

    position: int
    """In the units of `Source.size`."""
    records: int
    """Read so far, in this run."""


class Outcome(NamedTuple):
    """What a finished run did."""

    records: int
    resumed: int
    """Parts that an earlier run had left."""
    notices: list[Notice]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The folder of one run."""

    folder: Path
    done: set[int] = field(default_factory=set)

    def open(self, manifest: bytes) -> None:
        """Goes on with the parts of an equal run; those of another one are thrown away."""
        known = self.folder / MANIFEST
        if self.folder.is_dir() and not (known.is_file() and known.read_bytes() == manifest):
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_whole(known, manifest)
        self.done.update(int(file.stem) for file in self.folder.glob("*.part"))

    def write(self, answer: Answer) -> None:
        """A part: one line that says what it holds, then the records."""
        head = {
            "records": answer.records,
            "position": answer.position,
            "notices": list(map(list, answer.notices)),
        }
        _write_whole(self._file(answer.number), orjson.dumps(head) + b"\n" + answer.payload)
        self.done.add(answer.number)

    def read(self, number: int) -> Answer:
        """A part as it was written."""
        head, _, payload = self._file(number).read_bytes().partition(b"\n")
        known = orjson.loads(head)
        notices = [Notice(*notice) for notice in known["notices"]]
        return Answer(number, payload, known["records"], notices, known["position"])

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:08d}.part"


def read_archive(
    file: Path,
    source: Source,
    output: Path,
    work: Work,
    engine: Engine,
    told: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Reads all of `source`, which was opened on `file`, into `output`.

    Run again after it was stopped, however that happened, it reads only what is missing. `told`
    hears of each part. Raises what reading and writing raise; the parts stay.
    """
    parts = _Parts(output.with_name(output.name + ".parts"))
    parts.open(_manifest(file, work))
    done = frozenset(parts.done)
    records = 0
    for answer in engine(work, _missing(source.chunks, done)):
        parts.write(answer)
        records += answer.records
        told(Progress(answer.position, records))
    return _joined(parts, output, work, len(done))


def _missing(chunks: Iterator[Chunk], done: frozenset[int]) -> Iterator[Chunk]:
    """The chunks that no earlier run has answered."""
    return (chunk for chunk in chunks if chunk.number not in done)


def _joined(parts: _Parts, output: Path, work: Work, resumed: int) -> Outcome:
    notices: list[Notice] = []
    records = 0

    def payloads() -> Iterator[bytes]:
        nonlocal records
        for number in range(len(parts.done)):
            answer = parts.read(number)
            records += answer.records
            notices.extend(answer.notices)
            yield answer.payload

    unfinished = parts.folder / "joined"
    work.encoding.join(payloads(), unfinished)
    _on_disk(unfinished)
    unfinished.replace(output)
    shutil.rmtree(parts.folder)
    return Outcome(records, resumed, notices)


def _manifest(file: Path, work: Work) -> bytes:
    """What must be equal for two runs to share their parts."""
    state = file.stat()
    return orjson.dumps(
        {
            "input": str(file.resolve()),
            "bytes": state.st_size,
            "modified_ns": state.st_mtime_ns,
            "kind": work.kind,
            "format": work.format,
            "explain": work.explain,
            "redact": work.redact,
            "chunk": CHUNK,
            "reader": installed_reader().version,
        }
    )


def _write_whole(file: Path, content: bytes) -> None:
    """Writes `file` so that it is never seen half written, not even after a power cut."""
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    _on_disk(beside)
    beside.replace(file)


def _on_disk(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
