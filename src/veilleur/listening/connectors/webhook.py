"""A tool of one's own calls us: signed JSON, in our names or in its own.

`POST` with `X-Veilleur-Timestamp` (seconds since 1970) and `X-Veilleur-Signature: sha256=<hex HMAC of
"<timestamp>.<body>">`. The body is one message, a list of them, or an object that holds a list:
`{"items": [{"id", "text", "author", "title", "url", "rating", "best", "worst", "published_at", "language",
"parent", "thread"}, {"deleted": "<id>"}]}`. A call is taken whole or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, SecretStr

from veilleur.errors import CredentialsRefused, InvalidInput
from veilleur.listening.asking import moment
from veilleur.listening.client import Client
from veilleur.listening.connector import Capability, Gone, Heard, Remark
from veilleur.listening.files.row import storable
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Rating, Words

MOST_BYTES = 1024 * 1024
MOST_ITEMS = 1000
MOST_DRIFT = 300.0
"""Seconds between the timestamp of a call and our clock."""
LONGEST_ID = 200
LONGEST_URL = 4000
WORST, BEST = 1.0, 5.0
"""The ends of a rating that names none."""
SIGNATURE, TIMESTAMP = "x-veilleur-signature", "x-veilleur-timestamp"


def dotted_path(path: str) -> str:
    """For `AfterValidator`: names joined by dots.

    >>> dotted_path("review.author.id")
    'review.author.id'
    """
    if not all(name and name == name.strip() for name in path.split(".")):
        raise ValueError("names joined by dots, such as review.text")
    return path


def _field(fr: str, en: str, fr_help: str = "", en_help: str = "") -> Any:
    return asked(
        f"Champ « {fr} »", f"Field “{en}”", fr_help=fr_help, en_help=en_help, min_length=1, max_length=200
    )


Path = Annotated[str, AfterValidator(dotted_path)]


class WebhookSettings(AccountSettings):
    """What an account needs: the secret, and where in the JSON of the tool each field stands."""

    secret: Annotated[
        SecretStr,
        asked(
            "Secret partagé",
            "Shared secret",
            fr_help="Au moins 16 caractères ; l’outil signe avec lui ce qu’il envoie.",
            en_help="At least 16 characters; the tool signs what it sends with it.",
            min_length=16,
            max_length=200,
        ),
    ]
    network: Annotated[
        str,
        asked(
            "Nom du réseau, tel qu’affiché",
            "Name of the network, as shown",
            fr_help="Par exemple « Livre d’or » ; vide : le nom de ce connecteur.",
            en_help="For instance “Guest book”; empty: the name of this connector.",
            max_length=120,
        ),
    ] = ""
    items: Annotated[
        Path,
        _field(
            "liste des messages",
            "list of messages",
            "Ce champ et les suivants ne changent que si l’outil emploie d’autres noms ; "
            "des points mènent à l’intérieur : data.reviews.",
            "This field and those below change only when the tool uses other names; "
            "dots lead inside: data.reviews.",
        ),
    ] = "items"
    id: Annotated[Path, _field("identifiant", "identifier")] = "id"
    text: Annotated[Path, _field("texte", "text")] = "text"
    author: Annotated[
        Path,
        _field(
            "auteur",
            "author",
            "De préférence un numéro de compte stable ; il n’est jamais enregistré tel quel.",
            "Preferably a stable account number; it is never stored as it is.",
        ),
    ] = "author"
    title: Annotated[Path, _field("titre", "title")] = "title"
    url: Annotated[Path, _field("adresse", "address")] = "url"
    rating: Annotated[Path, _field("note", "rating")] = "rating"
    best: Annotated[
        Path,
        _field(
            "meilleure note",
            "best rating",
            "Un champ, ou un nombre qui vaut pour tous ; 5 si rien n’est dit.",
            "A field, or a number for all; 5 when nothing is said.",
        ),
    ] = "best"
    worst: Annotated[
        Path,
        _field(
            "pire note",
            "worst rating",
            "Un champ, ou un nombre qui vaut pour tous ; 1 si rien n’est dit.",
            "A field, or a number for all; 1 when nothing is said.",
        ),
    ] = "worst"
    published_at: Annotated[
        Path,
        _field(
            "date",
            "date",
            "ISO 8601 (UTC sans fuseau), ou secondes depuis 1970.",
            "ISO 8601 (UTC without a zone), or seconds since 1970.",
        ),
    ] = "published_at"
    language: Annotated[Path, _field("langue", "language")] = "language"
    parent: Annotated[Path, _field("répond à", "answers")] = "parent"
    thread: Annotated[Path, _field("conversation", "conversation")] = "thread"


class Webhook:
    """Keeps `Connector`."""

    name: ClassVar[str] = "webhook"
    title: ClassVar[Words] = Words(
        {"fr": "Un outil qui nous appelle (webhook)", "en": "A tool that calls us (webhook)"}
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.REVIEWS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.WEBHOOK,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        Words(
            {
                "fr": "Seul arrive ce que l’outil envoie : ce qu’il manque d’envoyer n’est pas redemandé.",
                "en": "Only what the tool sends arrives: what it fails to send is not asked for again.",
            }
        ),
        Words(
            {
                "fr": f"Un appel porte {MOST_ITEMS} messages au plus, et 1 Mio : il est pris en entier, "
                "ou refusé.",
                "en": f"A call holds {MOST_ITEMS} messages at most, and 1 MiB: it is taken whole or refused.",
            }
        ),
        Words(
            {
                "fr": "On ne peut ni répondre ni masquer par cette voie.",
                "en": "Nothing can be answered or hidden this way.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = WebhookSettings
    seconds: ClassVar[float] = 60.0

    def __init__(self, settings: WebhookSettings) -> None:
        """Connects to nothing."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:  # noqa: ARG002 - there is nobody to ask
        """Nobody can be asked: what is to be done is told."""
        words = {
            "fr": "Prêt : l’outil appelle l’adresse indiquée sur cette page quand il a quelque chose à dire.",
            "en": "Ready: the tool calls the address on this page when it has something to say.",
        }
        return (Remark(Words(words)),)

    def received(self, content: bytes, headers: Mapping[str, str], now: datetime) -> Sequence[Heard | Gone]:
        """What a call says: of several items with one id, the last word.

        Raises `CredentialsRefused` for a signature or a timestamp that does not fit, `InvalidInput` for a
        body that is not as agreed.
        """
        if len(content) > MOST_BYTES:
            raise InvalidInput(f"more than {MOST_BYTES} bytes: send fewer messages at once")
        self._verify(content, {name.lower(): value for name, value in headers.items()}, now)
        entries = _entries(_parsed(content), self._settings.items)
        found = [self._item(number, entry) for number, entry in enumerate(entries, start=1)]
        return tuple({one.id: one for one in found}.values())

    def _verify(self, content: bytes, headers: Mapping[str, str], now: datetime) -> None:
        said = headers.get(TIMESTAMP, "")
        secret = self._settings.secret.get_secret_value().encode("utf-8", "surrogatepass")
        signed = said.encode("utf-8", "replace") + b"." + content
        right = f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}".encode()
        given = headers.get(SIGNATURE, "").strip().lower().encode("utf-8", "replace")
        if not hmac.compare_digest(right, given):
            raise CredentialsRefused(
                "X-Veilleur-Signature does not fit the timestamp, the body and the secret"
            )
        if not (said.isascii() and said.isdigit() and len(said) <= 12):
            raise CredentialsRefused("X-Veilleur-Timestamp is not a number of seconds since 1970")
        if abs(now.timestamp() - int(said)) > MOST_DRIFT:
            raise CredentialsRefused("X-Veilleur-Timestamp is more than five minutes off")

    def _item(self, number: int, entry: object) -> Heard | Gone:
        if not isinstance(entry, dict):
            raise InvalidInput(f"item {number} is no object")
        try:
            is_gone = entry.get("deleted") not in (None, False)
            return Gone(_id(entry, "deleted")) if is_gone else self._heard(entry)
        except InvalidInput as odd:
            raise InvalidInput(f"item {number}: {odd}") from odd

    def _heard(self, entry: dict[str, Any]) -> Heard:
        at = self._settings
        heard = Heard(
            _id(entry, at.id),
            _text(entry, at.text),
            author=_text(entry, at.author),
            title=_text(entry, at.title),
            url=_url(_text(entry, at.url)),
            network=at.network,
            language=_text(entry, at.language),
            parent=_short(entry, at.parent),
            thread=_short(entry, at.thread),
            published_at=_moment(entry, at.published_at),
            rating=_rating(entry, at),
        )
        if heard.rating is None and not (heard.text.strip() or heard.title.strip()):
            raise InvalidInput(f"has no “{at.text}”, no “{at.title}” and no “{at.rating}”")
        return heard


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON in UTF-8") from error


