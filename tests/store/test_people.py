"""Leads, staff, suppressions, locks, bulk rows and the trace: what several processes do at once stays right."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from domain.ids import new_id
from domain.messages import ChannelName, utcnow
from store import bulk, contacts, events, leads, staff, suppressions
from store.bulk import Lost
from store.cursors import StoredCursors
from store.engine import Database
from store.locks import exclusive
from store.tables import cursors
from store.trace import find, steps
from tests.store.rows import ask, lead, member, queue

HOUR = timedelta(hours=1)


async def test_of_two_who_take_a_lead_one_has_it(database: Database, other: Database) -> None:
    lead_id = await lead(database)
    people = [await member(database, name) for name in ("Anna", "Max")]

    async def take(mine: Database, who: int) -> bool:
        async with mine.begin() as connection:
            return await leads.take(connection, lead_id, people[who].id, utcnow())

    for _ in range(5):
        won = await asyncio.gather(take(database, 0), take(other, 1))
        assert sum(won) == 1
        assert await ask(database, "SELECT owner_id FROM leads") == [people[won.index(True)].id]
        assert not await take(database, won.index(True)), "who has it already takes nothing"
        async with database.begin() as connection:
            await leads.hand_over(connection, lead_id, None, "passed", utcnow())


OFFERS = [("me", "open", True), ("her", "open", False), ("me", "won", False)]


@pytest.mark.parametrize(("offered", "state", "taken"), OFFERS)
async def test_who_may_take(database: Database, offered: str, state: str, taken: bool) -> None:
    me, her = await member(database, "Max"), await member(database, "Anna")
    lead_id = await lead(database, me.id if offered == "me" else her.id)
    async with database.begin() as connection:
        if state != "open":
            assert await leads.close(connection, lead_id, state, utcnow())
            assert not await leads.close(connection, lead_id, state, utcnow())
        assert await leads.take(connection, lead_id, me.id, utcnow()) is taken


async def test_turns_are_handed_out_once(database: Database, other: Database) -> None:
    async def some(mine: Database) -> list[int]:
        got = []
        for _ in range(20):
            async with mine.connect() as connection:
                got.append((await leads.reserve_turns(connection, {"sales": 2, "support": 1}))["sales"])
        return got

    one, two = await asyncio.gather(some(database), some(other))
    assert sorted([*one, *two]) == list(range(0, 80, 2))


async def test_a_closed_lead_is_not_touched(database: Database) -> None:
    lead_id = await lead(database)
    async with database.begin() as connection:
        await leads.touch(connection, {lead_id: (utcnow() + HOUR, None)})
        await leads.close(connection, lead_id, "won", utcnow())
        with pytest.raises(Lost):
            await leads.touch(connection, {lead_id: (utcnow(), None)})


async def test_a_lead_that_went_to_another_owner_is_not_touched(database: Database) -> None:
    lead_id = await lead(database)
    async with database.begin() as connection:
        member = await staff.add(connection, "Anna", "sales", "en", utcnow())
        await leads.hand_over(connection, lead_id, member.id, "turn", utcnow())
        with pytest.raises(Lost):
            await leads.touch(connection, {lead_id: (utcnow(), None)})
        await leads.touch(connection, {lead_id: (utcnow(), member.id)})


async def redeem(database: Database, payload: str, address: str, later: timedelta = timedelta(0)) -> str | None:
    async with database.begin() as connection:
        found = await staff.redeem_link(connection, payload, "bot", address, utcnow() + later)
    return found.name if found else None


async def link(database: Database, who: staff.Member) -> str:
    async with database.begin() as connection:
        return await staff.issue_link(connection, who.id, utcnow(), HOUR)


async def test_a_link_works_once_and_not_for_ever(database: Database) -> None:
    anna = await member(database)
    first = await link(database, anna)
    second = await link(database, anna)
    assert await redeem(database, first, "71") is None, "a fresh link ends the earlier one"
    assert await redeem(database, second, "71", HOUR * 2) is None
    assert await redeem(database, "staff-", "71") is None
    assert await redeem(database, second, "71") == "Anna"
    assert await redeem(database, second, "72") is None
    assert await ask(database, "SELECT address, at_work, link_hash FROM staff") == [("71", True, None)]
    assert second.removeprefix(staff.LINK_PREFIX) not in str(await ask(database, "SELECT * FROM staff"))


async def test_a_telegram_account_changes_hands(database: Database) -> None:
    anna, max_ = await member(database, "Anna"), await member(database, "Max")
    assert await redeem(database, await link(database, anna), "71") == "Anna"
    assert await redeem(database, "staff-wrong", "71") is None
    assert await ask(database, "SELECT address FROM staff WHERE name = 'Anna'") == ["71"], (
        "a wrong link changes nothing"
    )
    assert await redeem(database, await link(database, max_), "71") == "Max"
    async with database.begin() as connection:
        now = await staff.by_address(connection, "71")
    assert now
    assert now.name == "Max"
    assert await ask(database, "SELECT address, at_work FROM staff WHERE name = 'Anna'") == [(None, False)]
    assert await redeem(database, await link(database, anna), "72") == "Anna"


async def test_who_left_cannot_come_back_by_an_old_link(database: Database) -> None:
    anna = await member(database)
    payload = await link(database, anna)
    async with database.begin() as connection:
        await staff.leave(connection, anna.id, utcnow())
        assert await staff.roster(connection) == []
        assert await staff.name_of(connection, anna.id) == "Anna"
    assert await redeem(database, payload, "71") is None
    assert await redeem(database, await link(database, anna), "71") is None


async def test_one_lock_one_holder(database: Database, other: Database) -> None:
    async with exclusive(database, "listen:a") as held:
        assert held
        await held.confirm()
        async with exclusive(other, "listen:a") as second, exclusive(other, "listen:b") as third:
            assert second is None
            assert third is not None
    async with exclusive(other, "listen:a") as heir:
        assert heir is not None


async def test_a_lock_is_freed_whatever_happens_inside(database: Database, other: Database) -> None:
    with pytest.raises(RuntimeError):
        async with exclusive(database, "listen:a"):
            raise RuntimeError("a bug")
    async with exclusive(other, "listen:a") as held:
        assert held is not None


async def test_suppressions(database: Database) -> None:
    now = utcnow()
    async with database.begin() as connection:
        await suppressions.stop(connection, [("bot", "1", "blocked", now), ("sms", "1", "STOP", now)])
        await suppressions.stop(connection, [("bot", "1", "blocked again", now)])
        await suppressions.stop(connection, [])
        await suppressions.resume(connection, [("sms", "1"), ("sms", "9")])
        await suppressions.resume(connection, [])
    assert await ask(database, "SELECT channel, address, reason FROM suppressions") == [("bot", "1", "blocked")]


async def test_a_pause_is_told_of_once(database: Database) -> None:
    now = utcnow()
    async with database.begin() as connection:
        assert await suppressions.pause(connection, "bot", now + HOUR, "too fast", now)
        assert not await suppressions.pause(connection, "bot", None, "wrong token", now)
        assert await suppressions.pause(connection, "mail", now - HOUR, "long over", now - 2 * HOUR)
        assert [tuple(one) for one in await suppressions.pauses(connection)] == [("bot", None, "wrong token")]
        assert await suppressions.pause(connection, "mail", now + HOUR, "again", now), "the old one was over"


async def test_a_key_that_another_process_took_is_lost_and_nothing_else_is(database: Database) -> None:
    columns = ("channel", "place", "value")
    rows = [("a", "1", "x"), ("a", "2", "y")]
    async with database.begin() as connection:
        await bulk.insert(connection, cursors, columns, rows[:1])
        await bulk.insert(connection, cursors, columns, [])
        assert await bulk.insert_new(connection, cursors, columns, []) == 0
        assert await bulk.insert_new(connection, cursors, columns, rows) == 1
    with pytest.raises(Lost, match="cursors"):
        async with database.begin() as connection:
            await bulk.insert(connection, cursors, columns, [*rows, ("b", "1", "z")], contended=True)
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await bulk.insert(connection, cursors, columns, rows)
    assert await ask(database, "SELECT count(*) FROM cursors") == [2], "what was lost is rolled back whole"


async def test_two_processes_meet_on_one_new_address(database: Database, other: Database) -> None:
    """The one that comes second learns it at its insert, waits for the first, and reads again."""
    now, first_is_in, goes_on = utcnow(), asyncio.Event(), asyncio.Event()

    async def add(mine: Database, *, first: bool) -> None:
        contact = new_id()
        async with mine.begin() as connection:
            rows = [(new_id(), "email", "anna@example.com", "", contact, contact, True, "Anna", now)]
            await contacts.add(connection, [(contact, now)], rows)
            if first:
                first_is_in.set()
                await goes_on.wait()

    one = asyncio.create_task(add(database, first=True))
    await first_is_in.wait()
    two = asyncio.create_task(add(other, first=False))
    goes_on.set()
    await one
    with pytest.raises(Lost):
        await two
    assert await ask(database, "SELECT count(*) FROM contacts") == [1]


async def test_cursors(database: Database) -> None:
    stored, inbox = StoredCursors(database), ChannelName("inbox")
    assert await stored.load(inbox, "INBOX") is None
    await stored.save(inbox, "INBOX", "1:5")
    await stored.save(inbox, "INBOX", "1:6")
    await stored.save(inbox, "Спам", "1:1")
    assert await stored.load(inbox, "INBOX") == "1:6"
    assert await stored.load(ChannelName("other"), "INBOX") is None


async def test_a_trace_is_found_by_whatever_a_person_has(database: Database) -> None:
    lead_id = await lead(database)
    [number] = await ask(database, "SELECT number FROM leads")
    [delivery] = await queue(database, "7", lead=lead_id)
    await ask(database, "UPDATE deliveries SET external_id = '7:1', sent_at = now() RETURNING id")
    async with database.begin() as connection:
        await events.record(connection, "lead.opened", at=utcnow(), lead=lead_id, why="turn")
        for wanted in (str(number), f"#{number}", str(lead_id), lead_id.hex, "7:1", str(delivery), delivery.hex):
            assert await find(connection, wanted, ["bot"]) == (lead_id, None), wanted
        for wanted in ("", "#", "-", "99", "nobody", "%"):
            assert await find(connection, wanted, ["bot"]) == (None, None), wanted
        assert await find(connection, "7:1", ["mail"]) == (None, None)
        found = await steps(connection, lead_id, None)
        assert await steps(connection, None, None) == []
    assert {step.kind for step in found} == {"queued notice", "sent notice", "lead.opened"}
    assert [step.at for step in found] == sorted(step.at for step in found)
    assert {"why": "turn"} in [step.data for step in found]
