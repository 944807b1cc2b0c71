"""From a plan to rows, and to the end."""

from __future__ import annotations

from datetime import timedelta

from domain.errors import Unreachable
from domain.messages import utcnow
from tests.broadcasts.world import World


async def test_everybody_who_may_gets_one_and_the_others_a_reason(world: World) -> None:
    await world.crowd(3)
    await world.person(email="silent@example.com", consents=())
    await world.person(telegram="77")
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    await world.conduct()
    assert (await world.get(broadcast)).state == "finished"
    assert await world.outcomes(broadcast) == {"sent": 3, "skipped:no_consent": 1, "skipped:no_address": 1}
    assert sorted(m.to for m in world.wires["mail"].sent) == [f"p{n}@example.com" for n in range(3)]
    assert "Hello, dear customer" in (world.wires["mail"].sent[0].html or "")


async def test_it_begins_when_it_is_due(world: World) -> None:
    await world.crowd(1)
    broadcast = await world.broadcast(at=utcnow() + timedelta(hours=1))
    await world.conduct()
    assert (await world.get(broadcast)).state == "scheduled"
    await world.conduct(utcnow() + timedelta(hours=2))
    assert (await world.get(broadcast)).state == "running"


async def test_the_cascade_goes_on_where_the_first_channel_failed(world: World) -> None:
    await world.person(telegram="1", phone="+79160000001")
    await world.person(telegram="2", phone="+79160000002")
    world.wires["bot"].script = lambda message: Unreachable("blocked") if message.to == "1" else None
    broadcast = await world.broadcast({"channel": "bot", "wait_minutes": 5}, {"channel": "sms"})
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
        await world.conduct()
        await world.settled(broadcast)
        assert [m.to for m in world.wires["sms"].sent] == ["+79160000001"]
        await world.pass_time()  # the other was sent, and never reported as delivered
        await world.conduct()
        await world.settled(broadcast)
    await world.pass_time()
    await world.conduct()
    assert sorted(m.to for m in world.wires["sms"].sent) == ["+79160000001", "+79160000002"]
    assert await world.outcomes(broadcast, steps=2) == {"sent": 2}
    assert (await world.get(broadcast)).state == "finished"
