"""Real servers to test connectors against: `make test-counterparts`.

The scripts under `servers/` install (Debian, PyPI, npm) and start one server each on the loopback; what they
install is kept, what they store is thrown away at each start.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from veilleur.listening.client import INTERNAL_HOSTS

SERVERS = Path(__file__).parent / "servers"
WISHED = bool(os.environ.get("VEILLEUR_TEST_COUNTERPARTS"))
FIRST_START = 1200
"""Seconds: the largest one compiles for some minutes the first time."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """These tests run when they are asked for by name of the make target only."""
    return True if not WISHED and collection_path.name.startswith("test_") else None


class Server:
    """One running server."""

    def __init__(self, name: str, port: int, state: Path) -> None:
        self.name, self.port, self.state = name, port, state
        self.url = f"http://127.0.0.1:{port}"

    def run(self, verb: str, seconds: float = FIRST_START) -> str:
        """What the script says; raises when it fails."""
        done = subprocess.run(
            ["bash", str(SERVERS / f"{self.name}.sh"), verb],
            env=os.environ | {"PORT": str(self.port), "STATE": str(self.state), "WAIT": "240"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} {verb}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def secret(self, name: str) -> str:
        """What the script wrote into a file of its state."""
        return (self.state / name).read_text(encoding="utf-8").strip()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server takes connections and answers nothing until the end of the block."""
        groups = [int(path.read_text()) for path in self.state.glob("*.pid")]
        for group in groups:
            os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            for group in groups:
                os.killpg(group, signal.SIGCONT)


def free_port(count: int = 1) -> int:
    """The first of `count` neighbouring ports that nobody listens on."""
    for port in range(21000 + os.getpid() % 4000, 32000, count):
        if all(_is_free(number) for number in range(port, port + count)):
            return port
    raise RuntimeError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running(name: str, ports: int = 10) -> Iterator[Server]:
    """A server from now to the end of the block; it may use `ports` neighbouring ports."""
    state = Path(tempfile.mkdtemp(prefix=f"veilleur-{name}-"))
    state.chmod(0o755)  # some servers change to a user of their own
    server = Server(name, free_port(ports), state)
    try:
        server.run("start")
        yield server
    finally:
        server.run("stop", 60)
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def allowed(monkeypatch):
    """Lets the client reach servers on the loopback: `allowed(server.port)`."""

    def allow(*ports: int) -> None:
        hosts = [f"{host}:{port}" for port in ports for host in ("127.0.0.1", "localhost")]
        monkeypatch.setenv(INTERNAL_HOSTS, ",".join(hosts))

    return allow
