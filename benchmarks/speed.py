"""How fast messages are read, beside the tools somebody would compose to see half as much.

    python benchmarks/speed.py [--texts 2000] [--no-peers]

Texts of about 60 French words, made of the real experiences and the development messages of the
repository. Every measure is CPU time of one process held on one core; the peers run in an
environment of their own (uv, PyPI), in the same run. Prints a table and one line of JSON.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
WORDS = 60
SEED = 20261122
LEAST_TEXTS, LEAST_RATIO = 5_000, 10
MOST_LOAD, MOST_MIB, MOST_P95 = 2.0, 250, 2.0
PEERS = ("edsnlp==0.23.0", "presidio-analyzer==2.2.366", "py3langid", "vaderSentiment", "scikit-learn")
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def texts_of(count: int) -> list[str]:
    """`count` texts of about `WORDS` words, the same on every machine."""
    chance = random.Random(SEED)
    sources = list(chain(_experiences(), _messages()))
    chance.shuffle(sources)
    words = " \n".join(sources).split(" ")
    sizes = [chance.randrange(WORDS // 2, WORDS * 3 // 2) for _text in range(count)]
    texts, start = [], 0
    for size in sizes:
        if start + size > len(words):
            start = 0
        texts.append(" ".join(words[start : start + size]).strip())
        start += size
    return texts


def _experiences() -> Iterator[str]:
    with gzip.open(
        ROOT / "training/corpora/fr_public_services_experiences.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        yield from (json.loads(line)["text"] for line in lines)


def _messages() -> Iterator[str]:
    for path in sorted((ROOT / "tests/corpus/social_fr").glob("*.jsonl")):
        yield from (json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())


def measure_here(texts: list[str]) -> dict[str, float]:
    """Veilleur, in this process."""
    started = time.process_time()
    from veilleur.reading.memory import rare_collections  # noqa: PLC0415 - loading is measured
    from veilleur.reading.reader import installed_reader  # noqa: PLC0415
    from veilleur.vocabulary import Mention  # noqa: PLC0415

    reader = installed_reader()
    loaded = time.process_time() - started
    now = datetime.now(UTC)
    mentions = [Mention("bench", str(number), text, now) for number, text in enumerate(texts)]
    reader.read(mentions[:512])
    gc.freeze()  # as the engines do
    with rare_collections():
        batches = []
        for _time in range(3):
            started = time.process_time()
            reader.read(mentions)
            batches.append(time.process_time() - started)
        singles = []
        for mention in mentions[:500]:
            started_ns = time.perf_counter_ns()
            reader.read([mention])
            singles.append((time.perf_counter_ns() - started_ns) / 1e6)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": min(batches),
        "load": loaded,
        "peak_mib": peak,
        "one_p50_ms": statistics.median(singles),
        "one_p95_ms": statistics.quantiles(singles, n=20)[-1],
    }


def measure_peers(texts: list[str]) -> dict[str, Any]:
    """The composed peers, in their own environment, on the same core."""
    uv = subprocess.run([ROOT / "scripts/uv.sh"], capture_output=True, text=True, check=True).stdout.strip()
    wanted = list(chain.from_iterable(("--with", name) for name in PEERS))
    answer = subprocess.run(
        [
            uv,
            "run",
            "--no-project",
            "--isolated",
            "--python",
            sys.executable,
            *wanted,
            ROOT / "benchmarks/speed_peers.py",
        ],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ONE_CORE,
    )
    if answer.returncode:
        raise SystemExit(f"the peers could not run:\n{answer.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(answer.stdout.strip().splitlines()[-1])
    return result


def show(count: int, here: dict[str, float], peers: dict[str, Any] | None) -> None:
    table = Table(
        "tool",
        "texts/s (CPU)",
        "µs/text",
        "load s",
        "peak MiB",
        title=f"{count:,} French texts of about {WORDS} words",
    )
    for name, seconds in (peers or {"seconds": {}})["seconds"].items():
        table.add_row(name, f"{count / seconds:,.0f}", f"{1e6 * seconds / count:,.0f}", "", "")
    if peers:
        total = sum(peers["seconds"].values())
        table.add_row(
            "peers composed",
            f"{count / total:,.0f}",
            f"{1e6 * total / count:,.0f}",
            f"{peers['load']:.1f}",
            f"{peers['peak_mib']:.0f}",
        )
    table.add_row(
        "Veilleur",
        f"{count / here['seconds']:,.0f}",
        f"{1e6 * here['seconds'] / count:,.0f}",
        f"{here['load']:.1f}",
        f"{here['peak_mib']:.0f}",
    )
    console = Console(width=110)
    console.print(table)
    console.print(
        f"one text alone: median {here['one_p50_ms']:.2f} ms,"
        f" p95 {here['one_p95_ms']:.2f} ms (target {MOST_P95:g})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = texts_of(options.texts)
    peers = None if options.no_peers else measure_peers(texts)
    here = measure_here(texts)
    show(options.texts, here, peers)
    speed = options.texts / here["seconds"]
    record: dict[str, Any] = {
        "benchmark": "speed",
        "texts": options.texts,
        "texts_per_second": round(speed),
    } | here
    held = [
        speed >= LEAST_TEXTS,
        here["load"] <= MOST_LOAD,
        here["peak_mib"] <= MOST_MIB,
        here["one_p95_ms"] <= MOST_P95,
    ]
    if peers:
        ratio = sum(peers["seconds"].values()) / here["seconds"]
        record |= {"peers": peers, "ratio": round(ratio, 1)}
        held.append(ratio >= LEAST_RATIO)
        print(f"ratio to the composed peers: {ratio:.1f} × (target {LEAST_RATIO} ×)")
    print(json.dumps(record))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
