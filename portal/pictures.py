"""The pictures of mailings that we host (/i). Whoever has the address sees the picture, for as long as it is there.

The address is the same for all who got the letter, and nothing is written down of who looks. It is made for pictures
alone (`broadcasts.pictures`); what lies in the file store and is none after all is not shown either.
"""

from __future__ import annotations

import time
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from broadcasts.content.blocks import PictureType
from channels.form.limits import MinuteLimit
from people import signed
from people.card_files import type_of
from store import secrets
from store.engine import Away, Database
from store.files import FileMissing, Files

PER_MINUTE = 1200
"""Pictures a minute for one network: a provider's proxy asks for many readers, and keeps what it got."""
_TYPES = frozenset(get_args(PictureType))
_SAFE = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_SHOWN = {
    **_SAFE,
    "Cache-Control": "public, max-age=31536000, immutable",  # another content has another address
    "Cross-Origin-Resource-Policy": "cross-origin",  # mail programs on the web show it on their own pages
}
_HIDDEN = {**_SAFE, "Cache-Control": "no-store"}


class Pictures:
    """The endpoint of one installation."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        self._limit = MinuteLimit(PER_MINUTE)
        self._key = b""

    def routes(self) -> list[Route]:
        """/i; it answers GET and HEAD."""
        return [Route("/i/{token}", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        if request.client and not self._limit.take(request.client.host, time.monotonic()):
            return _later(429, "Too many pictures at once.")
        try:
            digest = signed.picture(await self._secret(), str(request.path_params["token"]))
            data = await self._files.get(digest) if digest else b""
        except FileMissing:
            data = b""
        except (Away, OSError):
            return _later(503, "Please try again in a minute.")
        kind = type_of(data[:64])
        if digest is None or kind not in _TYPES:
            return Response("There is no such picture.", 404, _HIDDEN, "text/plain")
        headers = {**_SHOWN, "ETag": f'"{digest}"'}
        if _is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(None, 304, headers)
        return Response(data, 200, headers, kind)

    async def _secret(self) -> bytes:
        if not self._key:
            async with self._database.begin() as connection:
                self._key = await secrets.key(connection, secrets.LINKS)
        return self._key


def _later(status: int, words: str) -> Response:
    return Response(words, status, {**_HIDDEN, "Retry-After": "60"}, "text/plain")


def _is_known(asked: str, tag: str) -> bool:
    """Whether the reader has it already (RFC 9110, section 13.1.2: weak comparison)."""
    return asked.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in asked.split(","))
