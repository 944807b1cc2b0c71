"""A mailing to a provider that misbehaves: the brake acts, says so, lets go by itself, and nobody gets it twice.

The provider is `simulator.mail.provider`, on the other end of the real channel and the real send loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest

from broadcasts import lifecycle
from broadcasts.plan import Pace
from domain.messages import utcnow
from simulator.mail.provider import Provider
from store.engine import Database
from tests.broadcasts.receiving import BATCH, Receiving
from tests.broadcasts.world import account

HALF_AN_HOUR = 31
"""Minutes after which a brake of the first level is off and every retry is due."""


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Receiving]:
    database = Database(database_url, pool=6)
    async with Provider() as provider:
        yield Receiving(database, provider)
    await database.aclose()


@pytest.mark.parametrize(
    "word", ["p421", "p421-rate", "p450", "p451", "p421-dot", "p451-dot", "cut-at-rcpt", "a rate of its own"]
)
async def test_who_says_later_is_left_alone_for_a_while(world: Receiving, word: str) -> None:
    everybody = await world.people(60)
    if word == "a rate of its own":
        world.provider.domain_per_second = 2
    world.provider.script["gmail.com"] = word
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        assert await world.braked() == ("gmail", 1, "soft")
        await world.reply("anna@customer.test")
        await world.until(lambda: world.copies["anna@customer.test"] == 1)
    wait = (await world.waits(broadcast))["gmail", "soft"]
    assert wait.until is not None
    assert timedelta(0) < wait.until - utcnow() <= timedelta(minutes=1)
    assert wait.count >= 60 - 10 - 2 * BATCH  # offered before there was anything to judge
    assert await world.claimable() == 0

    world.provider.script.clear()
    world.provider.domain_per_second = None
    await world.later(minutes=HALF_AN_HOUR)
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys([*everybody, "anna@customer.test"], 1)
    assert await world.outcomes(broadcast) == {"sent": len(everybody)}
    assert await world.ask("SELECT 1 FROM brakes") == []
    assert await world.waits(broadcast) == {}


async def test_who_stays_bad_is_left_alone_longer_and_longer(world: Receiving) -> None:
    await world.people(60)
    world.provider.script["gmail.com"] = "p450"
    broadcast = await world.broadcast()
    await world.conduct()
    for level in (1, 2, 3):
        async with world.over():
            await world.eventually(partial(world.is_braked, level))
        assert await world.ask("SELECT level, share, until - at FROM brakes") == [
            (level, 0.5**level, timedelta(minutes=2 ** (level - 1)))
        ]
        assert await world.claimable() == 0
        assert {reason for _, reason in await world.waits(broadcast)} <= {"soft", "later"}
        await world.later(minutes=2 ** (level - 1) + 1.2)


async def test_after_a_stop_half_as_many_go_out(world: Receiving) -> None:
    world.accounts["mail"] = account("mail", "email", providers={"gmail": Pace(day=60)})
    await world.people(60, others=0)
    world.provider.script["gmail.com"] = "p450"
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        await world.braked()
    offered = sum(world.provider.answers.values())
    world.provider.script.clear()
    await world.later(minutes=2.2)
    assert await world.claimable() == max(0, 30 - offered)
    async with world.over():
        await world.until(lambda: len(world.provider.taken) == 30 - offered)
        await world.eventually(lambda: world.is_held(broadcast, "gmail", "day"))
    wait = (await world.waits(broadcast))["gmail", "day"]
    assert wait.limit == 30
    await world.later(days=1)
    async with world.over():
        await world.settled(broadcast)
    assert await world.outcomes(broadcast) == {"sent": 60}
    assert set(world.copies.values()) == {1}


async def test_a_server_that_takes_no_connection_is_waited_for(world: Receiving) -> None:
    everybody = await world.people(40, others=0)
    world.provider.most = 0
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        assert await world.braked() == ("gmail", 1, "soft")
    await world.reply("anna@customer.test")
    world.provider.most = None
    async with world.over():
        await world.until(lambda: world.copies["anna@customer.test"] == 1)
    assert world.copies.keys() == {"anna@customer.test"}
    await world.later(minutes=HALF_AN_HOUR)
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys([*everybody, "anna@customer.test"], 1)


async def test_one_that_is_too_fast_waits_alone(world: Receiving) -> None:
    """4.2.1 is said of one mailbox: no brake for the others of its provider."""
    everybody = await world.people(30)
    world.provider.script["p7@gmail.com"] = "p450-rate"
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        await world.settled(broadcast)
    assert await world.outcomes(broadcast) == {"sent": 32, "planned": 1}
    assert (await world.waits(broadcast)).keys() == {("", "later")}
    world.provider.script.clear()
    await world.later(minutes=6)
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys(everybody, 1)


async def test_unknown_users_bounce_and_brake(world: Receiving) -> None:
    everybody = await world.people(90, others=0)
    world.provider.script["gmail.com"] = "p550"
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        assert await world.braked() == ("gmail", 1, "hard")
        await world.reply("anna@customer.test")
        await world.until(lambda: world.copies["anna@customer.test"] == 1)
    bounced = set(await world.ask("SELECT address FROM suppressions"))
    assert len(bounced) >= 50
    assert ("gmail", "hard") in await world.waits(broadcast)
    world.provider.script.clear()
    await world.later(minutes=HALF_AN_HOUR)
    async with world.over():
        await world.settled(broadcast)
    assert await world.outcomes(broadcast) == {"bounced_hard": len(bounced), "sent": 90 - len(bounced)}
    assert world.copies == dict.fromkeys({*everybody} - bounced | {"anna@customer.test"}, 1)


@pytest.mark.parametrize("word", ["p550-blocked", "p554-dot"])
async def test_who_blocks_us_is_offered_no_more(world: Receiving, word: str) -> None:
    everybody = await world.people(60)
    world.provider.script["gmail.com"] = word
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over():
        assert await world.braked() == ("gmail", 1, "blocked")
    assert ("gmail", "blocked") in await world.waits(broadcast)
    world.provider.script.clear()
    await world.later(minutes=HALF_AN_HOUR)
    async with world.over():
        await world.settled(broadcast)
    await world.conduct()
    async with world.database.begin() as connection:
        again = await lifecycle.retry(connection, broadcast, ["rejected"], actor="staff:1")
    assert again >= 20
    assert len(world.copies) == len(everybody) - again
    await world.conduct()
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys(everybody, 1)


@pytest.mark.parametrize("word", ["cut-before-dot", "cut-after-dot", "silent"])
async def test_who_may_have_it_never_gets_it_again(world: Receiving, word: str) -> None:
    everybody = await world.people(60)
    world.provider.script["gmail.com"] = word
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over(connections=BATCH, timeout=0.5 if word == "silent" else 5):
        assert await world.braked() == ("gmail", 1, "soft")
    unknown = set(await world.ask("SELECT address FROM deliveries WHERE state = 'unknown'"))
    had = {to for to in world.copies if to.endswith("gmail.com")}
    assert len(unknown) >= 10
    assert had == (set() if word == "cut-before-dot" else unknown)
    world.provider.script.clear()
    await world.later(minutes=HALF_AN_HOUR)
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys({*everybody} - unknown | had, 1)
    assert await world.outcomes(broadcast) == {"unknown": len(unknown), "sent": len(everybody) - len(unknown)}


async def test_an_answer_overtakes_the_mailing_at_a_slow_server(world: Receiving) -> None:
    everybody = await world.people(40, others=0)
    world.provider.script["gmail.com"] = "slow"
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.over(connections=2, batch=100):
        await world.until(lambda: len(world.provider.taken) >= 4)
        await world.reply("anna@customer.test")
        before = len(world.provider.taken)
        await world.until(lambda: world.copies["anna@customer.test"] == 1)
        assert len(world.provider.taken) <= before + 10  # the lines have four; sixteen are in hand
        world.provider.script.clear()
        await world.settled(broadcast)
    assert world.copies == dict.fromkeys([*everybody, "anna@customer.test"], 1)
    assert await world.ask("SELECT 1 FROM brakes") == []
