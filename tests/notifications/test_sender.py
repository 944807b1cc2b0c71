"""The loop: what is due goes out, once, in order, and every end is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.messages import Outbound
from store.deliveries import Lane, Purpose
from tests.notifications.world import BOT, FakeSender, World, later, until


async def test_sends_and_settles(world: World) -> None:
    (one,) = await world.queue()
    async with world.sending():
        (row,) = await world.settled(one)
    assert (row.state, row.external_id, row.reason, row.attempts) == ("sent", "500:1", None, 1)
    assert row.sent_at is not None
    assert row.lease_until is None


async def test_the_bell_saves_the_wait(world: World) -> None:
    rung = asyncio.Event()

    async def bells() -> AsyncIterator[None]:
        await rung.wait()
        yield
        await asyncio.Event().wait()

    async with world.sending(bells=bells, poll=60):
        await asyncio.sleep(0)
        (one,) = await world.queue()
        rung.set()
        assert (await world.settled(one))[0].state == "sent"


async def test_a_broken_bell_costs_only_the_wait(world: World) -> None:
    async def bells() -> AsyncIterator[None]:
        raise RuntimeError("no bell")
        yield

    async with world.sending(bells=bells):
        (one,) = await world.queue()
        assert (await world.settled(one))[0].state == "sent"


async def test_what_is_not_due_waits(world: World) -> None:
    early, late = await world.queue(count=1) + await world.queue(at=later(hours=1))
    async with world.sending():
        await world.settled(early)
    assert (await world.row(late)).state == "pending"


async def test_one_address_is_served_in_order_and_one_at_a_time(world: World) -> None:
    busy: set[str] = set()

    async def before(message: Outbound) -> None:
        assert message.to not in busy
        busy.add(message.to)
        await asyncio.sleep(0.001)
        busy.discard(message.to)

    world.sender.before = before
    ids = await world.queue(count=60, address=lambda n: str(n % 3))
    async with world.sending(batch=7):
        rows = await world.settled(*ids)
    assert {row.state for row in rows} == {"sent"}
    for address in "012":
        numbers = [int(m.text) for m in world.sender.sent if m.to == address]
        assert numbers == sorted(numbers)


async def test_each_is_written_down_before_the_next_to_that_address(world: World) -> None:
    """An answer refers to the one before it, a relay hangs on its card: by the external id that was settled."""
    states: list[int] = []

    async def before(message: Outbound) -> None:
        states.append(len(await world.all("SELECT 1 FROM deliveries WHERE state = 'sent'")))

    world.sender.before = before
    ids = await world.queue(count=4)
    async with world.sending():
        await world.settled(*ids)
    assert states == [0, 1, 2, 3]


async def test_an_answer_overtakes_a_mailing(world: World) -> None:
    await world.queue(count=3, lane=Lane.MAILING, address=str)
    (answer,) = await world.queue(lane=Lane.ANSWER, address="9")
    async with world.sending(batch=1):
        await world.settled(answer)
        await until(lambda: len(world.sender.sent) == 4)
    assert world.sender.sent[0].to == "9"


async def test_the_answer_to_a_press_overtakes_messages(world: World) -> None:
    release = asyncio.Event()

    async def before(message: Outbound) -> None:
        if message.text == "0":
            await release.wait()

    world.sender.before = before
    await world.queue(count=2)
    async with world.sending():
        await until(lambda: world.sender.offered)
        (toast,) = await world.queue(Purpose.TOAST, facts={"n": "toast"}, lane=Lane.ANSWER)
        assert (await world.settled(toast))[0].state == "sent"
        release.set()
        await until(lambda: len(world.sender.sent) == 3)


async def test_two_loops_send_nothing_twice(world: World) -> None:
    other = FakeSender()
    ids = await world.queue(count=200, address=lambda n: str(n % 20))
    async with world.sending(batch=20), world.sending(batch=20, senders={BOT: other}):
        await world.settled(*ids)
    texts = [m.delivery for m in (*world.sender.sent, *other.sent)]
    assert len(texts) == len(set(texts)) == 200
    assert world.sender.sent
    assert other.sent


async def test_when_cancelled_what_was_begun_is_finished_and_the_rest_given_back(world: World) -> None:
    release = asyncio.Event()

    async def before(message: Outbound) -> None:
        await release.wait()

    world.sender.before = before
    ids = await world.queue(count=3)
    task = asyncio.create_task(world.loop().run())
    await until(lambda: world.sender.offered)
    task.cancel()
    await asyncio.sleep(0.01)
    release.set()
    await asyncio.wait([task])
    rows = [await world.row(one) for one in ids]
    assert [(row.state, row.attempts) for row in rows] == [("sent", 1), ("pending", 0), ("pending", 0)]
    assert task.cancelled()


async def test_a_long_send_keeps_its_lease(world: World) -> None:
    release = asyncio.Event()

    async def before(message: Outbound) -> None:
        await release.wait()

    world.sender.before = before
    (one,) = await world.queue()
    async with world.sending(lease=timedelta(milliseconds=150)):
        await until(lambda: world.sender.offered)
        first = (await world.row(one)).lease_until
        await until(lambda: _renewed(world, one, first))
        release.set()
        assert (await world.settled(one))[0].state == "sent"
    assert len(world.sender.offered) == 1


async def _renewed(world: World, delivery: UUID, first: Any) -> bool:
    lease = (await world.row(delivery)).lease_until
    return bool(lease is not None and lease > first)
