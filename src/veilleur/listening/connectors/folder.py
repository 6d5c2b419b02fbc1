"""A drop box: files that are laid into a folder of the data directory are read as they come.

The folder is `dropbox/<name>/`; the first account that listens to it leaves a mark (`.veilleur`) there, and
whoever listens later must know the same password, so that no other organisation of the server reads along.
Files are understood as the importer understands them, and never changed or removed. A file is read from a
copy, so that nobody can change it meanwhile; no link is followed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from veilleur.errors import CredentialsRefused, FileRefused, NetworkRefused
from veilleur.listening.client import Client
from veilleur.listening.connector import Capability, Heard, Page, Remark
from veilleur.listening.files import (
    Accepted,
    Mapping,
    Rejected,
    Table,
    check_mapping,
    guess_mapping,
    open_table,
    pseudonymiser,
    read_mentions,
    sentence,
)
from veilleur.listening.files.dates import known_zone
from veilleur.listening.files.reasons import refused
from veilleur.listening.files.row import storable
from veilleur.listening.scanning import require_clean
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

DATA_DIR = "VEILLEUR_DATA_DIR"
DROPBOX = "dropbox"
MARK = ".veilleur"
QUIET = 5.0
"""Seconds that a file must lie untouched: one that is still being written is left alone."""
MOST_FILES = 1000
"""Of a folder, the newest count; so many are remembered."""
MOST_BYTES = 200 * 1024 * 1024
"""Of a file, as for the importer."""
PAGE = 500
"""Rows of one step."""
LOOKED_AT = 10
"""Files that a diagnosis reads, the newest first."""
MOST_LOOKED_AT = 10 * 1024 * 1024
"""Bytes of a file beyond which a diagnosis leaves it alone."""
MOST_TOLD = 5
"""Refused files that one sentence names."""
KEPT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
"""Endings that say how a file is to be understood; its content tells the others."""


def time_zone(zone: str) -> str:
    """For `AfterValidator`: a zone of the IANA database."""
    if not known_zone(zone):
        raise ValueError("a time zone such as Europe/Paris")
    return zone


class FolderSettings(AccountSettings):
    """What an account needs."""

    name: Annotated[
        str,
        asked(
            "Nom du dossier",
            "Name of the folder",
            fr_help="Lettres minuscules, chiffres et tirets ; le dossier est créé sous « dropbox », "
            "dans le répertoire de données du serveur.",
            en_help="Small letters, digits and hyphens; the folder is made under “dropbox”, "
            "in the data directory of the server.",
            pattern=r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$",
        ),
    ]
    password: Annotated[
        SecretStr,
        asked(
            "Mot de passe du dossier",
            "Password of the folder",
            fr_help="À choisir, 12 caractères au moins : il empêche une autre organisation de ce serveur "
            "d’écouter le même dossier.",
            en_help="Yours to choose, at least 12 characters: it keeps another organisation of this server "
            "from listening to the same folder.",
            min_length=12,
            max_length=200,
        ),
    ]
    network: Annotated[
        str,
        asked(
            "Nom du réseau, tel qu’affiché",
            "Name of the network, as shown",
            fr_help="Pour les lignes qui n’en disent rien ; vide : le nom de ce connecteur.",
            en_help="For rows that say nothing of it; empty: the name of this connector.",
            max_length=120,
        ),
    ] = ""
    zone: Annotated[
        str,
        asked(
            "Fuseau horaire des dates",
            "Time zone of the dates",
            fr_help="Pour les dates qui n’en disent rien.",
            en_help="For dates that name none.",
            max_length=60,
        ),
        AfterValidator(time_zone),
    ] = "Europe/Paris"


class _Cursor(BaseModel):
    """What was read so far."""

    model_config = ConfigDict(frozen=True)

    seen: Annotated[tuple[str, ...], Field(max_length=MOST_FILES)] = ()
    """Digests of the files that were read to their end."""
    file: str = ""
    """Digest of the one that is being read."""
    row: Annotated[int, Field(ge=0)] = 0
    """Data rows of it that were brought."""

    def after(self, digests: Sequence[str], present: frozenset[str]) -> _Cursor:
        """Once these files are done with; those that went are forgotten when there are too many."""
        seen = (*self.seen, *digests)
        if len(seen) > MOST_FILES:
            seen = tuple(digest for digest in seen if digest in present)
        return _Cursor(seen=seen[-MOST_FILES:])


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it lies there."""

    path: Path
    size: int
    touched: int
    """Nanoseconds since 1970."""
    digest: str
    """Another one for another size or another time."""

    @property
    def shown(self) -> str:
        """Its name, for a person."""
        return storable(self.path.name)