def _entries(body: object, path: str) -> list[object]:
    """The items of a body: those of its list, or the one object that it is."""
    found = _at(body, path) if isinstance(body, dict) else body
    entries = found if isinstance(found, list) else [body if found is None else found]
    if len(entries) > MOST_ITEMS:
        raise InvalidInput(f"{len(entries)} items: at most {MOST_ITEMS} in one call")
    return entries


def _at(entry: object, path: str) -> object:
    """What stands at a path; None when nothing does."""
    for name in path.split("."):
        if not isinstance(entry, dict):
            return None
        entry = entry.get(name)
    return entry


def _text(entry: dict[str, Any], path: str) -> str:
    found = _at(entry, path)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise InvalidInput(f"“{path}” is no text")
    return storable(str(found))


def _short(entry: dict[str, Any], path: str) -> str:
    found = _text(entry, path).strip()
    if len(found) > LONGEST_ID:
        raise InvalidInput(f"“{path}” has more than {LONGEST_ID} characters")
    return found


def _id(entry: dict[str, Any], path: str) -> str:
    found = _short(entry, path)
    if not found:
        raise InvalidInput(f"“{path}” is missing: the same for the same message, also when it is edited")
    return found


def _url(found: str) -> str:
    is_good = found.startswith(("https://", "http://")) and len(found) <= LONGEST_URL
    return found if is_good else ""


