"""RSS and Atom feeds: forums (Discourse, NodeBB), comments of a site, blogs, alerts.

One address is read with a conditional GET (`ETag`, `Last-Modified`); what feedparser makes of it becomes one
message an entry. The cursor holds a digest of every entry that the feed carries, so that an entry is brought
when it is new or has changed. An entry that the feed carries no more only became old: it is no deletion.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser
from lxml import etree, html
from pydantic import AfterValidator, BaseModel, Field

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.asking import web
from veilleur.listening.client import Client, repeatable
from veilleur.listening.connector import Capability, Heard, Page, Remark, said
from veilleur.listening.files.row import storable
from veilleur.listening.markup import plain_text
from veilleur.listening.remembering import Cursor, digest
from veilleur.listening.settings import AccountSettings, asked, page_address
from veilleur.vocabulary import Words

MOST_ENTRIES = 3000
"""Of one feed; the newest ones count."""
PAGE = 100
"""Messages of one step."""
LONGEST_TRUST = 6 * 3600.0
"""Seconds after which a feed is read whole although its site would say that it has not changed: WordPress
does not count an edit as a change."""
LONGEST_ID = 200
MOST_ANNOUNCED = 10
"""Feeds of a web page that are named to the person who gave its address."""
FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_ODD = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What feedparser raises on bytes that are far from any feed."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_MOMENTS = ("published_parsed", "updated_parsed", "created_parsed")


class FeedSettings(AccountSettings):
    """What an account needs."""

    address: Annotated[
        str,
        asked(
            "Adresse du flux",
            "Address of the feed",
            fr_help="L’adresse RSS ou Atom ; celle d’une page qui annonce un flux aide aussi à le trouver.",
            en_help="The RSS or Atom address; that of a page that announces a feed helps to find it.",
            max_length=500,
        ),
        AfterValidator(page_address),
    ]


class _Cursor(Cursor):
    """What the last visit learned."""

    address: str = ""
    """Digest of the address: another feed begins from the beginning."""
    etag: Annotated[str, Field(max_length=500)] = ""
    modified: Annotated[str, Field(max_length=100)] = ""
    seen: Annotated[tuple[str, ...], Field(max_length=MOST_ENTRIES)] = ()
    """Digests of the entries brought, as they were."""
    read_at: float = 0.0
    """When the feed was read whole, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A feed that was understood; `messages` are sorted, oldest first, one an id."""

    title: str
    messages: tuple[Heard, ...]


class Feed:
    """Keeps `Connector`."""

    name: ClassVar[str] = "feed"
    title: ClassVar[Words] = said("Flux RSS ou Atom", "RSS or Atom feed")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.COMMENTS, Capability.EDITS, Capability.BACKFILL}
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Un flux ne contient que les derniers messages : ce qui en sort entre deux lectures "
            "est perdu, et ce qui l’a quitté n’est pas tenu pour supprimé.",
            "A feed holds the latest messages only: what leaves it between two readings is lost, "
            "and what has left it does not count as deleted.",
        ),
        said(
            "Une modification se voit tant que le message est dans le flux, parmi les "
            f"{MOST_ENTRIES} plus récents ; parfois six heures plus tard.",
            "An edit is noticed while the message is in the feed, among the "
            f"{MOST_ENTRIES} latest ones; sometimes six hours later.",
        ),
        said(
            "Certains flux ne donnent qu’un extrait des messages, et jamais de note en étoiles.",
            "Some feeds give an excerpt of each message only, and never a star rating.",
        ),
        said(
            "On ne peut ni répondre ni masquer par un flux.",
            "Nothing can be answered or hidden through a feed.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = FeedSettings
    seconds: ClassVar[float] = 10 * 60.0

    def __init__(self, settings: FeedSettings) -> None:
        """Connects to nothing yet."""
        self._address = settings.address

    def check(self, client: Client) -> Sequence[Remark]:
        """What the feed holds; for a web page, the feeds that it announces."""
        try:
            answer = client.read(self._address, follow=True)
        except CredentialsRefused:
            return (Remark(_LOCKED, is_good=False),)
        read = _read(answer.content, answer.headers, str(answer.url))
        if read is not None:
            return (Remark(_found(read)),)
        announced = _announced(answer.content, str(answer.url))
        return (Remark(_pointed(announced) if announced else _NO_FEED, is_good=False),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Entries that are new or have changed since a cursor, oldest first."""
        known = _resumed(since, self._address)
        answer = client.read(self._address, headers=_conditions(known), follow=True)
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            yield Page((), since)
            return
        read = _read(answer.content, answer.headers, str(answer.url))
        if read is None:
            raise NetworkRefused(_refusal(_announced(answer.content, str(answer.url))))
        yield from _pages(read.messages, known, answer.headers, self._address)


