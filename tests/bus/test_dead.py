"""Dead letters: seen, replayed, dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bus.broker import Bus
from bus.dead import DeadLetters
from bus.streams import BODY, DEAD, Event, encode
from domain.messages import Inbound, utcnow
from tests.bus.events import Seen, consuming, drained, inbound, until


async def fail(events: Sequence[Event]) -> None:
    raise LookupError("нет такой воронки " + "!" * 9000)


async def die(bus: Bus, *events: Inbound) -> None:
    """Let them become dead letters."""
    for event in events:
        await bus.publish(event)
    async with consuming(bus, fail):
        await until(lambda: drained(bus))


async def test_a_dead_letter_says_what_it_was_and_why_it_died(bus: Bus, dead: DeadLetters) -> None:
    event = inbound(1, text="Сколько стоит?")
    await die(bus, event)
    (letter,) = await dead.list()
    assert letter.payload == encode(event)
    assert letter.error.startswith("LookupError('нет такой воронки")
    assert len(letter.error) <= 4000
    assert letter.attempts == 3
    assert timedelta() <= utcnow() - letter.at < timedelta(minutes=1)
    assert letter.summary == "main-bot: update-1 from 1: 'Сколько стоит?'"
    assert await dead.show(letter.id) == letter


async def test_listing_goes_on_where_it_ended(bus: Bus, dead: DeadLetters) -> None:
    await die(bus, *(inbound(number) for number in range(5)))
    first = await dead.list(limit=3)
    rest = await dead.list(limit=3, after=first[-1].id)
    assert [letter.summary.split()[1] for letter in first + rest] == [f"update-{number}" for number in range(5)]
    assert await dead.count() == 5


async def test_a_replayed_letter_is_handled_as_if_it_had_just_come(bus: Bus, dead: DeadLetters) -> None:
    events = [inbound(number) for number in range(3)]
    await die(bus, *events)
    letters = await dead.list()
    assert await dead.replay(letters[1].id) == 1
    seen = Seen()
    async with consuming(bus, seen):
        await until(lambda: seen.ids == ["update-1"])
        assert await dead.replay("all") == 2
        await until(lambda: drained(bus))
    assert seen.ids == ["update-1", "update-0", "update-2"]
    assert seen.batches[0] == [events[1]]
    assert await dead.count() == 0


async def test_a_replay_that_fails_again_dies_again_and_is_not_replayed_for_ever(bus: Bus, dead: DeadLetters) -> None:
    await die(bus, inbound(1))
    assert await dead.replay("all") == 1
    async with consuming(bus, fail):
        await until(lambda: drained(bus))
    assert await dead.count() == 1


async def test_a_replay_that_is_cut_short_loses_nothing(
    bus: Bus, dead: DeadLetters, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First there, then no longer here."""
    await die(bus, inbound(1))

    async def crash(*_: object) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(dead._redis, "xdel", crash)
        with pytest.raises(ConnectionError):
            await dead.replay("all")
    assert (await dead.count(), sum((await bus.backlog()).values())) == (1, 1)


async def test_a_dropped_letter_is_gone(bus: Bus, dead: DeadLetters) -> None:
    await die(bus, inbound(1), inbound(2))
    first, second = await dead.list()
    await dead.drop(first.id)
    assert await dead.list() == [second]


@pytest.mark.parametrize("id_", ["1-1", "-", "+", "", "all ", "1", "1-", "-1", "1-1 2-2", "²-1", "9" * 21 + "-0"])
async def test_an_unknown_letter_is_a_key_error(dead: DeadLetters, redis: Redis, id_: str) -> None:
    await redis.xadd(DEAD, {BODY: b"", "stream": "in.{0}", "error": "", "attempts": 1, "at": utcnow().isoformat()})
    for action in (dead.show, dead.drop, dead.replay):
        with pytest.raises(KeyError):
            await action(id_)


async def test_what_kills_its_consumer_every_time_dies_in_the_end(bus: Bus, dead: DeadLetters, redis: Redis) -> None:
    """No handler ever says that it failed; only the deliveries tell."""
    await bus.publish(inbound(1))
    name = next(name for name, count in (await bus.backlog()).items() if count)
    await redis.xreadgroup("router", "killed", {name: ">"}, count=1)
    (row,) = await redis.xpending_range(name, "router", "-", "+", 1)
    await redis.xclaim(name, "router", "killed", 0, [row["message_id"]], retrycount=7)
    async with consuming(bus, Seen()):
        await until(lambda: drained(bus))
    (letter,) = await dead.list()
    assert letter.error == "its consumer died over it every time"
