"""Files are looked through for viruses by the daemon that an administrator names: clamd, of ClamAV.

`VEILLEUR_CLAMAV` holds `host:port` or the path of a socket; without it nothing is looked through. A file is
sent as it is (`INSTREAM`), a piece at a time. Only “OK” lets it pass: a daemon that is away, that stops in
the middle or that says anything else holds the file back.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
from pathlib import Path

from veilleur.errors import NotReached
from veilleur.listening.files.reasons import refused

SCANNER = "VEILLEUR_CLAMAV"
SECONDS = 120.0
"""For each of connecting, sending a piece and waiting for the verdict on a large file."""
PIECE = 1 << 16
MOST_SAID = 4096
"""Bytes of what the daemon says that are read."""
CLEAN = "stream: OK"

_ADDRESS = re.compile(r"/.+|(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):[1-9]\d{0,4}")
_VERDICT = re.compile(r"stream: (?P<virus>.+) FOUND", re.DOTALL)


def is_address(told: str) -> bool:
    """Whether this is `host:port` or the path of a socket.

    >>> [is_address(told) for told in ("/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "clamd")]
    [True, True, True, False]
    """
    return _ADDRESS.fullmatch(told) is not None


def require_clean(path: Path, name: str) -> None:
    """Nothing for a file that is clean, or when no daemon is named; `name` is what a person calls the file.

    Raises `FileRefused` for one with a virus and for one that is larger than the daemon takes, `NotReached`
    when there is no verdict.
    """
    told = os.environ.get(SCANNER, "").strip()
    if not told:
        return
    said = _verdict(told, path)
    if found := _VERDICT.fullmatch(said):
        raise refused("infected", name=name, virus=found["virus"])
    if "size limit exceeded" in said:
        raise refused("too_large_to_scan", name=name)
    if said != CLEAN:
        raise NotReached(f"the virus scanner {told} says: {said[:200] or 'nothing'}")


def silence_of(told: str) -> str:
    """Why the daemon does not answer a greeting; empty when it does."""
    try:
        with _connected(told) as door:
            door.sendall(b"zPING\0")
            said = _said(door)
    except OSError as error:
        return error.strerror or str(error)
    return "" if said == "PONG" else said[:200] or "nothing is said"


def _verdict(told: str, path: Path) -> str:
    try:
        with _connected(told) as door:
            # A daemon that has had enough of a file says so and hangs up before its end.
            with contextlib.suppress(ConnectionError):
                _send(door, path)
            return _said(door)
    except OSError as error:
        raise NotReached(f"the virus scanner {told} is not reached: {error.strerror or error}") from error


def _connected(told: str) -> socket.socket:
    if not told.startswith("/"):
        host, _colon, port = told.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), SECONDS)
    door = socket.socket(socket.AF_UNIX)
    door.settimeout(SECONDS)
    try:
        door.connect(told)
    except OSError:
        door.close()
        raise
    return door


def _send(door: socket.socket, path: Path) -> None:
    door.sendall(b"zINSTREAM\0")
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            door.sendall(struct.pack("!I", len(piece)) + piece)
    door.sendall(struct.pack("!I", 0))


def _said(door: socket.socket) -> str:
    said = b""
    while len(said) < MOST_SAID and not said.endswith(b"\0") and (part := door.recv(MOST_SAID)):
        said += part
    return said.rstrip(b"\0").decode("utf-8", "replace").strip()
