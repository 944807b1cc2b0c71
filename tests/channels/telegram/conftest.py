"""A simulated Telegram on a loopback port, behind a wire that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import TelegramPolling
from domain.messages import ChannelName
from simulator.serving import serving
from simulator.telegram import Bot, Chat, User, World, telegram_app
from tests.channels.telegram.doubles import HOST, TOKEN, Wire


@pytest.fixture
def world() -> World:
    return World(limits=False)


@pytest.fixture
def bot(world: World) -> Bot:
    return world.add_bot(TOKEN, "acme_bot", name="Acme", privacy=False)


@pytest.fixture
def anna(world: World) -> User:
    return world.add_user("Анна", "Петрова", username="anna_p", language_code="ru")


@pytest.fixture
def chat(world: World, anna: User, bot: Bot) -> Chat:
    return world.open_chat(anna, bot)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with serving(telegram_app(world, webhook_retry=0.01)) as url:
        wire = Wire(url)
        await wire.mend()
        yield wire
        await wire.cut()
    assert world.violations == []  # every request of these tests fits the Bot API's schema


@pytest.fixture
def settings(wire: Wire) -> TelegramSettings:
    return TelegramSettings.model_validate(
        {
            "kind": "telegram",
            "token": TOKEN,
            "api_url": wire.url,
            "retry_seconds": 0.01,
            "poll_seconds": 5,
            "webhook_secret": "hook-secret",
        }
    )


@pytest.fixture
async def channel(settings: TelegramSettings, bot: Bot) -> AsyncIterator[TelegramPolling]:
    channel = TelegramPolling(ChannelName("main-bot"), settings, HOST)
    yield channel
    await channel.aclose()
