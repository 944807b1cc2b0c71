"""The doorbell: wakes senders, never fails, survives Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis

from bus.broker import Bus
from tests.bus.events import until
from tests.servers import Servers


class Ear:
    """Counts how often it woke."""

    def __init__(self) -> None:
        self.woke = 0
        self.slow = asyncio.Event()
        self.slow.set()

    async def listen(self, bus: Bus) -> None:
        async for _ in bus.bells():
            self.woke += 1
            await self.slow.wait()


@asynccontextmanager
async def listening(bus: Bus) -> AsyncIterator[Ear]:
    ear = Ear()
    task = asyncio.create_task(ear.listen(bus))
    await until(lambda: ear.woke == 1)  # for what rang before it listened
    try:
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_every_listener_wakes(bus: Bus, redis: Redis) -> None:
    async with listening(bus) as one, listening(bus) as two:
        await bus.ring()
        await until(lambda: one.woke == two.woke == 2)


async def test_rings_that_came_meanwhile_count_as_one(bus: Bus, redis: Redis) -> None:
    async with listening(bus) as ear:
        ear.slow.clear()
        await bus.ring()
        await until(lambda: ear.woke == 2)
        for _ in range(50):
            await bus.ring()
        ear.slow.set()
        await until(lambda: ear.woke == 3)
        await bus.ping()
        assert ear.woke == 3


async def test_listening_outlives_a_restart_of_redis(bus: Bus, servers: Servers) -> None:
    async with listening(bus) as ear:
        servers.kill("valkey")
        await until(lambda: ear.woke >= 2)
        heard = ear.woke
        await bus.ring()
        await until(lambda: ear.woke > heard)


async def test_ringing_without_redis_is_silent(tmp_path: Path) -> None:
    bus = Bus(f"unix://{tmp_path}/nobody.sock")
    await bus.ring()
    await bus.aclose()
