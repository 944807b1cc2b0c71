"""A world, its Bot API on a loopback port, and two clients that nobody here wrote: aiogram and python-telegram-bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiogram
import pytest
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from httpx2 import AsyncClient

from simulator.serving import serving
from simulator.telegram import Bot, Chat, User, World, telegram_app

TOKEN = "100200:AA_secret-word"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Session(AiohttpSession):
    """aiogram's session waits a quarter of a second for TLS connections when it is closed: here are none."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock=clock)


@pytest.fixture
def bot(world: World) -> Bot:
    return world.add_bot(TOKEN, "acme_bot", name="Acme")


@pytest.fixture
def anna(world: World) -> User:
    return world.add_user("Анна", "Петрова", username="anna_p", language_code="ru")


@pytest.fixture
def chat(world: World, anna: User, bot: Bot) -> Chat:
    return world.open_chat(anna, bot)


@pytest.fixture
async def server(world: World) -> AsyncIterator[str]:
    """The base URL."""
    async with serving(telegram_app(world, webhook_retry=0.01)) as url:
        yield url


@pytest.fixture
async def aio(server: str, bot: Bot) -> AsyncIterator[aiogram.Bot]:
    """aiogram's client of the bot."""
    session = Session(api=TelegramAPIServer.from_base(server))
    async with aiogram.Bot(bot.token, session=session) as client:
        yield client


@pytest.fixture
async def ptb(server: str, bot: Bot) -> AsyncIterator[telegram.Bot]:
    """python-telegram-bot's client of the bot."""
    async with telegram.Bot(bot.token, base_url=f"{server}/bot", base_file_url=f"{server}/file/bot") as client:
        yield client


@pytest.fixture
async def http(server: str, bot: Bot) -> AsyncIterator[AsyncClient]:
    """A bare HTTP client whose paths are the bot's methods."""
    async with AsyncClient(base_url=f"{server}/bot{bot.token}/") as client:
        yield client
