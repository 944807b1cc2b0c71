"""The door: who has no key comes no further, and nobody's body is read before that. An ASGI application around the API.

A key stands in the header Authorization (RFC 6750, section 2.1) and nowhere else: addresses end in logs.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import Buckets
from api.problems import Problem, answer
from api.words import language_of
from domain.messages import utcnow
from people.exporting import House
from store import keys
from store.engine import Away, Database
from store.keys import Key

log = logging.getLogger(__name__)
OPEN = "/openapi.json"
"""What the API can do is no secret; everything else needs a key."""
MOST_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks, and with what."""

    key: Key
    database: Database
    country: str
    """Where a national phone number is from."""
    house: House
    """How contacts may be let out."""
    language: str
    once: str
    """The Idempotency-Key of a POST; "" without one."""
    digest: str
    """SHA-256 of method, path and body: whether a repeated request is the same one."""

    @property
    def actor(self) -> str:
        """As events and sources name him."""
        return f"api:{self.key.id}"


class Gone(Exception):
    """The caller went away before his request was whole."""


class Guard:
    """Asks for a key, counts, reads the body within bounds, and lets the API answer."""

    def __init__(self, app: ASGIApp, database: Database, country: str, house: House, buckets: Buckets) -> None:
        self._app = app
        self._database = database
        self._country = country
        self._house = house
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        language = language_of(Headers(scope=scope).get("accept-language", ""))
        try:
            if _path(scope) != OPEN:
                receive = await self._admit(scope, receive, language)
        except Gone:
            return
        except Problem as problem:
            await answer(problem, language, **_headers(problem))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])

    async def _admit(self, scope: MutableMapping[str, Any], receive: Receive, language: str) -> Receive:
        """The request's body for the API to read. Raises Problem, Gone."""
        headers = Headers(scope=scope)
        key = await self._key(headers)
        if seconds := self._buckets.wait(key.id):
            raise Problem(429, "too-often", seconds=math.ceil(seconds))
        body = await _body(headers, receive)
        path = scope["path"] + "?" + scope.get("query_string", b"").decode("latin-1")
        digest = hashlib.sha256(f"{scope['method']} {path}\n".encode() + body).hexdigest()
        once = _once(headers) if scope["method"] == "POST" else ""
        scope["caller"] = Caller(
            key=key,
            database=self._database,
            country=self._country,
            house=self._house,
            language=language,
            once=once,
            digest=digest,
        )
        return _replay(body, receive)

    async def _key(self, headers: Headers) -> Key:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(401, "no-key")
        try:
            async with self._database.connect() as connection:
                key = await keys.by_token(connection, token.strip())
                if key:
                    await keys.touch(connection, key.id, utcnow())
        except Away as error:
            raise Problem(503, "away") from error
        if key is None:
            raise Problem(401, "wrong-key")
        return key


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _headers(problem: Problem) -> dict[str, str]:
    if problem.status == 401:  # RFC 6750, section 3
        return {"WWW-Authenticate": "Bearer" + (' error="invalid_token"' if problem.key == "wrong-key" else "")}
    if problem.status == 429:
        return {"Retry-After": str(problem.facts["seconds"])}
    if problem.status == 413:
        return {"Connection": "close"}
    return {"Retry-After": "5"} if problem.status == 503 else {}


def _once(headers: Headers) -> str:
    given = headers.get("idempotency-key")
    if given is not None and not (0 < len(given) <= 200 and given.isascii() and given.isprintable()):
        raise Problem(422, "idempotency-key")
    return given or ""


async def _body(headers: Headers, receive: Receive) -> bytes:
    """The whole of it. Raises Problem when it is too large, whatever Content-Length says; Gone."""
    length = headers.get("content-length", "")
    parts, size, more = [], int(length) if length.isdecimal() and len(length) < 18 else 0, True
    if size > MOST_BYTES:
        raise Problem(413, "too-large", kb=MOST_BYTES // 1000)
    size = 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise Problem(413, "too-large", kb=MOST_BYTES // 1000)
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
