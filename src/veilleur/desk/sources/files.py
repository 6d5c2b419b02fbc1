"""The kept copy of an imported file: ours from the first byte, gone when it is no longer needed.

It lies under the data directory, named at random: never by a name that a person gave. It holds
what authors really wrote and how they are really called, so that it is removed as soon as every
row of it was taken.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources.models import CollectionRun, RunState
from veilleur.errors import FileRefused, NotReached
from veilleur.listening.files.reasons import refused
from veilleur.listening.scanning import require_clean

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A copy that was just made."""

    path: str
    """Relative to the data directory."""
    digest: str
    """Hex SHA-256 of the bytes."""


def keep(organisation: Organisation, chunks: Iterable[bytes], name: str) -> KeptFile:
    """Copies `chunks` to a new file that only this installation can read; `name` is only said, never used.

    Raises `FileRefused` when there are more bytes than the upload limit, or when the virus scanner does not
    let it pass; nothing is kept then.
    """
    path = Path(settings.MEDIA_ROOT) / organisation.slug / secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        digest = _write(path, chunks, name)
        _require_clean(path, name)
    except FileRefused:
        path.unlink()
        raise
    return KeptFile(str(path.relative_to(settings.DATA_DIR)), digest)


def _write(path: Path, chunks: Iterable[bytes], name: str) -> str:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.UPLOAD_LIMIT:
                raise too_large(name)
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _require_clean(path: Path, name: str) -> None:
    try:
        require_clean(path, name)
    except NotReached as missed:
        raise refused("not_scanned", name=name, cause=str(missed)) from missed


def too_large(name: str) -> FileRefused:
    """The refusal of a file beyond the upload limit; `name` is what the person calls it."""
    limit = f"{settings.UPLOAD_LIMIT >> 20} MiB"
    return refused("too_large", what=name, limit=limit)


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def location(run: CollectionRun) -> Path:
    """Where the kept copy of a run lies."""
    return Path(settings.DATA_DIR) / run.path


def forget(run: CollectionRun) -> None:
    """Removes the kept copy; harmless when it is gone."""
    if not run.path:
        return
    location(run).unlink(missing_ok=True)
    run.path = ""
    CollectionRun.objects.filter(pk=run.pk).update(path="")


def forget_imported() -> None:
    """Removes the copies of finished imports that a crash left behind."""
    for run in CollectionRun.objects.filter(state=RunState.DONE).exclude(path=""):
        forget(run)
