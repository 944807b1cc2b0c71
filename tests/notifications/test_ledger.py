"""What follows from a delivery's end: events, edits of cards, notices; and rows that died with their sender."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Misconfigured, Rejected, Throttled, Unavailable, Unreachable
from domain.messages import DeliveryState, Sent, utcnow
from notifications.ledger import Ledger
from notifications.sweep import Sweep
from notifications.verdict import Outcome, Rest, put_off, verdict, went_out
from store import cards, chats, deliveries
from store.deliveries import Purpose, Verdict
from tests.notifications.world import BOT, MAIL, World, until


@pytest.fixture
def ledger(world: World) -> Ledger:
    return Ledger(world.database, [(BOT, "1"), (MAIL, "ops@example.com")])


async def shown_card(world: World, lead: UUID, **given: Any) -> UUID:
    """A card that is in its chat."""
    (card,) = await world.queue(Purpose.CARD, lead=lead, **given)
    await world.do("UPDATE deliveries SET state = 'sent', external_id = '500:1' WHERE id = :id", id=card)
    return card


async def events(world: World) -> list[tuple[str, str, UUID | None]]:
    rows = await world.all("SELECT kind, actor, lead_id FROM events ORDER BY id")
    return [(row.kind, row.actor, row.lead_id) for row in rows]


async def notices(world: World) -> list[tuple[str, str, Any]]:
    rows = await world.all("SELECT channel, address, facts FROM deliveries WHERE purpose = 'notice' ORDER BY id")
    return [(row.channel, row.address, row.facts) for row in rows]


async def test_a_sent_answer_is_an_event_and_edits_the_card(world: World, ledger: Ledger) -> None:
    lead = await world.lead()
    await shown_card(world, lead)
    (reply,) = await world.queue(Purpose.REPLY, lead=lead, message=await world.message(lead, direction="out"))
    await ledger.write([went_out(await world.claimed(reply), Sent(external_id="m1"))])
    assert await events(world) == [("delivery.sent", "bot", lead)]
    (edit,) = await world.all("SELECT * FROM deliveries WHERE purpose = 'refresh'")
    assert (edit.lead_id, edit.channel, edit.address, edit.state) == (lead, "bot", "500", "pending")


@pytest.mark.parametrize("suppressed", [None, "they wrote STOP"])
async def test_who_wrote_an_answer_that_never_arrives_is_told(
    world: World, ledger: Ledger, suppressed: str | None
) -> None:
    anna = await world.member()
    lead = await world.lead(anna.id)
    message = await world.message(lead, direction="out", staff_id=anna.id)
    (reply,) = await world.queue(Purpose.REPLY, lead=lead, message=message, channel=MAIL, address="a@example.com")
    claimed = (await world.claimed(reply))._replace(suppressed=suppressed)
    state = DeliveryState.SKIPPED if suppressed else DeliveryState.FAILED
    await ledger.write([Outcome(delivery=claimed, verdict=Verdict(id=reply, state=state, reason="no such mailbox"))])
    assert await notices(world) == [("bot", "500", {"key": "reply_failed", "reason": "no such mailbox"})]
    (told,) = await world.all("SELECT lead_id, staff_id FROM deliveries WHERE purpose = 'notice'")
    assert (told.lead_id, told.staff_id) == (lead, anna.id)


async def test_an_answer_that_is_tried_again_alarms_nobody(world: World, ledger: Ledger) -> None:
    lead = await world.lead()
    (reply,) = await world.queue(Purpose.REPLY, lead=lead, message=await world.message(lead, direction="out"))
    await ledger.write([verdict(Unavailable("502"), await world.claimed(reply), utcnow())])
    assert await events(world) == []
    assert await notices(world) == []


async def test_a_lead_that_nobody_was_shown_alarms_the_operators(world: World, ledger: Ledger) -> None:
    lead = await world.lead()
    (card,) = await world.queue(Purpose.CARD, lead=lead)
    await ledger.write([verdict(Unreachable("bot was blocked"), await world.claimed(card), utcnow())])
    facts = {"key": "card_failed", "reason": "bot was blocked"}
    assert await notices(world) == [("bot", "1", facts), ("mail", "ops@example.com", facts)]
    assert await events(world) == [("delivery.failed", "bot", lead)]


async def test_a_relay_that_is_refused_goes_again_as_text(world: World, ledger: Ledger) -> None:
    anna, lead = await world.member(), await world.lead()
    message = await world.message(lead)
    (relay,) = await world.queue(Purpose.RELAY, lead=lead, message=message, staff=anna.id)
    await ledger.write([verdict(Rejected("file must be non-empty"), await world.claimed(relay), utcnow())])
    assert await notices(world) == []
    (plain,) = await world.all("SELECT * FROM deliveries WHERE purpose = 'relay' AND state = 'pending'")
    assert (plain.address, plain.lead_id, plain.message_id, plain.staff_id) == ("500", lead, message, anna.id)
    assert plain.facts == {"n": 0, "plain": True, "reason": "file must be non-empty"}
    assert (await world.row(relay)).state == "skipped"


async def test_a_relay_that_fails_is_told_to_its_owner_and_the_operators(world: World, ledger: Ledger) -> None:
    anna, lead = await world.member(), await world.lead()
    await shown_card(world, lead)
    message = await world.message(lead)
    (relay,) = await world.queue(Purpose.RELAY, lead=lead, message=message, staff=anna.id, facts={"plain": True})
    await ledger.write([verdict(Rejected("odd"), await world.claimed(relay), utcnow())])
    facts = {"key": "relay_failed", "reason": "odd"}
    assert sorted(await notices(world)) == [
        ("bot", "1", facts),
        ("bot", "500", facts),
        ("mail", "ops@example.com", facts),
    ]
    assert await world.all("SELECT 1 FROM deliveries WHERE purpose = 'refresh' AND lead_id = :lead", lead=lead)


async def test_an_alert_takes_another_way_and_comes_once(world: World, ledger: Ledger) -> None:
    await world.queue(Purpose.GREETING, count=3)
    async with world.database.begin() as connection:
        claimed = await deliveries.claim(connection, [BOT], 9, timedelta(seconds=60))
    for delivery in claimed:
        await ledger.write([verdict(Misconfigured("bad token"), delivery, utcnow())])
    facts = {"key": "channel_paused", "channel": "bot", "reason": "bad token"}
    assert await notices(world) == [("mail", "ops@example.com", facts)]


async def test_a_channel_to_be_mended_is_not_only_throttled(world: World, ledger: Ledger) -> None:
    ids = await world.queue(count=2)
    delivery = await world.claimed(ids[0])
    now = utcnow()
    outcomes = [
        verdict(Misconfigured("bad token"), delivery, now),
        verdict(Throttled("fast", retry_after=timedelta(seconds=9)), delivery._replace(id=ids[1]), now),
    ]
    await ledger.write(outcomes)
    (pause,) = await world.all("SELECT until, reason FROM pauses")
    assert (pause.until, pause.reason) == (None, "bad token")
    assert Rest(until=None, reason="bad token") == outcomes[0].rests


async def test_an_edit_that_is_put_off_gives_way_to_one_that_waits(world: World, ledger: Ledger) -> None:
    """`one_pending_refresh` allows one waiting edit per card; a claimed one has left its place to another."""
    lead = await world.lead()
    await shown_card(world, lead)
    for is_another_waiting in (False, True):
        await refresh(world, lead)
        (edit,) = await world.all("SELECT id FROM deliveries WHERE purpose = 'refresh' AND state = 'pending'")
        claimed = await world.claimed(edit.id)
        if is_another_waiting:
            await refresh(world, lead)
        await ledger.write([put_off(claimed, utcnow(), "its card is still on the way")])
        waiting = await world.all("SELECT facts FROM deliveries WHERE purpose = 'refresh' AND state = 'pending'")
        assert [row.facts for row in waiting] == [{} if is_another_waiting else {"tries": 0}]


async def refresh(world: World, lead: UUID) -> None:
    async with world.database.begin() as connection:
        await chats.refresh(connection, [lead], utcnow())


async def test_a_newer_card_takes_the_buttons_off_the_older_ones_once(world: World) -> None:
    anna, lead = await world.member(), await world.lead()
    async with world.sending():
        for count in range(3):
            await world.settled(*await world.queue(Purpose.CARD, lead=lead, staff=anna.id))
            await until(partial(_retired, world, count))
        await world.settled(*await world.queue(Purpose.CARD, lead=lead, address="900"))
    rows = await world.all("SELECT facts ->> 'card' AS card, staff_id FROM deliveries WHERE purpose = 'retire'")
    cards_sent = await world.all(
        "SELECT external_id FROM deliveries WHERE purpose = 'card' AND address = '500' ORDER BY created_at"
    )
    assert sorted(row.card for row in rows) == sorted(row.external_id for row in cards_sent[:-1])
    assert {row.staff_id for row in rows} == {anna.id}


async def _retired(world: World, count: int) -> bool:
    return len(await world.all("SELECT 1 FROM deliveries WHERE purpose = 'retire'")) == count


async def test_an_edit_is_given_up_though_each_try_is_a_new_row(world: World) -> None:
    lead = await world.lead()
    await shown_card(world, lead)
    await refresh(world, lead)
    world.sender.script = lambda message: Unavailable("502")
    async with world.sending():
        for _ in range(6):
            before = len(world.sender.offered)
            await world.do("UPDATE deliveries SET due_at = now() WHERE state = 'pending'")
            await until(partial(_offered_more, world, before))
            await until(lambda: _nothing(world, "state = 'sending'"))
    (failed,) = await world.all("SELECT reason FROM deliveries WHERE state = 'failed'")
    assert failed.reason == "given up after 6 attempts: 502"


def _offered_more(world: World, than: int) -> bool:
    return len(world.sender.offered) > than


async def _nothing(world: World, where: str) -> bool:
    return not await world.all(f"SELECT 1 FROM deliveries WHERE {where}")


async def test_a_row_that_the_database_refuses_costs_only_itself(
    world: World, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await world.queue(count=2)
    async with world.database.begin() as connection:
        claimed = {d.id: d for d in await deliveries.claim(connection, [BOT], 9, timedelta(seconds=60))}
    poison = Verdict(id=bad, state=DeliveryState.SENT, external_id="\x00")
    await ledger.write([Outcome(delivery=claimed[bad], verdict=poison), went_out(claimed[good], Sent(external_id="1"))])
    assert [(await world.row(one)).state for one in (bad, good)] == ["sending", "sent"]
    assert f"delivery {bad} could not be settled" in caplog.text


async def test_a_sender_that_died_after_sending(world: World) -> None:
    """A card is sent again, better twice than never; a mailing's row waits for a person, better never than twice."""

    lead, rung = await world.lead(), list[int]()
    (card,) = await world.queue(Purpose.CARD, lead=lead)
    (mailing,) = await world.queue(Purpose.BROADCAST, address="2")
    async with world.database.begin() as connection:
        await deliveries.claim(connection, [BOT], 9, timedelta(seconds=-1))
    assert await Sweep(world.database, lambda: rung.append(1)).sweep() == 2
    assert rung == [1]
    assert (await world.row(mailing)).state == "unknown"
    async with world.sending():
        (row,) = await world.settled(card)
    assert (row.state, row.attempts) == ("sent", 2)
    assert [m.delivery for m in world.sender.sent] == [str(card)]


