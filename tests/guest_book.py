"""A guest book on 127.0.0.1 for the connector of examples/one_connector.py: misbehaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "the token of the guest book"
AT_ONCE = 20


class GuestBookServer(ThreadingHTTPServer):
    """`entries`: by id, the newest state of each; `changes` is how often anything changed."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.entries: dict[str, dict[str, object]] = {}
        self.changes = 0
        self.asked = 0
        self.trouble: tuple[int, dict[str, str]] | None = None
        """Status and headers of every answer."""
        self.half = False
        """Says only half of what it says."""
        self.slowness = 0.0
        self.before = self.after = 0.0
        """Seconds before and after an act."""
        self.silent = 0
        """Acts that are done and never answered."""
        self.acts: list[tuple[str, str]] = []
        """(act, entry) in the order they were done."""
        self.reports: list[tuple[str, str]] = []
        """(entry, reason)."""
        self.lock = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/book"

    def write(self, entry: str, **told: object) -> str:
        with self.lock:
            self.changes += 1
            before = self.entries.get(entry, {"id": entry, "at": "2026-11-20T10:00:00+00:00"})
            self.entries[entry] = {**before, **told, "change": self.changes}
        return entry

    def say(self, text: str, **told: object) -> str:
        return self.write(f"e{self.changes + 1}", text=text, author="Zoé", **told)

    def edit(self, message: str, text: str) -> None:
        self.write(message, text=text)

    def delete(self, message: str) -> None:
        self.write(message, gone=True)

    def replies(self, message: str) -> list[str]:
        return [str(one["text"]) for one in self.entries.values() if one.get("answers") == message]

    def is_visible(self, message: str) -> bool:
        entry = self.entries[message]
        return not entry.get("gone") and not entry.get("hidden")

    def act(self, told: dict[str, str]) -> None:
        time.sleep(self.before)
        act, entry = told["act"], told["entry"]
        self.acts.append((act, entry))
        if act == "report":
            self.reports.append((entry, told["reason"]))
        elif act == "remove":
            self.delete(entry)
        else:
            self.write(entry, hidden=act == "hide")
        time.sleep(self.after)

    def since(self, number: int) -> dict[str, object]:
        with self.lock:
            later = sorted(self.entries.values(), key=lambda one: one["change"])
            told = [one for one in later if one["change"] > number][:AT_ONCE]
            return {"entries": told, "next": told[-1]["change"] if told else number}

    def answer(self, told: dict[str, str]) -> str:
        with self.lock:
            same = [entry for entry, one in self.entries.items() if one.get("key") == told["key"]]
        return same[0] if same else self.say(told["text"], answers=told["answers"], key=told["key"])

    def handle_error(self, request: object, client_address: object) -> None:
        """Readers that were killed do not wait for their answer."""


class _Handler(BaseHTTPRequestHandler):
    server: GuestBookServer

    def do_GET(self) -> None:
        self.server.asked += 1
        time.sleep(self.server.slowness)
        if self.server.trouble:
            status, headers = self.server.trouble
            self._send(status, b"{}", headers)
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, b"no such token")
        else:
            asked = int(parse_qs(urlsplit(self.path).query)["since"][0])
            self._send(200, json.dumps(self.server.since(asked)).encode())

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "act" in told:
            self._act(told)
        else:
            self._send(200, json.dumps({"id": self.server.answer(told)}).encode())

    def _act(self, told: dict[str, str]) -> None:
        if self.server.trouble:
            status, headers = self.server.trouble
            self._send(status, b"{}", headers)
            return
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, b"no such token")
            return
        self.server.act(told)
        if self.server.silent:
            self.server.silent -= 1
            self.close_connection = True
            self.connection.close()
        else:
            self._send(200, b"{}")

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.server.half else content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def guest_book(port: int = 0) -> Iterator[GuestBookServer]:
    """A guest book that is open until the end of the block."""
    server = GuestBookServer(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
