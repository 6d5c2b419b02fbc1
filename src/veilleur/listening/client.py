"""The way out: every connector speaks to its network through a `Client` of this module.

It connects to public addresses only: a name is resolved once, every address it has is looked at, and the
connection goes to the address that was looked at, after each redirection anew. What an administrator names
in `VEILLEUR_INTERNAL_HOSTS` (`host:port`, separated by commas) may lie inside. It reads no proxy from the
environment unless `VEILLEUR_PROXY` names one, takes no more than so many bytes of an answer, unpacked or
not, and counts what it was asked to do.
"""

from __future__ import annotations

import ipaddress
import os
import random
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from json import dumps
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening.asking import Answer, moment

MOST_BYTES = 5 * 1024 * 1024
"""Of an answer, unless its reader asks for more or less."""
INTERNAL_HOSTS = "VEILLEUR_INTERNAL_HOSTS"
PROXY = "VEILLEUR_PROXY"
AGENT = "Veilleur (+https://github.com/veilleur/veilleur)"
SECONDS = 20.0
LONGEST_ANSWER = 120.0
"""Seconds that a whole answer may take: one that drips is cut off."""
ATTEMPTS = 3
"""How often a question that changes nothing is asked before it counts as not answered."""
PAUSE = 0.5
"""Seconds before the second attempt, doubled before the third; a random half is added."""
MOST_REDIRECTIONS = 5
LONGEST_WAIT = 24 * 3600.0
"""Seconds: a network that asks for more is asked again after this."""
UNSPOKEN_WAIT = 60.0
"""Seconds to wait when a network asks to wait and does not say how long."""
MOST_WORDS = 300
"""Characters of a refusal that are said."""
MOST_BODY = 2000
"""Characters of a refusal that are kept."""
RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
"""Headers that say when a limit begins again, for networks that send no `Retry-After`."""
FIRST_MOMENT = 1e9
"""A header that says more seconds than this means a moment since 1970."""

Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Of a question; a function makes them anew for each attempt, for those that are signed."""
Judge = Callable[[Answer], None]
"""Sees an answer first: raises what it means on its network, or returns when its status says enough."""


class TooLarge(NetworkRefused):
    """The answer to a question that changes nothing is larger than anybody asked for."""


class _Guarded(httpcore.SyncBackend):
    """Connects to what may be reached, and to nothing else."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises `httpcore.ConnectError` for an address inside."""
        address = reachable(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def reachable(host: str, port: int) -> str:
    """The address to connect to. Raises `httpcore.ConnectError` when it is none that may be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not is_named_inside(host, port) and not all(map(_is_public, addresses)):
        raise httpcore.ConnectError(f"{host}:{port} lies inside: name it in {INTERNAL_HOSTS} to allow it")
    return addresses[0]


def _is_public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None) or known
    return mapped.is_global and not mapped.is_multicast and not known.is_reserved


def _internal() -> frozenset[str]:
    return frozenset(part.strip() for part in os.environ.get(INTERNAL_HOSTS, "").split(",") if part.strip())


def is_named_inside(host: str, port: int) -> bool:
    """Whether an administrator named an address that may lie inside."""
    return f"{host}:{port}" in _internal()


def connected(host: str, port: int, seconds: float = SECONDS) -> socket.socket:
    """A connection to an address that may be reached, for protocols other than HTTP. Raises `NotReached`.

    None is made where a proxy is to guard the way: it would go past it.
    """
    if os.environ.get(PROXY):
        raise NotReached(f"{host}:{port} is not asked over HTTP, and {PROXY} lets nothing else out")
    try:
        return socket.create_connection((reachable(host, port), port), seconds)
    except (httpcore.ConnectError, OSError) as error:
        raise NotReached(str(error) or type(error).__name__) from error


class _TooMuch(httpcore.RemoteProtocolError):
    """An answer is larger than anybody asked for."""


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates of the machine takes longer than most questions."""
    return ssl.create_default_context()


class _Transport(httpx.BaseTransport):
    """httpx over a guarded pool of connections, with answers of a bounded size."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0
        tls = _tls()
        proxy = os.environ.get(PROXY, "")
        self._pool: httpcore.ConnectionPool = (
            httpcore.HTTPProxy(proxy, ssl_context=tls, max_connections=4)
            if proxy
            else httpcore.ConnectionPool(ssl_context=tls, network_backend=_Guarded(), max_connections=4)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(asked)
        try:
            content = b"".join(self._bounded(answer))
        finally:
            answer.close()
        packed = {b"content-encoding", b"content-length", b"transfer-encoding"}
        headers = [(name, value) for name, value in answer.headers if name.lower() not in packed]
        return httpx.Response(answer.status, headers=headers, content=content)

    def _bounded(self, answer: httpcore.Response) -> Iterator[bytes]:
        """The parts of an answer, unpacked. Raises `_TooMuch` once there are too many bytes of it."""
        unpack = _unpacker(answer.headers)
        size, end = 0, time.monotonic() + LONGEST_ANSWER
        for part in answer.iter_stream():
            if time.monotonic() > end:
                raise httpcore.ReadTimeout(f"an answer that takes longer than {LONGEST_ANSWER:g} seconds")
            self.bytes += len(part)
            for piece in unpack(part, self.most + 1):
                size += len(piece)
                if size > self.most:
                    raise _TooMuch(f"an answer of more than {self.most} bytes")
                yield piece

    def close(self) -> None:
        self._pool.close()


class _Packed:
    """Undoes gzip or deflate piece by piece, so that nothing grows beyond what may be read."""

    def __init__(self) -> None:
        self._box = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def __call__(self, part: bytes, most: int) -> Iterator[bytes]:
        try:
            while part:
                yield self._box.decompress(part, most)
                part = self._box.unconsumed_tail
        except zlib.error as error:
            raise httpcore.RemoteProtocolError("an answer that cannot be unpacked") from error


def _plain(part: bytes, _most: int) -> Iterator[bytes]:
    yield part


def _unpacker(headers: Iterable[tuple[bytes, bytes]]) -> Any:
    named = {name.lower(): value.strip().lower() for name, value in headers}
    encoding = named.get(b"content-encoding", b"")
    if encoding in {b"gzip", b"x-gzip", b"deflate"}:
        return _Packed()
    if encoding not in {b"", b"identity"}:
        raise httpcore.RemoteProtocolError(f"an answer packed as {encoding.decode('ascii', 'replace')}")
    return _plain


class Client:
    """Asks one network, over connections that are kept; used in a `with` block.

    `asked` counts questions and `heard` the bytes that came back; `date` is what the last answer said. Once
    `most_asked` is reached the next question raises `Throttled`.
    """

    def __init__(self, *, seconds: float = SECONDS, most: int = MOST_BYTES, most_asked: int = 0) -> None:
        """`seconds` bounds each of connecting, writing and reading; `most` the bytes of an answer.

        `most_asked`: how many questions are left in the budget; 0 for no bound.
        """
        self._transport = _Transport(most)
        self.seconds = seconds
        self._client = httpx.Client(
            transport=self._transport,
            timeout=seconds,
            trust_env=False,
            max_redirects=MOST_REDIRECTIONS,
            headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"},
        )
        self.most_asked, self.asked, self.date = most_asked, 0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes what is open."""
        self._client.close()

    @property
    def heard(self) -> int:
        """How many bytes came back."""
        return self._transport.bytes

    def count(self, questions: int = 1) -> None:
        """Counts what is asked otherwise than over HTTP. Raises `Throttled` once the budget is spent."""
        if self.most_asked and self.asked + questions > self.most_asked:
            raise Throttled("the budget of questions is spent", UNSPOKEN_WAIT)
        self.asked += questions

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        json: object = None,
        seconds: float | None = None,
        follow: bool = False,
    ) -> httpx.Response:
        """One question, one answer; any status is an answer, and no redirection is followed unless told to.

        Raises `NotReached` when nothing can have left this machine, `OutcomeUnknown` when it left and no
        whole answer came back; an answer that is too large is `TooLarge` to a GET.
        """
        self.count()
        if json is not None:
            content, headers = _as_json(json), {"Content-Type": "application/json", **(headers or {})}
        with _told(TooLarge if method == "GET" else OutcomeUnknown):
            answer = self._client.request(
                method,
                url,
                headers=headers,
                params=params,
                content=content,
                data=data,
                timeout=self.seconds if seconds is None else seconds,
                follow_redirects=follow,
            )
        self.date = answer.headers.get("date", "")
        return answer

    def read(
        self,
        url: str,
        *,
        headers: Headers | None = None,
        params: Mapping[str, str] | None = None,
        follow: bool = False,
        judged: Judge | None = None,
        also: Container[int] = (),
    ) -> httpx.Response:
        """Asks for something that changes nothing, three times if need be; 2xx and 304 are answers.

        `also`: other statuses that are answers. Raises what `judged` and `require_good` do, and `NotReached`
        when no whole answer came.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self.ask("GET", url, headers=_made(headers), params=params, follow=follow)
                return _judged(answer, judged, also)
            except (Throttled, NetworkRefused):
                raise
            except (NotReached, OutcomeUnknown) as error:
                if attempt == ATTEMPTS:
                    raise NotReached(str(error)) from error
            time.sleep(PAUSE * 2 ** (attempt - 1) * random.uniform(1, 1.5))  # noqa: S311 - no secret
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def change(
        self,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json: object = None,
        judged: Judge | None = None,
    ) -> httpx.Response:
        """Asks once for something that changes the network; 2xx are answers.

        Raises what `judged` and `require_good` do; a server that fell over may have done it:
        `OutcomeUnknown`.
        """
        answer = self.ask(method, url, headers=_made(headers), params=params, data=data, json=json)
        if judged is not None:
            judged(answer)
        try:
            return require_good(answer)
        except Throttled:
            raise
        except NotReached as error:
            raise OutcomeUnknown(str(error)) from error


def _as_json(told: object) -> bytes:
    """JSON in UTF-8, with “?” for halves of characters."""
    return dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def _made(headers: Headers | None) -> Mapping[str, str] | None:
    return headers() if callable(headers) else headers


def _judged(answer: httpx.Response, judged: Judge | None, also: Container[int]) -> httpx.Response:
    if judged is not None:
        judged(answer)
    return answer if answer.status_code in also else require_good(answer)


@contextmanager
def _told(too_large: type[TooLarge | OutcomeUnknown]) -> Iterator[None]:
    """What can go wrong on the way, in the words of the house."""
    try:
        yield
    except _TooMuch as error:
        raise too_large(str(error)) from error
    except (
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
        httpcore.PoolTimeout,
        httpcore.ProxyError,
    ) as error:
        raise NotReached(str(error) or type(error).__name__) from error
    except (httpcore.UnsupportedProtocol, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise NotReached(str(error)) from error
    except httpx.TooManyRedirects as error:
        raise NetworkRefused(f"more than {MOST_REDIRECTIONS} redirections") from error
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpx.TransportError,
        ssl.SSLError,
    ) as error:
        raise OutcomeUnknown(str(error) or type(error).__name__) from error


def require_good(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is 2xx or 304.

    Raises `Throttled` for one that asks to wait, `CredentialsRefused` for 401 and 403, `NetworkRefused` for
    what asking again does not change, and `NotReached` for a server that fell over.
    """
    status = answer.status_code
    if 200 <= status < 300 or status == HTTPStatus.NOT_MODIFIED:
        return answer
    if _waits(answer):
        raise Throttled(_sentence(answer), waiting_time(answer))
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY} or status >= 500:
        raise NotReached(_sentence(answer))
    is_stranger = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    refused = CredentialsRefused if is_stranger else NetworkRefused
    raise refused(_sentence(answer), status, answer.text[:MOST_BODY])


