"""The real loop against the simulated Telegram: nothing is confirmed before it is durable, and nothing stops it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from aiogram.methods import GetUpdates, SetWebhook

from channels.telegram.files import TELEGRAM_LIMIT, TOO_LARGE_FOR_TELEGRAM, with_file
from channels.telegram.parse import parse
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import TelegramPolling, TelegramWebhook, telegram_channel
from domain.errors import Misconfigured, Refused, Unavailable, Unpublished
from domain.messages import ChannelName, Inbound, Report, ReportKind, utcnow
from domain.ports import Listener, Sender, Webhook
from simulator.telegram import Bot, Chat, Upload, User, World
from simulator.telegram.errors import ApiError
from tests.channels.telegram.doubles import HOST, House, Wire, listening, until
from tests.channels.telegram.samples import sample

NAME = ChannelName("main-bot")


def test_each_way_in_is_offered_alone(settings: TelegramSettings) -> None:
    polling = telegram_channel(NAME, settings, HOST)
    webhook = telegram_channel(NAME, settings.model_copy(update={"updates": "webhook"}), HOST)
    assert isinstance(polling, Listener) and isinstance(polling, Sender) and not isinstance(polling, Webhook)
    assert isinstance(webhook, Webhook) and isinstance(webhook, Sender) and not isinstance(webhook, Listener)


async def test_what_people_do_is_accepted_in_order(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House()
    world.say(chat, anna, "/start spring")
    async with listening(channel, house):
        await house.holds(1)
        message = world.say(chat, anna, "Здравствуйте")
        world.say(chat, anna, "Добрый вечер", edit=message.id)
        world.block(anna, bot)
        events = await house.holds(4)
        await until(lambda: len(bot.inbox) == 0)
    first, hello, edit, blocked = events
    assert isinstance(first, Inbound) and isinstance(hello, Inbound) and isinstance(edit, Inbound)
    assert (first.source.campaign, first.language, first.fields["username"]) == ("spring", "ru", "anna_p")
    assert (hello.ref, edit.ref, edit.fields["edited"]) == (f"{anna.id}:2", f"{anna.id}:2", "1")
    assert isinstance(blocked, Report) and blocked.kind is ReportKind.STOPPED


async def test_the_offset_moves_only_after_accept(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House(Unpublished(), Unpublished())
    for text in ("one", "two"):
        world.say(chat, anna, text)
    async with listening(channel, house):
        await until(lambda: len(house.offered) >= 2)
        await house.holds(2)
    assert [event.text for event in house.offered if isinstance(event, Inbound)] == ["one", "one", "one", "two"]
    assert len({event.external_id for event in house.offered[:3]}) == 1


async def test_a_crash_in_accept_leaves_the_update_at_telegram(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House(RuntimeError("a bug"))
    world.say(chat, anna, "one")
    with pytest.raises(RuntimeError, match="a bug"):
        await channel.listen(house.accept)
    assert len(bot.inbox) == 1
    async with listening(channel, house):
        await house.holds(1)
    assert house.texts == ["one"]


async def test_a_cut_in_the_middle_of_a_poll_loses_nothing(
    channel: TelegramPolling,
    world: World,
    chat: Chat,
    anna: User,
    bot: Bot,
    wire: Wire,
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    async with listening(channel, house):
        world.say(chat, anna, "before")
        await until(lambda: house.events and len(bot.inbox) == 0)  # confirmed, so the next poll waits
        await wire.cut()
        world.say(chat, anna, "meanwhile")
        await until(lambda: "cannot be reached" in caplog.text)
        await wire.mend()
        await house.holds(2)
    assert house.texts == ["before", "meanwhile"]


async def test_another_poller_and_a_foreign_webhook_are_sat_out(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    world.fail("getUpdates", ApiError(409, "Conflict: terminated by other getUpdates request"), times=3)
    async with listening(channel, house):
        world.say(chat, anna, "one")
        await house.holds(1)
        await channel._api.call(SetWebhook(url="https://elsewhere.example.com/hook"))
        world.say(chat, anna, "two")
        await house.holds(2)
    assert house.texts == ["one", "two"]
    assert "a webhook was set" in caplog.text


@pytest.mark.parametrize(
    "trouble",
    [
        ApiError(500, "Internal Server Error"),
        ApiError(502, "Bad Gateway"),
        ApiError(429, "Too Many Requests", retry_after=1),
    ],
)
async def test_troubles_of_telegram_are_sat_out(
    trouble: ApiError, channel: TelegramPolling, world: World, chat: Chat, anna: User
) -> None:
    house = House()
    world.fail("getUpdates", trouble)
    world.fail("getWebhookInfo", ApiError(503, "Service Unavailable"))
    world.say(chat, anna, "one")
    async with listening(channel, house):
        await house.holds(1)
    assert house.texts == ["one"]


@pytest.mark.parametrize("code", [401, 404])
async def test_a_wrong_token_is_for_a_person_to_mend(code: int, channel: TelegramPolling, world: World) -> None:
    world.fail("getUpdates", ApiError(code, "Unauthorized" if code == 401 else "Not Found"))
    with pytest.raises(Misconfigured):
        await channel.listen(House().accept)
    world.bots.clear()
    with pytest.raises(Misconfigured):
        await channel.ping()


async def test_an_update_that_nobody_understands_goes_through_as_unreadable(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House()
    bot.inbox.put("message", sample("message_broken")["message"])
    world.say(chat, anna, "after")
    async with listening(channel, house):
        broken, after = await house.holds(2)
    assert isinstance(broken, Inbound) and isinstance(after, Inbound)
    assert broken.unreadable and broken.raw
    assert (after.text, after.unreadable) == ("after", "")


async def test_a_file_comes_with_its_content(channel: TelegramPolling, world: World, chat: Chat, anna: User) -> None:
    house = House()
    world.say(chat, anna, "смета", document=Upload(data=b"%PDF", name="смета.pdf", type="application/pdf"))
    world.fail("getFile", ApiError(500, "Internal Server Error"), times=2)
    async with listening(channel, house):
        [event] = await house.holds(1)
    assert isinstance(event, Inbound)
    [file] = event.files
    assert (file.name, file.type, file.size, file.data) == ("смета.pdf", "application/pdf", 4, b"%PDF")
    assert "file_error" not in event.fields


@pytest.mark.parametrize(
    ("size", "trouble", "words"),
    [
        (1001, ApiError(500, "not even asked"), "larger than this installation takes"),
        (10, ApiError(400, "Bad Request: file is too big"), "20 MB"),
        (10, ApiError(400, "Bad Request: wrong file_id"), "Telegram does not give the file"),
        (10, ApiError(500, "Internal Server Error"), "Internal Server Error"),
        (10, ApiError(429, "Too Many Requests", retry_after=600), "Too Many Requests"),
    ],
)
async def test_a_file_that_cannot_be_had_does_not_cost_the_message(
    size: int, trouble: ApiError, words: str, channel: TelegramPolling, world: World, chat: Chat, anna: User
) -> None:
    house = House()
    world.say(chat, anna, "см. файл", document=Upload(data=b"x" * size))
    world.fail("getFile", trouble, times=4)
    async with listening(channel, house):
        [event] = await house.holds(1)
    assert isinstance(event, Inbound)
    assert (event.text, event.files) == ("см. файл", ())
    assert words in event.fields["file_error"]
    assert event.fields["file_id"]


async def test_telegrams_own_limit_goes_before_ours(channel: TelegramPolling, chat: Chat, anna: User) -> None:
    parsed = parse(sample("video"), channel=NAME, country="RU", now=utcnow())
    assert isinstance(parsed.event, Inbound) and parsed.media
    large = replace(parsed.media, size=TELEGRAM_LIMIT + 1)
    event = await with_file(parsed.event, large, channel._api, limit=TELEGRAM_LIMIT + 9, pause=0)
    assert event.fields["file_error"] == TOO_LARGE_FOR_TELEGRAM


async def test_a_file_that_lies_about_its_size_is_not_read_to_the_end(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House()
    message = world.say(chat, anna, document=Upload(data=b"x" * 5000))
    assert message.content.media
    [update] = bot.inbox.first(1)
    update["message"]["document"]["file_size"] = 10
    async with listening(channel, house):
        [event] = await house.holds(1)
    assert isinstance(event, Inbound)
    assert "larger" in event.fields["file_error"]


async def test_a_refused_file_is_left_out_and_a_refused_message_passed_over(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(Refused("no programs, please"), Refused("nothing from her"))
    world.say(chat, anna, "game", document=Upload(data=b"MZ"))
    async with listening(channel, house):
        await until(lambda: len(house.offered) == 2)
        world.say(chat, anna, "after")
        await house.holds(1)
    bare = house.offered[1]
    assert isinstance(bare, Inbound)
    assert (bare.files, bare.fields["file_error"]) == ((), "no programs, please")
    assert house.texts == ["after"]
    assert "nothing from her" in caplog.text


async def test_the_offset_is_forgotten_once_all_is_confirmed(
    settings: TelegramSettings, bot: Bot, world: World, chat: Chat, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a silent week update ids start anywhere, lower ones included."""
    channel = TelegramPolling(NAME, settings.model_copy(update={"poll_seconds": 0}), HOST)
    offsets: list[int | None] = []
    call = channel._api.call

    async def watched(method: Any, **kwargs: Any) -> Any:
        if isinstance(method, GetUpdates):
            offsets.append(method.offset)
        return await call(method, **kwargs)

    monkeypatch.setattr(channel._api, "call", watched)
    house = House()
    world.say(chat, anna, "one")
    async with listening(channel, house):
        await until(lambda: len(offsets) >= 3)
    await channel.aclose()
    assert offsets[0] is None and offsets[1] is not None and offsets[2] is None


@pytest.mark.parametrize("answer", [{}, [1], [{"message": {}}]])
async def test_an_answer_that_is_no_list_of_updates(
    answer: Any, channel: TelegramPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nonsense(*_: Any, **__: Any) -> Any:
        return answer

    monkeypatch.setattr(channel._api, "call", nonsense)
    with pytest.raises(Unavailable):
        await channel._poll(House().accept)


async def test_no_token_in_any_log(channel: TelegramPolling, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await wire.cut()
    async with listening(channel, House()):
        await until(lambda: caplog.text.count("cannot be reached") >= 2)
    assert "secret-word" not in caplog.text


def test_the_webhook_needs_a_secret(settings: TelegramSettings) -> None:
    with pytest.raises(ValueError, match="webhook_secret"):
        TelegramWebhook(NAME, settings.model_copy(update={"webhook_secret": None}), HOST)