def _pages(
    messages: Sequence[Heard], known: _Cursor, headers: Mapping[str, str], address: str
) -> Iterator[Page]:
    """Only the last cursor may spare the next reading: one from before it must bring the rest."""
    digests = {digest(repr(one)): one for one in messages}
    before = set(known.seen)
    fresh = [one for one in digests if one not in before]
    steps = [fresh[start : start + PAGE] for start in range(0, len(fresh), PAGE)] or [[]]
    own, seen = digest(address), [one for one in digests if one in before]
    for step in steps[:-1]:
        seen += step
        cursor = _Cursor(address=own, seen=tuple(seen))
        yield Page(tuple(digests[one] for one in step), cursor.text)
    last = _Cursor(
        address=own,
        etag=repeatable(headers.get("etag", ""), 500),
        modified=repeatable(headers.get("last-modified", ""), 100),
        seen=tuple(digests),
        read_at=time.time(),
    )
    yield Page(tuple(digests[one] for one in steps[-1]), last.text)


def _resumed(since: str, address: str) -> _Cursor:
    known = _Cursor.of(since)
    return known if known.address == digest(address) else _Cursor()


def _conditions(known: _Cursor) -> dict[str, str]:
    if not 0 <= time.time() - known.read_at < LONGEST_TRUST:
        return {}
    told = {
        "If-None-Match": repeatable(known.etag, 500),
        "If-Modified-Since": repeatable(known.modified, 100),
    }
    return {name: value for name, value in told.items() if value}


def _read(content: bytes, headers: Mapping[str, str], address: str) -> _Read | None:
    """What a feed holds; None when it is none. Raises `NetworkRefused` for one that is damaged beyond use."""
    told = {"content-type": _content_type(content, headers), "content-location": address}
    try:
        parsed = feedparser.parse(
            io.BytesIO(content), response_headers=told, resolve_relative_uris=False, sanitize_html=False
        )
    except _ODD as error:
        raise NetworkRefused("the feed is damaged: nothing in it can be read") from error
    version = str(parsed.get("version") or "")
    if not version:
        return None
    if not parsed.entries and isinstance(parsed.get("bozo_exception"), SAXException):
        raise NetworkRefused("the feed is damaged: nothing in it can be read")
    feed = parsed.feed
    inherited = feed.get("author_detail") if version.startswith("atom") else None
    title = _line(_plain(feed.get("title_detail")))[:100]
    found = (_heard(entry, title, str(feed.get("language") or ""), inherited) for entry in parsed.entries)
    return _Read(title, _sorted(one for one in found if one is not None))


def _content_type(content: bytes, headers: Mapping[str, str]) -> str:
    """What the server said, unless the bytes are UTF-8: that they are by accident does not happen."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return headers.get("content-type", "application/xml")
    return "application/xml" if b"\x00" in content else "application/xml; charset=utf-8"


def _sorted(messages: Iterable[Heard]) -> tuple[Heard, ...]:
    """The newest ones, oldest first, of those with one id (RFC 4287, 4.1.1) the newest.

    Feeds begin with the newest entry; one without a date stands where the feed has it.
    """
    oldest = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(messages, key=lambda one: one.published_at or oldest, reverse=True)[::-1]
    by_id = {one.id: one for one in by_age}
    return tuple(one for one in by_age if by_id[one.id] is one)[-MOST_ENTRIES:]


def _heard(entry: Mapping[str, Any], feed: str, language: str, inherited: object) -> Heard | None:
    """The message of an entry; None for one that says nothing."""
    name, author = _author(entry.get("author_detail") or inherited)
    title = _without_author(_line(_plain(entry.get("title_detail"))), name)
    said = _said(entry)
    text, published = _plain(said), _moment(entry)
    if not text and not title:
        return None
    link = web(entry.get("link"))
    own = str(entry.get("id") or "").strip() or link
    answered = entry.get("thr_in-reply-to")
    parent = str(answered.get("ref") or "").strip() if isinstance(answered, Mapping) else ""
    spoken = str((said or {}).get("language") or language)
    return Heard(
        _fitting(own) or digest("\x1f".join((author, str(published), title or text[:200]))),
        text,
        author=author,
        title=title,
        url=link,
        network=feed,
        language=spoken if _LANGUAGE.fullmatch(spoken) else "",
        parent=_fitting(parent),
        published_at=published,
    )


def _said(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The content of an entry, else its summary: the first that says something."""
    parts = [*(entry.get("content") or ()), entry.get("summary_detail")]
    return next((part for part in parts if isinstance(part, Mapping) and part.get("value")), None)


