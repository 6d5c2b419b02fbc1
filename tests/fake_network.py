"""A network of one's own on 127.0.0.1: it publishes replies, and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SECRET = "a secret that both of them know"


class FakeNetwork(ThreadingHTTPServer):
    """What it published is in `published`; `signed_wrong` counts what was not signed with the secret."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.published: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.signed_wrong = 0
        self.keeps_keys = True
        self.before, self.after = 0.0, 0.0
        """Most seconds before publishing, and between publishing and answering."""
        self.silent = 0
        """So many next replies are published, and their sender never hears of it in time."""
        self.refuses: tuple[int, str] | None = None
        self.lock = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/replies"

    def publish(self, told: dict[str, str]) -> dict[str, str]:
        with self.lock:
            same = [one for one in self.published if one["key"] == told["key"]]
            if self.keeps_keys and same:
                return same[0]
            made = {**told, "id": f"r{len(self.published) + 1}"}
            self.published.append(made)
            return made

    def handle_error(self, request: object, client_address: object) -> None:
        """Senders that were killed do not wait for their answer."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeNetwork

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._check(body)
        if self.server.refuses:
            code, words = self.server.refuses
            self._answer(code, words.encode())
            return
        time.sleep(random.uniform(0, self.server.before))
        made = self.server.publish(json.loads(body))
        time.sleep(random.uniform(0, self.server.after))
        if self.server.silent:
            self.server.silent -= 1
            time.sleep(3)
        self._answer(200, json.dumps({"id": made["id"], "url": f"https://example.org/{made['id']}"}).encode())

    def do_GET(self) -> None:
        key = parse_qs(urlsplit(self.path).query)["key"][0]
        self._check(key.encode())
        self.server.asked.append(key)
        found = [one for one in self.server.published if one["key"] == key]
        if found:
            self._answer(200, json.dumps({"id": found[0]["id"], "url": ""}).encode())
        else:
            self._answer(404, b"")

    def _check(self, content: bytes) -> None:
        seal = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
        if self.headers["X-Veilleur-Signature"] != f"sha256={seal}":
            self.server.signed_wrong += 1

    def _answer(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def fake_network(port: int = 0) -> Iterator[FakeNetwork]:
    """A network that runs until the end of the block."""
    server = FakeNetwork(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
