"""The body of a request: read whole and within bounds before the API sees it, in memory or, of an upload, on disk.

So a request that is sent twice is known by its digest, whatever it brings.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from typing import IO

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.problems import Problem
from broadcasts import attachments

MOST_BYTES = 1_000_000
AROUND = 100_000
"""Bytes of a form around the file that it brings."""
_IN_MEMORY = 1 << 20
_PIECE = 1 << 16
MOST_MESSAGE = attachments.LARGEST * 4 // 3 + MOST_BYTES
"""A message with its files in Base64, which makes four bytes of three (RFC 4648, section 4)."""
_UPLOADS = re.compile(r"/imports|/contacts/[^/]+/files")

_WITH_FILES = re.compile(r"POST /messages|PUT /templates/[^/]+")


class Gone(Exception):
    """The caller went away before his request was whole."""


def most(method: str, path: str, headers: Headers, max_file: int) -> int:
    """How many bytes the body of this request may have. Pure."""
    brings = headers.get("content-type", "").lower().startswith("multipart/form-data")
    uploads = brings and method == "POST" and _UPLOADS.fullmatch(path)
    if uploads:
        return max_file + AROUND
    return MOST_MESSAGE if _WITH_FILES.fullmatch(f"{method} {path}") else MOST_BYTES


class Body:
    """What was received. Close it: a large one is a temporary file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._sum = hashlib.sha256()
        self._done = False

    async def fill(self, headers: Headers, receive: Receive, limit: int) -> None:
        """Read it all. Raises Problem when it is too large, whatever Content-Length says; Gone."""
        length = headers.get("content-length", "")
        size, more = int(length) if length.isdecimal() and len(length) < 18 else 0, True
        if size > limit:
            raise Problem(413, "too-large", kb=limit // 1000)
        size = 0
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise Problem(413, "too-large", kb=limit // 1000)
            self._sum.update(piece)
            await self._write(piece, size)
            more = message.get("more_body", False)
        self._file.seek(0)

    async def _write(self, piece: bytes, size: int) -> None:
        if size > _IN_MEMORY:
            await asyncio.to_thread(self._file.write, piece)
        else:
            self._file.write(piece)

    def digest(self, line: str) -> str:
        """SHA-256 of the request's line and the body."""
        return hashlib.sha256(f"{line}\n".encode() + self._sum.digest()).hexdigest()

    def replay(self, receive: Receive) -> Receive:
        """The same messages again; behind them, what else comes."""

        async def again() -> Message:
            if self._done:
                return await receive()
            piece = self._file.read(_PIECE)
            self._done = len(piece) < _PIECE
            return {"type": "http.request", "body": piece, "more_body": not self._done}

        return again

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