def _moment(entry: dict[str, Any], path: str) -> datetime | None:
    found = _at(entry, path)
    if found is None or found == "":
        return None
    if isinstance(found, str):
        said = moment(found.strip())
    else:
        number = _number(found)
        said = None if number is None else _since_1970(number)
    if said is None:
        raise InvalidInput(f"“{path}” is no date: write it as in 2026-03-31T14:05:00+02:00")
    return said


def _since_1970(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _number(found: object) -> float | None:
    """A number, also one that is written as text; None for anything else."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    try:
        return float(found.replace(",", ".") if isinstance(found, str) else found)
    except (ValueError, OverflowError):
        return None


def _rating(entry: dict[str, Any], at: WebhookSettings) -> Rating | None:
    found = _at(entry, at.rating)
    if found is None or found == "":
        return None
    value = _number(found)
    if value is None:
        raise InvalidInput(f"“{at.rating}” is no number")
    try:
        return Rating(value, _end(entry, at.worst, WORST), _end(entry, at.best, BEST))
    except ValueError as error:
        raise InvalidInput(f"“{at.rating}”: {error}") from error


def _end(entry: dict[str, Any], path: str, unsaid: float) -> float:
    """An end of the scale: what stands at a path, or the number that is given in its place."""
    found = _at(entry, path)
    if found is None:
        constant = _number(path)
        return unsaid if constant is None else constant
    said = _number(found)
    if said is None:
        raise InvalidInput(f"“{path}” is no number")
    return said
