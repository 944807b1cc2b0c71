"""Telegram's true rate limits, with a clock that is moved by hand."""

from __future__ import annotations

from datetime import timedelta

import aiogram
import pytest
import telegram
from aiogram.exceptions import TelegramRetryAfter
from aiogram.types import BufferedInputFile, InputMediaDocument
from httpx2 import AsyncClient

from simulator.serving import serving
from simulator.telegram import Bot, Chat, User, World, telegram_app
from tests.simulator.telegram.conftest import TOKEN, Clock


async def _fill(bot: aiogram.Bot, chat: Chat, count: int) -> None:
    for number in range(count):
        await bot.send_message(chat.id, str(number))


async def _refused(bot: aiogram.Bot, chat: Chat) -> int:
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(chat.id, "too many")
    return caught.value.retry_after


async def test_a_private_chat_takes_one_a_second_after_a_burst(
    world: World, chat: Chat, clock: Clock, aio: aiogram.Bot
) -> None:
    await _fill(aio, chat, 5)
    assert await _refused(aio, chat) == 5
    clock.pass_by(3.3)
    assert await _refused(aio, chat) == 2  # 1.7 rounded up
    clock.pass_by(1.7)
    for _ in range(10):
        clock.pass_by(1)
        await aio.send_message(chat.id, "steady")
    assert len(world.messages(chat)) == 15


async def test_a_group_takes_twenty_a_minute(
    world: World,
    bot: Bot,
    anna: User,
    clock: Clock,
    aio: aiogram.Bot,
    ptb: telegram.Bot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the form of the next major version
    group = world.add_group("Sales", [anna], [bot])
    await _fill(aio, group, 20)
    assert await _refused(aio, group) == 60
    clock.pass_by(59.5)
    with pytest.raises(telegram.error.RetryAfter) as caught:
        await ptb.send_message(group.id, "too many")
    assert caught.value.retry_after == timedelta(seconds=1)
    clock.pass_by(0.5)
    await _fill(aio, group, 20)


async def test_a_bot_sends_thirty_a_second_in_all(world: World, bot: Bot, clock: Clock, aio: aiogram.Bot) -> None:
    people = [world.add_user(f"P{number}") for number in range(31)]
    chats = [world.open_chat(person, bot) for person in people]
    for chat in chats[:30]:
        await aio.send_message(chat.id, "x")
    assert await _refused(aio, chats[30]) == 1
    clock.pass_by(1)
    assert await aio.send_message(chats[30].id, "x")


async def test_what_counts_and_what_does_not(world: World, bot: Bot, anna: User, chat: Chat, aio: aiogram.Bot) -> None:
    sent = await aio.send_message(chat.id, "1")
    await aio.edit_message_text("2", chat_id=chat.id, message_id=sent.message_id)
    files = [InputMediaDocument(media=BufferedInputFile(b"x", "x")) for _ in range(3)]
    await aio.send_media_group(chat.id, [*files])
    assert await _refused(aio, chat) == 5
    with pytest.raises(TelegramRetryAfter):
        await aio.edit_message_text("3", chat_id=chat.id, message_id=sent.message_id)
    assert await aio.send_chat_action(chat.id, "typing")
    assert await aio.delete_message(chat.id, sent.message_id)
    other = world.add_bot("5:five", "other_bot")
    world.limits.spend(other, world.open_chat(anna, other))  # each bot has its own limits


async def test_the_shape_of_a_429(world: World, bot: Bot, anna: User, http: AsyncClient) -> None:
    group = world.add_group("Sales", [anna], [bot])
    answers = [await http.get(f"sendMessage?chat_id={group.id}&text=x") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[20].headers["retry-after"] == "60"
    assert answers[20].json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 60",
        "parameters": {"retry_after": 60},
    }


async def test_limits_can_be_switched_off(clock: Clock) -> None:
    world = World(limits=False, clock=clock)
    chat = world.open_chat(world.add_user("Anna"), world.add_bot(TOKEN, "acme_bot"))
    async with serving(telegram_app(world)) as url, AsyncClient(base_url=f"{url}/bot{TOKEN}/") as http:
        for _ in range(40):
            assert (await http.get(f"sendMessage?chat_id={chat.id}&text=x")).status_code == 200
