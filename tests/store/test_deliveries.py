"""The ledger: what is claimed, by whom, in which order, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from domain.messages import ChannelName, DeliveryState, Report, ReportKind, utcnow
from store import chats, deliveries, reports, suppressions
from store.deliveries import Lane, Purpose, Verdict
from store.engine import Database
from tests.store.rows import LEASE, OVER, addresses, ask, claim, lead, member, queue

BOT = ChannelName("bot")


async def settle(database: Database, *verdicts: Verdict) -> int:
    async with database.begin() as connection:
        return len(await deliveries.settle(connection, verdicts, utcnow()))


async def test_the_lowest_lane_first_and_in_it_what_was_due_first(database: Database) -> None:
    await queue(database, "mailing-1", "mailing-2", lane=Lane.MAILING, wait=-timedelta(days=1))
    await queue(database, "card-1", "card-2", lane=Lane.CARD)
    await queue(database, "answer", lane=Lane.ANSWER)
    await queue(database, "notice", lane=Lane.NOTICE)
    assert addresses(await claim(database, limit=3)) == ["answer", "card-1", "card-2"]
    assert addresses(await claim(database)) == ["notice", "mailing-1", "mailing-2"]


async def test_what_is_not_due_waits(database: Database) -> None:
    await queue(database, "now")
    await queue(database, "later", wait=timedelta(hours=1))
    assert addresses(await claim(database)) == ["now"]


async def test_only_the_wanted_channels(database: Database) -> None:
    await queue(database, "1", channel="bot")
    await queue(database, "2", channel="mail")
    assert addresses(await claim(database, "mail", "sms")) == ["2"]
    assert await claim(database, "sms") == []


@pytest.mark.parametrize(("hours", "open_"), [(None, False), (1, False), (-1, True)])
async def test_a_paused_channel_rests(database: Database, hours: int | None, open_: bool) -> None:
    await queue(database, "1", channel="bot")
    await queue(database, "2", channel="mail")
    now = utcnow()
    until = now + timedelta(hours=hours) if hours else None
    async with database.begin() as connection:
        await suppressions.pause(connection, "bot", until, "wrong token", now)
    assert addresses(await claim(database, "bot", "mail")) == (["1", "2"] if open_ else ["2"])
    async with database.begin() as connection:
        await suppressions.unpause(connection, "bot")
    assert addresses(await claim(database)) == ([] if open_ else ["1"])


async def test_a_claim_says_all_that_is_needed(database: Database) -> None:
    lead_id = await lead(database)
    [made] = await queue(database, "7", purpose=Purpose.CARD, lane=Lane.CARD, lead=lead_id, facts='{"n": "й"}')
    async with database.begin() as connection:
        await suppressions.stop(connection, [("bot", "7", "blocked the bot", utcnow())])
    [one] = await claim(database)
    assert (one.id, one.purpose, one.facts, one.attempts, one.lead) == (made, "card", {"n": "й"}, 1, lead_id)
    assert one.suppressed == "blocked the bot"


async def test_two_claimers_never_share(database: Database, other: Database) -> None:
    await queue(database, *(str(n) for n in range(300)))

    async def drain(mine: Database) -> list[str]:
        got: list[str] = []
        while batch := await claim(mine, limit=7):
            got += addresses(batch)
        return got

    one, two = await asyncio.gather(drain(database), drain(other))
    assert sorted([*one, *two], key=int) == [str(n) for n in range(300)]
    assert one
    assert two


async def test_a_claim_does_not_wait_for_another_ones_transaction(database: Database, other: Database) -> None:
    await queue(database, "1", "2")
    async with database.begin() as connection:
        mine = await deliveries.claim(connection, ["bot"], 1, LEASE)
        assert addresses(mine) == ["1"]
        assert addresses(await claim(other)) == ["2"]


async def test_what_is_settled_is_written_down(database: Database) -> None:
    sent, failed, again, waits = await queue(database, "1", "2", "3", "4")
    await claim(database)
    later = utcnow() + timedelta(hours=1)
    count = await settle(
        database,
        Verdict(id=sent, state=DeliveryState.SENT, external_id="7:1", others=("7:2", "7:3")),
        Verdict(id=failed, state=DeliveryState.FAILED, reason="no such user"),
        Verdict(id=again, state=DeliveryState.PENDING, retry_at=later),
        Verdict(id=waits, state=DeliveryState.PENDING, retry_at=later, counted=False),
    )
    assert count == 4
    columns = "state, reason, external_id, attempts, sent_at IS NULL, lease_until"
    assert await ask(database, f"SELECT {columns} FROM deliveries ORDER BY id") == [
        ("sent", None, "7:1", 1, False, None),
        ("failed", "no such user", None, 1, True, None),
        ("pending", None, None, 1, True, None),
        ("pending", None, None, 0, True, None),
    ]
    assert await ask(database, "SELECT external_id FROM delivery_parts ORDER BY 1") == ["7:2", "7:3"]
    assert await claim(database) == []


async def test_only_what_is_still_ours_is_settled(database: Database) -> None:
    mine, taken, unclaimed = await queue(database, "1", "2", "3")
    await claim(database, limit=2)
    await settle(database, Verdict(id=taken, state=DeliveryState.SENT, external_id="7:1"))
    assert await settle(
        database,
        Verdict(id=mine, state=DeliveryState.SENT, external_id="7:2"),
        Verdict(id=taken, state=DeliveryState.FAILED, reason="too late", others=("7:9",)),
        Verdict(id=unclaimed, state=DeliveryState.SENT, external_id="7:3"),
    ) == 1  # fmt: skip
    assert await ask(database, "SELECT state FROM deliveries ORDER BY id") == ["sent", "sent", "pending"]
    assert await ask(database, "SELECT * FROM delivery_parts") == []
    assert await settle(database) == 0


async def test_what_was_taken_back_meanwhile_is_settled_by_its_new_claim_alone(database: Database) -> None:
    await queue(database, "1", "2")
    first = await claim(database, lease=OVER)
    async with database.begin() as connection:
        await deliveries.sweep(connection)
    [again, _] = await claim(database, limit=2)
    async with database.begin() as connection:
        sent = [Verdict(id=one.id, state=DeliveryState.SENT) for one in first]
        assert await deliveries.settle(connection, sent, utcnow(), {one.id: one.attempts for one in first}) == set()
        assert await deliveries.settle(connection, sent, utcnow(), {again.id: again.attempts}) == {
            one.id for one in first
        }


async def test_a_lapsed_lease_goes_back_but_for_a_mailings(database: Database) -> None:
    """A card twice is better than never, a mailing never is better than twice: a person decides."""
    await queue(database, "card", purpose=Purpose.CARD, lane=Lane.CARD)
    await queue(database, "mailing", purpose=Purpose.BROADCAST, lane=Lane.MAILING)
    await claim(database, lease=OVER)
    await queue(database, "alive")
    await claim(database)
    async with database.begin() as connection:
        assert await deliveries.sweep(connection) == 2
        assert await deliveries.sweep(connection) == 0
    rows = await ask(database, "SELECT address, state, reason IS NULL FROM deliveries ORDER BY address")
    assert rows == [("alive", "sending", True), ("card", "pending", False), ("mailing", "unknown", False)]


async def test_a_renewed_lease_is_not_swept(database: Database) -> None:
    await queue(database, "1")
    [one] = await claim(database, lease=OVER)
    async with database.begin() as connection:
        await deliveries.renew(connection, [one.id], LEASE)
        assert await deliveries.sweep(connection) == 0


@pytest.mark.parametrize("kind", [ReportKind.DELIVERED, ReportKind.FAILED])
async def test_a_report_that_comes_before_the_sweep_settles_it(database: Database, kind: ReportKind) -> None:
    """The sender died between the provider's answer and our settling: there is no id yet, so the report waits."""
    [one] = await queue(database, "1", purpose=Purpose.BROADCAST)
    await claim(database, lease=OVER)
    early = Report(channel=BOT, external_id="7:1", kind=kind, at=utcnow(), reason="why")
    async with database.begin() as connection:
        assert await reports.report(connection, [early]) == []
    await settle(database, Verdict(id=one, state=DeliveryState.SENT, external_id="7:1"))
    assert await ask(database, "SELECT state FROM deliveries") == [kind.value]
    assert await ask(database, "SELECT count(*) FROM early_reports") == [0]


