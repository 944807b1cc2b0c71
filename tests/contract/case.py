"""What the contract suite asks of a kind's case file, and the house that stands behind every adapter in it."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx2
import pytest

from app.http import application
from app.settings import Server
from channels.registry import KINDS
from domain.errors import SendError, Unpublished
from domain.messages import ChannelName, Inbound, Report
from domain.ports import Accept, Channel, Host, Listener, Webhook
from simulator.serving import serving

Event = Inbound | Report
Table = dict[str, Any]
NAME = ChannelName("contract")
PUBLIC = "http://leads.example.com"
PATIENCE = 15.0


async def until(look: Callable[[], object | Awaitable[object]], what: str) -> None:
    """Wait until `look` gives something true. Fails, naming `what`, when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not ((await found) if isinstance(found := look(), Awaitable) else found):
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain for {what}"
        await asyncio.sleep(0.01)


class Memory:
    """`Cursors` in a dictionary."""

    def __init__(self) -> None:
        self.saved: dict[tuple[str, str], str] = {}

    async def load(self, channel: ChannelName, place: str) -> str | None:
        return self.saved.get((channel, place))

    async def save(self, channel: ChannelName, place: str, value: str) -> None:
        self.saved[channel, place] = value


@dataclass
class House:
    """Accepts, or says that nothing is durable now."""

    away: bool = False
    offered: list[Event] = field(default_factory=list)
    accepted: list[Event] = field(default_factory=list)

    async def accept(self, event: Event) -> None:
        self.offered.append(event)
        await asyncio.sleep(0)
        if self.away:
            raise Unpublished("the disk is full")
        self.accepted.append(event)


_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
WEB_NONSENSE = (
    b"",
    b"\xff\x00\r\n\r\n",
    b"220 mail ESMTP\r\n",
    _JSON % (2, b"[]"),
    _JSON % (2, b"{}"),
    _JSON % (4, b"null"),
    _JSON % (11, b'{"ok":true}'),
    _JSON % (28, b'{"ok":true,"result":"\xd0\xb4\xd0\xb0 "}'),
    _JSON % (9999, b'{"cut of'),
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>Log",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry",
    b"HTTP/1.1 500 Error\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[[[[[",
)


class Counterpart(ABC):
    """A real server of this kind for one test, and the ways to speak to it."""

    table: Table
    """Settings of a channel that works with it."""
    forbidden: Table | None = None
    """Changes to the settings after which it refuses us; None: there is nobody who could."""
    to: str = ""
    """An address that takes what we send."""
    nonsense: Sequence[bytes] = WEB_NONSENSE
    """What may answer at a wrong port, or in front of the right one."""

    @cached_property
    def built(self) -> list[Channel]:
        """Whatever becomes of the test, these are closed."""
        return []

    @abstractmethod
    async def write(self, words: str) -> None:
        """A customer writes."""

    @abstractmethod
    async def confirmed(self) -> bool:
        """Whether the counterpart holds the customer's message for settled."""

    async def got(self) -> Sequence[str]:
        """What `to` was sent."""
        return ()

    def at_port(self, port: int) -> Table:
        """Changes to the settings after which the channel speaks to this port of loopback instead."""
        return {}

    def build(self, *, memory: Memory | None = None, **changes: Any) -> Channel:
        """The adapter as the house builds it. `memory` is what an earlier one remembered."""
        kind = KINDS[self.table["kind"]]
        host = Host(cursors=memory or Memory(), country="RU", public_url=PUBLIC, max_file=100_000)
        self.built.append(kind.build(NAME, kind.settings().model_validate(self.table | changes), host))
        return self.built[-1]

    @asynccontextmanager
    async def taking(self, channel: Channel, accept: Accept) -> AsyncIterator[None]:
        """The channel takes in, whichever way it does, for as long as the block lasts."""
        if isinstance(channel, Listener):
            async with _running(channel.listen(accept)):
                yield
        else:
            assert isinstance(channel, Webhook)
            app = application({NAME: channel}, accept, Server())
            async with serving(app) as url, self.calling(channel, f"{url}/in/{NAME}"):
                yield

    @asynccontextmanager
    async def calling(self, channel: Channel, url: str) -> AsyncIterator[None]:
        """The counterpart calls the webhook that is served at `url`."""
        raise NotImplementedError
        yield


@asynccontextmanager
async def _running(work: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Caller(Counterpart):
    """A provider that posts each message again and again, until it is answered with 2xx."""

    answers: list[int]

    async def confirmed(self) -> bool:
        return any(200 <= status < 300 for status in self.answers)

    @asynccontextmanager
    async def calling(self, channel: Channel, url: str) -> AsyncIterator[None]:
        self.answers = []
        async with httpx2.AsyncClient() as client, _running(self._insist(client, url)):
            yield

    async def _insist(self, client: httpx2.AsyncClient, url: str) -> None:
        while not await self.confirmed():
            self.answers.append((await self.post(client, url)).status_code)
            await asyncio.sleep(0.005)

    @abstractmethod
    async def post(self, client: httpx2.AsyncClient, url: str) -> httpx2.Response:
        """The customer's message, in the same bytes each time."""


Opened = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Counterpart]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that the suite must know about one kind."""

    ways: Mapping[str, Opened]
    """Each way in, with what sets up its counterpart."""
    sound: Table
    """Settings that are right."""
    secrets: tuple[str, ...]
    """What must never be seen; they stand in `sound`."""
    wrong: Sequence[Table]
    """Changes to `sound` that the settings refuse."""
    samples: Mapping[str, Callable[[], Sequence[Event]]]
    """What each captured file is parsed into."""
    ignored: frozenset[str] = frozenset()
    """Captured files that are deliberately nobody's business."""
    errors: Sequence[tuple[str, Callable[[], SendError], type[SendError]]] = ()
    """The vendor's errors, in its own words, what the adapter's table makes of them, and what it should."""
