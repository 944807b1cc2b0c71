"""setWebhook: a real bot's server receives what the simulator posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiogram
import pytest
import telegram
from aiogram.exceptions import TelegramBadRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.serving import serving
from simulator.telegram import Bot, Chat, User, World
from tests.simulator.telegram.conftest import Clock
from tests.simulator.telegram.waiting import until


@dataclass
class BotServer:
    """What a bot's own server got, and how it answers."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    status: int = 200

    async def receive(self, request: Request) -> Response:
        self.secrets.append(request.headers.get("x-telegram-bot-api-secret-token"))
        self.got.append(await request.json())
        return Response(status_code=self.status)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[BotServer]:
    receiver = BotServer()
    async with serving(Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])) as url:
        receiver.url = f"{url}/hook"
        yield receiver


async def test_updates_come_in_order_with_the_secret(
    world: World, bot: Bot, chat: Chat, anna: User, aio: aiogram.Bot, receiver: BotServer
) -> None:
    world.say(chat, anna, "before")
    assert await aio.set_webhook(receiver.url, secret_token="s3cret_-", max_connections=7, allowed_updates=["message"])
    for text in ("one", "two", "three"):
        world.say(chat, anna, text)
    world.block(anna, bot)  # not wanted
    await until(lambda: len(bot.inbox) == 0)
    assert receiver.texts == ["before", "one", "two", "three"]
    assert set(receiver.secrets) == {"s3cret_-"}
    info = await aio.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (receiver.url, 0, 7)
    assert info.allowed_updates == ["message"] and info.last_error_message is None


async def test_a_refused_update_is_repeated_before_the_next(
    world: World, bot: Bot, chat: Chat, anna: User, ptb: telegram.Bot, receiver: BotServer, clock: Clock
) -> None:
    receiver.status = 500
    await ptb.set_webhook(receiver.url)
    world.say(chat, anna, "one")
    world.say(chat, anna, "two")
    await until(lambda: len(receiver.got) >= 2)
    info = await ptb.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert info.last_error_date == clock.now and info.pending_update_count == 2
    receiver.status = 204
    await until(lambda: len(bot.inbox) == 0)
    assert receiver.texts[-2:] == ["one", "two"] and "two" not in receiver.texts[:-1]
    assert set(receiver.secrets) == {None}


async def test_a_server_that_is_not_there(
    world: World, bot: Bot, chat: Chat, anna: User, aio: aiogram.Bot, receiver: BotServer
) -> None:
    await aio.set_webhook("http://127.0.0.1:9/hook")
    world.say(chat, anna, "one")

    async def error() -> str | None:
        return (await aio.get_webhook_info()).last_error_message

    while await error() is None:
        pass
    assert await error() == "Connection refused"
    await aio.set_webhook(receiver.url)
    await until(lambda: receiver.got)
    assert receiver.texts == ["one"]


async def test_without_a_webhook_nothing_is_posted(
    world: World, bot: Bot, chat: Chat, anna: User, aio: aiogram.Bot, receiver: BotServer
) -> None:
    await aio.set_webhook(receiver.url)
    await aio.delete_webhook()
    world.say(chat, anna, "for the poll")
    assert (await aio.get_webhook_info()).url == ""
    assert len(await aio.get_updates(timeout=0)) == 1 and receiver.got == []
    await aio.delete_webhook(drop_pending_updates=True)
    assert await aio.get_updates(timeout=0) == []
    await aio.set_webhook(receiver.url)
    assert await aio.set_webhook("")  # the other way to remove it
    assert (await aio.get_webhook_info()).url == ""


REFUSED = [
    ("http://bot.example.org/hook", "", "bad webhook: An HTTPS URL must be provided for webhook"),
    ("hook", "", "bad webhook: An HTTPS URL must be provided for webhook"),
    ("https://bot.example.org/hook", "white space", "secret token contains unallowed characters"),
    ("https://bot.example.org/hook", "тайна", "secret token contains unallowed characters"),
    ("https://bot.example.org/hook", "s" * 257, "secret token is too long"),
]


async def test_what_is_refused(aio: aiogram.Bot) -> None:
    for url, secret, words in REFUSED:
        with pytest.raises(TelegramBadRequest, match=words):
            await aio.set_webhook(url, secret_token=secret)
    assert (await aio.get_webhook_info()).url == ""