async def test_what_is_pointed_at(database: Database) -> None:
    lead_id = await lead(database)
    card, edit, long = await queue(database, "1", "2", "3", purpose=Purpose.CARD, lane=Lane.CARD, lead=lead_id)
    await claim(database)
    await settle(
        database,
        Verdict(id=card, state=DeliveryState.SENT, external_id="7:1"),
        Verdict(id=edit, state=DeliveryState.SENT, external_id="7:1"),
        Verdict(id=long, state=DeliveryState.SENT, external_id="7:5", others=("7:6", "7:7")),
    )
    await ask(database, "UPDATE deliveries SET purpose = 'refresh' WHERE id = :id RETURNING id", id=edit)
    async with database.begin() as connection:
        for refs, wanted in (
            (["7:1"], card), (["7:7"], long), (["7:9", "7:6", "7:1"], long), (["7:9"], None), ([], None),
        ):  # fmt: skip
            shown = await chats.pointed_at(connection, "bot", refs)
            assert (shown and shown.delivery) == wanted, refs
        assert await chats.pointed_at(connection, "mail", ["7:1"]) is None


async def test_the_card_in_a_chat_is_the_latest(database: Database) -> None:
    lead_id, now = await lead(database), utcnow()
    for minutes, chat in ((2, "7"), (1, "7"), (0, "8")):
        at = now - timedelta(minutes=minutes)
        await queue(database, chat, purpose=Purpose.CARD, lane=Lane.CARD, lead=lead_id, at=at)
    first, second, _ = await claim(database)
    await settle(database, Verdict(id=first.id, state=DeliveryState.SENT, external_id="7:1"))
    await settle(database, Verdict(id=second.id, state=DeliveryState.SENT, external_id="7:2"))
    async with database.begin() as connection:
        assert await chats.card_in(connection, lead_id, "bot", "8") == ("sending", None)
        assert (await chats.card_in(connection, lead_id, "bot", "7") or ("", ""))[0] == "sent"
        assert await chats.card_in(connection, lead_id, "mail", "7") is None


