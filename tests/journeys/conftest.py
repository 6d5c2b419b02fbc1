"""A real desk for the journeys: its own data directory, its own server process, a real browser."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.visitor import Visitor
from tests.outside_package import installed_example
from veilleur.listening.samples import Sample, samples

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
PASSWORD = "one eye stays open"
COUNTS = (110, 40)
"""How many of the French and of the English sample messages the desk holds."""

PEOPLE = (
    ("trois-rivieres", "clara@example.org", "Clara Martin", "manager"),
    ("trois-rivieres", "hugo@example.org", "Hugo Petit", "member"),
    ("trois-rivieres", "rose@example.org", "Rose Blanc", "reader"),
    ("northmoor", "clara@example.org", "Clara Martin", "manager"),
    ("northmoor", "grace@example.org", "Grace Hill", "manager"),
)

# Other tests share the two cores: a slow answer is not a wrong one.
expect.set_options(timeout=45_000)


@dataclass(frozen=True)
class Desk:
    """A running desk: where it answers, where its data lie, and how to run its commands."""

    address: str
    data: Path
    password: str
    network_port: int
    """Port of this machine that its connectors may reach."""

    def run(self, *arguments: str) -> str:
        """Runs `veilleur …` on the data of this desk and returns what it printed."""
        return veilleur(self.data, *arguments)


def environment(data: Path) -> dict[str, str]:
    """The environment of a desk whose data lie in `data`, and nothing of the tests'."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VEILLEUR_", "DJANGO_"))
    }
    return {**kept, "VEILLEUR_DATA_DIR": str(data), "LC_ALL": "C.UTF-8"}


def command(*arguments: str) -> list[str]:
    """The command `veilleur` of the environment the tests run in."""
    return [str(Path(sys.executable).with_name("veilleur")), *arguments]


def veilleur(data: Path, *arguments: str) -> str:
    """Runs one command to its end; fails with what it said when it does."""
    done = subprocess.run(
        command(*arguments), env=environment(data), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"veilleur {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when somebody listens on `port`; fails with the log when the server gives up."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"the desk did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def sample_file(sample: Sample, count: int, folder: Path) -> Path:
    """A file with `count` of the sample's real messages, spread over the whole of it."""
    with gzip.open(sample.path, "rt", encoding="utf-8") as lines:
        every = lines.readlines()
    path = folder / f"{sample.slug}.jsonl"
    path.write_text("".join(every[:: len(every) // count][:count]), encoding="utf-8")
    return path


def furnish(data: Path) -> None:
    """Two organisations, a few people, and real messages, by the commands an administrator uses."""
    password = data / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    for sample, count in zip(samples(), COUNTS, strict=True):
        file = sample_file(sample, count, data)
        place = ("--language", sample.language, "--time-zone", sample.zone)
        veilleur(data, "organisation", "add", sample.slug, sample.organisation, *place)
        veilleur(data, "import", str(file), "--to", sample.slug, "--source", sample.source)
    for slug, email, name, role in PEOPLE:
        options = ("--name", name, "--role", role, "--password-file", str(password))
        veilleur(data, "person", "add", slug, email, *options)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a desk with about 150 real messages that nobody has touched yet."""
    data = tmp_path_factory.mktemp("furnished")
    furnish(data)
    return data


@pytest.fixture(scope="module")
def desk(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk of the module's own, served by `veilleur serve` as anybody's would be."""
    data = tmp_path_factory.mktemp("desk")
    shutil.copytree(furnished, data, dirs_exist_ok=True)
    port, network_port = free_port(), free_port()
    log = data / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command("serve", "--port", str(port)),
            env=environment(data)
            | {
                "VEILLEUR_INTERNAL_HOSTS": f"127.0.0.1:{network_port}",
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(installed_example(data)), os.environ.get("PYTHONPATH")])
                ),
            },
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_it_answers(port, server, log)
        yield Desk(f"http://127.0.0.1:{port}", data, PASSWORD, network_port)
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium. Stopped at the end of the module: it keeps an event loop running,
    which Django's tests in the same process would stumble over."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is missing: install Debian's package `chromium`, then run the tests again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(repository: Path) -> Path:
    """Where the screenshots go: a person looks at them."""
    folder = repository / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visit(browser: Browser, desk: Desk, pictures: Path) -> Iterator[Callable[..., Visitor]]:
    """Opens windows: `visit("clara@example.org", **look)` is signed in, `visit()` is a stranger."""
    opened: list[Visitor] = []

    def open_window(email: str = "", **look: Any) -> Visitor:
        visitor = Visitor(browser, desk.address, pictures, **look)
        opened.append(visitor)
        if email:
            visitor.sign_in(email, desk.password)
        return visitor

    yield open_window
    for visitor in opened:
        visitor.close()
