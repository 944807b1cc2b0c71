"""Customers go on in the bot whose name Telegram told: sooner or later it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from app import following
from app.following import BotName
from domain.errors import SendError, Unavailable
from domain.messages import ChannelName


class Bot:
    """Tells what it is told to."""

    name = ChannelName("bot")

    def __init__(self, *answers: str | SendError) -> None:
        self._answers: Iterator[str | SendError] = iter(answers)
        self.told = asyncio.Event()

    async def ping(self) -> None:
        """There is nobody."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def username(self) -> str:
        answer = next(self._answers)
        if isinstance(answer, SendError):
            raise answer
        self.told.set()
        return answer


async def test_it_is_asked_for_until_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AGAIN", 0.0)
    known = BotName()
    assert known() == ""
    bot = Bot(Unavailable("busy"), Unavailable("busy"), "orchard_bot")
    asking = asyncio.create_task(known.learn(bot))
    await asyncio.wait_for(bot.told.wait(), 5)
    await asyncio.sleep(0)
    assert (known(), asking.done()) == ("orchard_bot", False)
    again = asyncio.create_task(known.learn(Bot()))  # another role of the same process: nobody is asked
    await asyncio.sleep(0)
    for task in (asking, again):
        assert not task.done()
        task.cancel()
