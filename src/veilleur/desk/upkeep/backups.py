"""Makes a backup while the desk is at work: the database, the keys and the files, sealed.

Files are held by a second name before the database is copied and once more after it: what the copy speaks of
is there, even when its import ends meanwhile. The keys cannot be changed in between.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

import veilleur
from veilleur.desk import keys
from veilleur.desk.sources.running import is_alive
from veilleur.desk.upkeep.archives import DUMP, SQLITE, About, Manifest, open_private, pack, unpack
from veilleur.desk.upkeep.sealed import Secret
from veilleur.desk.upkeep.snapshots import Snapshot, snapshot
from veilleur.errors import ActRefused

SUFFIX = ".backup"
DATED = re.compile(r"veilleur-\d{8}T\d{6}Z\.backup")
UNFINISHED = ".part"
ABANDONED = 24 * 3600
"""Seconds after which a backup that was not finished is taken for abandoned."""
LEFT_OUT = re.compile(
    r"veilleur\.sqlite3(-\w+)?|.*\.(lock|new|backup|part)|\.(backup|restore)-.*|before-restore-.*|metrics"
)
"""What lies in the data directory and is copied otherwise, or not at all."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was made."""

    path: Path
    size: int
    about: About
    manifest: Manifest


def back_up(target: Path, secret: Secret, *, verify: bool = False, keep: int = 0) -> Backup:
    """Writes a backup to `target`: a new file, or a folder in which it gets a name.

    `keep` removes all but the newest ones of that folder. Raises `ActRefused` when it cannot be done; what
    has the name of a backup is always whole.
    """
    if keep and not target.is_dir():
        raise ActRefused(_("Old backups are removed in a folder: give one that exists, or leave out --keep."))
    path = target / f"veilleur-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target
    if path.exists():
        raise ActRefused(_("%(path)s is there already: choose another name.") % {"path": path})
    part = path.with_name(path.name + UNFINISHED)
    try:
        with open_private(part) as file, _staged() as staging:
            taken = _staged_members(staging)
            about, manifest = _packed(file, secret, staging, taken)
            file.flush()
            os.fsync(file.fileno())
        if verify:
            with part.open("rb") as written:
                unpack(written, secret, None)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)
    if keep:
        forget_old(target, keep)
    return Backup(path, path.stat().st_size, about, manifest)


def _packed(file: object, secret: Secret, staging: Path, taken: Snapshot) -> tuple[About, Manifest]:
    about = About(veilleur.__version__, taken.at.isoformat(), connection.vendor, taken.migrations)
    return about, pack(file, secret, about, _members(staging), taken.rows)  # type: ignore[arg-type]


def _members(staging: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(_files(staging)):
        yield path.relative_to(staging).as_posix(), path


@contextmanager
def _staged() -> Iterator[Path]:
    """A folder of our own on the disk of the data, gone afterwards; those that a kill left behind, too."""
    home = Path(settings.DATA_DIR)
    for left in home.glob(".backup-*-*"):
        process = left.name.split("-")[1]
        if process.isdigit() and not is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    staging = home / f".backup-{os.getpid()}-{secrets.token_hex(4)}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _staged_members(staging: Path) -> Snapshot:
    home, data = Path(settings.DATA_DIR), staging / "data"
    data.mkdir(mode=0o700)
    with keys.held(settings.KEYS_FILE):
        _hold(home, data)
        taken = snapshot(staging / (DUMP if connection.vendor == "postgresql" else SQLITE))
        _hold(home, data)
    return taken


def _hold(home: Path, data: Path) -> None:
    """Gives the files under `home` a second name under `data`, where they have none yet."""
    for top in home.iterdir():
        if LEFT_OUT.fullmatch(top.name) or top.is_symlink():
            continue
        for path in _files(top) if top.is_dir() else [top]:
            held = data / path.relative_to(home)
            held.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(FileExistsError, FileNotFoundError):  # held already; gone since we saw it
                _second_name(path, held)


def _second_name(path: Path, held: Path) -> None:
    try:
        held.hardlink_to(path)
    except (PermissionError, NotImplementedError):  # a file system without second names
        if not held.exists():
            shutil.copyfile(path, held)


def _files(folder: Path) -> Iterable[Path]:
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


def forget_old(folder: Path, keep: int) -> list[Path]:
    """Removes all but the `keep` newest dated backups of a folder, and what was abandoned half-way."""
    dated = sorted(path for path in folder.iterdir() if DATED.fullmatch(path.name))
    old = dated[: max(0, len(dated) - keep)]
    for path in old:
        path.unlink()
    for part in folder.glob(f"veilleur-*{SUFFIX}{UNFINISHED}"):
        if time.time() - part.stat().st_mtime > ABANDONED:
            part.unlink(missing_ok=True)
    return old


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
