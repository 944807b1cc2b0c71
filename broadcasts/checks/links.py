"""Which links of a content lead somewhere. Each is asked for once, from our machine, and nothing of it is read."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from broadcasts.checks.guard import ALWAYS_THERE, Guard, Refused

MOST = 20
"""Links that are looked at."""
_AT_ONCE = 5
_SECONDS = 5.0
_HOPS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_HEAD_UNKNOWN = frozenset({400, 403, 404, 405, 406, 410, 501})
"""Some sites say this to HEAD alone."""
_OFFLINE = frozenset({errno.ENETUNREACH, errno.ENETDOWN})


class State(StrEnum):
    """What became of one link."""

    OK = "ok"
    DEAD = "dead"  # answered: there is no such page, or the site is broken
    UNREACHABLE = "unreachable"  # no such name, no answer, no valid certificate
    REFUSED = "refused"  # leads to where we do not go: an inner address, another port, round in a circle
    UNCHECKED = "unchecked"  # we have no way into the internet


@dataclass(frozen=True, slots=True)
class Link:
    """One link."""

    url: str
    state: State
    status: int = 0
    """Of HTTP, where somebody answered."""


class Links:
    """Looks at links."""

    def __init__(self, guard: Guard | None = None, *, seconds: float = _SECONDS) -> None:
        self._guard = guard or Guard()
        self._seconds = seconds

    async def look(self, urls: Sequence[str]) -> list[Link]:
        """The first `MOST` of these, each once. Raises nothing."""
        places = asyncio.Semaphore(_AT_ONCE)
        async with self._session() as session:

            async def one(url: str) -> Link:
                async with places:
                    return await self._one(session, url)

            found = await asyncio.gather(*map(one, list(dict.fromkeys(urls))[:MOST]))
        if any(link.state is State.UNREACHABLE for link in found) and await self._is_offline(found):
            return [Link(one.url, State.UNCHECKED) if one.state is State.UNREACHABLE else one for one in found]
        return found

    async def _is_offline(self, found: Sequence[Link]) -> bool:
        """Whether nobody has answered, and not even the best known of names is known."""
        if any(link.status for link in found):
            return False
        try:
            async with asyncio.timeout(self._seconds):
                await self._guard.look_up(ALWAYS_THERE, 443)
        except OSError:
            return True
        return False

    def _session(self) -> ClientSession:
        connector = TCPConnector(
            resolver=self._guard, use_dns_cache=False, socket_factory=self._guard.socket, force_close=True
        )
        return ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=self._seconds),
            headers={"User-Agent": "Leadwire link check", "Accept": "*/*"},
            read_bufsize=4096,
            trust_env=False,
        )

    async def _one(self, session: ClientSession, url: str) -> Link:
        try:
            async with asyncio.timeout(2 * self._seconds):
                return await self._follow(session, url)
        except Refused:
            return Link(url, State.REFUSED)
        except (ClientError, OSError, ValueError) as error:
            return Link(url, _failed(error))

    async def _follow(self, session: ClientSession, url: str) -> Link:
        at = url
        for _ in range(_HOPS + 1):
            if not self._guard.permits(at):
                return Link(url, State.REFUSED)
            status, to = await self._ask(session, "HEAD", at)
            if status in _HEAD_UNKNOWN:
                status, to = await self._ask(session, "GET", at)
            if status not in _MOVED or not to:
                return Link(url, State.DEAD if status in _GONE or status >= 500 else State.OK, status)
            at = urljoin(at, to)
        return Link(url, State.REFUSED)

    async def _ask(self, session: ClientSession, method: str, url: str) -> tuple[int, str]:
        async with session.request(method, url, allow_redirects=False) as answer:
            return answer.status, _location(answer)


def _location(answer: ClientResponse) -> str:
    answer.close()  # the body stays on the wire
    return answer.headers.get("Location", "")


def _failed(error: Exception) -> State:
    """What an error of the way says of the link: nothing, when it is our own way that is cut. Pure."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 10:
        causes.append(cause)
    if any(isinstance(one, Refused) for one in causes):
        return State.REFUSED
    return State.UNCHECKED if any(map(_is_offline, causes)) else State.UNREACHABLE


def _is_offline(error: BaseException) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    return isinstance(error, OSError) and error.errno in _OFFLINE
