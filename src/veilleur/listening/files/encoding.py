"""Which encoding a text file is written in, found by reading all of it once.

The whole file is read, not a sample: the first « é » of an export may stand in its last line.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TextIO

from veilleur.listening.files.reasons import refused

Opener = Callable[[], IO[bytes]]

MAX_TEXT_BYTES = 1 << 30
"""Largest text file, counted after gunzip: 1 GiB."""

_CHUNK = 1 << 20
_MARKS = (  # the mark of UTF-32 starts with the one of UTF-16: the order matters
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b\x1f"))
_WESTERN = bytes(range(256)).decode("cp1252", "replace")


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Error handler: a byte that is not UTF-8 is read as Windows-1252 reads it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(_WESTERN[byte] for byte in error.object[error.start : error.end]), error.end


codecs.register_error("veilleur-western", _as_western)


def find_encoding(opener: Opener) -> str:
    """Python's name of the encoding: utf-8(-sig), utf-16(-le, -be), utf-32 or cp1252.

    Raises `FileRefused` when the bytes are no text, too many, or cannot be unpacked.
    """
    chunks = _chunks(opener)
    head = next(chunks, b"")
    for mark, name in _MARKS:
        if head.startswith(mark):
            _exhaust(chunks)
            return name
    if wide := _wide(head):
        _exhaust(chunks)
        return wide
    _refuse_binary(head)
    good, bad = _count_utf8(head, chunks)
    # A few stray bytes in a UTF-8 file do not make it Windows-1252: that would garble every accent.
    return "utf-8" if good >= bad else "cp1252"


def open_text(opener: Opener, encoding: str) -> TextIO:
    """The file as text, line ends untouched."""
    lenient = "veilleur-western" if encoding in {"utf-8", "utf-8-sig", "cp1252"} else "replace"
    return io.TextIOWrapper(opener(), encoding=encoding, errors=lenient, newline="")


def _chunks(opener: Opener) -> Iterator[bytes]:
    size = 0
    try:
        with opener() as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MAX_TEXT_BYTES:
                    raise refused("too_large", what="text", limit=f"{MAX_TEXT_BYTES >> 20} MiB")
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused("damaged", cause=str(error)) from error


def _exhaust(chunks: Iterator[bytes]) -> None:
    """Reads to the end, so that size and damage are known before the first row is."""
    for _chunk in chunks:
        pass


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: every second byte of western text is NUL."""
    sample = head[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > half * 0.7 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def _refuse_binary(head: bytes) -> None:
    sample = head[:65536]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > len(sample) * 0.02 + 1:
        raise refused("binary", kind="binary")


def _count_utf8(head: bytes, chunks: Iterator[bytes]) -> tuple[int, int]:
    """How many characters beyond ASCII are sound UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    for chunk in _and_end(head, chunks):
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            wrong = len(text) - len(text.encode("utf-8", "ignore").decode())
            bad += wrong
            good += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return good, bad


def _and_end(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks
    yield b""
