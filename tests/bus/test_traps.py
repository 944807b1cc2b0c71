"""What FastStream, redis-py and Redis do by default, each with the cure (DESIGN, section 6). On a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.embedded import Embedded
from bus.broker import Bus
from bus.claim import forget_gone, leave
from bus.connect import POLL, SOCKET_TIMEOUT
from bus.dead import DeadLetters
from bus.streams import BODY, GROUP, Event, shard_of, stream
from domain.errors import Unpublished
from domain.messages import ChannelName, Inbound, Source, utcnow
from tests.bus.events import DatabaseAway, Seen, consuming, drained, inbound, until
from tests.servers import Servers

STREAM = stream(shard_of(inbound(0), 2))
"""Where sender 1's messages go."""


async def publish(bus: Bus, count: int, *, sender: int = 1) -> list[str]:
    events = [inbound(number, sender=sender) for number in range(count)]
    await asyncio.gather(*(bus.publish(event) for event in events))
    return [event.external_id for event in events]


async def pending(redis: Redis, name: str) -> int:
    return int((await redis.xpending(name, GROUP))["pending"])


async def test_1_what_was_published_before_the_group_was_made_is_handled(bus: Bus, redis: Redis) -> None:
    """A group that FastStream makes starts at "$"."""
    sent = await publish(bus, 3)
    await redis.xgroup_destroy(STREAM, GROUP)
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert seen.ids == sent


async def test_1_a_second_consumer_gets_only_what_is_new(bus: Bus) -> None:
    """With last_id "0" a second start never got anything new, and spun."""
    await publish(bus, 3)
    async with consuming(bus, Seen()):
        await until(lambda: drained(bus))
    seen = Seen()
    await bus.publish(inbound(7))
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
        await bus.publish(inbound(8))
        await until(lambda: len(seen.ids) == 2)
    assert seen.ids == ["update-7", "update-8"]


async def test_2_what_fails_too_often_is_dead_with_its_error(bus: Bus, dead: DeadLetters) -> None:
    """nack and reject both leave an entry pending for ever; there is no limit and no dead letter."""
    attempts: list[int] = []

    async def handler(events: Sequence[Event]) -> None:
        if any(event.external_id == "update-2" for event in events):
            attempts.append(len(events))
            raise LookupError("no such pipeline")

    await publish(bus, 5)
    async with consuming(bus, handler):
        await until(lambda: drained(bus))
    (letter,) = await dead.list()
    assert (letter.attempts, letter.error, letter.stream) == (
        3,
        "LookupError('no such pipeline')",
        STREAM,
    )
    assert attempts.count(1) == 3, "alone, three times"


async def test_3_what_a_dead_consumer_had_taken_is_handled(bus: Bus, redis: Redis) -> None:
    """A restart does not read again what was pending; min_idle_time claims one entry a call."""
    sent = await publish(bus, 230)
    await redis.xreadgroup(GROUP, "killed", {STREAM: ">"}, count=230)
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert sorted(seen.ids) == sorted(sent)
    assert len(seen.batches) <= 3, "in batches"


async def test_4_a_batch_has_its_limit(bus: Bus) -> None:
    """max_records=None pulls the whole backlog into one consumer."""
    await publish(bus, 130)
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert max(len(batch) for batch in seen.batches) == 50


@pytest.mark.parametrize(
    "fields",
    [
        {BODY: b"\xff\x00 not json"},
        {BODY: b'{"v":1,"kind":"inbound","body":{}}'},
        {BODY: b'{"v":99,"kind":"inbound","body":{}}'},
        {BODY: b'{"v":1,"kind":"parcel","body":{}}'},
        {b"other": b"somebody else's entry"},
    ],
)
async def test_5_one_undecodable_entry_does_not_fail_its_batch(
    bus: Bus, redis: Redis, dead: DeadLetters, fields: dict[bytes, bytes]
) -> None:
    await bus.publish(inbound(1))
    await redis.xadd(STREAM, dict(fields.items()))
    await bus.publish(inbound(2))
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert [len(batch) for batch in seen.batches] == [2]
    (letter,) = await dead.list()
    assert letter.attempts == 1
    assert letter.summary.startswith("unreadable")


