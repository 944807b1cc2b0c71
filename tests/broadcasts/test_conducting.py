"""From a plan to rows, and to the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcasts import lifecycle
from broadcasts.lifecycle import Refused
from broadcasts.progress import progress
from broadcasts.words import refused_said
from domain.errors import Unreachable
from domain.messages import utcnow
from people import consent
from people.consent import Word
from store import permission, suppressions
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
    broadcast = await world.broadcast({"channel": "bot", "wait_minutes": 5, "until": "read"}, {"channel": "sms"})
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
        await world.conduct()
        await world.settled(broadcast)
        assert [m.to for m in world.wires["sms"].sent] == ["+79160000001"]
        await world.pass_time()  # the other was sent, and never read
        await world.conduct()
        await world.settled(broadcast)
    await world.pass_time()
    await world.conduct()
    assert sorted(m.to for m in world.wires["sms"].sent) == ["+79160000001", "+79160000002"]
    assert await world.outcomes(broadcast, steps=2) == {"sent": 2}
    assert (await world.get(broadcast)).state == "finished"


async def test_mail_that_was_taken_and_did_not_come_back_is_no_reason_for_an_sms(world: World) -> None:
    await world.person(email="anna@example.com", phone="+79160000001")
    await world.person(email="gone@example.com", phone="+79160000002")
    broadcast = await world.broadcast({"channel": "mail"}, {"channel": "sms"})
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
        await world.ask("UPDATE deliveries SET state = 'failed' WHERE address LIKE 'gone%' RETURNING 1")  # it bounced
        await world.pass_time()
        await world.conduct()
        await world.settled(broadcast)
    await world.conduct()
    assert [m.to for m in world.wires["sms"].sent] == ["+79160000002"]
    assert (await world.get(broadcast)).state == "finished"


@pytest.mark.parametrize("is_told", [True, False], ids=["dropped", "found by the gate"])
async def test_who_blocks_the_bot_while_he_waits_gets_the_next_channel(world: World, is_told: bool) -> None:
    """A block is about that chat alone."""
    await world.person(telegram="1", phone="+79160000001")
    broadcast = await world.broadcast({"channel": "bot"}, {"channel": "sms"})
    await world.conduct()
    async with world.database.begin() as connection:
        await suppressions.stop(connection, [("bot", "1", "blocked by the user", utcnow())])
        if is_told:
            assert await permission.drop_unreachable(connection, [("bot", "1"), ("sms", "1")], "gone") == 1
    async with world.sending():
        await world.settled(broadcast)
        await world.conduct()
        await world.settled(broadcast)
    await world.conduct()
    assert [m.to for m in world.wires["sms"].sent] == ["+79160000001"]
    assert await world.outcomes(broadcast, steps=2) == {"sent": 1}
    assert (await world.get(broadcast)).state == "finished"


@pytest.mark.parametrize(
    ("channel", "became"),
    [("*", {"skipped:withdrawn": 1}), ("email", {"planned": 1})],
    ids=["everywhere", "one address"],
)
async def test_who_left_is_not_written_to_as_far_as_he_said(world: World, channel: str, became: dict[str, int]) -> None:
    card = await world.person(email="anna@example.com", phone="+79160000001", consents=("email", "sms"))
    async with world.database.begin() as connection:
        word = Word(card=card, purpose="marketing", channel=channel, text="", granted=False)
        await consent.grant(connection, [word], source="test")
    broadcast = await world.broadcast({"channel": "mail"}, {"channel": "sms"})
    await world.conduct()
    assert await world.outcomes(broadcast, steps=2) == became


async def test_a_time_that_is_over_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="is over"):
        await world.broadcast(at=utcnow() - timedelta(days=1))


async def test_a_time_that_is_over_is_named_by_the_clock_that_it_was_given_by(world: World) -> None:
    with pytest.raises(Refused, match=r"^2020-01-01 10:00 MSK is over"):
        await world.broadcast(at=datetime(2020, 1, 1, 10, tzinfo=ZoneInfo("Europe/Moscow")))


async def test_a_pause_does_not_end_before_it_begins(world: World) -> None:
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.database.begin() as connection:
        with pytest.raises(Refused, match="is over: leave the time out") as refused:
            await lifecycle.pause(connection, broadcast, actor="x", resumes_at=utcnow() - timedelta(days=1))
    assert "это время уже прошло" in refused_said(refused.value, "ru")


async def test_a_pause_is_the_one_wait_that_counts(world: World) -> None:
    """Whose quiet hours end when was said beside it, anew each time that they ended."""
    await world.crowd(1)
    broadcast = await world.broadcast()
    await world.conduct()
    await world.ask("UPDATE deliveries SET due_at = now() + interval '1 hour' RETURNING 1")

    async def waits() -> list[str]:
        async with world.database.begin() as connection:
            row = await lifecycle.one(connection, broadcast)
            return [wait.reason for wait in (await progress(connection, row, world.accounts, utcnow())).waits]

    assert await waits() == ["later"]
    async with world.database.begin() as connection:
        await lifecycle.pause(connection, broadcast, actor="staff:1")
    assert await waits() == ["paused"]