async def test_edits_that_died_become_one_new_edit(world: World) -> None:
    """Two lapsed edits of one card may not both become pending: one_pending_refresh would stop every sweep."""
    lead = await world.lead()
    await shown_card(world, lead)
    for _ in range(2):
        await refresh(world, lead)
        async with world.database.begin() as connection:
            await deliveries.claim(connection, [BOT], 9, timedelta(seconds=-1))
    await Sweep(world.database, lambda: None).sweep()
    rows = await world.all("SELECT state FROM deliveries WHERE purpose = 'refresh' ORDER BY state")
    assert [row.state for row in rows] == ["pending", "skipped", "skipped"]


async def test_the_sweep_rings_with_whatever_rings(world: World) -> None:
    rung = asyncio.Event()

    async def ring() -> None:
        rung.set()

    await world.queue()
    async with world.database.begin() as connection:
        await deliveries.claim(connection, [BOT], 9, timedelta(seconds=-1))
    task = asyncio.create_task(Sweep(world.database, ring, every=timedelta(seconds=9)).run())
    await asyncio.wait_for(rung.wait(), 5)
    task.cancel()
    await asyncio.wait([task])


async def test_authors_without_a_chat_are_left_alone(world: World) -> None:
    anna, lead = await world.member(address=None), await world.lead()
    message = await world.message(lead, direction="out", staff_id=anna.id)
    async with world.database.begin() as connection:
        assert await cards.authors(connection, [message]) == []


