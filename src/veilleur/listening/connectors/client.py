"""The way out: every connector speaks HTTP through this client.

It follows no redirection, reads no proxy from the environment, takes no more than `MOST_BYTES` of an answer,
and connects to public addresses only: a name is resolved once, every address it has is looked at, and the
connection goes to the address that was looked at. What an administrator names in
`VEILLEUR_INTERNAL_HOSTS` (`host:port`, separated by commas) may lie inside.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore
import httpx

from veilleur.errors import NotReached, OutcomeUnknown

MOST_BYTES = 1024 * 1024
INTERNAL_HOSTS = "VEILLEUR_INTERNAL_HOSTS"


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
    if f"{host}:{port}" not in _internal() and not all(map(_is_public, addresses)):
        raise httpcore.ConnectError(f"{host}:{port} lies inside: name it in {INTERNAL_HOSTS} to allow it")
    return addresses[0]


def _is_public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None)
    return (mapped or known).is_global and not (mapped or known).is_multicast


def _internal() -> frozenset[str]:
    return frozenset(part.strip() for part in os.environ.get(INTERNAL_HOSTS, "").split(",") if part.strip())


class _Transport(httpx.BaseTransport):
    """httpx over a guarded pool of connections."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=_Guarded(), max_connections=4
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
        content = b""
        try:
            for part in answer.iter_stream():
                content += part
                if len(content) > MOST_BYTES:
                    raise httpcore.RemoteProtocolError(f"an answer of more than {MOST_BYTES} bytes")
        finally:
            answer.close()
        return httpx.Response(answer.status, headers=answer.headers, content=content)

    def close(self) -> None:
        self._pool.close()


def ask(
    method: str,
    url: str,
    *,
    seconds: float,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> httpx.Response:
    """One question, one answer; any status is an answer.

    `seconds` bounds each of connecting, writing and reading. Raises `NotReached` when nothing can have left
    this machine, `OutcomeUnknown` when it left and no whole answer came back.
    """
    with httpx.Client(transport=_Transport(), timeout=seconds, trust_env=False) as client:
        try:
            return client.request(method, url, content=content, headers=headers, params=params)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise NotReached(str(error) or type(error).__name__) from error
        except (httpcore.UnsupportedProtocol, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise NotReached(str(error)) from error
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            httpx.TransportError,
            ssl.SSLError,
        ) as error:
            raise OutcomeUnknown(str(error) or type(error).__name__) from error