async def test_6_while_the_database_is_away_the_stream_is_not_swept_into_pending(
    bus: Bus, redis: Redis, dead: DeadLetters
) -> None:
    """A handler that fails at once swept 20,000 entries into pending in 1.5 s."""
    seen, calls, back = Seen(), 0, asyncio.Event()

    async def handler(events: Sequence[Event]) -> None:
        nonlocal calls
        calls += 1
        if not back.is_set():
            raise DatabaseAway
        await seen(events)

    sent = await publish(bus, 200)
    async with consuming(bus, handler):
        await until(lambda: calls >= 4)  # long enough for the claim loop to have seen it as abandoned
        assert await pending(redis, STREAM) == 50, "one batch"
        (row,) = await redis.xpending_range(STREAM, GROUP, "-", "+", 1)
        assert row["times_delivered"] == 1, "nobody took it for abandoned"
        back.set()
        await until(lambda: drained(bus))
    assert seen.ids == sent, "in order, once"
    assert await dead.count() == 0


async def test_7_handled_entries_are_deleted_and_unread_ones_never(bus: Bus, redis: Redis) -> None:
    """maxlen drops what nobody has read."""
    await publish(bus, 1500)
    assert await redis.xlen(STREAM) == 1500
    async with consuming(bus, Seen()):
        await until(lambda: drained(bus))
    assert await pending(redis, STREAM) == 0


async def test_8_a_redis_that_came_back_empty_goes_on(bus: Bus, redis: Redis) -> None:
    """FastStream ends the app with exit code 0 when the stream of a group has vanished."""
    seen = Seen()
    async with consuming(bus, seen):
        await bus.publish(inbound(1))
        await until(lambda: len(seen.ids) == 1)
        await redis.flushall()
        await bus.publish(inbound(2))
        await until(lambda: len(seen.ids) == 2)
    assert seen.ids == ["update-1", "update-2"]


async def test_8_redis_may_be_down_at_start(tmp_path: Path) -> None:
    """FastStream ends the app with exit code 1."""
    late = Embedded(tmp_path, postgres=False)
    bus, seen = Bus(late.redis_url), Seen()
    starting = asyncio.create_task(bus.start())
    await asyncio.sleep(0)
    async with late:
        await starting
        async with consuming(bus, seen):
            await bus.publish(inbound(1))
            await until(lambda: seen.ids == ["update-1"])
        await bus.aclose()


async def test_9_publishing_outlives_a_restart_of_redis(bus: Bus, servers: Servers) -> None:
    """Publishing has no retry by default."""
    servers.kill("valkey")
    await bus.publish(inbound(1))
    assert sum((await bus.backlog()).values()) == 1


async def test_9_publishing_gives_up_in_words(tmp_path: Path) -> None:
    bus = Bus(f"unix://{tmp_path}/nobody.sock", patience=timedelta(seconds=0.2))
    await bus._publisher.start()
    with pytest.raises(Unpublished, match=r"Redis did not take the event"):
        await bus.publish(inbound(1))
    await bus.aclose()
    with pytest.raises(Unpublished, match="closed"):
        await bus.publish(inbound(1))


async def test_10_nothing_is_lost_of_what_is_not_ascii(bus: Bus) -> None:
    """Header values that are not ASCII are cut silently."""
    event = Inbound(
        channel=ChannelName("почта"),
        external_id="идентификатор-\N{SNOWMAN}",
        addresses=(),
        received_at=utcnow(),
        text="Цена? \N{GRINNING FACE} \u202e \x01 \ud7ff",
        name="Пётр Ильич",
        fields={"Город": "Орёл"},
        source=Source(utm={"source": "яндекс"}),
    )
    await bus.publish(event)
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert [list(batch) for batch in seen.batches] == [[event]]


def test_11_a_quiet_read_ends_before_the_socket_times_out() -> None:
    """redis-py 8 has a socket_timeout of 5 s; a shorter poll than a second is a busy loop."""
    assert 1000 <= POLL <= 4000
    assert POLL / 1000 < SOCKET_TIMEOUT


async def test_11_more_callers_than_connections_wait(bus: Bus) -> None:
    """redis-py's pool of 100 raises at once."""
    await asyncio.gather(*(bus.ping() for _ in range(300)), *(bus.publish(inbound(n)) for n in range(300)))