def _plain(part: object) -> str:
    if not isinstance(part, Mapping):
        return ""
    value = str(part.get("value") or "")
    return storable(plain_text(value) if "html" in str(part.get("type")) else value)


def _line(text: str) -> str:
    return " ".join(text.split())


def _author(told: object) -> tuple[str, str]:
    """The name of an author, and what tells the author from others: an address on the web, else the name."""
    if not isinstance(told, Mapping):
        return "", ""
    name = storable(_line(_EMAIL.sub("", str(told.get("name") or ""))))
    return name, web(told.get("href")) or name


def _without_author(title: str, name: str) -> str:
    """A title without the author at its end: « Commentaires sur Horaires par Léa » (WordPress), "By: Léa"."""
    if not name or not title.endswith(name):
        return title
    found = re.search(r"(?:^|\s)(?:by|par)\s*:?\s*$", title.removesuffix(name), re.IGNORECASE)
    return title[: found.start()] if found else title


def _moment(entry: Mapping[str, Any]) -> datetime | None:
    told = next(filter(None, (entry[key] for key in _MOMENTS if key in entry)), None)
    try:
        return datetime.fromtimestamp(calendar.timegm(told), UTC) if told else None
    except (OverflowError, TypeError, ValueError, OSError):
        return None


def _fitting(own: str) -> str:
    """An id of at most `LONGEST_ID` characters: of a longer one its digest."""
    kept = storable(own)
    if len(kept) <= LONGEST_ID:
        return kept
    return f"sha256:{hashlib.sha256(kept.encode()).hexdigest()}"


def _announced(content: bytes, address: str) -> tuple[str, ...]:
    """The feeds that a web page names in `<link rel="alternate">`."""
    try:
        page = html.document_fromstring(content.replace(b"\x00", b""), base_url=address)
        found = [_alternate(link, address) for link in page.iter("link")]
    except (etree.LxmlError, ValueError):
        return ()
    return tuple(dict.fromkeys(filter(None, found)))[:MOST_ANNOUNCED]


def _alternate(link: html.HtmlElement, address: str) -> str:
    kind = str(link.get("type") or "").partition(";")[0].strip().lower()
    if "alternate" not in str(link.get("rel") or "").lower().split() or kind not in FEED_TYPES:
        return ""
    try:
        return web(urljoin(address, str(link.get("href") or "").strip()))
    except ValueError:
        return ""


_LOCKED = said(
    "Ce flux demande un mot de passe : seuls les flux ouverts à tous peuvent être lus.",
    "This feed asks for a password: only feeds that are open to everybody can be read.",
)
_NO_FEED = said("Cette adresse ne donne pas de flux RSS ou Atom.", "This address gives no RSS or Atom feed.")


def _found(read: _Read) -> Words:
    count, title = len(read.messages), read.title or "?"
    if not count:
        return said(
            f"Le flux « {title} » est lu ; il est vide pour l’instant.",
            f"The feed “{title}” can be read; it is empty for now.",
        )
    newest = read.messages[-1].published_at
    fr, en = (
        (newest.strftime(", le dernier du %d/%m/%Y"), newest.strftime(", the last of %Y-%m-%d"))
        if newest
        else ("", "")
    )
    return said(
        f"Le flux « {title} » est lu ; messages présents : {count}{fr}.",
        f"The feed “{title}” can be read; messages in it: {count}{en}.",
    )


def _pointed(announced: Sequence[str]) -> Words:
    return said(
        f"C’est une page web et non un flux. Elle annonce : {', '.join(announced)}",
        f"This is a web page, not a feed. It announces: {', '.join(announced)}",
    )


def _refusal(announced: Sequence[str]) -> str:
    return (_pointed(announced) if announced else _NO_FEED).say("en")
