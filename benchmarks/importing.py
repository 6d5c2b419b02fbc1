"""How fast a file becomes tickets, and whether a kill in the middle loses or doubles anything.

    python benchmarks/importing.py [--rows 100000] [--postgresql URL]

Generates reviews, imports them with `veilleur import` (parsing, reading, sorting, storing,
full-text index), compares with a bare loop measured in the same run (csv → SQLite, nothing
read), then imports into a fresh database, kills with SIGKILL in the middle, resumes with the same
command, and imports the same file once more. Prints a table and one line of JSON. Exits with 1
when a message was lost or doubled.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

SEED = 20260301
TARGET = 3_000
KILLED_AT = 0.4
"""Share of the rows after which the import is killed."""
HEADERS = ("id", "date", "note", "auteur", "réseau", "service", "titre", "commentaire")

OPENINGS = {
    "fr": (
        "Je suis venue pour {reason} et {wait}.",
        "Rendez-vous pris il y a {days} jours pour {reason} ; {wait}.",
        "Ma mère a été suivie ici après {reason}.",
        "Deuxième passage en {months} mois pour {reason}, {wait}.",
        "Prise en charge pour {reason} un {weekday} soir, {wait}.",
    ),
    "en": (
        "I came in for {reason} and {wait}.",
        "Booked {days} days ago for {reason}; {wait}.",
        "My mother was looked after here following {reason}.",
        "Second visit in {months} months for {reason}, {wait}.",
        "Seen for {reason} on a {weekday} evening, {wait}.",
    ),
}
JUDGEMENTS = {
    "fr": {
        True: (
            "L’équipe est à l’écoute et explique tout avec patience.",
            "Accueil chaleureux, locaux propres, merci à tous !",
            "Le docteur prend vraiment son temps, je recommande.",
            "Infirmières formidables, toujours un mot gentil.",
            "Tout était parfait du début à la fin.",
        ),
        False: (
            "Personne ne répond au téléphone, c’est inadmissible.",
            "On m’a parlé sèchement, quelle déception.",
            "Attente interminable et aucune explication.",
            "Le secrétariat a perdu mon dossier, je ne reviendrai pas.",
            "Chambre sale, repas froids, douleur ignorée toute la nuit.",
        ),
    },
    "en": {
        True: (
            "Staff were kind and explained everything patiently.",
            "Warm welcome and spotless rooms, thank you all!",
            "The doctor really takes the time to listen.",
            "Wonderful nurses who always had a smile.",
            "Everything went smoothly from start to finish.",
        ),
        False: (
            "Nobody answers the phone, which is unacceptable.",
            "I was spoken to rudely and left in tears.",
            "Endless waiting and no explanation at all.",
            "They lost my notes, I will not come back.",
            "Dirty ward, cold meals, and my pain was ignored all night.",
        ),
    },
}
ASIDES = {
    "fr": (
        "Depuis, j’ai des vertiges avec le {drug}.",
        "Le parking reste {adjective}.",
        "Sous {drug}, les nausées ont cessé.",
        "À part cela, rien à dire ; l’hôpital est « {adjective} ».",
        "Bravo au service de {place}.",
        "",
    ),
    "en": (
        "Since then I feel dizzy on {drug}.",
        "Parking is still {adjective}.",
        "The nausea stopped once on {drug}.",
        'Apart from that, nothing to add; the building is "{adjective}".',
        "Well done to {place}.",
        "",
    ),
}
FILLERS: dict[str, dict[str, tuple[str, ...]]] = {
    "fr": {
        "reason": (
            "une radio",
            "une prise de sang",
            "un vaccin",
            "une fracture du poignet",
            "un bilan",
            "une opération",
        ),
        "wait": (
            "j’ai attendu {minutes} minutes",
            "on m’a reçue à l’heure",
            "il a fallu patienter {minutes} min",
        ),
        "weekday": ("lundi", "mardi", "jeudi", "samedi"),
        "drug": ("doliprane", "levothyrox", "tramadol", "ibuprofène", "seresta"),
        "adjective": ("vieillot", "bondé", "agréable", "mal indiqué"),
        "place": ("cardiologie", "maternité", "pédiatrie", "radiologie"),
    },
    "en": {
        "reason": ("an X-ray", "a blood test", "a vaccine", "a broken wrist", "a check-up", "an operation"),
        "wait": ("I waited {minutes} minutes", "I was seen on time", "it took {minutes} minutes"),
        "weekday": ("Monday", "Tuesday", "Thursday", "Saturday"),
        "drug": ("paracetamol", "levothyroxine", "tramadol", "ibuprofen", "sertraline"),
        "adjective": ("dated", "crowded", "pleasant", "badly signposted"),
        "place": ("cardiology", "maternity", "paediatrics", "radiology"),
    },
}
NETWORKS = ("Google", "Pages Jaunes", "Trustpilot", "Doctolib")


def write_reviews(path: Path, rows: int) -> None:
    """A CSV of `rows` different reviews, the same on every machine."""
    chance = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADERS)
        writer.writerows(review(number, chance) for number in range(rows))


def review(number: int, chance: random.Random) -> tuple[str, ...]:
    """One row."""
    language = "fr" if chance.random() < 0.7 else "en"
    stars = chance.choices((1, 2, 3, 4, 5), weights=(18, 8, 9, 20, 45))[0]
    moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(3 * 365 * 24 * 60))
    return (
        f"avis-{number:07d}",
        moment.strftime("%Y-%m-%d %H:%M"),
        str(stars) if chance.random() < 0.9 else "",
        f"{chance.choice('ABCDEFGHJKLMNPRST')}. patient{chance.randrange(40_000)}",
        chance.choice(NETWORKS),
        chance.choice(FILLERS[language]["place"]).capitalize(),
        "",
        comment(language, stars >= 4, chance),
    )


def comment(language: str, pleased: bool, chance: random.Random) -> str:  # noqa: FBT001 - a fact of the review
    """About 120 to 300 characters."""
    sentences = [
        chance.choice(OPENINGS[language]),
        *chance.sample(JUDGEMENTS[language][pleased], 2),
        chance.choice(ASIDES[language]),
    ]
    words = {name: chance.choice(choices) for name, choices in FILLERS[language].items()}
    numbers = {
        "days": chance.randrange(2, 90),
        "months": chance.randrange(2, 12),
        "minutes": chance.randrange(5, 240),
    }
    joined = chance.choice((" ", " ", "\n")).join(filter(None, sentences))
    return joined.format(**words, **numbers).format(**numbers)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children took."""

    seconds: float
    cpu_seconds: float
    peak_rss_mib: float
    """Of the largest of the processes."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One installation of its own: a data directory and a database."""

    folder: Path
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands that are run there."""
        return os.environ | {
            "VEILLEUR_DATA_DIR": str(self.folder),
            "VEILLEUR_DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "veilleur.desk.settings",
            "LC_ALL": "C.UTF-8",
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command of Veilleur, in its own process."""
        command = [sys.executable, "-m", "veilleur.cli", *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)

    def run(self, *arguments: str) -> Cost:
        """A command of Veilleur, to its end."""
        started = time.perf_counter()
        process = self.start(*arguments)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"veilleur {' '.join(arguments)}: exit code {process.returncode}")
        seconds = time.perf_counter() - started
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def bring_in(self, file: Path) -> Cost:
        """`veilleur import`."""
        return self.run("import", str(file), "--to", "bench", "--source", "reviews")

    def ask(self, question: str) -> subprocess.Popen[str]:
        """A few lines of Python with the tables at hand."""
        command = [sys.executable, "-c", PREAMBLE + question]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)

    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind, and how many different messages."""
        answer, _nothing = self.ask(COUNTS).communicate()
        counts: dict[str, int] = json.loads(answer)
        return counts


PREAMBLE = """
import django, json, sys, time
django.setup()
from veilleur.desk.inbox.models import MentionRow, MentionVersion, ReadingRow, TicketRow
from veilleur.desk.sources.models import CollectionRun
"""
COUNTS = """
print(json.dumps({
    "mentions": MentionRow.objects.count(),
    "different": MentionRow.objects.values("external_id").distinct().count(),
    "readings": ReadingRow.objects.count(),
    "tickets": TicketRow.objects.count(),
    "versions": MentionVersion.objects.count(),
    "added_by_last_run": CollectionRun.objects.latest("pk").added,
    "runs": CollectionRun.objects.count(),
}))
"""
WATCH = """
print("watching", flush=True)
while not CollectionRun.objects.filter(cursor__gte={rows}).exists():
    time.sleep(0.01)
