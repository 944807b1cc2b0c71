"""A mailing to a Telegram that refuses with 429: it waits as long as it is told, loses nothing, and doubles nothing.

The Telegram is `simulator.telegram`, with its limits on and a clock that stands still, behind the real channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest

from broadcasts.progress import Wait, progress
from channels.telegram.bot import TelegramSender
from channels.telegram.settings import TelegramSettings
from domain.messages import ChannelName, utcnow
from simulator.serving import serving
from simulator.telegram import Bot, Chat, telegram_app
from simulator.telegram import World as Telegram
from simulator.telegram.errors import too_many
from store.engine import Database
from tests.broadcasts.receiving import moved
from tests.broadcasts.world import Wire, World
from tests.channels.telegram.doubles import HOST, TOKEN

AT_ONCE = 30
"""Messages of a bot in a second (`simulator.telegram.limits.PER_BOT`)."""
WAIT = timedelta(seconds=45)
"""How long Telegram wants to be left alone."""
RESTING = "SELECT until FROM pauses WHERE until > now()"


class Chatting(World):
    """Everybody reads in Telegram."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.now = utcnow()
        self.telegram = Telegram(clock=lambda: self.now)
        self.bot: Bot = self.telegram.add_bot(TOKEN, "orchard_bot")
        self.chats: list[Chat] = []

    async def readers(self, count: int) -> None:
        for n in range(count):
            user = self.telegram.add_user(f"Reader {n}")
            self.chats.append(self.telegram.open_chat(user, self.bot))
            await self.person(telegram=str(user.id))

    @asynccontextmanager
    async def over(self) -> AsyncIterator[None]:
        """The send loop and the real bot are at work."""
        async with serving(telegram_app(self.telegram)) as url:
            settings = TelegramSettings.model_validate({"kind": "telegram", "token": TOKEN, "api_url": url})
            bot = TelegramSender(ChannelName("bot"), settings, HOST)
            self.wires["bot"] = cast(Wire, bot)
            try:
                async with self.sending():
                    yield
            finally:
                await bot.aclose()

    @property
    def copies(self) -> list[int]:
        """How many each reader has."""
        return [len(self.telegram.messages(chat)) for chat in self.chats]

    async def resting(self) -> datetime:
        """Send until Telegram has had enough; until when nothing goes out."""
        async with self.over(), asyncio.timeout(20):
            while not (found := await self.ask(RESTING)):  # noqa: ASYNC110 - what happens, happens in other tasks
                await asyncio.sleep(0.01)
        return cast(datetime, found[0])

    async def waits(self, broadcast: UUID) -> Sequence[Wait]:
        """What a marketer sees of it."""
        row = await self.get(broadcast)
        async with self.database.begin() as connection:
            return (await progress(connection, row, self.accounts, utcnow())).waits

    async def later(self, seconds: float) -> None:
        """Let that much time pass, here and there."""
        self.now += timedelta(seconds=seconds)
        await moved(self, timedelta(seconds=seconds))

    async def claimable(self) -> int:
        """How many rows might go out now; none does."""
        async with self.database.begin() as connection:
            rows = await self.mailings().claim(connection, ChannelName("bot"), 1000, timedelta(seconds=60))
            await connection.rollback()
        return len(rows)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Chatting]:
    database = Database(database_url, pool=6)
    chatting = Chatting(database)
    yield chatting
    await database.aclose()
    assert chatting.telegram.violations == []


async def test_a_mailing_waits_as_long_as_telegram_says(world: Chatting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.telegram.limits.PER_BOT", (AT_ONCE, WAIT.total_seconds()))
    await world.readers(70)
    broadcast = await world.broadcast({"channel": "bot"})
    await world.conduct()
    for number in (1, 2):
        since, until = utcnow(), await world.resting()
        times = since + WAIT, utcnow() + WAIT
        assert times[0] <= until <= times[1]
        assert sum(world.copies) == AT_ONCE * number
        waits = await world.waits(broadcast)
        assert sum(wait.count for wait in waits) == 70 - AT_ONCE * number
        assert all(wait.until and times[0] <= wait.until <= times[1] for wait in waits)
        assert all(wait.reason == "later" or "Too Many Requests" in wait.words for wait in waits)
        await world.later(30)
        assert await world.claimable() == 0
        await world.later(15.1)
        refused = world.telegram.limits.refused
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == [1] * 70
    assert world.telegram.limits.refused == refused
    assert await world.outcomes(broadcast) == {"sent": 70}
    assert await world.ask("SELECT DISTINCT attempts FROM deliveries") == [1]  # to be told to wait is no attempt


async def test_a_refusal_out_of_the_blue_delays_all_and_loses_nobody(world: Chatting) -> None:
    await world.readers(20)
    world.telegram.faults.append(("sendmessage", too_many(3600)))
    broadcast = await world.broadcast({"channel": "bot"})
    await world.conduct()
    await world.resting()
    before = sum(world.copies)
    assert before < 20
    await world.later(3590)
    assert await world.claimable() == 0
    await world.later(11)
    async with world.over():
        await world.settled(broadcast)
    assert world.copies == [1] * 20
    assert await world.outcomes(broadcast) == {"sent": 20}
