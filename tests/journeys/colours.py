"""Pictures of pages with a palette: a page has few colours, and the documentation stays small."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST = 256
"""Colours of a palette."""

Pixels = NDArray[np.uint8]


def with_palette(picture: bytes) -> bytes:
    """A PNG of the browser with at most 256 colours: those that differ least become one."""
    pixels = _pixels(picture)
    height, width, _channels = pixels.shape
    flat = pixels.reshape(-1, 3)
    for lost in range(8):  # bits: colours that differ in these only become one
        codes = (flat.astype(np.uint32) >> lost) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
        names, first, index = np.unique(codes, return_index=True, return_inverse=True)
        if len(names) <= MOST:
            break
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = index.reshape(height, width)
    head = struct.pack("!IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (b"IHDR", head), (b"PLTE", flat[first].tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9))
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in (*parts, (b"IEND", b"")))


def _pixels(picture: bytes) -> Pixels:
    parts = list(_parts(picture))
    width, height, depth, kind = struct.unpack("!IIBB", parts[0][1][:10])
    assert (depth, kind) == (8, 2), "eight bits each of red, green and blue"
    packed = b"".join(content for name, content in parts if name == b"IDAT")
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 3 * width)
    pixels = np.zeros((height, width, 3), np.uint8)
    above = np.zeros((width, 3), np.uint8)
    for number, row in enumerate(rows):
        told = row[1:].reshape(width, 3)
        above = pixels[number] = _unfiltered(int(row[0]), told, above)
    return pixels


def _unfiltered(filtered: int, told: Pixels, above: Pixels) -> Pixels:
    if filtered == 0:
        return told
    if filtered == 1:
        return np.cumsum(told, axis=0, dtype=np.uint8)
    assert filtered == 2, "a filter that the browser uses only when it has time"
    return told + above


def _parts(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        length = struct.unpack_from("!I", picture, at)[0]
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))
