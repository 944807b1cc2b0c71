"""Server-sent events: names of what changed, never its content. A region that hears its topic pulls itself anew."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from simulator.feed import Feed, Watcher
from simulator.page.scene import Scene

PING = 15.0
"""Seconds between two signs of life, so that a dead connection is noticed."""
LOOK = 0.4
"""Seconds between two looks at the bot's inbox, for the ticks."""
ANYTHING = "anything"
"""The topic that goes with every other."""
TICKS = "ticks"
"""The topic of the second ticks."""


def topic(kind: str, name: str) -> str:
    """The event's name for a chat's key, a phone or an address: letters, digits, "_" and "-" only."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]', '_', name)}"


class Live:
    """Everything that happens in a scene, for any number of browsers."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._feed = Feed()
        self._tasks: list[asyncio.Task[None]] = []
        self._written = False
        """Whether something happened since the ticks were last known to be right."""
        self._closed = False

    def start(self) -> None:
        """Begin to listen to the worlds."""
        sources = (self._telegram(), self._phones(), self._letters(), self._ticks())
        self._tasks = [asyncio.create_task(source) for source in sources]

    async def aclose(self) -> None:
        """End every stream. Twice is fine."""
        self._closed = True
        self._feed.tell(ANYTHING)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def events(self) -> AsyncIterator[str]:
        """The stream of one browser (WHATWG HTML, section 9.2)."""
        with self._feed.subscribe() as watcher:
            yield ": hello\n\n"
            while not self._closed:
                for name in await _next(watcher):
                    yield f"event: {name}\ndata:\n\n"
                yield ": \n\n"

    def _tell(self, kind: str, name: str) -> None:
        self._feed.tell(topic(kind, name))
        self._feed.tell(ANYTHING)

    async def _telegram(self) -> None:
        async for change in self._scene.world.subscribe():
            self._tell("chat", change.chat.key)
            self._written = True

    async def _phones(self) -> None:
        with self._scene.exchange.subscribe() as watcher:
            while True:
                for phone in await watcher.changed():
                    self._tell("sms", phone)

    async def _letters(self) -> None:
        with self._scene.office.subscribe() as watcher:
            while True:
                for address in await watcher.changed():
                    self._tell("mail", address)

    async def _ticks(self) -> None:
        """The second tick comes when the bot has confirmed its update, which the world tells nobody."""
        before = 0
        while True:
            waiting = len(self._scene.bot.inbox)
            if self._written and waiting < max(before, 1):
                self._feed.tell(TICKS)
                self._written = waiting > 0
            before = waiting
            await asyncio.sleep(LOOK)


async def _next(watcher: Watcher) -> frozenset[str]:
    try:
        async with asyncio.timeout(PING):
            return await watcher.changed()
    except TimeoutError:
        return frozenset()