REDIS_7 = set(
    "hello|auth|select|ping|client|info|config|command|xadd|xlen|xgroup|xreadgroup|xautoclaim|xpending|xack|xdel|xclaim"
    "|xinfo|xrange|xrevrange|publish|subscribe|unsubscribe|flushall".split("|")
)


async def test_12_only_commands_of_redis_7_over_one_key(bus: Bus, redis: Redis, dead: DeadLetters) -> None:
    """No XACKDEL, no XREADGROUP CLAIM, and nothing that could span two slots of a cluster: no MULTI, no script."""

    async def handler(events: Sequence[Event]) -> None:
        raise LookupError("never")

    await redis.config_resetstat()
    await publish(bus, 3)
    async with consuming(bus, handler):
        await until(lambda: drained(bus))
    await dead.replay("all")
    await bus.ring()
    await bus.durability()
    stats = await redis.info("commandstats")
    assert {name.removeprefix("cmdstat_").split("|")[0] for name in stats} <= REDIS_7


async def test_consumers_leave_no_trace_when_they_stop(bus: Bus, redis: Redis) -> None:
    async with consuming(bus, Seen()):
        await until(lambda: consumers(redis, 1))
    assert await consumers(redis, 0)


async def consumers(redis: Redis, count: int) -> bool:
    return len(await redis.xinfo_consumers(STREAM, GROUP)) == count


async def test_a_consumer_that_is_gone_is_forgotten_only_when_it_has_nothing(bus: Bus, redis: Redis) -> None:
    name = STREAM
    await publish(bus, 1)
    await redis.xreadgroup(GROUP, "holds one", {name: ">"})
    for other in ("idle", "me"):
        await redis.xgroup_createconsumer(name, GROUP, other)
    await until(lambda: idle_for(redis, name, 5))
    await forget_gone(redis, name, but="me", gone=1)
    assert {row["name"] for row in await redis.xinfo_consumers(name, GROUP)} == {b"holds one", b"me"}


async def idle_for(redis: Redis, name: str, milliseconds: int) -> bool:
    return all(row["idle"] > milliseconds for row in await redis.xinfo_consumers(name, GROUP))


async def test_removing_a_consumer_that_just_took_something_loses_nothing(bus: Bus, redis: Redis) -> None:
    """XGROUP DELCONSUMER drops what the consumer had pending."""
    sent = await publish(bus, 3)
    await redis.xreadgroup(GROUP, "woke up", {STREAM: ">"})
    await leave(redis, STREAM, "woke up")
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert seen.ids == sent


async def test_two_processes_share_the_shards_and_each_event_is_handled_once(bus: Bus, redis_url: str) -> None:
    other, one, two = Bus(redis_url, shards=2, batch=10), Seen(), Seen()
    await other.start()
    async with consuming(bus, one), consuming(other, two):
        sent = await publish(bus, 300) + await publish(bus, 300, sender=3)
        await until(lambda: drained(bus))
    assert sorted(one.ids + two.ids) == sorted(sent)
    await other.aclose()


async def test_streams_from_a_time_with_more_shards_are_emptied(bus: Bus, redis_url: str) -> None:
    wide = Bus(redis_url, shards=32)
    await wide.start()
    await asyncio.gather(*(wide.publish(inbound(n, sender=n)) for n in range(64)))
    await wide.aclose()
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert len(seen.ids) == 64


async def test_one_persons_messages_stay_in_order(bus: Bus) -> None:
    for number in range(120):
        await bus.publish(inbound(number, sender=number % 3))
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    for sender in range(3):
        numbers = [int(id_.removeprefix("update-")) for id_ in seen.ids]
        mine = [number for number in numbers if number % 3 == sender]
        assert mine == sorted(mine)


async def test_stopping_while_the_database_is_away_loses_nothing(bus: Bus) -> None:
    called = asyncio.Event()

    async def handler(events: Sequence[Event]) -> None:
        called.set()
        raise DatabaseAway

    await publish(bus, 3)
    async with consuming(bus, handler):
        await called.wait()
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: drained(bus))
    assert len(seen.ids) == 3
