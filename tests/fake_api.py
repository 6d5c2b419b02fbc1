"""A network on 127.0.0.1 that answers JSON, keeps what it was asked, and misbehaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Question:
    """One request."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None


Told = tuple[int, Any]


class FakeApi(ThreadingHTTPServer):
    """A network says in `told` what it answers. `trouble`: status, body and headers of every answer."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.questions: list[Question] = []
        self.trouble: tuple[int, Any, dict[str, str]] | None = None
        self.once: list[tuple[int, Any]] = []
        """Answers of the next questions, before anything else."""
        self.slowness = 0.0
        """Seconds between doing what is asked and saying so."""
        self.headers: dict[str, str] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def told(self, question: Question) -> Told:
        raise NotImplementedError

    def answer(self, question: Question) -> tuple[int, Any, dict[str, str]]:
        self.questions.append(question)
        if self.trouble:
            return self.trouble
        said = (*(self.once.pop(0) if self.once else self.told(question)), self.headers)
        time.sleep(self.slowness)
        return said

    def handle_error(self, request: object, client_address: object) -> None:
        """Askers that went away do not wait for their answer."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeApi
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        parts = urlsplit(self.path)
        params = {name: ",".join(values) for name, values in parse_qs(parts.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        question = Question(self.command, unquote(parts.path), params, dict(self.headers), raw)
        status, body, headers = self.server.answer(question)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def do_PUT(self) -> None:
        self._do()

    def log_message(self, *args: object) -> None:
        """Silence."""


@contextmanager
def serving(server: FakeApi) -> Iterator[FakeApi]:
    """Until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
