"""The same archive read on all cores and on a Dask cluster of this machine: what the cluster costs.

    python benchmarks/engine.py [--texts 1000000] [--engines cores,dask] [--format jsonl]

Texts of about 60 words, cut from the corpora of the repository: three in four French. Each engine is
one `veilleur read` from file to file. CPU is that of all its processes, memory the largest sum
over them (shared pages counted once). Prints a table and one line of JSON; exits with 1 when the
bytes differ or the cluster takes more than 1.5 times the CPU of the cores.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SEED = 20261122
WORDS = 60
FRENCH = 0.75
"""Share of the texts that are French."""
MOST_RATIO = 1.5
LOOKED_AT_EVERY = 0.5
"""Seconds between two looks at the memory."""
CORPORA = {
    "fr": ("training/corpora/fr_public_services_experiences.jsonl.gz", "training/corpora/social_fr/*.jsonl"),
    "en": ("training/corpora/en_*.jsonl.gz",),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one engine took."""

    seconds: float
    cpu_seconds: float
    """Of all processes."""
    peak_mib: float
    """Of all processes together."""
    digest: str
    """SHA-256 of what was written."""


def texts_of(count: int) -> Iterator[str]:
    """`count` texts of about `WORDS` words, the same on every machine."""
    chance = random.Random(SEED)
    pools = [_words("fr", chance), _words("en", chance)]
    starts = [0, 0]
    for _text in range(count):
        which = chance.random() >= FRENCH
        size = chance.randrange(WORDS // 2, WORDS * 3 // 2)
        if starts[which] + size > len(pools[which]):
            starts[which] = chance.randrange(size)
        start = starts[which]
        starts[which] += size
        yield " ".join(pools[which][start : start + size])


def _words(language: str, chance: random.Random) -> list[str]:
    texts = [text for pattern in CORPORA[language] for text in _messages(pattern)]
    chance.shuffle(texts)
    return " \n".join(texts).split(" ")


def _messages(pattern: str) -> Iterator[str]:
    for path in sorted(ROOT.glob(pattern)):
        content = path.read_bytes()
        lines = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8").splitlines()
        yield from (record["text"] for record in map(json.loads, lines) if "text" in record)


def write_archive(file: Path, count: int) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(texts_of(count)):
            stream.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")


def measure(archive: Path, output: Path, engine: str) -> Cost:
    """`veilleur read` with one engine, all its processes included."""
    command = (sys.executable, "-m", "veilleur.cli", "read", archive, "--output", output, "--engine", engine)
    started = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    peak = 0.0
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        peak = max(peak, _memory_mib(process.pid))
        time.sleep(LOOKED_AT_EVERY)
    seconds = time.perf_counter() - started
    _pid, process.returncode, used = ended
    if process.returncode:
        raise SystemExit(f"{engine}: {process.stderr.read().decode() if process.stderr else ''}")
    with output.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Cost(seconds, used.ru_utime + used.ru_stime, peak, digest)


def _memory_mib(pid: int) -> float:
    """Memory of a process and of all that it started; a page that several share counts once."""
    return sum(map(_own_mib, _family(pid)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path("/proc").glob(f"{pid}/task/*/children"):  # each thread has its own
        with suppress(OSError):  # it has just ended
            for child in children.read_text().split():
                yield from _family(int(child))


def _own_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def show(count: int, costs: dict[str, Cost], ratio: float | None) -> None:
    columns = ("engine", "seconds", "CPU s", "peak MiB", "texts/s", "CPU µs/text", "bytes")
    table = Table(*columns, title=f"{count:,} texts of about {WORDS} words")
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        table.add_row(
            name,
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.peak_mib:.0f}",
            f"{count / cost.seconds:,.0f}",
            f"{1e6 * cost.cpu_seconds / count:.0f}",
            "equal" if cost.digest == first.digest else "DIFFERENT",
        )
    console = Console(width=110)
    console.print(table)
    if ratio:
        console.print(f"CPU of dask / cores: {ratio:.2f} (target ≤ {MOST_RATIO})")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--engines", default="cores,dask", help="of process, cores, dask, dask=tcp://…")
    parser.add_argument("--format", default="jsonl", choices=("jsonl", "csv", "parquet"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="veilleur-bench-") as temporary:
        archive = Path(temporary) / "archive.jsonl"
        write_archive(archive, options.texts)
        costs = {
            name: measure(archive, Path(temporary) / f"{number}.{options.format}", name)
            for number, name in enumerate(options.engines.split(","))
        }
    ratio = None
    if {"cores", "dask"} <= costs.keys():
        ratio = costs["dask"].cpu_seconds / costs["cores"].cpu_seconds
    show(options.texts, costs, ratio)
    equal = len({cost.digest for cost in costs.values()}) == 1
    figures = {name: asdict(cost) for name, cost in costs.items()}
    print(
        json.dumps(
            {"benchmark": "engine", "texts": options.texts, "format": options.format, "equal": equal}
            | {"engines": figures, "cpu_ratio": ratio and round(ratio, 3)}
        )
    )
    return 0 if equal and (ratio is None or ratio <= MOST_RATIO) else 1


if __name__ == "__main__":
    sys.exit(main())
