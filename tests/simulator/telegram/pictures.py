"""Small real files to send."""

from __future__ import annotations

import struct
import zlib

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080078005a0101110000ffd9")
"""The head of a JPEG of 90 x 120 pixels: all that anybody here reads."""


def png(width: int, height: int) -> bytes:
    """A grey PNG."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (width + 1)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
