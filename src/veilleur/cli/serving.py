"""`veilleur serve`: the desk in a browser, and the worker that imports beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from veilleur.cli.door import open_prepared_desk, out
from veilleur.cli.words import say
from veilleur.errors import ActRefused

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every network of this machine.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
THREADS = 4
PATIENCE = 5.0
"""Seconds a worker gets to finish what it does before it is told again, and then ended."""


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    with_worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker", help="With a worker beside it; without, run some elsewhere."),
    ] = True,
) -> None:
    """Serve the desk, with a worker beside it, until Ctrl-C."""
    open_prepared_desk()
    serve_prepared(host, port, with_worker=with_worker)


def serve_prepared(host: str, port: int, *, with_worker: bool = True) -> None:
    """Serves; Django is ready and the database is up to date."""
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from veilleur.desk.measures import count_together

    _refuse_busy(host, port)
    count_together(settings.DATA_DIR, tidy=True)
    out.print(say("The desk is open:", "Le bureau est ouvert :"), f"http://{_shown(host)}:{port}/")
    out.print(say("Ctrl-C closes it.", "Ctrl-C le ferme."))
    server = Granian(
        "veilleur.desk.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
    )
    with _worker_beside() if with_worker else nullcontext():
        server.serve()


def worker(
    patience: Annotated[
        float,
        typer.Option(min=0, help="Seconds that a job has to end when told to stop; then it waits again."),
    ] = 25.0,
) -> None:
    """Take the jobs of the desk, one after another, until told to stop; several may work at once."""
    open_prepared_desk()
    from django.conf import settings

    from veilleur.desk.api.jobs import keep_telling as tell_programs
    from veilleur.desk.automation.jobs import keep_firing, resume_trials
    from veilleur.desk.inbox.collectors import Collector
    from veilleur.desk.inbox.jobs import keep_erasing, keep_noticing, resume_interrupted
    from veilleur.desk.inbox.team.jobs import keep_telling
    from veilleur.desk.inbox.team.jobs import resume_interrupted as resume_team
    from veilleur.desk.measures import count_together
    from veilleur.desk.moderation.jobs import keep_performing
    from veilleur.desk.replies.jobs import keep_sending
    from veilleur.desk.sources.files import forget_imported
    from veilleur.desk.upkeep.working import work

    count_together(settings.DATA_DIR, tidy=False)
    if "VEILLEUR_DIES_WITH_STDIN" in os.environ:
        patience = min(patience, PATIENCE / 2)
        threading.Thread(target=_die_with_stdin, daemon=True).start()
    forget_imported()
    resume_interrupted()
    resume_team()
    resume_trials()
    senders = (keep_sending, keep_performing, keep_telling, tell_programs)
    keepers = (keep_erasing, keep_noticing, keep_firing)
    work((*senders, *keepers, Collector().run), patience)


def _die_with_stdin() -> None:
    """The pipe closes when the server ends, however it ends: the worker must not outlive it."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)  # an import resumes from its last batch


@contextmanager
def _worker_beside() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "veilleur.cli", "worker"],
        stdin=subprocess.PIPE,
        env=os.environ | {"VEILLEUR_DIES_WITH_STDIN": "1"},
        start_new_session=True,  # Ctrl-C is for the server, which then ends the worker
    )
    closing = threading.Event()
    threading.Thread(target=_end_with, args=(process, closing), daemon=True).start()
    try:
        yield
    finally:
        closing.set()
        _end(process)


def _end_with(process: subprocess.Popen[bytes], closing: threading.Event) -> None:
    """Without its worker the desk would take files and never import them: better to stop."""
    process.wait()
    if not closing.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.close()
    try:
        process.wait(timeout=PATIENCE * 2)
    except subprocess.TimeoutExpired:
        process.kill()


def _refuse_busy(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            raise ActRefused(
                say(
                    f"Cannot listen on {host}, port {port} ({error.strerror}): choose another with --port.",
                    f"Impossible d’écouter sur {host}, port {port} ({error.strerror}) : "
                    "choisissez-en un autre avec --port.",
                )
            ) from error


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - shown, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
