"""The door: who has no key comes no further, and nobody's body is read before that. An ASGI application around the API.

A key stands in the header Authorization (RFC 6750, section 2.1) and nowhere else: addresses end in logs.
"""

from __future__ import annotations

import logging
import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.body import Body, Gone, most
from api.limits import Buckets, Strangers
from api.problems import Problem, answer
from api.words import language_of
from broadcasts.office import Office
from domain.messages import utcnow
from people.exporting import House
from store import keys
from store.engine import Away, Database
from store.files import LargeFiles
from store.keys import Key

log = logging.getLogger(__name__)
OPEN = "/openapi.json"
"""What the API can do is no secret; everything else needs a key."""


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
    files: LargeFiles | None
    """Where files are kept; None: nowhere."""
    max_file: int
    """Bytes."""
    office: Office
    """What the configuration says of broadcasts."""

    @property
    def actor(self) -> str:
        """As events and sources name him."""
        return f"api:{self.key.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Within:
    """What lies behind the door."""

    country: str
    house: House
    files: LargeFiles | None
    max_file: int
    office: Office


class Guard:
    """Asks for a key, counts, reads the body within bounds, and lets the API answer."""

    def __init__(self, app: ASGIApp, database: Database, house: Within, buckets: Buckets, strangers: Strangers) -> None:
        self._app = app
        self._database = database
        self._within = house
        self._buckets = buckets
        self._strangers = strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        language = language_of(Headers(scope=scope).get("accept-language", ""))
        body = Body()
        try:
            if _path(scope) != OPEN:
                await self._admit(scope, receive, body, language)
                receive = body.replay(receive)
            await self._answer(scope, receive, send)
        except Gone:
            return
        except Problem as problem:
            await answer(problem, language, **_headers(problem))(scope, receive, send)
        finally:
            body.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])

    async def _admit(self, scope: MutableMapping[str, Any], receive: Receive, body: Body, language: str) -> None:
        """Read the body, and say in the scope who calls. Raises Problem, Gone."""
        headers, method = Headers(scope=scope), scope["method"]
        key = await self._known(scope, headers)
        if seconds := self._buckets.wait(key.id):
            raise Problem(429, "too-often", seconds=math.ceil(seconds))
        await body.fill(headers, receive, most(method, _path(scope), headers, self._within.max_file))
        path = scope["path"] + "?" + scope.get("query_string", b"").decode("latin-1")
        scope["caller"] = Caller(
            key=key,
            database=self._database,
            country=self._within.country,
            house=self._within.house,
            files=self._within.files,
            max_file=self._within.max_file,
            office=self._within.office,
            language=language,
            once=_once(headers) if method == "POST" else "",
            digest=body.digest(f"{method} {path}"),
        )

    async def _known(self, scope: MutableMapping[str, Any], headers: Headers) -> Key:
        """The caller's key. Who comes with wrong ones again and again from one address is not looked up any more."""
        client, given = scope.get("client"), headers.get("authorization", "")
        place = client[0] if client else ""
        if seconds := self._strangers.wait(place, given):
            raise Problem(429, "wrong-keys", seconds=math.ceil(seconds))
        try:
            key = await self._key(headers)
        except Problem as problem:
            if problem.key == "wrong-key":
                self._strangers.wrong(place)
            raise
        self._strangers.right(given)
        return key

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
