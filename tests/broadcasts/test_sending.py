"""What holds rows back, and what becomes of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from broadcasts import lifecycle
from broadcasts.plan import Pace
from domain.errors import Rejected, Unavailable, Uncertain, Unreachable
from domain.messages import ChannelName, utcnow
from notifications.flow import FEWEST
from people import consent
from people.consent import Word
from store import deliveries, mailing
from store.deliveries import Delivery
from store.mailing import Share
from tests.broadcasts.world import World, account
from tests.notifications.world import NoLimits


async def sent_now(world: World, broadcast: object) -> None:
    """Expanded and sent as far as it may be now."""
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)  # type: ignore[arg-type]  # an id


async def test_who_withdraws_after_the_start_gets_nothing(world: World) -> None:
    [card] = await world.crowd(1)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.database.begin() as connection:
        word = Word(card=card, purpose="marketing", text="", granted=False)
        await consent.grant(connection, [word], source="test", at=utcnow() + timedelta(seconds=1))
    async with world.sending():
        await world.settled(broadcast)
    assert await world.outcomes(broadcast) == {"skipped:withdrawn": 1}
    assert world.wires["mail"].sent == []


async def test_nobody_gets_more_than_the_cap_over_all_broadcasts(world: World) -> None:
    await world.crowd(5)
    made = [await world.broadcast(cap={"count": 2, "days": 7}) for _ in range(4)]
    await world.conduct()
    async with world.sending(), world.sending():
        for broadcast in made:
            await world.settled(broadcast)
    counts = await world.ask("SELECT count(*) FROM deliveries WHERE state = 'sent' GROUP BY contact_id")
    assert counts == [2] * 5
    assert await world.ask("SELECT count(*) FROM deliveries WHERE code = 'capped'") == [10]


async def test_a_pause_holds_what_is_left_and_a_resume_goes_on(world: World) -> None:
    await world.crowd(20)
    broadcast = await world.broadcast(pace={"minute": 5})
    await sent_window(world, broadcast, 5)
    async with world.database.begin() as connection:
        await lifecycle.pause(connection, broadcast, actor="staff:1")
    async with world.sending():
        await asyncio.sleep(0)
    assert len(world.wires["mail"].sent) == 5
    async with world.database.begin() as connection:
        await lifecycle.resume(connection, broadcast, actor="staff:1")
    await world.ask("UPDATE quotas SET began_at = began_at - interval '1 minute' RETURNING 1")
    await sent_window(world, broadcast, 10)


async def sent_window(world: World, broadcast: object, count: int) -> None:
    """Send until so many went out in all, and see that no more do."""
    await world.conduct()
    async with world.sending(), asyncio.timeout(10):
        await world.until(lambda: len(world.wires["mail"].sent) >= count)
        for _ in range(20):
            await asyncio.sleep(0.01)
    assert len(world.wires["mail"].sent) == count


async def test_windows_hold_over_processes_and_restarts(world: World) -> None:
    world.accounts["mail"] = account("mail", "email", pace=Pace(hour=7))
    await world.crowd(20)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending(), world.sending():
        await asyncio.sleep(0.5)
    async with world.sending():
        await asyncio.sleep(0.3)
    assert len(world.wires["mail"].sent) == 7
    assert await world.outcomes(broadcast) == {"sent": 7, "planned": 13}


async def test_a_new_account_is_warmed_up(world: World) -> None:
    world.accounts["mail"] = account("mail", "email", warmup=(3, 6))
    await world.crowd(20)
    await world.broadcast()
    await world.conduct()
    async with world.sending():
        await asyncio.sleep(0.3)
    assert len(world.wires["mail"].sent) == 3
    await world.ask("UPDATE warmups SET began_at = began_at - interval '1 day' RETURNING 1")
    await world.ask("UPDATE quotas SET began_at = began_at - interval '1 day' RETURNING 1")
    async with world.sending():
        await asyncio.sleep(0.3)
    assert len(world.wires["mail"].sent) == 3 + 6


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unreachable("550 no such user"), "bounced_hard"),
        (Rejected("554 spam"), "failed:rejected"),
        (Uncertain("the line broke after the dot"), "unknown"),
        (ZeroDivisionError(), "failed:fault"),
    ],
)
async def test_each_error_has_its_outcome(world: World, error: Exception, outcome: str) -> None:
    await world.crowd(1)
    world.wires["mail"].script = lambda message: error
    broadcast = await world.broadcast()
    await sent_now(world, broadcast)
    assert await world.outcomes(broadcast) == {outcome: 1}


async def test_only_the_failed_are_retried(world: World) -> None:
    await world.crowd(4)
    errors = {"p0": Rejected("too large"), "p1": Unreachable("gone"), "p2": Uncertain("cut")}
    world.wires["mail"].script = lambda message: errors.get(message.to.partition("@")[0])
    broadcast = await world.broadcast()
    await sent_now(world, broadcast)
    await world.conduct()
    errors.clear()
    async with world.database.begin() as connection:
        assert await lifecycle.retry(connection, broadcast, ["rejected", "soft"], actor="staff:1") == 1
    await sent_now(world, broadcast)
    assert await world.outcomes(broadcast) == {"sent": 2, "bounced_hard": 1, "unknown": 1}
    assert sorted(m.to for m in world.wires["mail"].sent) == ["p0@example.com", "p3@example.com"]


async def test_whom_the_next_channel_has_reached_is_not_retried(world: World) -> None:
    """Else he would get it twice."""
    await world.person(email="anna@example.com", phone="+79160000001")
    await world.person(email="boris@example.com")
    world.wires["mail"].script = lambda message: Rejected("too large")
    broadcast = await world.broadcast({"channel": "mail"}, {"channel": "sms"})
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
        await world.conduct()
        await world.settled(broadcast)
    await world.conduct()
    assert [m.to for m in world.wires["sms"].sent] == ["+79160000001"]
    async with world.database.begin() as connection:
        assert await lifecycle.retry(connection, broadcast, ["rejected"], actor="staff:1") == 1
    assert await world.ask("SELECT address FROM deliveries WHERE state = 'pending'") == ["boris@example.com"]


async def test_who_failed_on_two_channels_is_retried_on_one(world: World) -> None:
    await world.person(email="anna@example.com", phone="+79160000001")
    for name in ("mail", "sms"):
        world.wires[name].script = lambda message: Rejected("too large")
    broadcast = await world.broadcast({"channel": "mail"}, {"channel": "sms"})
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
        await world.conduct()
        await world.settled(broadcast)
    await world.conduct()
    assert await world.ask("SELECT count(*) FROM deliveries WHERE state = 'failed'") == [2]
    async with world.database.begin() as connection:
        assert await lifecycle.retry(connection, broadcast, ["rejected"], actor="staff:1") == 1
    assert await world.ask("SELECT channel FROM deliveries WHERE state = 'pending'") == ["mail"]


async def test_a_cancelled_one_sends_nothing_more(world: World) -> None:
    await world.crowd(6)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.database.begin() as connection:
        assert await lifecycle.cancel(connection, broadcast, actor="staff:1") == 6
    async with world.sending():
        await world.settled(broadcast)
    assert world.wires["mail"].sent == []
    assert await world.outcomes(broadcast) == {"skipped:cancelled": 6}


async def test_one_address_of_several_people_gets_one_copy(world: World) -> None:
    silent = await world.person(email="info@example.com", consents=())
    ready = await world.person()
    await world.ask(
        """INSERT INTO identities (id, kind, value, variant, contact_id, home_id, proved, created_at)
           SELECT gen_random_uuid(), 'email', 'info@example.com', v, CAST(:card AS uuid), CAST(:card AS uuid), true,
             now()
           FROM unnest(ARRAY['anna', 'boris']) AS v RETURNING 1""",
        card=ready,
    )
    broadcast = await world.broadcast()
    await sent_now(world, broadcast)
    assert [m.to for m in world.wires["mail"].sent] == ["info@example.com"]
    rows = await world.ask("SELECT contact_id, state FROM deliveries ORDER BY contact_id")
    assert rows == [(silent, "skipped"), (ready, "sent")]


async def test_a_receiver_that_pushes_back_is_braked_and_let_go(world: World) -> None:
    for n in range(30):
        await world.person(email=f"p{n}@gmail.com")
    await world.person(email="anna@yandex.ru")
    world.wires["mail"].script = lambda m: Unavailable("421 too many") if m.to.endswith("gmail.com") else None
    broadcast = await world.broadcast()
    await sent_now(world, broadcast)
    await world.ask("UPDATE deliveries SET due_at = now() WHERE state = 'pending' RETURNING 1")
    async with world.sending():
        await asyncio.sleep(0.1)
    assert await world.ask("SELECT provider, level, reason FROM brakes") == [("gmail", 1, "soft")]
    assert [m.to for m in world.wires["mail"].sent] == ["anna@yandex.ru"]
    world.wires["mail"].script = lambda message: None
    async with world.sending():
        await asyncio.sleep(0.1)
    assert len(world.wires["mail"].sent) == 1  # the brake holds
    await world.ask(
        "UPDATE brakes SET until = now() - interval '11 minutes', at = now() - interval '20 minutes' RETURNING 1"
    )
    await world.ask("DELETE FROM pulses RETURNING 1")
    await sent_now(world, broadcast)
    assert len(world.wires["mail"].sent) == 31
    assert await world.ask("SELECT 1 FROM brakes") == []


async def test_values_come_from_the_card(world: World) -> None:
    await world.person(email="anna@example.com", values={"name": "Anna <b>Petrova</b>"})
    broadcast = await world.broadcast()
    await sent_now(world, broadcast)
    [message] = world.wires["mail"].sent
    assert message.subject == "News for Anna <b>Petrova</b>"
    assert "Hello, Anna &lt;b&gt;Petrova&lt;/b&gt;" in (message.html or "")
    assert message.unsubscribe.startswith("https://leads.example/u/")


async def test_had_counts_what_is_being_sent(world: World) -> None:
    [card] = await world.crowd(1)
    await world.broadcast()
    await world.conduct()
    await world.ask("UPDATE deliveries SET state = 'sending' RETURNING 1")
    async with world.database.begin() as connection:
        assert await mailing.had(connection, [card], utcnow(), []) == {card: 1}


async def claimed(world: World, count: int) -> list[Delivery]:
    """So many rows of a running broadcast, claimed by somebody whose lease is over at once."""
    await world.crowd(count)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.database.begin() as connection:
        return await mailing.claim(connection, "mail", [Share(broadcast, "other", count)], timedelta(seconds=-1))


async def test_only_what_was_put_on_the_wire_is_in_doubt(world: World) -> None:
    rows = await claimed(world, 3)
    async with world.database.begin() as connection:
        assert await mailing.offer(connection, rows[:1]) == {rows[0].id}
        await deliveries.sweep(connection)
    assert sorted(await world.ask("SELECT state FROM deliveries")) == ["pending", "pending", "unknown"]


class Unanswered(NoLimits):
    """Says nothing about when a message may go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def wait_for(self, channel: ChannelName, address: str) -> timedelta:
        self.asked += 1
        never: asyncio.Future[timedelta] = asyncio.get_running_loop().create_future()
        return await never

    def is_limited(self, channel: ChannelName) -> bool:
        return True


