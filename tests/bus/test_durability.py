"""Redis that could lose events says so; and a kill -9 under load loses nothing."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bus.broker import Bus
from domain.errors import Unpublished
from tests.bus.events import Seen, consuming, drained, inbound, until
from tests.servers import Servers


async def test_the_embedded_valkey_is_durable(bus: Bus) -> None:
    assert await bus.durability() == []


@pytest.mark.parametrize(
    ("setting", "bad", "good", "mend"),
    [
        ("appendfsync", "everysec", "always", "CONFIG SET appendfsync always"),
        ("appendonly", "no", "yes", "CONFIG SET appendonly yes"),
        ("maxmemory-policy", "allkeys-lru", "noeviction", "CONFIG SET maxmemory-policy noeviction"),
    ],
)
async def test_each_setting_is_named_with_the_line_that_mends_it(
    bus: Bus, redis: Redis, setting: str, bad: str, good: str, mend: str
) -> None:
    await redis.config_set(setting, bad)
    try:
        (problem,) = await bus.durability()
    finally:
        await redis.config_set(setting, good)
    assert f"{setting} {bad}" in problem
    assert mend in problem


async def test_a_redis_that_hides_its_settings_is_not_believed(bus: Bus, redis: Redis, redis_url: str) -> None:
    await redis.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-config"])
    guest = Bus(redis_url.replace("unix://", "unix://guest:x@"))
    (problem,) = await guest.durability()
    await redis.acl_deluser("guest")
    assert "make sure at your provider that it has appendonly yes" in problem
    await guest.aclose()


async def test_a_replica_is_not_taken_for_a_master(bus: Bus, redis: Redis) -> None:
    await redis.replicaof("127.0.0.1", "1")
    try:
        assert any("names a replica" in problem for problem in await bus.durability())
    finally:
        await redis.replicaof("NO", "ONE")


async def test_kill_9_under_load_loses_nothing_that_was_acknowledged(bus: Bus, servers: Servers) -> None:
    acknowledged: set[str] = set()
    seen, enough, number = Seen(), asyncio.Event(), iter(range(10**9))

    async def customer() -> None:
        while not enough.is_set():
            one = next(number)
            event = inbound(one, sender=one % 50)
            try:
                await bus.publish(event)
            except Unpublished:
                continue  # the provider would send it again
            acknowledged.add(event.external_id)

    async with consuming(bus, seen):
        customers = [asyncio.create_task(customer()) for _ in range(20)]
        for kills in range(1, 5):
            await until(lambda: len(acknowledged) > 300 * kills)  # noqa: B023 awaited in this round
            servers.kill("valkey")
        await until(lambda: len(acknowledged) > 1500)
        enough.set()
        await asyncio.gather(*customers)
        await until(lambda: drained(bus))
    assert acknowledged <= set(seen.ids)
