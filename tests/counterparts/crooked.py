"""A door before a real server that passes everything on, or misbehaves as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WAIT = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 77\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
)
HALF = 60
"""Bytes of an answer that come before the line is cut."""


class Crooked:
    """`mode`: `honest`, `throttle` (429 with Retry-After), `half` (answers are cut) or `shut` (hangs up)."""

    def __init__(self, behind: int) -> None:
        self.behind, self.mode = behind, "honest"
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def close(self) -> None:
        """Lets nobody in any more."""
        self._door.close()

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                guest, _address = self._door.accept()
                threading.Thread(target=self._serve, args=(guest,), daemon=True).start()

    def _serve(self, guest: socket.socket) -> None:
        with guest, contextlib.suppress(OSError):
            if self.mode == "shut":
                return
            if self.mode == "throttle":
                guest.recv(65536)
                guest.sendall(WAIT)
                return
            with socket.create_connection(("127.0.0.1", self.behind)) as host:
                asks = threading.Thread(target=self._pass_on, args=(guest, host), daemon=True)
                asks.start()
                self._pass_on(host, guest, HALF if self.mode == "half" else None)

    def _pass_on(self, from_: socket.socket, to: socket.socket, most: int | None = None) -> None:
        with contextlib.suppress(OSError):
            while part := from_.recv(65536):
                to.sendall(part if most is None else part[:most])
                if most is not None:
                    break
            to.shutdown(socket.SHUT_WR)
            if most is not None:
                from_.close()


@contextmanager
def crooked(behind: int) -> Iterator[Crooked]:
    """A door until the end of the block."""
    door = Crooked(behind)
    try:
        yield door
    finally:
        door.close()
