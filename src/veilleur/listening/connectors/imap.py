"""A mailbox, over IMAP4rev1 (RFC 3501): letters of the public, and the e-mails by which networks notify.

The folder is opened for reading only and letters are peeked at: nothing is marked as read, moved or deleted.
The cursor is a JSON object: `validity`, the UIDVALIDITY of the folder, and `uid`, the last letter brought. A
folder with another UIDVALIDITY is another folder: it is read from its beginning.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from veilleur.errors import CredentialsRefused, InvalidInput, NetworkRefused, NotReached
from veilleur.listening.client import MOST_WORDS, Client, connected
from veilleur.listening.connector import Capability, Heard, Page, Remark, remark, said
from veilleur.listening.letters import Letter, read_letter
from veilleur.listening.remembering import Cursor
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

LARGE = 10 * 1024 * 1024
"""Bytes: of a letter that is larger, only the first `HEAD` bytes are asked for."""
HEAD = 1024 * 1024
MOST_HEARD = 16 * 1024 * 1024
"""Bytes of the answer to one question."""
PAGE = 20
"""Letters."""
WINDOW = 80_000
"""UIDs that are searched at once, so that the answer, one line, stays below a million characters."""

_HOST = re.compile(r"[0-9A-Za-z.:_-]{1,253}")
_NOBODY = re.compile(r"(?:no|not|ne[._-]?pas)[._-]?(?:reply|repondre)[^@]*@")
"""Addresses of machines that write for others."""
_LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')


def _host_name(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError("the name of a server such as imap.example.org")
    return host


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line without control characters")
    return text


def _secret_line(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


class ImapSettings(AccountSettings):
    """What an account needs."""

    host: Annotated[
        str,
        asked(
            "Serveur de réception (IMAP)",
            "Incoming mail server (IMAP)",
            fr_help="Donné par l’hébergeur du courrier, par exemple imap.example.org.",
            en_help="Whoever hosts the mail says it, for instance imap.example.org.",
        ),
        AfterValidator(_host_name),
    ]
    port: Annotated[int, asked("Port", "Port", ge=1, le=65535)] = 993
    tls: Annotated[
        Literal["tls", "none"],
        asked(
            "Chiffrement",
            "Encryption",
            fr_help="« tls » (port 993), sauf si le serveur est dans vos murs.",
            en_help="“tls” (port 993), unless the server is within your walls.",
        ),
    ] = "tls"
    user: Annotated[
        str,
        asked(
            "Identifiant",
            "User name",
            fr_help="Le plus souvent l’adresse e-mail entière.",
            en_help="Most often the whole e-mail address.",
            min_length=1,
            max_length=300,
        ),
        AfterValidator(_one_line),
    ]
    password: Annotated[
        SecretStr,
        asked(
            "Mot de passe",
            "Password",
            fr_help="De préférence un mot de passe d’application, créé pour Veilleur chez l’hébergeur.",
            en_help="Preferably an app password, made for Veilleur at the host.",
            min_length=1,
            max_length=1000,
        ),
        AfterValidator(_secret_line),
    ]
    folder: Annotated[
        str,
        asked(
            "Dossier",
            "Folder",
            fr_help="Seul ce dossier est lu : mieux vaut un dossier où une règle de tri range les avis.",
            en_help="Only this folder is read: best one that a filter puts the messages of the public in.",
            min_length=1,
            max_length=300,
        ),
        AfterValidator(_one_line),
    ] = "INBOX"


class _Cursor(Cursor):
    validity: Annotated[int, Field(ge=0, lt=2**32)] = 0
    uid: Annotated[int, Field(ge=0, lt=2**32)] = 0


class _Connection(imaplib.IMAP4):
    """imaplib over a connection that may be reached, with answers of a bounded size."""

    def __init__(self, settings: ImapSettings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._left = MOST_HEARD
        client.count()
        super().__init__(settings.host, settings.port, client.seconds)

    def _create_socket(self, timeout: float | None) -> Any:
        door = connected(self._settings.host, self._settings.port, timeout or self._client.seconds)
        if self._settings.tls == "none":
            return door
        try:
            return ssl.create_default_context().wrap_socket(door, server_hostname=self._settings.host)
        except (OSError, ValueError):
            door.close()
            raise

    def read(self, size: int) -> bytes:
        """So many bytes. Raises `imaplib.IMAP4.abort` once an answer is too large."""
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        """A line. Raises `imaplib.IMAP4.abort` once an answer is too large."""
        line = super().readline()
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise self.abort(f"an answer of more than {MOST_HEARD} bytes")

    def question(self, name: str, *words: str) -> list[Any]:
        """What a `UID` command answers. Raises `imaplib.IMAP4.error` for a no."""
        self._left = MOST_HEARD
        verdict, told = self.uid(name, *words)
        if verdict != "OK":
            raise self.error(f"{name}: {_sentence(told)}")
        return told


class Imap:
    """Keeps `Connector`."""

    name: ClassVar[str] = "imap"
    title: ClassVar[Words] = said("Boîte e-mail", "Mailbox")
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.COMMENTS, Capability.BACKFILL})
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Lire une lettre ne la marque pas comme lue ; on y répond depuis la messagerie.",
            "Reading a letter does not mark it as read; it is answered from the mail program.",
        ),
        said(
            "Les pièces jointes ne sont ni reprises ni analysées ; leur nombre est indiqué.",
            "Attachments are neither kept nor scanned; how many there are is said.",
        ),
        said(
            "D’une lettre de plus de 10 Mo, seul le début est lu.",
            "Of a letter larger than 10 MB only the beginning is read.",
        ),
        said(
            "Pas de messagerie qui refuse les mots de passe, comme Microsoft 365.",
            "No mail host that refuses passwords, such as Microsoft 365.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = ImapSettings
    seconds: ClassVar[float] = 180.0

    def __init__(self, settings: ImapSettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:
        """Opens the folder."""
        with self._connected(client) as connection:
            count, _validity = self._opened(connection)
        told = [
            remark(
                f"Dossier « {self._settings.folder} » ouvert en lecture seule : {count} lettre(s).",
                f"Folder “{self._settings.folder}” opened for reading only: {count} letter(s).",
            )
        ]
        if self._settings.tls == "none":
            told.append(
                remark(
                    "Sans chiffrement : seulement pour un serveur dans vos murs.",
                    "Without encryption: only for a server within your walls.",
                )
            )
        return told

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """The letters that arrived since a cursor, in the order of their arrival."""
        cursor = _Cursor.of(since)
        with self._connected(client) as connection:
            count, validity = self._opened(connection)
            last = cursor.uid if cursor.validity == validity else 0
            uids = _uids(connection, last) if count else iter(())
            while page := tuple(islice(uids, PAGE)):
                client.count()
                cursor = _Cursor(validity=validity, uid=page[-1])
                yield Page(tuple(_heard(connection, page, validity)), cursor.text)

    @contextmanager
    def _connected(self, client: Client) -> Iterator[_Connection]:
        """A connection that is logged in; what goes wrong on it, in the words of the house."""
        with _told():
            connection = _Connection(self._settings, client)
            try:
                _log_in(connection, self._settings.user, self._settings.password.get_secret_value())
                yield connection
                with suppress(imaplib.IMAP4.error, OSError):
                    connection.logout()
            finally:
                with suppress(OSError):
                    connection.shutdown()

    def _opened(self, connection: _Connection) -> tuple[int, int]:
        """Opens the folder; how many letters it has, and its UIDVALIDITY. Raises `NetworkRefused`."""
        verdict, told = connection.select(f'"{_quoted(folder_name(self._settings.folder))}"', readonly=True)
        if verdict != "OK":
            raise NetworkRefused(f"the folder “{self._settings.folder}” cannot be opened: {_sentence(told)}")
        validity = connection.response("UIDVALIDITY")[1][-1]
        if not isinstance(validity, bytes) or not validity.isdigit() or int(validity) >= 2**32:
            raise NetworkRefused("the mail server does not number the letters of the folder (UIDVALIDITY)")
        count = told[-1]
        return int(count) if isinstance(count, bytes) and count.isdigit() else 0, int(validity)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What the server says of a letter."""

    uid: int
    size: int
    arrived_at: datetime | None


