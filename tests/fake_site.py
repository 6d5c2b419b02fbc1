"""A web site of one's own on 127.0.0.1: what stands in `pages` is served, well or badly."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What one address answers."""

    content: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    has_etag: bool = False
    length: int = 0
    """Bytes that are announced and never end: zeros are sent as long as somebody reads."""
    drips: float = 0.0
    """Seconds between two bytes."""


class Site(ThreadingHTTPServer):
    """`asked` holds path and headers of each question, in order."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Served] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.is_closing = False

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _headers in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """Readers that had enough hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        page = self.server.pages.get(self.path, Served(b"nothing here", status=404))
        etag = f'"{hashlib.md5(page.content).hexdigest()}"'
        if page.has_etag and self.headers["If-None-Match"] == etag:
            self._head(304, {"ETag": etag})
            return
        length = {"Content-Length": str(page.length or len(page.content))}
        self._head(
            page.status,
            length | {"Content-Type": page.kind} | ({"ETag": etag} if page.has_etag else {}) | page.headers,
        )
        with suppress(OSError):
            self._send(page)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, page: Served) -> None:
        if page.length:
            while not self.server.is_closing:
                self.wfile.write(b"\x00" * 65536)
        elif page.drips:
            for byte in page.content:
                if self.server.is_closing:
                    return
                self.wfile.write(bytes([byte]))
                time.sleep(page.drips)
        else:
            self.wfile.write(page.content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def bomb() -> Served:
    """A gzip bomb: 60 kB that unpack to 64 MB."""
    packed = gzip.compress(b"\x00" * 64_000_000)
    return Served(packed, headers={"Content-Encoding": "gzip"})


@contextmanager
def fake_site() -> Iterator[Site]:
    """A site that runs until the end of the block."""
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_closing = True
        server.shutdown()
        server.server_close()
