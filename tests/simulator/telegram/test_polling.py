"""getUpdates: offsets, long polls and who may poll."""

from __future__ import annotations

import asyncio

import aiogram
import pytest
import telegram
import telegram.ext
from aiogram.exceptions import TelegramConflictError
from httpx2 import AsyncClient, ReadTimeout
from telegram.error import Conflict

from simulator.telegram import Bot, Chat, User, World
from tests.simulator.telegram.waiting import until


def _say(world: World, chat: Chat, anna: User, *texts: str) -> None:
    for text in texts:
        world.say(chat, anna, text)


async def _texts(bot: aiogram.Bot, offset: int | None = None, limit: int | None = None) -> list[str | None]:
    updates = await bot.get_updates(timeout=0, offset=offset, limit=limit)
    return [update.message.text for update in updates if update.message]


async def test_updates_stay_until_an_offset_passes_them(world: World, chat: Chat, anna: User, aio: aiogram.Bot) -> None:
    _say(world, chat, anna, "a", "b", "c", "d")
    first = (await aio.get_updates(timeout=0))[0].update_id
    assert await _texts(aio) == ["a", "b", "c", "d"]
    assert await _texts(aio, limit=2) == ["a", "b"]
    assert await _texts(aio, offset=first + 1) == ["b", "c", "d"]
    assert await _texts(aio) == ["b", "c", "d"]  # "a" was confirmed for good
    assert await _texts(aio, offset=first) == ["b", "c", "d"]  # an old offset brings nothing back
    assert await _texts(aio, offset=-2) == ["c", "d"]
    assert await _texts(aio) == ["c", "d"]  # a negative offset forgets what lies before
    assert await _texts(aio, offset=-50) == ["c", "d"]
    assert await _texts(aio, offset=first + 4) == []
    _say(world, chat, anna, "e")
    assert (await aio.get_updates(timeout=0))[0].update_id == first + 4


async def test_the_limit_is_between_1_and_100(world: World, chat: Chat, anna: User, aio: aiogram.Bot) -> None:
    _say(world, chat, anna, *map(str, range(120)))
    for limit, got in [(None, 100), (0, 1), (-5, 1), (1, 1), (100, 100), (1000, 100)]:
        assert len(await aio.get_updates(timeout=0, limit=limit)) == got


async def _polling(bot: Bot) -> None:
    await until(lambda: bot.inbox.polled)


async def test_a_long_poll_wakes_at_once(
    world: World, bot: Bot, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    poll = asyncio.create_task(aio.get_updates(timeout=30))
    await _polling(bot)
    world.say(chat, anna, "wake up")
    async with asyncio.timeout(5):
        [update] = await poll
    other = asyncio.create_task(ptb.get_updates(offset=update.update_id + 1, timeout=30))
    await _polling(bot)
    world.say(chat, anna, "and again")
    async with asyncio.timeout(5):
        [second] = await other
    assert update.message and update.message.text == "wake up"
    assert second.message and second.message.text == "and again"


async def test_a_long_poll_ends_empty_when_nobody_says_anything(aio: aiogram.Bot) -> None:
    assert await aio.get_updates(timeout=1) == []


async def test_a_second_poll_ends_the_first(bot: Bot, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    first = asyncio.create_task(aio.get_updates(timeout=30))
    await _polling(bot)
    second = asyncio.create_task(ptb.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request; make sure that only one"):
        await first
    await _polling(bot)
    assert await aio.get_updates(timeout=0) == []
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await second


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    poll = asyncio.create_task(aio.get_updates(timeout=30))
    await _polling(bot)
    await ptb.set_webhook("https://bot.example.org/hook")
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await aio.get_updates(timeout=0)
    await ptb.delete_webhook()
    assert await aio.get_updates(timeout=0) == []


async def test_a_client_that_went_away_takes_nothing_with_it(
    world: World, bot: Bot, chat: Chat, anna: User, http: AsyncClient
) -> None:
    with pytest.raises(ReadTimeout):
        await http.get("getUpdates?timeout=50", timeout=0.2)
    await until(lambda: not bot.inbox.polled)
    world.say(chat, anna, "still here")
    answer = await http.get("getUpdates")
    assert answer.json()["result"][0]["message"]["text"] == "still here"


async def test_only_the_wanted_kinds_are_queued(world: World, chat: Chat, anna: User, aio: aiogram.Bot) -> None:
    bot = world.bots[aio.token]
    await aio.get_updates(timeout=0, allowed_updates=["message"])
    world.block(anna, bot)
    world.unblock(anna, bot)
    world.say(chat, anna, "text")
    assert await _texts(aio) == ["text"]
    await aio.get_updates(timeout=0, allowed_updates=[])  # back to the default
    world.block(anna, bot)
    assert [u.event_type for u in await aio.get_updates(timeout=0)] == ["message", "my_chat_member"]


async def test_an_application_of_ptb_runs_on_it(world: World, chat: Chat, anna: User, server: str, bot: Bot) -> None:
    """The whole framework, its own polling included: nothing that it calls is unknown here."""
    got: asyncio.Queue[str] = asyncio.Queue()

    async def answer(update: telegram.Update, _context: object) -> None:
        assert update.message and update.message.text
        await update.message.reply_text(f"echo {update.message.text}")
        got.put_nowait(update.message.text)

    builder = telegram.ext.Application.builder().token(bot.token).base_url(f"{server}/bot").updater(None)
    application = builder.build()
    application.add_handler(telegram.ext.MessageHandler(telegram.ext.filters.TEXT, answer))
    async with application:
        updater = telegram.ext.Updater(application.bot, application.update_queue)
        async with updater:
            await updater.start_polling(timeout=5)
            await application.start()
            world.say(chat, anna, "ping")
            async with asyncio.timeout(5):
                assert await got.get() == "ping"
            await updater.stop()
            await application.stop()
    assert [message.text for message in world.messages(chat)] == ["ping", "echo ping"]
    assert world.violations == []
