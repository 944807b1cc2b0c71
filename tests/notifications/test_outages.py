"""PostgreSQL and Redis go away in the middle, channels are mended: nothing is lost, and nobody has to come."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from datetime import timedelta

import pytest

from domain.errors import Misconfigured
from domain.messages import ChannelName, utcnow
from notifications.ledger import Ledger
from notifications.limits import Limits, Rates
from notifications.sweep import Sweep
from notifications.watch import Watch
from store import suppressions
from store.engine import is_away
from tests.notifications.world import BOT, MAIL, FakeSender, World, until
from tests.servers import Servers


async def test_postgresql_is_killed_in_the_middle(world: World, servers: Servers) -> None:
    """What was sent while it was away is settled afterwards, and so is not sent again."""
    await make_commits_last(world)
    ids = await world.queue(count=300, address=str)
    async with world.sending(batch=20):
        await until(lambda: len(world.sender.sent) > 40)
        os.kill(servers.embedded.pids()["postgres"], signal.SIGKILL)
        await until(lambda: _all_sent(world), 30)
    assert sorted(m.delivery for m in world.sender.sent) == sorted(map(str, ids))


async def make_commits_last(world: World) -> None:
    """The test servers' synchronous_commit = off would lose what was just queued."""
    name = world.database._engine.url.database
    await world.do(f"ALTER DATABASE {name} SET synchronous_commit = on")
    await world.database.aclose()


async def _all_sent(world: World) -> bool:
    try:
        return not await world.all("SELECT 1 FROM deliveries WHERE state <> 'sent'")
    except Exception as error:
        if is_away(error):
            return False
        raise


async def test_the_sweep_outlives_postgresql(world: World, servers: Servers) -> None:
    rung: list[int] = []
    sweep = Sweep(world.database, lambda: rung.append(1), every=timedelta(0), mercy=timedelta(milliseconds=20))
    task = asyncio.create_task(sweep.run())
    os.kill(servers.embedded.pids()["postgres"], signal.SIGKILL)
    await until(lambda: _queue_lapsed(world), 30)
    await until(lambda: rung)
    task.cancel()
    await asyncio.wait([task])


async def _queue_lapsed(world: World) -> bool:
    try:
        await world.queue()
        await world.do("UPDATE deliveries SET state = 'sending', lease_until = now() - interval '1 minute'")
    except Exception as error:
        if is_away(error):
            return False
        raise
    return True


async def test_redis_is_killed_in_the_middle(world: World, servers: Servers, redis_url: str) -> None:
    limits = Limits(redis_url, {BOT: Rates(per_second=200)})
    world.limits = limits
    ids = await world.queue(count=120, address=str)
    async with aclosing(limits), world.sending():
        await until(lambda: len(world.sender.sent) > 20)
        os.kill(servers.embedded.pids()["valkey"], signal.SIGKILL)
        rows = await world.settled(*ids)
    assert {row.state for row in rows} == {"sent"}
    assert len(world.sender.sent) == 120


class Watched:
    """A watch whose clock is moved by hand."""

    def __init__(self, world: World, channel: FakeSender) -> None:
        self.now = utcnow()
        ledger = Ledger(world.database, [(MAIL, "ops@example.com")])
        self.watch = Watch(
            world.database, {BOT: channel}, ledger, every=timedelta(seconds=30), timeout=0.05, clock=lambda: self.now
        )

    async def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await self.watch.look()


async def pause(world: World, channel: ChannelName = BOT, *, until: timedelta | None = None) -> None:
    async with world.database.begin() as connection:
        now = utcnow()
        await suppressions.pause(connection, channel, now + until if until else None, "bad token", now)


async def paused(world: World) -> list[str]:
    return [row.channel for row in await world.all("SELECT channel FROM pauses")]


async def test_a_paused_channel_is_pinged_ever_more_rarely(world: World) -> None:
    sender = FakeSender()
    sender.ping_error = Misconfigured("bad token")
    watched = Watched(world, sender)
    await pause(world)
    pings = []
    for _ in range(30):
        await watched.after(10)
        pings.append(sender.pings)
    assert pings[1] == 0
    assert pings[3] == 1
    assert pings[-1] == 3  # at 30, 90 and 210 seconds; next at 450


@pytest.mark.parametrize("error", [Misconfigured("bad token"), TimeoutError(), ZeroDivisionError()])
async def test_a_bad_ping_lifts_nothing(world: World, error: Exception) -> None:
    sender = FakeSender()
    sender.ping_error = error
    watched = Watched(world, sender)
    await pause(world)
    await watched.after(0)
    await watched.after(31)
    assert sender.pings == 1
    assert await paused(world) == ["bot"]


async def test_a_good_ping_lifts_the_pause_and_says_so(world: World) -> None:
    watched = Watched(world, FakeSender())
    await pause(world)
    await watched.after(0)
    await watched.after(31)
    assert await paused(world) == []
    (notice,) = await world.all("SELECT channel, address, facts FROM deliveries")
    assert tuple(notice) == ("mail", "ops@example.com", {"key": "channel_resumed", "channel": "bot"})


async def test_a_channel_that_only_waits_is_not_pinged(world: World) -> None:
    sender = FakeSender()
    watched = Watched(world, sender)
    await pause(world, until=timedelta(minutes=5))
    await pause(world, MAIL)  # not ours
    await watched.after(0)
    await watched.after(99)
    assert sender.pings == 0
    assert sorted(await paused(world)) == ["bot", "mail"]


async def test_a_channel_that_answers_pings_but_takes_nothing_is_not_lifted_every_time(world: World) -> None:
    sender = FakeSender()
    watched = Watched(world, sender)
    for seconds in (0, 31):
        await pause(world)
        await watched.after(seconds)
    assert await paused(world) == []
    await pause(world)
    await watched.after(40)
    assert await paused(world) == ["bot"]
    await watched.after(30)
    assert await paused(world) == []
