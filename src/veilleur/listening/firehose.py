"""All that is published on the AT Protocol, as it happens: a relay's own stream, or the light Jetstream.

`com.atproto.sync.subscribeRepos` (any server or relay): every message is two pieces of DAG-CBOR, a header and
a body; the records of a commit lie in a CAR archive in the body. `network.bsky.jetstream.subscribeEvents`:
the same as JSON, and posts only, which is about a hundredth of the bytes. Signatures are not checked: the
relay is believed, as the network's own server is for questions.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import libipld
from pydantic import BaseModel, TypeAdapter
from pydantic import ValidationError as Invalid
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from veilleur.errors import NetworkRefused, NotReached
from veilleur.listening.atproto import POST, Moment, PostUri, Record
from veilleur.listening.client import AGENT, MOST_BYTES, Client, connected

FIREHOSE = "/xrpc/com.atproto.sync.subscribeRepos"
JETSTREAM = "/xrpc/network.bsky.jetstream.subscribeEvents"
_JETSTREAM_FORM = Subprotocol("xrpc.v1.json")
_UNKNOWN_CURSORS = ("FutureCursor", "CursorTooOld")
_BEFORE = timedelta(minutes=10)
"""How far back Jetstream begins, which knows moments, when there is no cursor."""


class CursorUnknown(NetworkRefused):
    """The stream does not reach to the cursor, or not any more: it may be another relay's."""


class _Op(BaseModel):
    action: str
    path: str
    cid: bytes | None = None


class _Commit(BaseModel):
    seq: int
    repo: str
    ops: tuple[_Op, ...]
    blocks: bytes = b""
    time: Moment


class _Mutation(BaseModel):
    seq: int
    did: str
    collection: str
    rkey: str
    operation: str
    time: Moment
    record: object = None


@dataclass(frozen=True, slots=True)
class Published:
    """A post that was just written."""

    uri: str
    did: str
    """Of its author."""
    record: Record
    seen_at: datetime
    whole: str
    """All of the record in one string, to find in it whom it names."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the stream, as far as it is about posts."""

    seq: int
    published: tuple[Published, ...] = ()
    deleted: tuple[str, ...] = ()
    """Addresses."""


_URI: TypeAdapter[str] = TypeAdapter(PostUri)
_OBJECT = TypeAdapter(dict[str, Any])


def event_of(frame: bytes) -> Event | None:
    """What a message of a relay says; None for one that is not as agreed, or that carries no number.

    Raises `NotReached` when the stream says that it ends, `CursorUnknown` when it does not know the cursor.
    """
    try:
        header, body = libipld.decode_dag_cbor_multi(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(body, dict):
        return None
    if header.get("op") == -1:
        raise _ended(body)
    seq = body.get("seq")
    if not isinstance(seq, int):
        return None
    return (_event(body) if header.get("t") == "#commit" else None) or Event(seq)


def _event(body: Mapping[str, Any]) -> Event | None:
    try:
        commit = _Commit.model_validate(body)
    except Invalid:
        return None
    ops = [(op, f"at://{commit.repo}/{op.path}") for op in commit.ops if op.path.startswith(f"{POST}/")]
    created = [(op.cid, uri) for op, uri in ops if op.action == "create" and op.cid]
    records = _records(commit.blocks) if created else {}
    published = (_published(uri, commit.repo, commit.time, records.get(cid)) for cid, uri in created)
    return Event(
        commit.seq,
        tuple(one for one in published if one is not None),
        tuple(uri for op, uri in ops if op.action == "delete"),
    )


def _records(archive: bytes) -> Mapping[bytes, Any]:
    try:
        return dict(libipld.decode_car(archive)[1])
    except (ValueError, RecursionError):
        return {}


def line_of(line: str) -> Event | None:
    """What a message of Jetstream says; otherwise as `event_of`."""
    try:
        frame = _OBJECT.validate_json(line)
    except Invalid:
        return None
    if frame.get("$type") == "error":
        raise _ended(frame)
    try:
        told = _Mutation.model_validate(frame.get("payload"))
    except Invalid:
        return None
    uri = f"at://{told.did}/{told.collection}/{told.rkey}"
    if told.operation == "delete" and told.collection == POST:
        return Event(told.seq, deleted=(uri,))
    published = _published(uri, told.did, told.time, told.record) if told.operation == "create" else None
    return Event(told.seq, () if published is None else (published,))


def _ended(told: Mapping[str, Any]) -> NotReached | CursorUnknown:
    said = f"{told.get('error')} {told.get('message') or ''}".strip()
    return CursorUnknown(said) if told.get("error") in _UNKNOWN_CURSORS else NotReached(said)


def _published(uri: str, did: str, seen_at: datetime, told: object) -> Published | None:
    try:
        return Published(_URI.validate_python(uri), did, Record.model_validate(told), seen_at, str(told))
    except Invalid:
        return None


def _subscription(address: str, cursor: int | None) -> str:
    parts = urlsplit(address)
    scheme, path = ("wss" if parts.scheme == "https" else "ws"), parts.path.rstrip("/")
    if not path.endswith(JETSTREAM):
        query = {} if cursor is None else {"cursor": cursor}
        return f"{scheme}://{parts.netloc}{path}{FIREHOSE}?{urlencode(query)}".rstrip("?")
    begin = int((datetime.now(UTC) - _BEFORE).timestamp() * 1_000_000) if cursor is None else cursor
    asked = urlencode({"collections": POST, "kinds": "commit", "cursor": begin})
    return f"{scheme}://{parts.netloc}{path}?{asked}"


@contextmanager
def opened(address: str, cursor: int | None, client: Client) -> Iterator[ClientConnection]:
    """The stream at a web address, from a number on or from now; Jetstream's where its method is named.

    Raises `NotReached`, also when it ends, `CursorUnknown`, and `NetworkRefused` for what is no address.
    """
    parts = urlsplit(address)
    is_safe = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if is_safe else 80)
    client.count()
    try:
        with connect(
            _subscription(address, cursor),
            sock=connected(host, port, client.seconds),
            ssl=ssl.create_default_context() if is_safe else None,
            subprotocols=[_JETSTREAM_FORM] if JETSTREAM in parts.path else None,
            open_timeout=client.seconds,
            close_timeout=1,
            max_size=MOST_BYTES,
            user_agent_header=AGENT,
            proxy=None,
        ) as stream:
            yield stream
    except InvalidStatus as error:
        if b"CursorTooOld" in (error.response.body or b""):
            raise CursorUnknown("CursorTooOld") from error
        raise NotReached(f"{address} does not stream: {error}") from error
    except InvalidHandshake as error:
        raise NotReached(f"{address} does not stream: {error}") from error
    except InvalidURI as error:
        raise NetworkRefused(str(error)) from error
    except (ConnectionClosed, OSError, EOFError) as error:
        raise NotReached(str(error) or type(error).__name__) from error


def events(stream: ClientConnection, patience: float) -> Iterator[Event | None]:
    """The messages of a stream; None whenever nothing came for `patience` seconds."""
    while True:
        try:
            frame = stream.recv(patience)
        except TimeoutError:
            yield None
            continue
        event = event_of(frame) if isinstance(frame, bytes) else line_of(frame)
        if event is not None:
            yield event
