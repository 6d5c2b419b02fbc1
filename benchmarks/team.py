"""A team at work on one server: what it feels, and whether one of its acts is ever lost or doubled.

    python -m benchmarks.team --agents 20 [--minutes 5] [--mentions 20000]
    scripts/with-postgresql.sh sh -c 'python -m benchmarks.team --agents 100 \
        --postgresql "$VEILLEUR_TEST_DATABASE_URL"'
    … --kills 20            the server, its worker or the database is killed (SIGKILL) so many times meanwhile

So many people open the list, open a message beside it, think for a few seconds, then note, assign, put away
or close, against one `veilleur serve`, with the requests that their browsers would send. Many want the same
messages. Each act that the server acknowledged must stand once in the history and once in the audit trail,
which must verify; an act whose answer was cut off may stand once or not at all. Prints a table and one line
of JSON; exits with 1 when an act was lost or doubled, when a page fell over (without kills), or when the 95th
percentile is above `--budget` milliseconds.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.desk import build, installation
from benchmarks.served import Served, restarted_database

SEED = 20261123
SLUG = "hopital"
THINKING = (4.0, 12.0)
"""Seconds between a message and what is done with it."""
NEWEST = 40
"""Messages of a list among which a person chooses: people meet."""
TICKET = re.compile(rf"/o/{SLUG}/inbox/(\d+)/")
VERSION = re.compile(r'name="version" value="(\d+)"')
TOAST = re.compile(rf'/o/{SLUG}/inbox/undo/(\d+)/[^"]*">(?:<input[^>]*>)?<button type="submit" class="bare">')
ACTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("assign", {"to": "me"}),
    ("snooze", {"until": "tomorrow"}),
    ("close", {"outcome": "no_action"}),
    ("note", {}),
    ("note", {}),
)


@dataclass
class Diary:
    """What one person did and felt."""

    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    """(decision, act), as the page that followed named them."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Acts whose answer never came."""
    refused: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


class Agent(threading.Thread):
    """A person who works until told to stop."""

    def __init__(self, number: int, address: str, session: str, ended: threading.Event) -> None:
        """`session` is the cookie of somebody who has signed in."""
        super().__init__(daemon=True)
        self.diary = Diary()
        self._dice = random.Random(SEED + number)
        self._ended = ended
        self._http = httpx.Client(base_url=address, cookies={"sessionid": session}, timeout=30)

    def run(self) -> None:
        """Comes in, then message, thought, act; again, from the list when something went wrong."""
        desk = ""
        while not self._ended.wait(self._dice.uniform(0, THINKING[0])):
            try:
                desk = self._handle_one(desk or self._get(f"/o/{SLUG}/inbox/"))
            except httpx.HTTPError:
                desk = ""
        self._http.close()

    def _handle_one(self, desk: str) -> str:
        """Acts on a message of the list in `desk`; returns the desk as it then is."""
        tickets = list(dict.fromkeys(TICKET.findall(desk)))[:NEWEST]
        if not tickets:
            return ""
        home = f"/o/{SLUG}/inbox/{self._dice.choice(tickets)}/"
        pane = self._get(home, {"HX-Request": "true", "HX-Target": "ticket"})
        self._timed("POST", f"{home}seen/", headers=self._token())
        version = VERSION.search(pane)
        if version is None or self._ended.wait(self._dice.uniform(*THINKING)):
            return ""
        act, answers = self._dice.choice(ACTS)
        told = {"version": version[1], "text": f"Vu, {self._dice.random()}.", **answers}
        return self._act(act, f"{home}{act}/", told)

    def _act(self, act: str, path: str, told: dict[str, str]) -> str:
        boosted = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "desk"}
        try:
            answer = self._answered(302, "POST", path, data=told, headers=boosted | self._token())
            desk = self._get(answer.headers["Location"], boosted)
        except httpx.HTTPError:
            self.diary.unknown[act] += 1
            raise
        if done := undoable(desk):
            self.diary.acknowledged.append((done, act))
        else:
            self.diary.refused += 1
        return desk

    def _token(self) -> dict[str, str]:
        return {"X-CSRFToken": self._http.cookies.get("csrftoken") or ""}

    def _get(self, path: str, headers: dict[str, str] | None = None) -> str:
        return self._answered(200, "GET", path, headers=headers).text

    def _answered(self, status: int, method: str, path: str, **how: Any) -> httpx.Response:
        answer = self._timed(method, path, **how)
        if answer.status_code != status:
            raise httpx.HTTPError(f"{path} answered {answer.status_code}")
        return answer

    def _timed(self, method: str, path: str, **how: Any) -> httpx.Response:
        started = time.perf_counter()
        answer = self._http.request(method, path, **how)
        self.diary.seconds.append(time.perf_counter() - started)
        self.diary.statuses[answer.status_code] += 1
        return answer


def undoable(page: str) -> int:
    """The decision that the toast of `page` offers to undo; 0 when it offers none."""
    found = TOAST.search(page)
    return int(found[1]) if found else 0


def main() -> None:
    arguments = _arguments()
    with installation(arguments.postgresql) as engine:
        organisation = build(arguments.mentions)
        sessions = _people(organisation, arguments.agents)
        _let_go()
        diaries, down = _work(arguments, sessions)
        faults = _faults(organisation, diaries)
    record = _record(arguments, engine, diaries, faults, down)
    _print(record)
    print(json.dumps(record))
    fell = not arguments.kills and (record["5xx"] or record["p95_ms"] > arguments.budget)
    sys.exit(bool(faults or fell))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--budget", type=float, default=300, help="milliseconds of the 95th percentile")
    parser.add_argument(
        "--postgresql", default="", metavar="URL", help="a server on which to make a database"
    )
    return parser.parse_args()