class Folder:
    """Keeps `Connector`."""

    name: ClassVar[str] = "folder"
    title: ClassVar[Words] = Words({"fr": "Dossier de dépôt", "en": "Drop box"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.COMMENTS, Capability.REVIEWS, Capability.EDITS, Capability.BACKFILL}
    )
    limits: ClassVar[Sequence[Words]] = (
        Words(
            {
                "fr": "Les colonnes sont devinées, sans que personne ne les confirme : pour un fichier "
                "inhabituel, préférez l’import.",
                "en": "Columns are guessed and nobody confirms them: for an unusual file, prefer the import.",
            }
        ),
        Words(
            {
                "fr": "Un message modifié n’est reconnu que si le fichier donne un identifiant à chaque "
                "ligne ; une ligne qui manque dans un nouveau fichier n’est pas une suppression.",
                "en": "An edited message is recognised only where the file gives each row an identifier; "
                "a row that a new file lacks is no deletion.",
            }
        ),
        Words(
            {
                "fr": f"Les {MOST_FILES} fichiers les plus récents comptent, de 200 Mio au plus ; ni les "
                "liens, ni les sous-dossiers, ni les fichiers dont le nom commence par un point.",
                "en": f"The {MOST_FILES} newest files count, of 200 MiB at most; neither links nor folders "
                "inside, nor files whose name begins with a dot.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = FolderSettings
    seconds: ClassVar[float] = 15 * 60.0

    def __init__(self, settings: FolderSettings) -> None:
        """Opens nothing yet."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:  # noqa: ARG002 - no network is asked
        """Where files go, which are not read, and how many rows of the newest ones are not."""
        folder = self._opened()
        files = _files(folder)
        newest = [file for file in files[::-1] if file.size <= MOST_LOOKED_AT][:LOOKED_AT]
        return (self._welcome(len(files)), *filter(None, map(self._fault, newest)))

    def fetch(self, since: str, client: Client) -> Iterator[Page]:  # noqa: ARG002 - no network is asked
        """The rows of files that were not read yet, the oldest file first.

        Files that cannot be read hold up no other: they are named in a `NetworkRefused` at the end, once.
        """
        known = _resumed(since)
        files = _files(self._opened())
        present = frozenset(file.digest for file in files)
        faults: dict[str, str] = {}
        for file in files:
            if file.digest in known.seen:
                continue
            try:
                for rows, last in self._rows(file, known.row if known.file == file.digest else 0):
                    known = known.model_copy(update={"file": file.digest, "row": last})
                    yield Page(rows, known.model_dump_json())
            except FileRefused as fault:
                faults[file.digest] = f"{file.shown}: {fault}"
                continue
            known = known.after([file.digest], present)
            yield Page((), known.model_dump_json())
        if faults:
            yield Page((), known.after(list(faults), present).model_dump_json())
            raise NetworkRefused(_told(list(faults.values())))

    def _opened(self) -> Path:
        """The folder, made if need be, and ours."""
        told = os.environ.get(DATA_DIR)
        if not told:
            raise NetworkRefused(f"{DATA_DIR} does not say where the data directory is")
        folder = Path(told) / DROPBOX / self._settings.name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.is_symlink():
                raise NetworkRefused(f"{DROPBOX}/{folder.name} is a link: no link is followed")
            _claim(folder / MARK, self._settings.password.get_secret_value())
        except OSError as error:
            raise NetworkRefused(f"{DROPBOX}/{folder.name}: {error.strerror or error}") from error
        return folder

    def _rows(self, file: _File, skip: int) -> Iterator[tuple[tuple[Heard, ...], int]]:
        """The messages of a file after so many rows, in steps, with the number of rows after each."""
        with _understood(file, self._settings) as (table, mapping):
            outcomes = self._outcomes(table, mapping, skip)
            while step := list(islice(outcomes, PAGE)):
                heard = [self._heard(one, table, mapping) for one in step if isinstance(one, Accepted)]
                yield tuple(heard), step[-1].number

    def _fault(self, file: _File) -> Remark | None:
        """What is wrong with a file; None when all of it can be read."""
        try:
            with _understood(file, self._settings) as (table, mapping):
                outcomes = list(self._outcomes(table, mapping, 0))
        except FileRefused as fault:
            return _remark(
                *(
                    f"{file.shown} : {sentence(fault.code, fault.details, language)}"
                    for language in ("fr", "en")
                )
            )
        rejected = [one for one in outcomes if isinstance(one, Rejected)]
        if not rejected:
            return None
        first, count = rejected[0], f"{len(rejected)}/{len(outcomes)}"
        return _remark(
            f"{file.shown} : {count} lignes ne se lisent pas ; ligne {first.line} : {first.sentence('fr')}",
            f"{file.shown}: {count} rows cannot be read; line {first.line}: {first.sentence('en')}",
        )

    def _outcomes(self, table: Table, mapping: Mapping, skip: int) -> Iterator[Accepted | Rejected]:
        # Rows without an identifier get one made of what they say: their author goes in under a key.
        key = self._settings.password.get_secret_value().encode("utf-8", "surrogatepass")
        return read_mentions(
            table,
            mapping,
            source=self.name,
            collected_at=datetime.now(UTC),
            pseudonym=pseudonymiser(key),
            skip=skip,
        )

    def _heard(self, one: Accepted, table: Table, mapping: Mapping) -> Heard:
        said = one.mention
        return Heard(
            said.external_id,
            said.text,
            author=one.row.cells[table.headers.index(mapping.author)].strip() if mapping.author else "",
            title=said.title,
            url=said.url,
            network=said.network or self._settings.network,
            place=said.place,
            language=said.language_hint,
            thread=said.thread,
            published_at=said.published_at,
            rating=said.rating,
        )

    def _welcome(self, count: int) -> Remark:
        place = f"{DROPBOX}/{self._settings.name}"
        words = {
            "fr": f"Déposez vos fichiers dans « {place} », dans le répertoire de données ; "
            f"fichiers présents : {count}.",
            "en": f"Lay your files into “{place}”, in the data directory; files there now: {count}.",
        }
        return Remark(Words(words))


def _remark(french: str, english: str) -> Remark:
    return Remark(Words({"fr": french, "en": english}), is_good=False)


def _told(faults: list[str]) -> str:
    more = len(faults) - MOST_TOLD
    return " ".join(faults[:MOST_TOLD]) + (f" And {more} more." if more > 0 else "")


def _claim(mark: Path, password: str) -> None:
    """Leaves our mark. Raises `CredentialsRefused` when another one is there."""
    try:
        handle = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        salt, _blank, digest = _marked(mark).partition(" ")
        if not hmac.compare_digest(digest.encode(), _digest(password, salt).encode()):
            raise CredentialsRefused(
                f"{DROPBOX}/{mark.parent.name} has another password (the server’s owner may remove {MARK})"
            ) from None
        return
    salt = secrets.token_hex(16)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{salt} {_digest(password, salt)}")


def _marked(mark: Path) -> str:
    handle = os.open(mark, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        return stream.read(1000).decode("ascii", "replace").strip()


def _digest(password: str, salt: str) -> str:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt.encode(), n=2**14, r=8, p=1).hex()


def _resumed(since: str) -> _Cursor:
    try:
        return _Cursor.model_validate_json(since or "{}")
    except ValidationError:
        return _Cursor()


def _files(folder: Path) -> list[_File]:
    """The files that lie there untouched, the oldest first. Raises `NetworkRefused`."""
    try:
        with os.scandir(folder) as entries:
            found = [_file(entry) for entry in entries if not entry.name.startswith((".", "~"))]
    except OSError as error:
        raise NetworkRefused(f"{DROPBOX}/{folder.name}: {error.strerror or error}") from error
    quiet = [file for file in found if file is not None]
    return sorted(quiet, key=lambda file: (file.touched, file.path.name))[-MOST_FILES:]


def _file(entry: os.DirEntry[str]) -> _File | None:
    """None for what is no file, and for one that is still being written."""
    try:
        told = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    # The time of change also moves when a copy keeps the date of its original.
    if not stat.S_ISREG(told.st_mode) or 0 <= time.time() - told.st_ctime < QUIET:
        return None
    path = Path(entry.path)
    identity = os.fsencode(f"{path.parent.name}/{path.name} {told.st_size} {told.st_mtime_ns}")
    digest = hashlib.sha256(identity).hexdigest()[:16]
    return _File(path, told.st_size, told.st_mtime_ns, digest)


@contextmanager
def _understood(file: _File, settings: FolderSettings) -> Iterator[tuple[Table, Mapping]]:
    """A file as a table, and which column is which. Raises `FileRefused`, also while its rows are read.

    Raises `NotReached` when the virus scanner gives no verdict: the file is then asked for again.
    """
    try:
        with TemporaryDirectory(prefix="veilleur-") as place:
            copy = Path(place) / f"file{file.path.suffix if file.path.suffix in KEPT_SUFFIXES else ''}"
            _copy(file, copy)
            require_clean(copy, file.shown)
            table = open_table(copy)
            mapping = guess_mapping(table, settings.zone)
            problem = next((one for one in check_mapping(mapping, table) if one.blocking), None)
            if problem is not None:
                raise refused(problem.code, column=problem.column, **problem.details)
            yield table, mapping
    except OSError as error:
        raise refused("cannot_open", name=file.shown, cause=error.strerror or str(error)) from error


def _copy(file: _File, copy: Path) -> None:
    handle = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream, copy.open("wb") as kept:
        left = MOST_BYTES
        while part := stream.read(1 << 20):
            left -= len(part)
            if left < 0:
                raise refused("too_large", what=file.shown, limit=f"{MOST_BYTES >> 20} MiB")
            kept.write(part)