@contextmanager
def _told() -> Iterator[None]:
    """What can go wrong on the way: imaplib lets through whatever its parsing stumbles over."""
    try:
        yield
    except (imaplib.IMAP4.abort, OSError) as error:
        raise NotReached(str(error)[:MOST_WORDS] or type(error).__name__) from error
    except (imaplib.IMAP4.error, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NetworkRefused(
            f"the mail server answers otherwise than agreed: {error}"[:MOST_WORDS]
        ) from error


def _log_in(connection: _Connection, user: str, password: str) -> None:
    """Raises `CredentialsRefused`, or `NotReached` when the server says that it is only for now."""
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            connection.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
        else:
            connection.login(f'"{_quoted(user)}"', password)
    except imaplib.IMAP4.abort:
        raise
    except UnicodeEncodeError as error:
        raise CredentialsRefused(
            "this mail server takes letters without accents only in a password"
        ) from error
    except imaplib.IMAP4.error as error:
        refused = NotReached if _LATER.search(str(error)) else CredentialsRefused
        raise refused(_sentence(error.args)) from error


def _uids(connection: _Connection, last: int) -> Iterator[int]:
    """The letters after one, oldest first."""
    highest = max(_numbers(connection.question("SEARCH", "UID", "*")), default=0)
    for start in range(last + 1, highest + 1, WINDOW):
        end = min(start + WINDOW - 1, highest)
        found = _numbers(connection.question("SEARCH", "UID", f"{start}:{end}"))
        yield from sorted({uid for uid in found if start <= uid <= end})


def _numbers(told: Sequence[Any]) -> list[int]:
    words = [word for line in told if isinstance(line, bytes) for word in line.split()]
    return [int(word) for word in words if word.isdigit() and len(word) <= 10 and int(word) < 2**32]


def _heard(connection: _Connection, uids: Sequence[int], validity: int) -> Iterator[Heard]:
    """Letters; one that was moved away in the meantime is none."""
    asked_for = ",".join(map(str, uids))
    told = connection.question("FETCH", asked_for, "(UID RFC822.SIZE INTERNALDATE)")
    envelopes = {found.uid: found for found in map(_envelope, told) if found}
    for uid in uids:
        envelope = envelopes.get(uid)
        content = _content(connection, envelope) if envelope else None
        if envelope and content is not None:
            yield _item(envelope, content, f"{validity}-{uid}")


def _envelope(told: object) -> _Envelope | None:
    if not isinstance(told, bytes):
        return None
    uid, size, arrived = _UID.search(told), _SIZE.search(told), _ARRIVED.search(told)
    if not uid or not size:
        return None
    return _Envelope(int(uid[1]), int(size[1]), _moment(arrived[1]) if arrived else None)


def _moment(internal_date: bytes) -> datetime | None:
    """RFC 3501, date-time: ` 7-Nov-2026 09:30:00 +0100`."""
    try:
        return parsedate_to_datetime(internal_date.decode("ascii").replace("-", " ", 2)).astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _content(connection: _Connection, envelope: _Envelope) -> bytes | None:
    part = f"<0.{HEAD}>" if envelope.size > LARGE else ""
    told = connection.question("FETCH", str(envelope.uid), f"(UID BODY.PEEK[]{part})")
    literals = [one[1] for one in told if isinstance(one, tuple) and b"BODY[" in one[0].upper()]
    return bytes(literals[0]) if literals else None


def _item(envelope: _Envelope, content: bytes, number: str) -> Heard:
    try:
        letter = read_letter(content)
    except InvalidInput:
        return Heard(
            number, "[Lettre illisible : à ouvrir dans la messagerie.]", published_at=envelope.arrived_at
        )
    return Heard(
        letter.id or number,
        _text(letter, envelope.size),
        author="" if _NOBODY.search(letter.sender) else letter.sender,
        title=letter.title,
        parent=letter.parent,
        thread=letter.thread,
        published_at=_published_at(letter.written_at, envelope.arrived_at),
    )


def _text(letter: Letter, size: int) -> str:
    """What was written, and what of the letter is not in it."""
    parts = [letter.text]
    if size > LARGE:
        parts.append(f"[Lettre de {size // 2**20} Mo : seul le début est lu.]")
    if letter.attachments:
        parts.append(f"[Pièces jointes non reprises : {letter.attachments}.]")
    return "\n\n".join(filter(None, parts))


def _published_at(written: datetime | None, arrived: datetime | None) -> datetime | None:
    """A letter may claim any date: it was not written after it arrived."""
    moments = [moment for moment in (written, arrived) if moment]
    return min(moments, default=None)


def folder_name(name: str) -> str:
    """As IMAP writes it (RFC 3501, 5.1.3).

    >>> folder_name("Avis reçus & lus")
    'Avis re&AOc-us &- lus'
    """
    return re.sub(r"&|[^ -~]+", _shifted, name)


def _shifted(found: re.Match[str]) -> str:
    letters = "" if found[0] == "&" else b64encode(found[0].encode("utf-16-be"), b"+,").decode().rstrip("=")
    return f"&{letters}-"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _sentence(told: Sequence[Any]) -> str:
    last = told[-1] if told else ""
    text = last.decode("utf-8", "replace") if isinstance(last, bytes) else str(last or "")
    return " ".join(text.split())[:MOST_WORDS]
