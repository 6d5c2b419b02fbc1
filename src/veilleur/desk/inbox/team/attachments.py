"""Files beside notes: bounded, known by their bytes, looked through for viruses, for colleagues only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import Note
from veilleur.desk.inbox.team.models import Attachment
from veilleur.desk.sources.files import KeptFile, keep
from veilleur.errors import ActRefused, FileRefused
from veilleur.listening.files import sentence

MOST_BYTES = 10 << 20
MOST_FILES = 5
"""Beside one note."""
LONGEST_NAME = 120
HEAD = 4096
"""Bytes that tell what a file is."""

_SIGNS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_ZIP = b"PK\x03\x04"
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the house, not yet beside a note."""

    name: str
    media_type: str
    size: int
    file: KeptFile


def media_type_of(head: bytes) -> str:
    r"""What a file is, by its first bytes; empty for what no note carries.

    >>> media_type_of(b"%PDF-1.7 ..."), media_type_of("Bonjour é".encode()), media_type_of(b"MZ\x90\x00")
    ('application/pdf', 'text/plain', '')
    """
    for sign, media_type in _SIGNS:
        if head.startswith(sign):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(_ZIP):
        return _media_type_of_zip(head)
    return "text/plain" if _is_text(head) else ""


def _media_type_of_zip(head: bytes) -> str:
    """Office documents only: what else a zip holds, nobody knows."""
    start = head.find(_OPEN_DOCUMENT)
    if start == 30:  # the name of the first entry follows a header of thirty bytes
        said = head[start + len(b"mimetype") :]
        kind = said[len(b"application/vnd.oasis.opendocument.") :].split(b"PK")[0]
        return (
            f"application/vnd.oasis.opendocument.{kind.decode('ascii', 'replace')}" if kind.isalpha() else ""
        )
    return next((media_type for sign, media_type in _OFFICE if sign in head), "")


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        # A character may be cut at the end.
        head.decode("utf-8") if len(head) < HEAD else head[:-3].decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 6 and len(head) >= HEAD
    return not head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script"))


def name_of(said: str) -> str:
    r"""A name as it is shown and saved under: no path, no control character.

    >>> name_of("..\\..\\C:\\notes\r\n.pdf"), name_of("///")
    ('notes.pdf', '-')
    """
    last = PurePosixPath(said.replace("\\", "/")).name
    clean = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(clean) > LONGEST_NAME:
        clean = clean[: LONGEST_NAME - 10] + clean[-10:]
    return clean or "-"


def kept(organisation: Organisation, files: Sequence[UploadedFile[Any]]) -> list[Kept]:
    """Takes files into the house, before the act that attaches them: a scanner may take its time.

    Raises `ActRefused`, saying which file and why; nothing is kept then.
    """
    if len(files) > MOST_FILES:
        raise ActRefused(_("At most %(most)d files beside one note.") % {"most": MOST_FILES})
    done: list[Kept] = []
    try:
        done.extend(_kept(organisation, file) for file in files)
    except FileRefused as refused:
        throw_away(done)
        raise ActRefused(sentence(refused.code, refused.details, get_language() or "fr")) from refused
    except ActRefused:
        throw_away(done)
        raise
    return done


def _kept(organisation: Organisation, file: UploadedFile[Any]) -> Kept:
    name = name_of(file.name or "")
    size = file.size or 0
    if size > MOST_BYTES:
        raise ActRefused(_("“%(name)s” is larger than 10 MiB.") % {"name": name})
    head = file.read(HEAD)
    file.seek(0)
    media_type = media_type_of(head)
    if not media_type:
        raise ActRefused(
            _("“%(name)s” is not a file that a note carries: PDF, picture, text or office document.")
            % {"name": name}
        )
    return Kept(name, media_type, size, keep(organisation, file.chunks(), name))


def attach(note: Note, files: Sequence[Kept]) -> None:
    """Puts files beside a note, in the transaction that writes it."""
    Attachment.objects.bulk_create(
        Attachment(
            note=note,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            digest=one.file.digest,
            path=one.file.path,
        )
        for one in files
    )


def throw_away(files: Iterable[Kept]) -> None:
    """Removes files that came beside no note after all."""
    for one in files:
        _unlink(one.file.path)


def throw_away_unused(files: Sequence[Kept]) -> None:
    """Removes those that no note carries after all: the act was refused."""
    paths = {one.file.path for one in files}
    used = set(Attachment.objects.filter(path__in=paths).values_list("path", flat=True)) if paths else set()
    throw_away(one for one in files if one.file.path not in used)


def forget(note_id: int) -> None:
    """Removes the files of a note that goes, once it is gone for good."""
    for path in Attachment.objects.filter(note=note_id).values_list("path", flat=True):
        transaction.on_commit(lambda path=path: _unlink(path))  # type: ignore[misc]


def location(attachment: Attachment) -> Path:
    """Where the file lies."""
    return Path(settings.DATA_DIR) / attachment.path


def _unlink(path: str) -> None:
    (Path(settings.DATA_DIR) / path).unlink(missing_ok=True)