async def test_one_waiting_edit_per_card_is_enough(database: Database) -> None:
    lead_id = await lead(database)
    [card] = await queue(database, "7", purpose=Purpose.CARD, lane=Lane.CARD, lead=lead_id)
    async with database.begin() as connection:
        await chats.refresh(connection, [lead_id], utcnow())
    assert addresses(await claim(database)) == ["7"], "a card that was never sent needs no edit"
    await settle(database, Verdict(id=card, state=DeliveryState.SENT, external_id="7:1"))
    for _ in range(3):
        async with database.begin() as connection:
            await chats.refresh(connection, [lead_id, lead_id], utcnow())
    [edit] = await claim(database)
    assert (edit.purpose, edit.lead, edit.address) == ("refresh", lead_id, "7")


async def test_the_latest_card_is_the_living_one(database: Database) -> None:
    """Its reader gets the edit; while it waits to be sent there is nothing to edit; one that failed does not count."""
    anna, boris, lead_id = await member(database), await member(database, "Boris"), await lead(database)
    now = utcnow()

    async def put(state: str, minutes: int, staff: UUID) -> None:
        at = now + timedelta(minutes=minutes)
        made = await queue(database, "7", purpose=Purpose.CARD, lane=Lane.CARD, lead=lead_id, staff=staff, at=at)
        await ask(database, "UPDATE deliveries SET state = :s WHERE id = :id RETURNING 1", s=state, id=made[0])

    async def edits() -> list[UUID]:
        async with database.begin() as connection:
            await chats.refresh(connection, [lead_id], now)
        return await ask(database, "DELETE FROM deliveries WHERE purpose = 'refresh' RETURNING staff_id")

    await put("sent", 0, anna.id)
    assert await edits() == [anna.id]
    await put("failed", 1, boris.id)
    assert await edits() == [anna.id]
    await put("sent", 2, boris.id)
    assert await edits() == [boris.id]
    await put("pending", 3, anna.id)
    assert await edits() == []


async def test_who_was_greeted(database: Database) -> None:
    await queue(database, "anna@example.com", purpose=Purpose.GREETING)
    await queue(database, "ivan@example.com", purpose=Purpose.REPLY)
    async with database.begin() as connection:
        since, people = utcnow() - timedelta(days=1), ["anna@example.com", "ivan@example.com", "x"]
        assert await deliveries.greeted(connection, people, since) == {"anna@example.com"}
        assert await deliveries.greeted(connection, people, utcnow() + timedelta(1)) == set()
