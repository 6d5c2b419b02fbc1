"""How long the pages of the inbox take at a given number of messages, through the whole stack.

    python benchmarks/desk.py --mentions 200000
    python benchmarks/desk.py --mentions 200000 --postgresql postgres://user@host/database

Builds its data in a directory (or a database) of its own, which it removes again. Every request
goes through Django's test client: middleware, queries and templates, all but the socket. The last
line is JSON; the exit status is 1 when a page's 95th percentile is above `--budget` milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import django
from rich.console import Console
from rich.table import Table

SEED = 20260301
BATCH = 5_000
NOW = datetime.now(UTC).replace(microsecond=0)
FRENCH = (
    "médecin infirmière attente urgences accueil secrétaire rendez-vous équipe service hôpital "
    "chambre opération chirurgien douleur traitement remboursement dossier téléphone réponse "
    "personne heures très bien mal merci gentil froid parking propre sale repas nuit écoute humain "
    "compétent long bravo scandaleux inadmissible rassurant efficace rapide explication suivi "
    "maternité pédiatrie "
)
ENGLISH = (
    "doctor nurse waiting ward reception appointment team hospital surgery pain treatment phone "
    "answer hours very good bad thanks kind cold parking clean dirty food night listened caring long "
    "rude friendly quick explained care maternity children staff letter helpful lovely noisy crowded "
)
WORDS = {"fr": FRENCH.split(), "en": ENGLISH.split()}
WEIGHTS = {language: [1 / rank for rank, _word in enumerate(words, 2)] for language, words in WORDS.items()}
"""As in any language, a few words are everywhere and most are rare."""
DRUGS = ("levothyrox", "doliprane", "ibuprofène", "méthotrexate", "isotrétinoïne")
REACTIONS = ("palpitations", "vertiges", "nausées", "éruption", "maux de tête")
RARE = 2_000
FLOODS = 200
"""Groups of messages that say the same: one message in ten belongs to one of them."""
NETWORKS = ("Services Publics +", "Google", "Hospitalidée", "Doctolib", "FFT")
PLACES = 40
QUEUES = ("to-handle", "adverse-reactions", "dissatisfied", "satisfied", "other-languages")


def main() -> None:
    arguments = _arguments()
    with installation(arguments.postgresql) as engine:
        started = time.perf_counter()
        organisation = build(arguments.mentions)
        built = time.perf_counter() - started
        reports = measure(organisation, arguments.requests)
        reference = _reference(organisation, arguments.requests)
    _print(reports, f"{arguments.mentions:,} messages on {engine}, built in {built:.0f} s", reference)
    print(json.dumps(_record(engine, arguments.mentions, reports, reference)))
    budgets = {"watch: 200 terms": 1_000.0}
    sys.exit(any(report.p95 > budgets.get(report.page, arguments.budget) for report in reports))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mentions", type=int, default=200_000)
    parser.add_argument(
        "--postgresql", default="", metavar="URL", help="a server on which to make a database"
    )
    parser.add_argument("--requests", type=int, default=100, help="requests per kind of page")
    parser.add_argument("--budget", type=float, default=100.0, help="milliseconds of a 95th percentile")
    return parser.parse_args()


# --- an installation of its own ---


@contextmanager
def installation(postgresql: str) -> Iterator[str]:
    """Settings, a data directory and a database of our own; gives the name of the engine."""
    with tempfile.TemporaryDirectory(prefix="veilleur-bench-") as folder, _database(postgresql) as url:
        os.environ.update(
            VEILLEUR_DATA_DIR=folder,
            VEILLEUR_DATABASE_URL=url,
            DJANGO_SETTINGS_MODULE="veilleur.desk.settings",
        )
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - settings must be known first
        from django.db import connection  # noqa: PLC0415

        from veilleur.desk import wsgi  # noqa: F401, PLC0415 - settles memory as the web server does

        call_command("migrate", verbosity=0)
        yield connection.vendor
        connection.close()


@contextmanager
def _database(server: str) -> Iterator[str]:
    """A database of our own on `server`, dropped again; the empty URL (SQLite) when there is none."""
    if not server:
        yield ""
        return
    import psycopg  # noqa: PLC0415 - an extra

    name = f"veilleur_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        base, _slash, _database_name = server.partition("?")[0].rpartition("/")
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# --- data ---


def build(mentions: int) -> Any:
    """Two organisations, the first with nine messages in ten; returns the first."""
    from django.db import connection  # noqa: PLC0415

    from veilleur.desk.accounts.actions import admit, found_organisation  # noqa: PLC0415

    dice = random.Random(SEED)
    big, small = (found_organisation(slug, slug.title()) for slug in ("hopital", "clinique"))
    admit(big, "bench@example.org", "Bench", "manager", password=None, by="bench")
    for organisation, share in ((big, 0.9), (small, 0.1)):
        _fill(organisation, int(mentions * share), dice)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # what autovacuum does by itself after such an import
    return big


def _fill(organisation: Any, count: int, dice: random.Random) -> None:
    from django.db import transaction  # noqa: PLC0415

    from veilleur.desk.inbox.bulk import insert, reserve_ids  # noqa: PLC0415
    from veilleur.desk.inbox.models import MentionRow, ReadingRow, TicketRow  # noqa: PLC0415
    from veilleur.desk.sources.models import Source  # noqa: PLC0415

    sources = [
        Source.objects.create(organisation=organisation, key=f"s{n}", name=f"Source {n}") for n in range(4)
    ]
    for start in range(0, count, BATCH):
        with transaction.atomic():
            ids = list(reserve_ids(MentionRow, min(BATCH, count - start)))
            rows = [_message(pk, organisation.pk, dice.choice(sources).pk, dice) for pk in ids]
            insert(MentionRow, [row[0] for row in rows])
            insert(ReadingRow, [row[1] for row in rows])
            insert(TicketRow, [row[2] for row in rows])


def _message(pk: int, organisation: int, source: int, dice: random.Random) -> tuple[Any, Any, Any]:
    language = dice.choices(("fr", "en"), (4, 1))[0]
    text, findings = _text(language, dice)
    share = dice.choice((None, 0.0, 0.25, 0.5, 0.75, 1.0))
    moment = NOW - timedelta(seconds=dice.randrange(3 * 365 * 86_400))
    facts = {"network": dice.choice(NETWORKS), "place": f"Site {dice.randrange(PLACES)}"}
    owned = {"organisation_id": organisation, "source_id": source}
    mention = {
        **owned, **facts, "id": pk, "external_id": f"m{pk}", "digest": f"{pk:064x}", "text": text,
        "title": text[:40] if dice.random() < 0.3 else "", "author": f"anonyme-{dice.randrange(50_000)}",
        "published_at": moment, "collected_at": NOW, "rating_value": None if share is None else 1 + 4 * share,
        "rating_worst": 1.0, "rating_best": 5.0, "marks": _marks(language, findings, share),
    }  # fmt: skip
    reading = {"mention_id": pk, "digest": mention["digest"], "reader": "bench/1", "findings": findings}
    status = dice.choices(("new", "open", "snoozed", "closed"), (30, 10, 2, 58))[0]
    ticket = {
        **owned, **facts, "mention_id": pk, "queue": dice.choices(QUEUES, (20, 2, 30, 40, 8))[0],
        "priority": dice.choice((1, 2, 2, 3)), "status": status, "opened_at": NOW, "moment": moment,
        "due_at": NOW + timedelta(days=7) if dice.random() < 0.6 else None, "language": language,
        "reasons": [{"rule": "dissatisfaction", "details": {"sentiment": "attente"}}],
        "sentiment": findings[0]["label"], "rating_share": share,
        "snoozed_until": NOW + timedelta(days=30) if status == "snoozed" else None,
        "alike": organisation * FLOODS + dice.randrange(FLOODS) if dice.random() < 0.1 else None,
    }  # fmt: skip
    return mention, reading, ticket


def _marks(language: str, findings: list[dict[str, Any]], share: float | None) -> str:
    """As `veilleur.listening.queries.marks_of` writes them."""
    stars = "none" if share is None else str(round(1 + 4 * share))
    found = {"drugs": "hasdrug", "reactions": "hasreaction"}
    has = {found[finding["analyzer"]] for finding in findings[1:]}
    return " ".join([*sorted(has), f"lang{language}", f"rating{stars}", f"sentiment{findings[0]['label']}"])


def _text(language: str, dice: random.Random) -> tuple[str, list[dict[str, Any]]]:
    words = dice.choices(WORDS[language], WEIGHTS[language], k=dice.randrange(15, 50))
    if dice.random() < 0.2:
        words[0] = f"rare{dice.randrange(RARE):04d}"
    label = dice.choice(("neg", "pos", "neu", "mixed"))
    findings: list[dict[str, Any]] = [
        {"analyzer": "sentiment", "label": label, "score": 0.8, "because": "ngrams", "grounds": words[3:7]}
    ]
    if dice.random() < 0.1:
        words[1:3] = [dice.choice(DRUGS), dice.choice(REACTIONS)]
        text = " ".join(words)
        for analyzer, word in (("drugs", words[1]), ("reactions", words[2])):
            span = [text.index(word), text.index(word) + len(word)]
            findings.append(
                {
                    "analyzer": analyzer,
                    "label": "term",
                    "score": 1,
                    "because": "term",
                    "grounds": [word],
                    "span": span,
                }
            )
    return " ".join(words), findings


# --- measures ---


@dataclass(frozen=True)
class Report:
    """Milliseconds of one kind of page, and how many queries it makes."""

    page: str
    p50: float
    p95: float
    slowest: float
    cpu: float
    queries: int


def measure(organisation: Any, requests: int) -> list[Report]:
    """Each kind of page, `requests` times with other arguments each time."""
    from django.test import Client  # noqa: PLC0415

    from veilleur.desk.accounts.models import User  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(
        User.objects.get(email="bench@example.org"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    client.get(f"/o/{organisation.slug}/inbox/")  # templates are compiled once per process
    return [_timed(name, client, address, requests) for name, address in _pages(organisation).items()]


def _pages(organisation: Any) -> dict[str, Callable[[random.Random], str]]:
    from veilleur.desk.inbox.models import TicketRow  # noqa: PLC0415

    home, replies = f"/o/{organisation.slug}/inbox/", f"/o/{organisation.slug}/replies/"
    tickets = TicketRow.objects.filter(organisation=organisation)
    ids = list(tickets.order_by("pk").values_list("pk", flat=True)[:: max(1, tickets.count() // 500)])
    begun = _begun(organisation, ids[:50])
    authors = list(
        tickets.filter(pk__in=ids).order_by("mention__author").values_list("mention__author", flat=True)
    )
    positions = list(tickets.filter(pk__in=ids).values_list("position", flat=True))

    def words(dice: random.Random, count: int = 1) -> str:
        return "+".join(dice.choices(WORDS["fr"], k=count))

    return {
        "list: to handle": lambda _dice: home,
        "list: a queue": lambda dice: f"{home}?queue={dice.choice(QUEUES)}",
        "list: soonest due": lambda _dice: f"{home}?sort=due",
        "list: closed, all": lambda dice: f"{home}?status={dice.choice(('closed', 'all', 'snoozed'))}",
        "list: feeling": lambda dice: f"{home}?sentiment={dice.choice(('neg', 'pos', 'neu', 'mixed'))}",
        "list: language": lambda dice: f"{home}?language={dice.choice(('en', 'fr', 'other'))}",
        "list: network": lambda dice: (
            f"{home}?network={dice.choice(NETWORKS).replace(' ', '+').replace('+ +', '+%2B')}"
        ),
        "list: place, rating": lambda dice: (
            f"{home}?place=Site+{dice.randrange(PLACES)}&rating={dice.randint(1, 5)}"
        ),
        "list: source": lambda dice: f"{home}?source=s{dice.randrange(4)}",
        "list: me, nobody": lambda dice: f"{home}?assignee={dice.choice(('me', 'none'))}",
        "list: a month": lambda dice: f"{home}?status=all&{_month(dice)}",
        "list: many filters": lambda dice: (
            f"{home}?sentiment=mixed&language=en&rating={dice.randint(1, 5)}"
            f"&place=Site+{dice.randrange(PLACES)}"
        ),
        "list: deep page": lambda dice: f"{home}?status=all&after=p{dice.choice(positions)}",
        "list: alike": lambda dice: (
            f"{home}?status=all&alike={organisation.pk * FLOODS + dice.randrange(FLOODS)}"
        ),
        "author": lambda dice: f"{home}author/{dice.choice(authors)}/",
        "search: a common word": lambda dice: f"{home}?status=all&q={words(dice)}",
        "search: two words": lambda dice: f"{home}?q={words(dice, 2)}",
        "search: a rare word": lambda dice: f"{home}?status=all&q=rare{dice.randrange(RARE):04d}",
        "search: prefix": lambda dice: f"{home}?q={words(dice)[:3]}*",
        "search: phrase": lambda dice: f'{home}?q="{words(dice, 2)}"',
        "search: word, filters": lambda dice: f"{home}?q={words(dice)}&sentiment=neg&rating=1&language=fr",
        "search: fields": lambda dice: (
            f"{home}?status=all&q=ressenti:négatif+note:1..2+avec:médicament+-{words(dice)}"
        ),
        "search: place, choices": lambda dice: (
            f'{home}?status=all&q=lieu:"Site+{dice.randrange(PLACES)}"+({words(dice)}+OU+{words(dice)}*)'
        ),
        "search: near": lambda dice: f"{home}?status=all&q={words(dice)}+PRÈS/3+{words(dice)}",
        "search: near, rare": lambda dice: (
            f"{home}?status=all&q=rare{dice.randrange(RARE):04d}+PRÈS/3+{words(dice)}"
        ),
        "watch: 200 terms": lambda dice: f"{home}watches/preview/#{dice.random()}",
        "ticket: whole page": lambda dice: f"{home}{dice.choice(ids)}/",
        "ticket: pane": lambda dice: f"{home}{dice.choice(ids)}/#pane",
        "ticket: in a search": lambda dice: f"{home}{dice.choice(ids)}/?status=all&q={words(dice)}",
        "focus: first one": lambda _dice: f"{home}focus/",
        "focus: decide, next": lambda dice: f"{home}focus/{dice.choice(ids)}/decide/#decided",
        "live: what changed": lambda dice: f"{home}live/?since={max(ids) - dice.randrange(40)}.0&window=w",
        "live: rows that changed": lambda dice: (
            f"{home}fresh/?tickets={','.join(map(str, dice.sample(ids, min(5, len(ids)))))}"
        ),
        "command bar": lambda dice: f"{home}go/?c={dice.choice('abcdefg')}",
        "reply: whole page": lambda dice: f"{replies}to/{dice.choice(begun)[0]}/",
        "reply: what is typed": lambda dice: f"{replies}{dice.choice(begun)[1]}/write/#typed",
    }


def _begun(organisation: Any, tickets: list[int]) -> list[tuple[int, int]]:
    """(ticket, reply) of replies that somebody has begun."""
    from veilleur.desk.accounts.models import User  # noqa: PLC0415
    from veilleur.desk.accounts.permissions import workplace_of  # noqa: PLC0415
    from veilleur.desk.replies.actions import begin  # noqa: PLC0415

    place = workplace_of(User.objects.get(email="bench@example.org"), organisation.slug)
    return [(ticket, begin(place, ticket, text="Bonjour.", now=NOW).pk) for ticket in tickets]


def _type(client: Any, path: str) -> Any:
    """A reply of 40 to 80 words, as the editor sends it while somebody types."""
    from veilleur.desk.replies.models import Reply  # noqa: PLC0415

    version = Reply.objects.values_list("version", flat=True).get(pk=path.split("/")[-3])
    dice = random.Random(f"{path}{version}")
    words = " ".join(dice.choices(WORDS["fr"], k=dice.randint(35, 75)))
    told = {"version": version, "text": f"Bonjour, merci pour ce message. {words}."}
    return client.post(path, told, headers={"HX-Request": "true"})


def _decide(client: Any, path: str) -> Any:
    """A message is put away in focus mode, as its buttons do it; the answer shows the next one."""
    from veilleur.desk.inbox.models import TicketRow  # noqa: PLC0415

    row = TicketRow.objects.get(pk=path.split("/")[-3])
    told = {"act": "assign", "to": "me", "version": row.version}
    return client.post(path, told, headers={"HX-Request": "true", "HX-Target": "desk"})


def _preview(client: Any, path: str, seed: str) -> Any:
    """A watch of 200 terms, as the editor asks for it while somebody types."""
    dice = random.Random(seed)
    rare = [f"rare{dice.randrange(RARE):04d}" for _term in range(150)]
    near = [f"{first} PRÈS/5 {second}" for first, second in zip(rare[:24], rare[24:48], strict=True)]
    query = f"({' OU '.join(rare + near)}) (note:<4 OU sentiment:neg) SAUF parking"
    return client.post(path, {"query": query, "excluded": ""}, headers={"HX-Request": "true"})


def _month(dice: random.Random) -> str:
    start = NOW.date() - timedelta(days=dice.randrange(1_000))
    return f"from={start}&to={start + timedelta(days=30)}"


def _timed(name: str, client: Any, address: Callable[[random.Random], str], requests: int) -> Report:
    dice = random.Random(SEED)
    walls, cpu = [], time.process_time()
    for _request in range(requests):
        wall = time.perf_counter()
        _get(client, address(dice))
        walls.append(1_000 * (time.perf_counter() - wall))
    cpu = 1_000 * (time.process_time() - cpu) / requests
    walls.sort()
    p50, p95 = (walls[ceil(share * requests) - 1] for share in (0.50, 0.95))  # nearest rank
    return Report(name, p50, p95, walls[-1], cpu, _queries(client, address(dice)))


def _get(client: Any, address: str) -> None:
    path, _hash, pane = address.partition("#")
    headers = {"HX-Request": "true", "HX-Target": "ticket"} if pane == "pane" else {}
    if path.endswith("/preview/"):
        response = _preview(client, path, pane)
    elif pane == "decided":
        response = _decide(client, path)
    else:
        response = _type(client, path) if pane == "typed" else client.get(path, headers=headers)
    if response.status_code != 200:
        raise SystemExit(f"{path} answered {response.status_code}")


def _queries(client: Any, address: str) -> int:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        _get(client, address)
    return len(captured)


def _reference(organisation: Any, times: int) -> float:
    """Median milliseconds to render the rows of a list from memory: what no query could make quicker."""
    from django.template.loader import render_to_string  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from veilleur.desk.accounts.models import User  # noqa: PLC0415
    from veilleur.desk.accounts.permissions import workplace_of  # noqa: PLC0415
    from veilleur.desk.inbox.forms import FilterForm  # noqa: PLC0415
    from veilleur.desk.inbox.queries.filters import Filters  # noqa: PLC0415
    from veilleur.desk.inbox.queries.listing import list_page  # noqa: PLC0415

    timezone.activate(organisation.time_zone)
    place = workplace_of(User.objects.get(email="bench@example.org"), organisation.slug)
    context = {"place": place, "page": list_page(place, Filters()), "form": FilterForm({}), "query": ""}
    walls = []
    for _time in range(times):
        wall = time.perf_counter()
        render_to_string("inbox/parts/list.html", context)
        walls.append(1_000 * (time.perf_counter() - wall))
    return sorted(walls)[len(walls) // 2]


def _record(engine: str, mentions: int, reports: list[Report], reference: float) -> dict[str, Any]:
    return {
        "benchmark": "desk",
        "engine": engine,
        "mentions": mentions,
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "render_from_memory_ms": round(reference, 1),
        "list_to_render_ratio": round(reports[0].p50 / reference, 2),
        "worst_p95_ms": round(max(report.p95 for report in reports), 1),
        "pages": [
            {
                name: round(value, 1) if isinstance(value, float) else value
                for name, value in asdict(report).items()
            }
            for report in reports
        ],
    }


def _print(reports: list[Report], title: str, reference: float) -> None:
    table = Table(title=title, caption=f"rendering the rows of a list from memory: {reference:.1f} ms")
    table.add_column("page")
    for heading in ("p50 ms", "p95 ms", "max ms", "CPU ms", "queries"):
        table.add_column(heading, justify="right")
    for report in reports:
        times = (f"{value:.1f}" for value in (report.p50, report.p95, report.slowest, report.cpu))
        table.add_row(report.page, *times, str(report.queries))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
