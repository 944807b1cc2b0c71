"""The rate limits against a real Valkey, by an injected clock; and alone while it is away."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import ChannelName
from notifications.limits import RATES, Cell, Limits, Rates, cells, gcra

BOT = ChannelName("bot")
SECOND = 1_000_000


class Clock:
    """Microseconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@asynccontextmanager
async def limited(url: str, rates: Rates, clock: Clock | None) -> AsyncIterator[Limits]:
    limits = Limits(url, {BOT: rates}, clock=clock)
    try:
        yield limits
    finally:
        await limits.aclose()
        await limits.aclose()


async def waits(limits: Limits, count: int, address: Callable[[int], str]) -> list[float]:
    return [round((await limits.wait_for(BOT, address(n))).total_seconds(), 3) for n in range(count)]


def somebody(n: int) -> str:
    return str(100 + n)


def anna(n: int) -> str:
    return "7"


def team(n: int) -> str:
    return "-100"


@pytest.fixture(params=["in Redis", "alone"])
def url(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> str:
    """Each rule holds with Redis and without."""
    return redis_url if request.param == "in Redis" else f"unix://{tmp_path}/nobody.sock"


async def test_without_a_rate_nothing_waits(url: str) -> None:
    async with limited(url, Rates(), Clock()) as limits:
        assert await waits(limits, 50, anna) == [0.0] * 50


async def test_an_account_goes_evenly(url: str) -> None:
    async with limited(url, Rates(per_second=4), Clock()) as limits:
        assert await waits(limits, 4, somebody) == [0.0, 0.25, 0.5, 0.75]


async def test_a_burst_is_a_part_of_the_second(url: str) -> None:
    async with limited(url, Rates(per_second=4, burst=3), Clock()) as limits:
        assert await waits(limits, 5, somebody) == [0.0, 0.0, 0.0, 0.5, 1.0]


async def test_a_long_wait_is_told_and_not_booked(url: str) -> None:
    clock = Clock()
    async with limited(url, Rates(per_second=1), clock) as limits:
        assert await waits(limits, 6, somebody) == [0.0, 1.0, 2.0, 3.0, 3.0, 3.0]
        assert limits.may_wait(timedelta(seconds=2))
        assert not limits.may_wait(timedelta(seconds=3))
        clock.sleep(3)
        assert await waits(limits, 1, somebody) == [0.0]


async def test_idle_time_is_not_saved_up(url: str) -> None:
    clock = Clock()
    async with limited(url, Rates(per_second=2), clock) as limits:
        await waits(limits, 1, somebody)
        clock.sleep(60)
        assert await waits(limits, 3, somebody) == [0.0, 0.5, 1.0]


async def test_addresses_have_limits_of_their_own(url: str) -> None:
    async with limited(url, Rates(per_second=30, per_address_per_second=1), Clock()) as limits:
        assert await waits(limits, 3, anna) == [0.0, 1.0, 2.0]
        assert await waits(limits, 1, somebody) == [0.1]  # three of the account's thirty a second are booked


async def test_no_minute_of_a_group_holds_more_than_twenty(url: str) -> None:
    clock, sent = Clock(), list[int]()
    async with limited(url, Rates(per_group_per_minute=20), clock) as limits:
        for _ in range(1800):  # every tenth of a second for three minutes
            wait = await limits.wait_for(BOT, "-100")
            if limits.may_wait(wait):
                sent.append(clock.now + wait // timedelta(microseconds=1))
            clock.sleep(0.1)
    most = max(sum(start <= at < start + 60 * SECOND for at in sent) for start in sent)
    assert most <= 20
    assert len(sent) > 40


async def test_a_held_address_waits_alone(url: str) -> None:
    clock = Clock()
    async with limited(url, RATES["telegram"], clock) as limits:
        await limits.hold(BOT, "7", timedelta(seconds=30))
        assert await waits(limits, 1, anna) == [30.0]
        assert await waits(limits, 1, somebody) == [0.0]
        clock.sleep(30)
        assert await waits(limits, 1, anna) == [0.0]


async def test_two_processes_share_the_rate(redis_url: str) -> None:
    clock = Clock()
    async with (
        limited(redis_url, Rates(per_second=2), clock) as one,
        limited(redis_url, Rates(per_second=2), clock) as two,
    ):
        assert await waits(one, 1, somebody) + await waits(two, 1, somebody) == [0.0, 0.5]


async def test_the_clock_is_that_of_redis(redis_url: str) -> None:
    async with limited(redis_url, Rates(per_second=1), None) as limits:
        first, second = await waits(limits, 2, somebody)
    assert first == 0.0
    assert 0.5 < second <= 1.0


async def test_keys_do_not_stay(redis_url: str) -> None:
    async with limited(redis_url, RATES["telegram"], None) as limits:
        await waits(limits, 3, team)
        left = [await limits._redis.pttl(key) for key in await limits._redis.keys("*")]
    assert len(left) == 3
    assert all(0 < milliseconds < 60_000 for milliseconds in left)


async def test_that_redis_is_away_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with limited(f"unix://{tmp_path}/nobody.sock", Rates(per_second=5), None) as limits:
            await waits(limits, 10, somebody)
    (record,) = caplog.records
    assert "keeps the rate limits by itself" in record.message


async def test_when_redis_is_back_it_is_asked_again(redis_url: str, tmp_path: Path) -> None:
    clock = Clock()
    async with limited(redis_url, Rates(per_second=1), clock) as limits:
        limits._away_until = float("inf")
        assert await waits(limits, 2, somebody) == [0.0, 1.0]
        limits._away_until = 0.001
        assert await waits(limits, 1, somebody) == [0.0]  # what was booked alone is not known there
        assert limits._away_until == 0.0


def test_no_more_is_in_hand_than_can_soon_be_sent() -> None:
    limits = Limits("redis://127.0.0.1:1", {BOT: Rates(per_second=30)})
    assert limits.ahead(BOT, 200) == 60
    assert limits.ahead(ChannelName("other"), 200) == 200


@pytest.mark.parametrize(
    ("kind", "address", "keys"),
    [
        ("telegram", "77", ["limit:bot:to:77", "limit:bot"]),
        ("telegram", "-77", ["limit:bot:group:-77", "limit:bot:to:-77", "limit:bot"]),
        ("sms", "+79161234567", ["limit:bot"]),
        ("email", "-odd@example.com", ["limit:bot"]),
    ],
)
def test_the_rules_of_an_address(kind: str, address: str, keys: list[str]) -> None:
    assert [cell.key for cell in cells(BOT, address, RATES[kind])] == keys


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1, 30),
    burst=st.integers(1, 30),
    gaps=st.lists(st.integers(0, 400_000), min_size=1, max_size=120),
)
def test_no_second_ever_holds_more_than_the_rate(rate: int, burst: int, gaps: list[int]) -> None:
    (cell,) = cells(BOT, "1", Rates(per_second=rate, burst=burst))
    now, tat, sent = 0, 0, []
    for gap in gaps:
        now += gap
        booked, wait = gcra(tat, now, cell, 2 * SECOND)
        if booked is not None:
            tat = booked
            sent.append(now + wait)
    for start in sent:
        assert sum(start <= at < start + SECOND for at in sent) <= rate


def test_a_cell_is_exact_where_numbers_are_round() -> None:
    (cell,) = cells(BOT, "1", Rates(per_second=4, burst=3))
    assert cell == Cell("limit:bot", 500_000, 1_000_000)
