"""A virus scanner on 127.0.0.1 that speaks as clamd does, and misbehaves as it is told."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner takes for a virus, and what is none (eicar.org)."""


class FakeClamd(socketserver.ThreadingTCPServer):
    """`says` replaces its verdict; `most` bounds a stream; `hangs_up` ends it before the verdict."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, path: Path | None = None) -> None:
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        super().__init__(str(path) if path else ("127.0.0.1", 0), _Handler)  # type: ignore[arg-type]
        self.said: list[bytes] = []
        """The streams that came whole."""
        self.says: bytes | None = None
        self.most = 1 << 20
        self.hangs_up = False

    @property
    def told(self) -> str:
        """Its address, as a setting says it."""
        address = self.server_address
        return str(address) if isinstance(address, str) else f"127.0.0.1:{address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: FakeClamd

    def handle(self) -> None:
        asked = self.rfile.read(6)
        if asked == b"zPING\0":
            self.wfile.write(b"PONG\0" if self.server.says is None else self.server.says)
            return
        assert asked + self.rfile.read(4) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > self.server.most:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        if self.server.hangs_up:
            return
        self.server.said.append(content)
        found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
        self.wfile.write(found if self.server.says is None else self.server.says)


@contextmanager
def scanning(path: Path | None = None) -> Iterator[FakeClamd]:
    """A scanner until the end of the block; on a socket of that path when one is given."""
    with FakeClamd(path) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
