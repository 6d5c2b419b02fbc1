"""Jobs that leave a line in a file: what workers did, and how often."""

from __future__ import annotations

import os
import time

from veilleur.desk.jobs import job


@job
def note(path: str, number: int, seconds: float) -> None:
    """Writes that it began, takes its time, writes that it ended."""
    _write(path, f"begun {number}")
    time.sleep(seconds)
    _write(path, f"ended {number}")


def _write(path: str, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)
