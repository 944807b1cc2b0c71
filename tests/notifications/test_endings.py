"""How deliveries end: each error, the gate, the limits, faults of adapters; and what rests meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.messages import Outbound, utcnow
from notifications.verdict import Later, Skip
from store.deliveries import Purpose
from tests.notifications.world import BOT, FakeSender, NoLimits, Plain, World, later, until

ENDINGS: list[tuple[Exception, str, str]] = [
    (Rejected("message is too long", code="400"), "failed", "message is too long"),
    (Unreachable("bot was blocked by the user"), "failed", "bot was blocked by the user"),
    (SendError("something else"), "pending", "something else"),
    (Unavailable("502 Bad Gateway"), "pending", "502 Bad Gateway"),
    (Throttled("too fast", retry_after=timedelta(seconds=30)), "pending", "too fast"),
    (Misconfigured("the token is wrong"), "pending", "the token is wrong"),
    (KeyError("chat"), "failed", "a fault in Leadwire itself (KeyError); the log has the details"),
    (OSError("leaked"), "failed", "a fault in Leadwire itself (OSError); the log has the details"),
]


@pytest.mark.parametrize(("error", "state", "reason"), ENDINGS, ids=[type(e).__name__ for e, _, _ in ENDINGS])
async def test_each_error_ends_in_its_verdict(world: World, error: Exception, state: str, reason: str) -> None:
    world.sender.script = lambda message: error
    (one,) = await world.queue()

    async def decided() -> Any:
        row = await world.row(one)
        return row if row.reason and row.state != "sending" else None

    async with world.sending():
        row = await until(decided)
    assert (row.state, row.reason) == (state, reason)


async def test_an_address_that_takes_nothing_is_stopped_and_then_not_asked(world: World) -> None:
    world.sender.script = lambda message: Unreachable("blocked")
    (first,) = await world.queue(Purpose.GREETING)
    async with world.sending():
        await world.settled(first)
        second, card = await world.queue(Purpose.REPLY) + await world.queue(Purpose.NOTICE)
        skipped, noticed = await world.settled(second, card)
    assert (skipped.state, skipped.reason) == ("skipped", "suppressed: blocked")
    assert noticed.state == "failed"  # staff are not customers: they are asked again
    assert len(world.sender.offered) == 2


async def test_unavailable_is_tried_again_and_given_up_at_last(world: World) -> None:
    world.sender.script = lambda message: Unavailable("502")
    (one,) = await world.queue()
    async with world.sending():
        for attempt in range(1, 11):
            await until(partial(_offered, world, attempt))
            await until(lambda: _not_sending(world, one))
            await world.do("UPDATE deliveries SET due_at = now() WHERE state = 'pending'")
        (row,) = await world.settled(one)
    assert (row.state, row.attempts, row.reason) == ("failed", 10, "given up after 10 attempts: 502")


def _offered(world: World, count: int) -> bool:
    return len(world.sender.offered) == count


async def _not_sending(world: World, delivery: UUID) -> bool:
    return bool((await world.row(delivery)).state != "sending")


async def test_a_delivery_that_kills_its_sender_is_not_sent_for_ever(world: World) -> None:
    (one,) = await world.queue()
    await world.do("UPDATE deliveries SET attempts = 10")
    async with world.sending():
        (row,) = await world.settled(one)
    assert row.state == "failed"
    assert row.reason == "given up after 10 attempts, none of which came to an end"
    assert not world.sender.offered


async def test_throttled_rests_the_channel_and_counts_nothing(world: World) -> None:
    async def before(message: Outbound) -> None:
        await asyncio.sleep(0.01)

    world.sender.before = before
    world.sender.script = lambda message: Throttled("slow down", retry_after=timedelta(seconds=60))
    ids = await world.queue(count=20, address=str)
    async with world.sending(concurrency=1):
        await until(lambda: world.all("SELECT * FROM pauses"))
        await until(lambda: _none_in_hand(world))
    assert len(world.sender.offered) == 1
    rows = [await world.row(one) for one in ids]
    assert {(row.state, row.attempts) for row in rows} == {("pending", 0)}
    (pause,) = await world.all("SELECT * FROM pauses")
    assert timedelta(seconds=40) < pause.until - utcnow() <= timedelta(seconds=60)


async def _none_in_hand(world: World) -> bool:
    return not await world.all("SELECT 1 FROM deliveries WHERE state = 'sending'")


async def test_a_throttled_address_rests_alone(world: World) -> None:
    world.sender.script = lambda m: (
        Throttled("slow", retry_after=timedelta(seconds=9), address_only=True) if m.to == "1" else None
    )
    ids = await world.queue(count=6, address=lambda n: str(n % 2))
    async with world.sending():
        await world.settled(*ids[::2])
        await until(lambda: _none_in_hand(world))
    assert isinstance(world.limits, NoLimits)
    assert world.limits.held == [(BOT, "1", timedelta(seconds=9))]
    put_off = [await world.row(one) for one in ids[1::2]]
    assert [row.due_at for row in put_off] == sorted(row.due_at for row in put_off)
    assert all(row.state == "pending" and row.attempts == 0 and row.due_at > later(seconds=5) for row in put_off)
    assert not await world.all("SELECT * FROM pauses")


async def test_a_channel_to_be_mended_is_paused_told_of_once_and_lifted_by_a_ping(world: World) -> None:
    mail = FakeSender()
    world.sender.script = lambda message: Misconfigured("the token was revoked")
    world.sender.ping_error = Misconfigured("the token was revoked")
    ids = await world.queue(count=5, address=str)
    both = {"senders": {BOT: world.sender, "mail": mail}, "operators": [(BOT, "1"), ("mail", "ops@example.com")]}
    async with world.sending(**both, ping_every=timedelta(milliseconds=20)):
        await until(lambda: mail.sent)
        await until(lambda: world.sender.pings)
        assert not world.sender.sent
        world.sender.script, world.sender.ping_error = (lambda message: None), None
        rows = await world.settled(*ids)
        await until(lambda: len(mail.sent) == 2)
    assert {(row.state, row.attempts) for row in rows} == {("sent", 1)}
    alerts = await world.all("SELECT facts, channel FROM deliveries WHERE facts ? 'key' ORDER BY created_at")
    assert [(a.facts["key"], a.channel) for a in alerts if a.channel == "mail"] == [
        ("channel_paused", "mail"),
        ("channel_resumed", "mail"),
    ]
    assert alerts[0].facts["reason"] == "the token was revoked"


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Skip("the lead is gone"), "skipped", "the lead is gone"),
        (Rejected("the file 'a.pdf' is not in the file store any more"), "failed", None),
        (ZeroDivisionError(), "failed", "a fault in Leadwire itself (ZeroDivisionError); the log has the details"),
    ],
)
async def test_what_cannot_be_rendered_says_why(world: World, error: Exception, state: str, reason: str | None) -> None:
    assert isinstance(world.renderer, Plain)
    world.renderer.script = lambda delivery: error
    (one,) = await world.queue()
    async with world.sending():
        (row,) = await world.settled(one)
    assert (row.state, row.reason) == (state, reason or str(error))
    assert not world.sender.offered


async def test_what_hangs_on_something_else_waits_uncounted_and_keeps_its_followers(world: World) -> None:
    first_time = [Later("its card is still on the way", timedelta(milliseconds=30))]
    assert isinstance(world.renderer, Plain)
    world.renderer.script = lambda delivery: first_time.pop() if first_time else None
    ids = await world.queue(count=3)
    async with world.sending():
        rows = await world.settled(*ids)
    assert {(row.state, row.attempts) for row in rows} == {("sent", 1)}
    assert [m.text for m in world.sender.sent] == ["0", "1", "2"]


async def test_over_the_limit_a_delivery_goes_back_into_the_queue(world: World) -> None:
    assert isinstance(world.limits, NoLimits)
    world.limits.waits = {"500": timedelta(seconds=30), "501": timedelta(milliseconds=20)}
    long, short = await world.queue() + await world.queue(address="501")
    async with world.sending():
        await world.settled(short)
        await until(lambda: _none_in_hand(world))
    row = await world.row(long)
    assert (row.state, row.attempts) == ("pending", 0)
    assert row.reason == "waits for its turn under the rate limits"
    assert later(seconds=20) < row.due_at < later(seconds=30)


async def test_an_adapter_that_hangs_is_unavailable(world: World) -> None:
    async def before(message: Outbound) -> None:
        await asyncio.Event().wait()

    world.sender.before = before
    (one,) = await world.queue()
    async with world.sending(timeout=0.05):
        await until(lambda: _reason(world, one))
    assert await _reason(world, one) == "no answer within 0 s"


async def _reason(world: World, delivery: UUID) -> str | None:
    reason: str | None = (await world.row(delivery)).reason
    return reason
