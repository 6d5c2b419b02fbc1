"""What lies inside a backup: `about.json`, the database, the files, and last `manifest.json`.

A tar, squeezed and sealed as it is written: neither side holds more than a piece of it in memory. The
manifest names every member with its size and SHA-256, and how many rows each table had.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext as _

from veilleur.desk.upkeep.sealed import SealedReader, SealedWriter, Secret
from veilleur.errors import BackupRefused

ABOUT, MANIFEST = "about.json", "manifest.json"
KEYS, SQLITE, DUMP = "data/keys.json", "data/veilleur.sqlite3", "database.dump"
SQUEEZE = 1
"""As quick as the disk, and a third of the size."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class About:
    """What a backup was made of."""

    version: str
    """Of Veilleur."""
    made_at: str
    """ISO 8601, UTC: the moment the database was as it is inside."""
    database: str
    """`sqlite` or `postgresql`."""
    migrations: tuple[str, ...]
    """`app.name` of each migration the database had been through."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What must be found inside."""

    rows: dict[str, int]
    """Table → how many rows it had."""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Member → size, SHA-256."""


class _Watched(io.RawIOBase):
    """A file that notes what is read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def pack(
    file: IO[bytes],
    secret: Secret,
    about: About,
    members: Iterable[tuple[str, Path]],
    rows: Mapping[str, int],
) -> Manifest:
    """Writes a backup to `file`: `members` under their names, then what they were."""
    manifest = Manifest(dict(rows))
    sealed = SealedWriter(file, secret)
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=SQUEEZE, fileobj=sealed, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add_json(tar, ABOUT, asdict(about))
        for name, path in members:
            manifest.files[name] = _add(tar, name, path)
        _add_json(tar, MANIFEST, asdict(manifest))
    sealed.finish()
    return manifest


def _add(tar: tarfile.TarFile, name: str, path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        entry = _entry(name, os.fstat(file.fileno()).st_size)
        watched = _Watched(file)
        tar.addfile(entry, watched)
        return entry.size, watched.digest.hexdigest()


def _add_json(tar: tarfile.TarFile, name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False).encode()
    tar.addfile(_entry(name, len(text)), io.BytesIO(text))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def unpack(file: IO[bytes], secret: Secret, folder: Path | None) -> tuple[About, Manifest]:
    """Reads a whole backup, and writes its members under `folder` where one is given.

    Raises `BackupRefused` when it does not open, is damaged or cut, or holds something else than its
    manifest says. `folder` must then be thrown away.
    """
    texts: dict[str, bytes] = {}
    found: dict[str, tuple[int, str]] = {}
    with _opened(file, secret) as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is None or not _is_safe(entry.name):
                raise BackupRefused(
                    _("The backup holds “%(name)s”, which no backup does.") % {"name": entry.name}
                )
            if entry.name in {ABOUT, MANIFEST}:
                texts[entry.name] = content.read()
            else:
                found[entry.name] = _write(content, folder / entry.name if folder else None)
    about, manifest = _known(texts)
    _compare(manifest, found)
    return about, manifest


@contextmanager
def _opened(file: IO[bytes], secret: Secret) -> Iterator[tarfile.TarFile]:
    """The members of a backup; at the end, it must be there to its last byte."""
    squeezed = gzip.GzipFile(fileobj=SealedReader(file, secret))
    try:
        with tarfile.open(fileobj=squeezed, mode="r|") as tar:
            yield tar
        while squeezed.read(CHUNK):
            pass
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise BackupRefused(_("The backup is damaged. Take another one.")) from error


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in {ABOUT, MANIFEST, DUMP} or (
        len(parts) > 1 and parts[0] == "data" and ".." not in parts and not name.startswith("/")
    )


def _write(content: IO[bytes], path: Path | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open_private(path or Path(os.devnull), is_new=path is not None) as target:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        if path is not None:
            target.flush()
            os.fsync(target.fileno())
    return size, digest.hexdigest()


def open_private(path: Path, *, is_new: bool = True) -> IO[bytes]:
    """A file to write that only its owner reads; a new one must not be there yet."""
    flags = os.O_WRONLY | (os.O_CREAT | os.O_EXCL if is_new else 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _known(texts: Mapping[str, bytes]) -> tuple[About, Manifest]:
    try:
        about = json.loads(texts[ABOUT])
        manifest = json.loads(texts[MANIFEST])
        files = {name: (size, digest) for name, (size, digest) in manifest["files"].items()}
        return About(**{**about, "migrations": tuple(about["migrations"])}), Manifest(manifest["rows"], files)
    except (KeyError, TypeError, ValueError) as error:
        raise BackupRefused(_("The backup does not say what it holds. Take another one.")) from error


def _compare(manifest: Manifest, found: Mapping[str, tuple[int, str]]) -> None:
    names = sorted(manifest.files.keys() | found.keys())
    wrong = [name for name in names if manifest.files.get(name) != found.get(name)]
    if wrong:
        raise BackupRefused(
            _("The backup does not hold what its manifest says: %(names)s. Take another one.")
            % {"names": ", ".join(wrong[:5])}
        )