async def test_what_waits_for_the_limits_is_counted_as_on_the_wire(world: World) -> None:
    """Else all that is claimed would be in doubt when the sender dies."""
    await world.crowd(3 * FEWEST)
    await world.broadcast()
    await world.conduct()
    limits = Unanswered()
    async with world.sending(limits=limits, grace=0):
        await world.until(lambda: limits.asked >= FEWEST)
        await asyncio.sleep(0.1)  # it must not become more
        assert await world.ask("SELECT count(*) FROM deliveries WHERE offered_at IS NOT NULL") == [FEWEST]


@pytest.mark.parametrize(("move", "state"), [(lifecycle.pause, "pending"), (lifecycle.cancel, "skipped")])
async def test_what_is_in_hand_heeds_a_pause(world: World, move: Any, state: str) -> None:
    [row] = await claimed(world, 1)
    async with world.database.begin() as connection:
        await move(connection, row.broadcast, actor="staff:1")
        assert await mailing.offer(connection, [row]) == set()
    assert await world.ask("SELECT state, attempts FROM deliveries") == [(state, 0)]


async def test_what_another_process_has_claimed_since_is_its_own(world: World) -> None:
    [row] = await claimed(world, 1)
    async with world.database.begin() as connection:
        await deliveries.sweep(connection)
        [again] = await mailing.claim(
            connection, "mail", [Share(row.broadcast or row.id, "other", 1)], timedelta(seconds=60)
        )
        assert await mailing.offer(connection, [row]) == set()
        assert await mailing.offer(connection, [again]) == {row.id}
