"""Secrets at rest: sealed with the newest key, opened with any that is still known."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from veilleur.desk.keys import keys_of
from veilleur.errors import InvalidInput


def seal(text: str) -> str:
    """The text, encrypted."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed. Raises `InvalidInput` when none of the keys opens it."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise InvalidInput("a secret cannot be opened with the keys of this installation") from error


def sealed_again(sealed: str) -> str | None:
    """The same secret under the newest key; None when it is. Raises `InvalidInput`."""
    try:
        Fernet(_known(settings.KEYS_FILE)[0]).decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed))
    return None


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _known(settings.KEYS_FILE)])


def _known(path: Path) -> tuple[str, ...]:
    """The keys as the file has them now: a process that runs for weeks sees them change."""
    found = path.stat()
    return _read(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, _number: int) -> tuple[str, ...]:
    return tuple(keys_of(path)["connections"])