def _waits(answer: httpx.Response) -> bool:
    status = answer.status_code
    return status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
    )


def repeatable(value: str, most: int) -> str:
    """The value of a header, if it can be sent back as it is."""
    return value if value.isascii() and value.isprintable() and len(value) <= most else ""


def waiting_time(answer: Answer, resets: Iterable[str] = RESETS) -> float:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), else the latest of the headers `resets`."""
    asked_for = _seconds(answer.headers.get("retry-after", ""))
    if asked_for is None:
        told = (_seconds(answer.headers.get(name, "")) for name in resets)
        asked_for = max((one for one in told if one is not None), default=UNSPOKEN_WAIT)
    return min(asked_for, LONGEST_WAIT)


def _seconds(said: str) -> float | None:
    """From now, for a header that says how many, or a moment: since 1970, of RFC 3339 or of RFC 5322."""
    said = said.strip()
    if said.isascii() and said.replace(".", "", 1).isdigit():
        number = float(said)
        return max(number - time.time(), 1.0) if number > FIRST_MOMENT else number
    until = moment(said) or _mailed(said)
    return None if until is None else max((until - datetime.now(UTC)).total_seconds(), 1.0)


def _mailed(said: str) -> datetime | None:
    try:
        until = parsedate_to_datetime(said)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def _sentence(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code} {' '.join(answer.text.split())[:MOST_WORDS]}".strip()
