"""What a hundred open windows cost the others: pages of one person, with and without them.

    python -m benchmarks.live --windows 100 --seconds 30

Serves a desk of its own by `veilleur serve` (SQLite). Each window does as the browser does: it asks the
event stream as often as it is told, says every 15 seconds that it is there, and fetches rows that changed.
Meanwhile somebody decides a message a second. The last line is JSON; the exit status is 1 when all windows
together take more than `--budget` of a core, which a busy machine does not change, or anything answers 5xx.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import django
import httpx

BEAT = 15.0
RAMP = 15.0
"""Seconds in which the windows open; measuring begins after."""
PACE = 0.4
HOUSE = "hopital"
AGENTS = 20


@dataclass
class Tally:
    """What was answered, and how long it took (milliseconds)."""

    statuses: Counter[int] = field(default_factory=Counter)
    pages: list[float] = field(default_factory=list)
    asks: list[float] = field(default_factory=list)
    cpu: float = 0.0
    """Seconds that the server took, its start included."""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="veilleur-live-") as folder:
        os.environ.update(VEILLEUR_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="veilleur.desk.settings")
        cookies, tickets = _furnish(arguments.mentions)
        alone = _phase(folder, cookies, tickets[::2], 0, arguments.seconds)
        beside = _phase(folder, cookies, tickets[1::2], arguments.windows, arguments.seconds)
    cost = (beside.cpu - alone.cpu) / (arguments.seconds + RAMP)
    record = {
        "benchmark": "live",
        "windows": arguments.windows,
        "pages_alone_ms": _summary(alone.pages),
        "pages_beside_them_ms": _summary(beside.pages),
        "asks_ms": _summary(beside.asks),
        "asks_per_second": round(len(beside.asks) / (arguments.seconds + RAMP), 1),
        "share_of_a_core": round(cost, 3),
        "load": round(os.getloadavg()[0], 1),
        "statuses": dict(beside.statuses),
    }
    print(f"a page alone: {record['pages_alone_ms']}")
    print(f"a page beside {arguments.windows} windows: {record['pages_beside_them_ms']}")
    print(f"an ask of a window: {record['asks_ms']}, {record['asks_per_second']} a second")
    print(f"all windows together take {100 * cost:.0f} % of one core; load of the machine {record['load']}")
    print(json.dumps(record))
    sys.exit(cost > arguments.budget or any(status >= 500 for status in beside.statuses))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--windows", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--budget", type=float, default=0.3, help="share of a core for all windows")
    return parser.parse_args()


# --- a desk of its own ---


def _furnish(mentions: int) -> tuple[list[str], list[int]]:
    """Session cookies of the people, and tickets to open and decide."""
    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from benchmarks.desk import build  # noqa: PLC0415
    from veilleur.desk.accounts.actions import admit  # noqa: PLC0415
    from veilleur.desk.inbox.models import TicketRow  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    house = build(mentions)
    cookies = []
    for number in range(AGENTS):
        person = admit(
            house, f"agent{number}@example.org", f"Agent {number}", "member", password=None, by="bench"
        )
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        cookies.append(str(session.session_key))
    own = TicketRow.objects.filter(organisation=house, to_do__in=[True])
    return cookies, list(own.order_by("-position").values_list("pk", flat=True)[:2_000])


def _phase(folder: str, cookies: list[str], tickets: list[int], windows: int, seconds: float) -> Tally:
    """A server of its own, so that what it took is known when it has ended."""
    before = _cpu()
    with _served(folder) as address:
        tally = asyncio.run(_measure(address, cookies, tickets, windows, seconds))
    tally.cpu = _cpu() - before
    return tally


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _served(folder: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (Path(folder) / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "veilleur.cli", "serve", "--port", str(port)], stdout=log, stderr=log
        )
    try:
        for _try in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


# --- what people and their windows do ---


async def _measure(
    address: str, cookies: list[str], tickets: list[int], windows: int, seconds: float
) -> Tally:
    tally, dice = Tally(), random.Random(20260301)
    limits = httpx.Limits(max_connections=windows + 20)
    async with httpx.AsyncClient(base_url=f"{address}/o/{HOUSE}/inbox", timeout=60, limits=limits) as client:
        token = await _token(client, cookies[0])
        end = time.monotonic() + RAMP + seconds
        crowd = [
            _window(client, cookies[number % AGENTS], token, tickets[number : number + 25], end, tally, dice)
            for number in range(windows)
        ]
        await asyncio.gather(
            _reader(client, cookies[0], tickets, end, tally),
            _decider(client, cookies[1], token, tickets[windows // 2 :], end, tally),
            *crowd,
        )
    return tally


async def _token(client: httpx.AsyncClient, cookie: str) -> str:
    page = await client.get("/", headers={"Cookie": f"sessionid={cookie}"})
    return page.cookies["csrftoken"]


def _headers(cookie: str, token: str = "") -> dict[str, str]:
    return {"Cookie": f"sessionid={cookie}; csrftoken={token}", "X-CSRFToken": token}


async def _reader(
    client: httpx.AsyncClient, cookie: str, tickets: list[int], end: float, tally: Tally
) -> None:
    """One person who reads, at their own pace: the list, a message, the list…"""
    await asyncio.sleep(RAMP)
    number, begin = 0, time.monotonic()
    while time.monotonic() < end:
        began = time.perf_counter()
        path = "/" if number % 2 else f"/{tickets[number % 400]}/"
        answer = await client.get(path, headers=_headers(cookie))
        tally.pages.append(1_000 * (time.perf_counter() - began))
        tally.statuses[answer.status_code] += 1
        number += 1
        await asyncio.sleep(max(0.0, begin + number * PACE - time.monotonic()))


async def _decider(
    client: httpx.AsyncClient, cookie: str, token: str, tickets: list[int], end: float, tally: Tally
) -> None:
    """One person who decides, a message a second: every window has something to learn."""
    for ticket in tickets:
        if time.monotonic() > end:
            return
        told = {"act": "close", "outcome": "nothing", "version": "1"}
        answer = await client.post(
            f"/focus/{ticket}/decide/", data=told, headers={**_headers(cookie, token), "HX-Request": "true"}
        )
        tally.statuses[answer.status_code] += 1
        await asyncio.sleep(1)


async def _window(
    client: httpx.AsyncClient,
    cookie: str,
    token: str,
    tickets: list[int],
    end: float,
    tally: Tally,
    dice: random.Random,
) -> None:
    """As live.js: the stream, the heartbeat, the rows of the list that it shows."""
    ticket, shown = tickets[0], set(tickets)
    name, since, beat, known = f"{dice.random()}", "", 0.0, ""
    await asyncio.sleep(dice.random() * RAMP)
    while time.monotonic() < end:
        began = time.perf_counter()
        answer = await client.get("/live/", params={"window": name, "since": since}, headers=_headers(cookie))
        tally.asks.append(1_000 * (time.perf_counter() - began))
        tally.statuses[answer.status_code] += 1
        lines = dict(line.split(": ", 1) for line in answer.text.splitlines() if line)
        since = lines["id"]
        told = json.loads(lines["data"])["versions"]
        changed = [one for one, version in told.items() if version == 1 or int(one) in shown]
        if time.monotonic() - beat > BEAT:
            beat = time.monotonic()
            said = {"doing": "reading", "version": "1", "known": known}
            there = await client.post(f"/{ticket}/attend/", data=said, headers=_headers(cookie, token))
            found = re.search(r'name="known" value="([^"]*)"', there.text)
            known = found[1] if found else known
            tally.statuses[there.status_code] += 1
        if changed:
            await asyncio.sleep(dice.random())
            rows = await client.get(
                "/fresh/", params={"tickets": ",".join(changed)}, headers=_headers(cookie)
            )
            tally.statuses[rows.status_code] += 1
        await asyncio.sleep(int(lines["retry"]) / 1_000)


def _share(walls: list[float], share: float) -> float:
    return sorted(walls)[ceil(share * len(walls)) - 1] if walls else 0.0


def _summary(walls: list[float]) -> dict[str, float]:
    return {f"p{round(100 * share)}": round(_share(walls, share), 1) for share in (0.5, 0.95)}


if __name__ == "__main__":
    main()
