"""Publishing: durable on return, many at once, errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.embedded import Embedded
from bus.broker import Bus
from bus.connect import client, patiently, rest
from domain.errors import Unpublished
from tests.bus.events import inbound, until
from tests.servers import Servers


async def waiting(bus: Bus) -> int:
    return sum((await bus.backlog()).values())


async def test_callers_share_pipelines(bus: Bus, redis: Redis) -> None:
    """With one write a caller the server would read its socket 2000 times."""
    before = (await redis.info("stats"))["total_reads_processed"]
    await asyncio.gather(*(bus.publish(inbound(number)) for number in range(2000)))
    after = (await redis.info("stats"))["total_reads_processed"]
    assert await waiting(bus) == 2000
    assert after - before < 200


async def test_a_cancelled_caller_harms_nobody(bus: Bus) -> None:
    tasks = [asyncio.create_task(bus.publish(inbound(number))) for number in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [asyncio.CancelledError]
    assert await waiting(bus) >= 19


async def test_a_redis_without_memory_refuses_in_words(bus: Bus, redis: Redis) -> None:
    """noeviction: it says no instead of throwing something away."""
    await redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(Unpublished, match="Redis refused the event"):
            await bus.publish(inbound(1))
    finally:
        await redis.config_set("maxmemory", "0")
    await bus.publish(inbound(1))


async def test_too_many_waiting_are_turned_away(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.publisher._WAITING", 2)
    results = await asyncio.gather(*(bus.publish(inbound(number)) for number in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None)] * 2 + [Unpublished] * 3


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[str, Redis, Redis]]:
    """A master (its URL and a client) and a server that may become its replica."""
    (tmp_path / "a").mkdir()
    master, replica = Embedded(tmp_path / "a", postgres=False), Embedded(tmp_path / "b", postgres=False)
    async with master, replica, client(master.redis_url) as one, client(replica.redis_url) as two:
        yield master.redis_url, one, two


async def test_with_replicas_an_event_counts_when_it_is_on_their_disks(
    pair: tuple[str, Redis, Redis], unused_tcp_port: int
) -> None:
    url, one, two = pair
    async with (
        aclosing(Bus(url, shards=1, replicas=1, patience=timedelta(seconds=0.5))) as impatient,
        aclosing(Bus(url, shards=1, replicas=1)) as bus,
        aclosing(Bus(url, shards=1)) as loose,
    ):
        await impatient.start()
        await bus.start()
        with pytest.raises(Unpublished, match="not on the disk of 1 replicas"):
            await impatient.publish(inbound(1))
        assert any("0 are attached" in problem for problem in await bus.durability())
        await one.config_set("repl-diskless-sync-delay", 0)
        await one.config_set("port", unused_tcp_port)  # replication wants TCP
        await two.replicaof("127.0.0.1", str(unused_tcp_port))
        await until(lambda: attached(one))
        await bus.publish(inbound(2))
        assert await two.xlen("in.{0}") == 2
        assert any("none confirms" in problem for problem in await loose.durability())


async def attached(master: Redis) -> bool:
    """The replica has caught up, and its disk too."""
    await master.set("probe", "1")
    return bool(await master.waitaof(1, 1, 100) == [1, 1])


async def test_a_cancellation_in_the_middle_of_a_command_ends_the_loop(redis_url: str) -> None:
    """redis-py and Python 3.11 swallow about a third of them."""

    async def loop() -> None:
        while True:
            await patiently(redis.ping, what="ping")
            await rest(0)

    async with client(redis_url) as redis:
        for round_ in range(100):
            task = asyncio.create_task(loop())
            for _ in range(round_ % 17):
                await asyncio.sleep(0)
            task.cancel()
            _, still = await asyncio.wait([task], timeout=5)
            assert not still


async def test_publishing_goes_on_after_an_outage(bus: Bus, servers: Servers) -> None:
    for number in range(3):
        servers.kill("valkey")
        await bus.publish(inbound(number))
    assert await waiting(bus) == 3


@pytest.mark.parametrize("shards", [0, -1, 65])
def test_a_senseless_number_of_shards_is_refused(shards: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 64"):
        Bus("redis://127.0.0.1", shards=shards)
