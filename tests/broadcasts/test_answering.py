"""An answer to a mailing is its recipient's outcome and the source on the seller's card."""

from __future__ import annotations

import pytest

from broadcasts.answering import Answering
from tests.broadcasts.world import World


async def wrote(world: World, address: str, *, lead: bool = True) -> None:
    """A message from this address; without a lead it is a machine's, or a STOP."""
    await world.ask(
        """INSERT INTO messages (id, channel, external_id, direction, identity_id, lead_id, ref, thread, text, facts,
             received_at, created_at)
           SELECT CAST('ffffffff-ffff-7fff-8fff-000000000001' AS uuid), 'mail',
             gen_random_uuid()::text, 'in', id, CASE WHEN :lead THEN gen_random_uuid() END, '', '', 'Are they sweet?',
             '{"source": {"page": "x"}}', now(), now() - interval '4 seconds'
           FROM identities WHERE value = :address RETURNING 1""",
        address=address,
        lead=lead,
    )


async def test_who_answers_has_answered_and_the_card_says_to_what(world: World) -> None:
    await world.crowd(2)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    await world.ask("UPDATE deliveries SET sent_at = now() - interval '1 hour' RETURNING 1")
    job = Answering(world.database)
    assert await job.look() == 0
    await wrote(world, "p0@example.com")
    assert await job.look() == 1
    assert await job.look() == 0
    assert await world.outcomes(broadcast) == {"answered": 1, "sent": 1}
    assert await world.ask("SELECT facts->'source'->>'campaign', facts->'source'->>'page' FROM messages") == [
        ("News", "x")
    ]


async def test_what_came_long_after_answers_nothing(world: World) -> None:
    await world.crowd(1)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    await world.ask("UPDATE deliveries SET sent_at = now() - interval '30 days' RETURNING 1")
    job = Answering(world.database)
    await job.look()
    await wrote(world, "p0@example.com")
    assert await job.look() == 0


@pytest.mark.parametrize("lead", [False, True])
async def test_what_nobody_had_to_read_is_no_answer(world: World, lead: bool) -> None:
    """An out-of-office mail and a STOP are kept with the lead that is open, if there is one."""
    await world.crowd(1)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    job = Answering(world.database)
    await job.look()
    await world.ask("UPDATE deliveries SET sent_at = now() - interval '1 hour' RETURNING 1")
    await wrote(world, "p0@example.com", lead=lead)
    await world.ask(
        """INSERT INTO events (id, at, kind, actor, lead_id, message_id, data)
           SELECT gen_random_uuid(), now(), 'message.ignored', 'mail', lead_id, id, '{}' FROM messages RETURNING 1"""
    )
    assert await job.look() == 0
    assert await world.outcomes(broadcast) == {"sent": 1}
