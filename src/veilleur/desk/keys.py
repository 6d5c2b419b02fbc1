"""The secret keys of this installation: `keys.json` in the data directory, for its owner's eyes only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from cryptography.fernet import Fernet


class Keys(TypedDict):
    """What each key is for."""

    django: str
    audit: str
    pseudonyms: str
    connections: list[str]
    """What secrets of connections are encrypted with, the newest first; two while it is being changed."""


def keys_of(path: Path) -> Keys:
    """The keys in a file; drawn the first time."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        known: Keys = json.loads(path.read_text(encoding="utf-8"))
        return known
    keys = Keys(
        django=secrets.token_urlsafe(64),
        audit=secrets.token_hex(32),
        pseudonyms=secrets.token_hex(32),
        connections=[new_key()],
    )
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(keys, file)
    return keys


def new_key() -> str:
    """A key for secrets of connections."""
    return Fernet.generate_key().decode()


def keep_connections(path: Path, connections: list[str]) -> None:
    """Writes other keys for connections; a reader finds the old file or the new one, whole."""
    keys = Keys(**{**keys_of(path), "connections": connections})
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(keys, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody else changes the keys meanwhile; free again when this process dies."""
    with os.fdopen(os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
