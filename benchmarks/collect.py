"""How a thousand sources are kept up with, and how fast a stream of messages is taken in.

    python benchmarks/collect.py [--sources 1000] [--minutes 10] [--every 60] [--messages 30000]
                                 [--postgresql URL]

First part: so many sources of a guest book that goes on talking (examples/one_connector.py) are asked by one
collector process; every source that is due is asked, about one in twenty has something new each time. The
lag is from when a source was due to when what it said is stored. Second part: one source brings so many
messages at once; they are read, sorted, stored and indexed. Prints a table and one line of JSON; exits with 1
when a message was lost or doubled.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import runpy
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SEED = 20261122
AT_ONCE = 1_000
TOKEN = "a token of the benchmark"
TARGET_RATE, TARGET_MEMORY = 3_000, 400


class Books(ThreadingHTTPServer):
    """Many guest books in one: `/book/<n>` says what was written since a number."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sentences: list[str], share: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sentences, self.share = sentences, share
        self.written: dict[str, int] = {}
        self.lock = threading.Lock()

    def told(self, book: str, since: int) -> dict[str, object]:
        """What a book says since a number; now and then somebody has written."""
        chance = random.Random(f"{SEED} {book} {time.time_ns()}")
        with self.lock:
            if book != "flood" and chance.random() < self.share:
                self.written[book] = self.written.get(book, 0) + chance.randint(1, 5)
            last = min(self.written.get(book, 0), since + AT_ONCE)
        entries = [self._entry(book, number) for number in range(since + 1, last + 1)]
        return {"entries": entries, "next": max(last, since)}

    def _entry(self, book: str, number: int) -> dict[str, object]:
        chance = random.Random(f"{SEED} {book} {number}")
        text = " ".join(chance.sample(self.sentences, 4))
        moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        return {"id": f"{book}-{number}", "text": text, "author": f"p{chance.random()}", "at": moment}