async def test_a_commit_whose_answer_was_lost_is_written_once(world: World, ledger: Ledger) -> None:
    lead = await world.lead()
    (card,) = await world.queue(Purpose.CARD, lead=lead)
    outcome = verdict(Rejected("too long"), await world.claimed(card), utcnow())
    for _ in range(2):
        await ledger.write([outcome])
    assert len(await events(world)) == 1
    assert len(await notices(world)) == 2  # one per operator


async def test_whoever_lost_the_lease_settles_nothing(world: World, ledger: Ledger) -> None:
    (one,) = await world.queue()
    slow = await world.claimed(one)
    await world.do("UPDATE deliveries SET lease_until = now() - interval '1 second'")
    await Sweep(world.database, lambda: None).sweep()
    fast = await world.claimed(one)
    await ledger.write([verdict(Rejected("slow"), slow, utcnow())])
    assert (await world.row(one)).state == "sending"
    await ledger.write([went_out(fast, Sent(external_id="1"))])
    assert (await world.row(one)).state == "sent"


async def test_what_is_no_longer_ours_is_left_as_it_is(world: World, ledger: Ledger) -> None:
    (one,) = await world.queue()
    claimed = await world.claimed(one)
    await world.do("UPDATE deliveries SET state = 'pending'")
    await ledger.write([verdict(Rejected("late"), claimed, utcnow())])
    assert (await world.row(one)).state == "pending"
