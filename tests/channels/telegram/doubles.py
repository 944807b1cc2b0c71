"""What stands around the adapter in its tests: the house that accepts, and a wire that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from channels.telegram.updates import TelegramPolling
from domain.messages import ChannelName, Inbound, Report
from domain.ports import Host

TOKEN = "100200:AA_secret-word"
SECRET_PART = "AA_secret-word"
DEADLINE = 10.0  # seconds; only a broken test waits so long


class NoCursors:
    """Telegram remembers the offset itself."""

    async def load(self, channel: ChannelName, place: str) -> str | None:
        raise AssertionError("the Telegram adapter keeps no cursor")

    async def save(self, channel: ChannelName, place: str, value: str) -> None:
        raise AssertionError("the Telegram adapter keeps no cursor")


HOST = Host(cursors=NoCursors(), country="RU", public_url="https://leads.example.com", max_file=1000)


class House:
    """Accepts events; `troubles` are raised first, one for each call."""

    def __init__(self, *troubles: Exception) -> None:
        self.events: list[Inbound | Report] = []
        self.offered: list[Inbound | Report] = []
        self._troubles = list(troubles)
        self._changed = asyncio.Event()

    async def accept(self, event: Inbound | Report) -> None:
        self.offered.append(event)
        self._changed.set()
        if self._troubles:
            raise self._troubles.pop(0)
        self.events.append(event)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Inbound)]

    async def holds(self, count: int) -> list[Inbound | Report]:
        """Wait until so many events were accepted."""
        async with asyncio.timeout(DEADLINE):
            while len(self.events) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.events


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(channel: TelegramPolling, house: House) -> AsyncIterator[asyncio.Task[None]]:
    """The channel listens for the length of the block."""
    task = asyncio.create_task(channel.listen(house.accept))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Wire:
    """A TCP relay to a server. Cut, it drops every connection at once and refuses new ones."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self.connections = 0
        """How many were ever opened."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(_pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()
