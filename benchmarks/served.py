"""A desk that is served by processes of its own, which may be killed and come back."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

PATIENCE = 60.0
"""Seconds that a server gets to answer."""


class Served:
    """`veilleur serve` of the data that the environment names."""

    def __init__(self) -> None:
        """Chooses a port; nothing runs yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._server: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        """Starts it and waits for its first answer."""
        self._start()
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it as an administrator would."""
        self._server.terminate()
        self._server.wait(timeout=PATIENCE)

    def _start(self) -> None:
        command = [sys.executable, "-m", "veilleur.cli", "serve", "--port", str(self._port)]
        quiet = subprocess.DEVNULL
        self._server = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)

    def wait(self) -> None:
        """Returns when it answers; starts it again when it has ended. Raises `SystemExit` after a minute."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._server.poll() is not None:
                self._start()
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/login/", timeout=5).status_code == 200:
                    return
            time.sleep(0.2)
        raise SystemExit("the server does not answer")

    def kill_server(self) -> None:
        """All processes that answer; the worker of jobs ends with them."""
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        self._start()

    def kill_worker(self) -> None:
        """The process that does the jobs; the server notices and stops."""
        for pid in children(self._server.pid):
            if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
        self._server.wait(timeout=PATIENCE)
        self._start()


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that still run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def restarted_database(url: str) -> None:
    """Kills a PostgreSQL of this machine with all its processes, and starts it as it was."""
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    data = Path(row[0])
    lock = data / "postmaster.pid"
    number, _data, _since, port, sockets, *_rest = lock.read_text().splitlines()
    postmaster = int(number)
    command = shlex.split((data / "postmaster.opts").read_text())
    owner = data.stat().st_uid
    for pid in (postmaster, *children(postmaster)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)  # until the kernel has taken back what they shared
    # Where nobody buries dead processes, it would seem to run.
    lock.unlink()
    Path(sockets, f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    with (data.parent / "log").open("ab") as log:
        subprocess.Popen(command, cwd="/", user=owner, stdout=log, stderr=log, start_new_session=True)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.1)
    raise SystemExit("the database does not come back")