print("there", flush=True)
"""


def check_kill(desk: Desk, file: Path, rows: int) -> dict[str, int]:
    """Kills an import in the middle, resumes it, repeats it; returns what was there when."""
    watcher = desk.ask(WATCH.format(rows=max(1, int(rows * KILLED_AT))))
    assert watcher.stdout is not None
    watcher.stdout.readline()
    process = desk.start("import", str(file), "--to", "bench", "--source", "reviews")
    watcher.stdout.readline()
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        raise SystemExit("the import ended before it could be killed: give it more rows")
    watcher.wait()
    killed = desk.counts()
    desk.bring_in(file)
    resumed = desk.counts()
    desk.bring_in(file)
    repeated = desk.counts()
    expect(0 < killed["mentions"] < rows, f"killed in the middle: {killed}")
    for counts in (resumed, repeated):
        whole = {counts[name] for name in ("mentions", "different", "readings", "tickets")}
        expect(whole == {rows} and counts["versions"] == 0, f"no loss, no double: {counts}")
    expect(resumed["runs"] == 1, f"the same command went on with the same run: {resumed}")
    expect(repeated["added_by_last_run"] == 0, f"the third import adds nothing: {repeated}")
    return {
        "killed_after": killed["mentions"],
        "after_resume": resumed["mentions"],
        "after_repeat": repeated["mentions"],
    }


def expect(holds: bool, what: str) -> None:  # noqa: FBT001 - a claim
    if not holds:
        raise SystemExit(f"NOT TRUE: {what}")


def reference_loop(file: Path, database: Path) -> float:
    """Seconds to copy the raw cells to a SQLite table: what nobody can beat."""
    started = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection, file.open(encoding="utf-8", newline="") as stream:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"CREATE TABLE raw ({', '.join(f'c{index}' for index in range(len(HEADERS)))})")
        marks = ", ".join("?" * len(HEADERS))
        connection.executemany(f"INSERT INTO raw VALUES ({marks})", csv.reader(stream))
        connection.commit()
    return time.perf_counter() - started


def size_mib(desk: Desk) -> float:
    """Of the SQLite database, its journal included; 0 for a server."""
    return sum(path.stat().st_size for path in desk.folder.glob("veilleur.sqlite3*")) / 1024**2


@contextmanager
def fresh_desk(folder: Path, postgresql: str) -> Iterator[Desk]:
    """An installation with one organisation and an empty database, gone afterwards."""
    folder.mkdir()
    with fresh_database(postgresql) as url:
        desk = Desk(folder, url)
        desk.run("organisation", "add", "bench", "Benchmark")
        yield desk


@contextmanager
def fresh_database(postgresql: str) -> Iterator[str]:
    if not postgresql:
        yield ""
        return
    import psycopg  # noqa: PLC0415 - only when asked for

    name = f"veilleur_bench_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{postgresql.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def show(rows: int, cost: Cost, database_mib: float, reference: float, kill: dict[str, int]) -> None:
    table = Table("measure", "value", title=f"import of {rows:,} reviews, reading on")
    lines = {
        "rows/s, end to end": f"{rows / cost.seconds:,.0f} (target {TARGET:,})",
        "seconds": f"{cost.seconds:.1f}",
        "CPU seconds": f"{cost.cpu_seconds:.1f} ({1e6 * cost.cpu_seconds / rows:.0f} µs/row)",
        "peak memory of a process": f"{cost.peak_rss_mib:.0f} MiB",
        "database": f"{database_mib:.0f} MiB",
        "bare copy of the cells": f"{rows / reference:,.0f} rows/s",
        "ratio to the bare copy": f"{cost.seconds / reference:.0f} ×",
        "killed (SIGKILL) after": f"{kill['killed_after']:,} messages",
        "after resuming": f"{kill['after_resume']:,}",
        "after importing again": f"{kill['after_repeat']:,}",
    }
    for name, value in lines.items():
        table.add_row(name, value)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--postgresql", default="", help="URL of a server where databases may be created")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="veilleur-bench-") as temporary:
        folder = Path(temporary)
        file = folder / "reviews.csv"
        write_reviews(file, options.rows)
        reference = reference_loop(file, folder / "reference.sqlite3")
        with fresh_desk(folder / "speed", options.postgresql) as desk:
            cost = desk.bring_in(file)
            database_mib = size_mib(desk)
        with fresh_desk(folder / "kill", options.postgresql) as desk:
            kill = check_kill(desk, file, options.rows)
    show(options.rows, cost, database_mib, reference, kill)
    figures = {"benchmark": "import", "rows": options.rows, "rows_per_second": options.rows / cost.seconds}
    figures |= asdict(cost) | {"database_mib": database_mib, "reference_seconds": reference} | kill
    print(json.dumps(figures | {"database": "postgresql" if options.postgresql else "sqlite"}))


if __name__ == "__main__":
    main()