class _Handler(BaseHTTPRequestHandler):
    server: Books
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """One look into one book."""
        parts = urlsplit(self.path)
        told = self.server.told(parts.path.rpartition("/")[2], int(parse_qs(parts.query)["since"][0]))
        content = json.dumps(told, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def serve(sentences: list[str], share: float, flood: int, pipe: object) -> None:
    """The networks, in a process of their own."""
    server = Books(sentences, share)
    server.written["flood"] = flood
    pipe.send(server.server_address[1])  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.recv()  # type: ignore[attr-defined]
    pipe.send(dict(server.written))  # type: ignore[attr-defined]


def open_desk(data: Path, port: int, database: str) -> None:
    """A fresh desk that knows the connector of the example."""
    os.environ |= {
        "VEILLEUR_DATA_DIR": str(data),
        "VEILLEUR_INTERNAL_HOSTS": f"127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "veilleur.desk.settings",
    }
    if database:
        os.environ["VEILLEUR_DATABASE_URL"] = database
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from veilleur import plugins
    from veilleur.listening.connector import connectors

    made = runpy.run_path(str(ROOT / "examples/one_connector.py"))["GuestBook"]
    installed = plugins.installed
    beside = [("guestbook", made)]
    plugins.installed = lambda group: iter([*installed(group), *beside * (group == plugins.CONNECTORS)])
    connectors.cache_clear()


def furnish(count: int, every: int, port: int) -> int:
    """So many sources, due over one interval; returns the id of the one that floods."""
    from datetime import timedelta

    from django.utils import timezone

    from veilleur.desk.accounts.actions import found_organisation
    from veilleur.desk.sources.connections import connect
    from veilleur.desk.sources.models import Listening, Source

    house = found_organisation("bench", "Bench")
    for number in range(count + 1):
        name = "flood" if number == count else str(number)
        source = Source.objects.create(organisation=house, key=f"s{name}", name=f"Source {name}")
        told = {"address": f"http://127.0.0.1:{port}/book/{name}", "token": TOKEN}
        connect(source, "guestbook", told, by="bench")
        due = timezone.now() + timedelta(seconds=every * number / max(count, 1))
        Listening.objects.filter(pk=source.pk).update(
            every=every, pause=every, next_at=due, is_paused=name == "flood"
        )
    return Source.objects.get(key="sflood").pk


def keep_up(seconds: float) -> dict[str, float]:
    """Lets a collector run; what it did."""
    from veilleur.desk.inbox import collecting, collectors
    from veilleur.desk.sources.models import Fetch

    collecting.SLOWEST = 1  # each source is asked at its fastest pace all the time
    stop = threading.Event()
    thread = threading.Thread(target=collectors.Collector().run, args=(stop,))
    began, cpu = time.monotonic(), time.process_time()
    thread.start()
    time.sleep(seconds)
    stop.set()
    thread.join()
    lags = sorted(Fetch.objects.values_list("lag", flat=True))
    return {
        "asked": len(lags),
        "lag_p50": round(lags[len(lags) // 2], 2),
        "lag_p95": round(lags[int(len(lags) * 0.95)], 2),
        "lag_max": round(lags[-1], 2),
        "troubles": Fetch.objects.exclude(trouble="").count(),
        "cpu_share": round((time.process_time() - cpu) / (time.monotonic() - began), 3),
    }


def flood(source: int) -> dict[str, float]:
    """How fast one source that has much to say is taken in."""
    from veilleur.desk.inbox.collectors import collect_once
    from veilleur.desk.sources.models import Listening

    Listening.objects.filter(pk=source).update(is_paused=False)
    began, cpu = time.monotonic(), time.process_time()
    collect_once([source])
    took, spent = time.monotonic() - began, time.process_time() - cpu
    from veilleur.desk.inbox.models import MentionRow

    count = MentionRow.objects.filter(source=source).count()
    return {"messages": count, "per_second": round(count / took), "per_cpu_second": round(count / spent)}


def peak() -> int:
    """MiB of this process so far, at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def doubled_and_lost(written: dict[str, int]) -> tuple[int, int]:
    """Messages stored twice, and messages that were said before the last look and are not there."""
    from django.db.models import Count

    from veilleur.desk.inbox.models import MentionRow
    from veilleur.desk.sources.models import Listening

    twice = MentionRow.objects.values("source", "external_id").annotate(n=Count("pk")).filter(n__gt=1).count()
    lost = 0
    for listening in Listening.objects.select_related("source"):
        stored = set(MentionRow.objects.filter(source=listening.pk).values_list("external_id", flat=True))
        book = listening.source.key[1:]
        last = min(int(listening.cursor or 0), written.get(book, 0))
        lost += sum(f"{book}-{number}" not in stored for number in range(1, last + 1))
    return twice, lost


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, default=1_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=int, default=60, help="seconds between two questions to one source")
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--postgresql", default="", metavar="URL")
    return parser.parse_args()


def main() -> None:
    """Both parts, and the table."""
    asked = _arguments()
    sentences = (ROOT / "training/corpora/own_sentences.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [line.split("\t")[-1] for line in sentences if line.strip()][:2_000]
    here, there = multiprocessing.get_context("spawn").Pipe()
    networks = multiprocessing.get_context("spawn").Process(
        target=serve, args=(sentences, 0.05, asked.messages, there), daemon=True
    )
    networks.start()
    port = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        open_desk(Path(folder), port, asked.postgresql)
        source = furnish(asked.sources, asked.every, port)
        kept = keep_up(asked.minutes * 60)
        kept["peak_mib"] = peak()
        taken = flood(source)
        here.send("how much was written?")
        twice, lost = doubled_and_lost(here.recv())
        figures = {
            **{name: getattr(asked, name) for name in ("sources", "minutes", "every")},
            "database": "PostgreSQL" if asked.postgresql else "SQLite",
            **kept,
            **{f"flood_{name}": value for name, value in taken.items()},
            "flood_peak_mib": peak(),
            "doubled": twice,
            "lost": lost,
        }
        show(figures, asked.every)
        print(json.dumps(figures))
        from django.db import connections

        connections.close_all()
    sys.exit(1 if twice or lost else 0)


def show(figures: dict[str, object], every: int) -> None:
    """The table."""
    wanted = {
        "lag_p95": f"≤ {2 * every}",
        "peak_mib": f"≤ {TARGET_MEMORY}",
        "flood_per_second": f"≥ {TARGET_RATE}",
        "doubled": "0",
        "lost": "0",
    }
    table = Table("what", "figure", "wanted")
    for name, value in figures.items():
        table.add_row(name, str(value), wanted.get(name, ""))
    Console().print(table)


if __name__ == "__main__":
    main()
