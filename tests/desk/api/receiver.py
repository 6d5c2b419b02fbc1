"""A program on 127.0.0.1 that is told of what happens: misbehaves as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """`calls`: (headers, payload) of each call, in the order they came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.raw: list[tuple[str, bytes]] = []
        """(signature, body) of each call."""
        self.status = 200
        self.slowness = 0.0
        self.secret = ""
        self.lock = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/veilleur"

    def told(self, kind: str = "") -> list[dict[str, Any]]:
        """What it was told, each id once."""
        by_id = {payload["id"]: payload for _headers, payload in self.calls}
        return [payload for payload in by_id.values() if kind in {"", payload["type"]}]

    def wait(self, calls: int, seconds: float = 60) -> None:
        """Until it was called so often; fails when it was not."""
        end = time.monotonic() + seconds
        while len(self.calls) < calls:
            assert time.monotonic() < end, f"{len(self.calls)} calls"
            time.sleep(0.1)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.slowness)
        if self.server.status < 300:
            with self.server.lock:
                self.server.raw.append((self.headers["Veilleur-Signature"], body))
                self.server.calls.append((dict(self.headers), json.loads(body)))
        good = not self.server.secret or is_signed(
            self.server.secret, self.headers["Veilleur-Signature"], body
        )
        self.send_response(self.server.status if good else 400)
        self.send_header("Content-Length", "2")
        self.end_headers()
        time.sleep(self.server.slowness)
        self.wfile.write(b"no" if self.server.status >= 300 else b"ok")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def is_signed(secret: str, header: str, body: bytes) -> bool:
    """As the manual tells a receiver to check it."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    made = hmac.new(secret.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    server = Receiver(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
