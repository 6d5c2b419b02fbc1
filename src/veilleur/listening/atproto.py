"""The AT Protocol as far as a desk needs it: signing in, questions (XRPC), posts, keys of records, facets.

A post is known by its address, `at://<did>/app.bsky.feed.post/<record key>`. Questions go to the server that
holds the account, which passes on those about the public network; nothing here knows of a connector.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, SecretStr, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic.alias_generators import to_camel

from veilleur.errors import NetworkRefused, NotReached, OutcomeUnknown
from veilleur.listening.asking import Answer, Shape, each, parsed, told
from veilleur.listening.client import Client, require_good

POST = "app.bsky.feed.post"
MOST_URI = 200
"""Characters of an address; a longer one belongs to no account in practice, and is left out."""
SESSION_SECONDS = 3600.0
"""A session is used for so long: servers keep it for two, and let one sign in 100 to 300 times a day."""
_PDS = "#atproto_pds"
_STALE = re.compile(r"ExpiredToken|InvalidToken")
_MISSING = re.compile(r"RecordNotFound|Could not (?:locate record|find repo)")
_POST_URI = rf"^at://did:[a-z]+:[\w.:%-]+/{re.escape(POST)}/[\w.~:-]+$"


def _plausible(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:
        raise ValueError("a moment outside of our times")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
PostUri = Annotated[str, Field(pattern=_POST_URI, max_length=MOST_URI)]
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_IS_POST = re.compile(_POST_URI)


def is_post(uri: str) -> bool:
    """Whether this is the address of a post."""
    return len(uri) <= MOST_URI and _IS_POST.fullmatch(uri) is not None


class _Told(Shape):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Ref(_Told):
    """One version of one record."""

    uri: Annotated[str, Field(max_length=3000)]
    cid: Annotated[str, Field(max_length=200)]


class Answering(_Told):
    """Where a reply stands: under `parent`, in the conversation that `root` opened."""

    root: Ref
    parent: Ref


class Record(_Told):
    """A post as its author wrote it; at most 3,000 bytes of text."""

    text: Annotated[str, Field(max_length=3000)] = ""
    created_at: str = ""
    langs: Annotated[tuple[str, ...] | None, Field(max_length=20)] = None
    reply: Answering | None = None

    def written_at(self, seen_at: datetime) -> datetime:
        """When the author says it was written, unless the network saw it before."""
        try:
            return min(_MOMENT.validate_python(self.created_at), seen_at)
        except Invalid:
            return seen_at


class Author(_Told):
    """An account: `did` for good, `handle` until it is changed."""

    did: Annotated[str, Field(pattern=r"^did:[a-z]+:[\w.:%-]+$", max_length=MOST_URI)]
    handle: Annotated[str, Field(max_length=253)] = ""


class Viewer(_Told):
    """How a post stands to the account that asks."""

    reply_disabled: bool = False


class Post(_Told):
    """A post as the public network shows it, to a search or as a notification."""

    uri: PostUri
    cid: str
    author: Author
    record: Record
    indexed_at: Moment
    viewer: Viewer = Viewer()

    @property
    def ref(self) -> Ref:
        """This version of it."""
        return Ref(uri=self.uri, cid=self.cid)


class _Endpoint(_Told):
    id: str = ""
    service_endpoint: object = ""


class _Identity(_Told):
    service: tuple[_Endpoint, ...] = ()


class _SignedIn(_Told):
    access_jwt: Annotated[str, Field(min_length=1, max_length=10_000)]
    did: Annotated[str, Field(pattern=r"^did:", max_length=MOST_URI)]
    handle: str
    active: bool = True
    did_doc: object = None


@dataclass(frozen=True, slots=True)
class Session:
    """An account that is signed in."""

    did: str
    handle: str
    token: str
    host: str
    """Address of the server that holds the account."""
    is_active: bool
    until: float
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks: `service` is where one signs in."""

    service: str
    identifier: str
    password: SecretStr

    def session(self, client: Client) -> Session:
        """The session of this process, signed in anew after an hour. Raises as `read` does."""
        known = _sessions.get(self)
        return self.sign_in(client) if known is None or known.until < time.monotonic() else known

    def sign_in(self, client: Client) -> Session:
        """A new session. Raises as `read` does."""
        known = _sessions[self] = _signed_in(self, client)
        return known

    def read(
        self, method: str, params: Iterable[tuple[str, str]], client: Client
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """The answer to a question that changes nothing, and its headers.

        Raises `CredentialsRefused`, `Throttled`, `NotReached` and `NetworkRefused`.
        """
        asked = f"{method}?{urlencode([*params])}"

        def ask(session: Session) -> Answer:
            return client.read(f"{session.host}/xrpc/{asked}", headers=_bearer(session))

        answer = self._signed(ask, client)
        return told(answer), answer.headers

    def write(self, method: str, order: Mapping[str, object], client: Client) -> None:
        """Gives an order; raises `OutcomeUnknown` besides what `read` does."""

        def give(session: Session) -> Answer:
            url = f"{session.host}/xrpc/{method}"
            return client.change("POST", url, headers=_bearer(session), json=order)

        self._signed(give, client)

    def record(self, uri: str, client: Client) -> dict[str, Any] | None:
        """A record whoever may see it; None when it, or the whole account, is not there any more."""
        repo, collection, key = uri.removeprefix("at://").split("/")
        params = [("repo", repo), ("collection", collection), ("rkey", key)]
        try:
            return self.read("com.atproto.repo.getRecord", params, client)[0]
        except NetworkRefused as refused:
            if _MISSING.search(refused.body):
                return None
            raise

    def _signed(self, act: Callable[[Session], Answer], client: Client) -> Answer:
        """What is answered to `act`; a session that the server ended early is begun anew, once."""
        try:
            return act(self.session(client))
        except NetworkRefused as refused:
            if not _STALE.search(refused.body):
                raise
        _sessions.pop(self, None)
        return act(self.session(client))


_sessions: dict[Account, Session] = {}
"""Of this process: connectors come and go, and signing in is counted."""


def _signed_in(account: Account, client: Client) -> Session:
    names = {"identifier": account.identifier, "password": account.password.get_secret_value()}
    url = f"{account.service}/xrpc/com.atproto.server.createSession"
    try:
        answer = require_good(client.ask("POST", url, json=names))
    except OutcomeUnknown as error:  # at worst a session exists that nobody uses
        raise NotReached(str(error)) from error
    known = parsed(_SignedIn, told(answer))
    host = _host(known.did_doc, account.service)
    until = time.monotonic() + SESSION_SECONDS
    return Session(known.did, known.handle, known.access_jwt, host, known.active, until)


def _host(identity: object, service: str) -> str:
    """The server that the identity of an account names, unless a password would then travel less safely."""
    try:
        services = _Identity.model_validate(identity).service
    except Invalid:
        return service
    named = next((str(one.service_endpoint) for one in services if one.id.endswith(_PDS)), "")
    safe = ("https://",) if service.startswith("https://") else ("https://", "http://")
    try:
        is_good = named.startswith(safe) and bool(urlsplit(named).hostname)
    except ValueError:
        is_good = False
    return named.rstrip("/") if is_good else service


def _bearer(session: Session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.token}"}


def posts_of(found: object) -> list[Post]:
    """The posts of a list, without those that are not as agreed. Raises `NetworkRefused` for no list."""
    if found is None:
        raise NetworkRefused("the answer holds no list of posts")
    return each(Post, found)


_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(rf"[234567abcdefghij][{_SORTABLE}]{{12}}")
_LONG_AGO = 1_672_531_200_000_000
"""Microseconds of 2023-01-01: for keys under posts whose own key tells no time."""


def record_key(parent: str, key: str) -> str:
    """The record key (TID) of the reply `key` under a post: always the same, within a second of that post.

    A TID is 53 bits of microseconds and 10 bits that tell clocks apart, in base 32.

    >>> record_key("at://did:plc:abc/app.bsky.feed.post/3n2wgmfwy3c2e", "one")
    '3n2wgmglwsc7j'
    """
    digest = hashlib.sha256(f"{parent}\n{key}".encode()).digest()
    spread = int.from_bytes(digest[:4], "big")
    number = (_microseconds(parent.rpartition("/")[2]) + (spread >> 12)) << 10 | spread & 0x3FF
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def _microseconds(key: str) -> int:
    if not _TID.fullmatch(key):
        return _LONG_AGO
    number = 0
    for char in key:
        number = number << 5 | _SORTABLE.index(char)
    return min(number >> 10, (1 << 53) - (1 << 21))


_LINK = re.compile(r"(?<![\w@./-])(?:https?://|www\.)\w[^\s<>«»“”\"]*", re.IGNORECASE)
_CLOSING = ".,;:!?…'’)]"
_HANDLE = re.compile(r"(?<![\w@./-])@([a-zA-Z0-9][a-zA-Z0-9.-]{1,250}[a-zA-Z0-9])")


def facets(text: str, did_of: Callable[[str], str]) -> list[dict[str, object]]:
    """What is a link or a mention in a text; places count bytes of UTF-8.

    `did_of` tells the account behind a handle, or nothing.
    """
    return [*_links(text), *_mentions(text, did_of)]


def _links(text: str) -> Iterator[dict[str, object]]:
    for match in _LINK.finditer(text):
        shown = match[0].rstrip(_CLOSING)
        uri = shown if "://" in shown else f"https://{shown}"
        yield _facet(text, match.start(), shown, {"$type": "app.bsky.richtext.facet#link", "uri": uri})


def _mentions(text: str, did_of: Callable[[str], str]) -> Iterator[dict[str, object]]:
    for match in _HANDLE.finditer(text):
        if "." in match[1] and (did := did_of(match[1].lower())):
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            yield _facet(text, match.start(), match[0], feature)


def _facet(text: str, start: int, shown: str, feature: Mapping[str, str]) -> dict[str, object]:
    first = len(text[:start].encode())
    index = {"byteStart": first, "byteEnd": first + len(shown.encode())}
    return {"index": index, "features": [feature]}


def as_text(moment: datetime) -> str:
    """A moment as records and questions carry it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
