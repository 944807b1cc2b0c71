"""Events to publish, a consumer to watch, and waiting for what shall come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from bus.broker import Bus, Handler
from bus.streams import Event
from domain.messages import Address, AddressKind, ChannelName, Inbound, utcnow


def inbound(number: int, *, sender: int = 1, text: str = "Здравствуйте") -> Inbound:
    """A Telegram message."""
    return Inbound(
        channel=ChannelName("main-bot"),
        external_id=f"update-{number}",
        addresses=(Address(kind=AddressKind.TELEGRAM, value=str(sender), proved=True),),
        received_at=utcnow(),
        text=text,
    )


class Seen:
    """A handler that remembers what it got."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Event]] = []

    async def __call__(self, events: Sequence[Event]) -> None:
        self.batches.append(events)

    @property
    def ids(self) -> list[str]:
        return [event.external_id for batch in self.batches for event in batch]


async def until(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 15) -> None:
    """Wait for a condition; the deadline only ends a test that has failed anyway."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


class DatabaseAway(Exception):
    """What a store raises while PostgreSQL restarts."""


@asynccontextmanager
async def consuming(bus: Bus, handler: Handler, *, shards: Sequence[int] | None = None) -> AsyncIterator[None]:
    """The bus consumes while the block runs."""
    task = asyncio.create_task(bus.consume(handler, retryable=(DatabaseAway,), shards=shards))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def drained(bus: Bus) -> bool:
    """Nothing is waiting and nothing is being handled."""
    return not any((await bus.backlog()).values())