def _people(organisation: Any, count: int) -> list[str]:
    """The session cookies of so many colleagues."""
    from django.test import Client  # noqa: PLC0415 - settings must be known first

    from veilleur.desk.accounts.actions import admit  # noqa: PLC0415
    from veilleur.desk.accounts.models import User  # noqa: PLC0415

    sessions = []
    for number in range(count):
        email = f"agent{number}@example.org"
        admit(organisation, email, f"Agent {number}", "member", password=None, by="bench")
        client = Client()
        client.force_login(
            User.objects.get(email=email), "allauth.account.auth_backends.AuthenticationBackend"
        )
        sessions.append(client.cookies["sessionid"].value)
    return sessions


def _let_go() -> None:
    """The database may be killed: nothing of this process stays connected to it."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The throw-away server of the tests promises nothing; here an answer is a promise.
            cursor.execute("SELECT current_database()")
            name = cursor.fetchone()[0]
            cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
    connection.close()


def _work(arguments: argparse.Namespace, sessions: Iterable[str]) -> tuple[list[Diary], list[float]]:
    """What the people did, and how many seconds each kill kept them waiting."""
    stop, down = threading.Event(), []
    with Served() as served:
        agents = [Agent(number, served.address, session, stop) for number, session in enumerate(sessions)]
        for agent in agents:
            agent.start()
        end, dice = time.monotonic() + 60 * arguments.minutes, random.Random(SEED)
        for _kill in range(arguments.kills):
            time.sleep(dice.uniform(2, 8))
            down.append(_kill_one(served, arguments.postgresql, dice))
        time.sleep(max(0.0, end - time.monotonic()))
        stop.set()
        for agent in agents:
            agent.join(timeout=60)
    return [agent.diary for agent in agents], down


def _kill_one(served: Served, postgresql: str, dice: random.Random) -> float:
    """Kills one of the processes, puts it back as an administrator's system would, waits for an answer."""
    started = time.monotonic()
    victim = dice.choice(("server", "worker", "database") if postgresql else ("server", "worker"))
    if victim == "database":
        restarted_database(postgresql)
    elif victim == "worker":
        served.kill_worker()
    else:
        served.kill_server()
    served.wait()
    return time.monotonic() - started


def _faults(organisation: Any, diaries: list[Diary]) -> list[str]:
    """Every way in which the history is not what people were told."""
    from veilleur.desk.accounts.audit import verify  # noqa: PLC0415
    from veilleur.desk.accounts.models import AuditLine  # noqa: PLC0415
    from veilleur.desk.inbox.models import DecisionRow  # noqa: PLC0415

    verify(organisation)
    told = Counter(done for diary in diaries for done in diary.acknowledged)
    stand = dict(
        DecisionRow.objects.filter(ticket__organisation=organisation, by__isnull=False).values_list(
            "pk", "act"
        )
    )
    faults = [f"act {pk} was acknowledged {count} times" for (pk, _act), count in told.items() if count > 1]
    faults += [f"act {pk} ({act}) is lost" for pk, act in told if stand.get(pk) != act]
    unknown: Counter[str] = Counter()
    for diary in diaries:
        unknown.update(diary.unknown)
    beyond = Counter(stand.values()) - Counter(act for _pk, act in told)
    faults += [f"{n} × {act} nobody did" for act, n in (beyond - unknown).items()]
    lines = AuditLine.objects.filter(organisation=organisation, actor__startswith="agent")
    if lines.count() != len(stand):
        faults.append(f"{lines.count()} lines of the trail for {len(stand)} acts")
    return faults + _decided_twice(organisation)


def _decided_twice(organisation: Any) -> list[str]:
    """Tickets that hold more acts than versions: two people decided the same thing."""
    from django.db.models import Count, F  # noqa: PLC0415

    from veilleur.desk.inbox.models import TicketRow  # noqa: PLC0415

    decided = TicketRow.objects.filter(organisation=organisation).annotate(acts=Count("decisions"))
    return [
        f"ticket {ticket.pk}: {ticket.acts} acts, version {ticket.version}"
        for ticket in decided.filter(acts__gt=0).exclude(version=F("acts") + 1)
    ]


def _record(
    arguments: argparse.Namespace, engine: str, diaries: list[Diary], faults: list[str], down: list[float]
) -> dict[str, Any]:
    seconds = sorted(second for diary in diaries for second in diary.seconds)
    statuses: Counter[int] = Counter()
    for diary in diaries:
        statuses.update(diary.statuses)
    return {
        "benchmark": "team",
        "engine": engine,
        "agents": arguments.agents,
        "mentions": arguments.mentions,
        "minutes": arguments.minutes,
        "requests": len(seconds),
        "p50_ms": round(1_000 * seconds[ceil(len(seconds) * 0.50) - 1]),
        "p95_ms": round(1_000 * seconds[ceil(len(seconds) * 0.95) - 1]),
        "max_ms": round(1_000 * seconds[-1]),
        "acknowledged": sum(len(diary.acknowledged) for diary in diaries),
        "refused": sum(diary.refused for diary in diaries),
        "unknown": sum(diary.unknown.total() for diary in diaries),
        "5xx": sum(count for status, count in statuses.items() if status >= 500),
        "kills": len(down),
        "longest_down_s": round(max(down, default=0.0), 1),
        "faults": faults[:20],
    }


def _print(record: dict[str, Any]) -> None:
    title = f"{record['agents']} people for {record['minutes']:g} minutes on {record['engine']}"
    table = Table(title=title, show_header=False)
    for name, value in record.items():
        if name not in {"benchmark", "engine", "agents", "minutes"}:
            table.add_row(name.replace("_", " "), str(value) if value != [] else "none")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
