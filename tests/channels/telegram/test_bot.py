"""Sending against the simulated Telegram: what people then see, and every refusal as its kind of error."""

from __future__ import annotations

import asyncio
import struct
import traceback
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiogram.methods import GetMe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.telegram.api import scrub
from channels.telegram.bot import TelegramSender
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import TelegramPolling
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Uncertain, Unreachable
from domain.messages import Button, ChannelName, File, Outbound
from simulator.serving import serving
from simulator.telegram import Bot, Chat, Message, User, World
from simulator.telegram.errors import ApiError
from tests.channels.telegram.doubles import HOST, SECRET_PART, TOKEN, Wire

BUTTONS = ((Button(text="Беру", data="take:1"),),)


def png(width: int, height: int) -> bytes:
    """The head of a PNG: all that a server looks at."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


@pytest.fixture
def hello(anna: User, chat: Chat) -> Outbound:
    return Outbound(delivery="1", to=str(anna.id), text="Здравствуйте")


def last(world: World, chat: Chat) -> Message:
    return world.messages(chat)[-1]


async def test_a_text_arrives_as_it_was_written(
    channel: TelegramPolling, world: World, chat: Chat, hello: Outbound
) -> None:
    sent = await channel.send(replace(hello, text="1 < 2 & <b>"))
    assert (sent.external_id, sent.others) == (f"{chat.id}:1", ())
    assert last(world, chat).text == "1 < 2 & <b>"


async def test_html_buttons_and_the_answered_message(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, hello: Outbound
) -> None:
    asked = world.say(chat, anna, "Сколько?")
    await channel.send(replace(hello, html="<b>100</b> &lt;", buttons=BUTTONS, reply_to=(f"{chat.id}:{asked.id}",)))
    answer = last(world, chat)
    assert (answer.text, answer.html) == ("100 <", "<b>100</b> &lt;")
    assert answer.reply_to and answer.reply_to.id == asked.id
    assert answer.buttons[0][0].data == "take:1"


async def test_an_answered_message_that_is_gone_does_not_matter(
    channel: TelegramPolling, world: World, chat: Chat, hello: Outbound
) -> None:
    await channel.send(replace(hello, reply_to=(f"{chat.id}:999",)))
    assert last(world, chat).reply_to is None


async def test_a_long_text_arrives_in_parts(
    channel: TelegramPolling, world: World, chat: Chat, hello: Outbound
) -> None:
    text = "Раз, два, три. " * 800
    sent = await channel.send(replace(hello, html=f"<i>{text}</i>", buttons=BUTTONS))
    parts = world.messages(chat)
    assert len(parts) == 3
    assert [sent.external_id, *sent.others] == [f"{chat.id}:{part.id}" for part in parts]
    assert " ".join(part.text for part in parts) == text.strip()
    assert [bool(part.buttons) for part in parts] == [False, False, True]


async def test_a_trouble_between_the_parts_does_not_send_the_first_twice(
    channel: TelegramPolling, world: World, chat: Chat, hello: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, calls = channel._api.call, iter([None, ApiError(502, "Bad Gateway"), None])

    async def troubled(method: Any, **kwargs: Any) -> Any:
        if trouble := next(calls):
            world.fail("sendMessage", trouble)
        return await call(method, **kwargs)

    monkeypatch.setattr(channel._api, "call", troubled)
    sent = await channel.send(replace(hello, text="word " * 1000))
    assert len(world.messages(chat)) == 1 + len(sent.others) == 2


async def test_files(channel: TelegramPolling, world: World, chat: Chat, hello: Outbound) -> None:
    files = (
        File(name="plan.png", type="image/png", size=24, data=png(100, 80)),
        File(name="смета.pdf", type="application/pdf", size=4, data=b"%PDF"),
        File(name="note.ogg", type="audio/ogg", size=4, data=b"OggS"),
        File(name="wide.png", type="image/png", size=24, data=png(4000, 10)),  # refused as a photo
    )
    sent = await channel.send(replace(hello, files=files))
    seen = [(m.content.media.kind, m.content.media.file.data) for m in world.messages(chat) if m.content.media]
    kinds = ["photo", "document", "voice", "document"]
    assert seen == list(zip(kinds, [file.data for file in files], strict=True))
    assert (world.messages(chat)[0].text, len(sent.others)) == ("Здравствуйте", 3)
    assert [m.content.media.file.name for m in world.messages(chat) if m.content.media][1] == "смета.pdf"


async def test_an_edit_in_place_and_again(channel: TelegramPolling, world: World, chat: Chat, hello: Outbound) -> None:
    sent = await channel.send(replace(hello, buttons=BUTTONS))
    edit = replace(hello, text="Взято", edits=sent.external_id)
    for _ in range(2):  # the second time "message is not modified"
        assert (await channel.send(edit)).external_id == sent.external_id
    assert (last(world, chat).text, last(world, chat).buttons) == ("Взято", ())
    await channel.send(replace(hello, text="", edits=sent.external_id, buttons=BUTTONS))
    assert (last(world, chat).text, bool(last(world, chat).buttons)) == ("Взято", True)


async def test_an_edit_of_a_caption(channel: TelegramPolling, world: World, chat: Chat, hello: Outbound) -> None:
    photo = File(name="a.png", type="image/png", size=24, data=png(9, 9))
    sent = await channel.send(replace(hello, files=(photo,)))
    await channel.send(replace(hello, text="Другое", edits=sent.external_id))
    assert last(world, chat).text == "Другое"
    assert last(world, chat).content.media


async def test_an_edit_of_nothing(channel: TelegramPolling, hello: Outbound) -> None:
    with pytest.raises(Rejected, match="not found"):
        await channel.send(replace(hello, edits=f"{hello.to}:99"))


async def test_a_press_is_answered_and_a_late_answer_is_no_failure(
    channel: TelegramPolling, world: World, chat: Chat, anna: User, hello: Outbound
) -> None:
    await channel.send(replace(hello, buttons=BUTTONS))
    press = world.press(chat, anna, 1, "take:1")
    sent = await channel.send(replace(hello, text="Взято", answers=press.id))
    assert (sent.external_id, press.answer) == (press.id, "Взято")
    assert (await channel.send(replace(hello, answers="12345"))).external_id == "12345"
    assert len(world.messages(chat)) == 1


class Moved(ApiError):
    """The refusal with ResponseParameters.migrate_to_chat_id."""

    def body(self) -> dict[str, Any]:
        return super().body() | {"parameters": {"migrate_to_chat_id": int(self.description.rpartition(" ")[2])}}


async def test_a_group_is_followed_to_its_supergroup(
    channel: TelegramPolling, world: World, bot: Bot, anna: User, hello: Outbound
) -> None:
    group = world.add_group("Продажи", [anna], [bot])
    world.fail("sendMessage", Moved(400, f"Bad Request: group chat was upgraded to {group.id}"))
    sent = await channel.send(replace(hello, to="-4567", reply_to=("-4567:3",)))
    assert sent.external_id == f"{group.id}:1"
    world.fail("sendMessage", Moved(400, f"Bad Request: group chat was upgraded to {group.id}"), times=2)
    with pytest.raises(Rejected):  # once is enough: no chase round a circle
        await channel.send(replace(hello, to="-4567"))


async def test_who_cannot_be_reached(
    channel: TelegramPolling, world: World, bot: Bot, anna: User, hello: Outbound
) -> None:
    with pytest.raises(Unreachable, match="chat not found"):
        await channel.send(replace(hello, to="123"))
    group = world.add_group("Продажи", [anna], [bot])
    world.expel(group, anna, bot)
    with pytest.raises(Unreachable, match="kicked"):
        await channel.send(replace(hello, to=str(group.id)))
    world.block(anna, bot)
    with pytest.raises(Unreachable, match="blocked by the user") as caught:
        await channel.send(hello)
    assert caught.value.code == "403"


async def test_markup_that_telegram_refuses(channel: TelegramPolling, hello: Outbound) -> None:
    with pytest.raises(Rejected, match="can't parse entities"):
        await channel.send(replace(hello, html="<blink>x</blink>"))


async def test_the_true_limits(channel: TelegramPolling, world: World, bot: Bot, anna: User, hello: Outbound) -> None:
    world.limits.enabled = True
    group = world.add_group("Продажи", [anna], [bot])
    with pytest.raises(Throttled) as caught:
        for _ in range(21):  # 20 a minute
            await channel.send(replace(hello, to=str(group.id)))
    assert caught.value.address_only
    assert timedelta(seconds=1) <= caught.value.retry_after <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (ApiError(401, "Unauthorized"), Misconfigured),
        (ApiError(404, "Not Found"), Misconfigured),
        (ApiError(409, "Conflict"), Unavailable),
        (ApiError(500, "Internal Server Error"), Unavailable),
        (ApiError(429, "Too Many Requests", retry_after=7), Throttled),
    ],
)
async def test_each_trouble_is_an_error_of_ours(
    trouble: ApiError, kind: type[SendError], channel: TelegramPolling, world: World, hello: Outbound
) -> None:
    world.fail("sendMessage", trouble)
    with pytest.raises(kind):
        await channel.send(hello)


async def _page(_: Request) -> Response:
    """A portal's page in the place of the Bot API."""
    return Response(b"<h1>Pay your bill</h1>", status_code=403, media_type="text/html")


async def test_a_strangers_page_says_nothing_about_the_customer(settings: TelegramSettings, hello: Outbound) -> None:
    portal = Starlette(routes=[Route("/{path:path}", _page, methods=["GET", "POST"])])
    async with serving(portal) as url:
        elsewhere = settings.model_copy(update={"api_url": url})
        async with aclosing(TelegramSender(ChannelName("b"), elsewhere, HOST)) as sender:
            with pytest.raises(Unavailable, match="403 The answer does not come from"):  # not Telegram's 403
                await sender.send(hello)
            with pytest.raises(Rejected, match="does not give"):
                await sender._api.download("photos/1.jpg", 10)


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", '{"ok": true}', '{"ok": true, "result": null}', '{"ok": true, "result": {}}', "x"]
)
async def test_nonsense_is_no_good_bot(body: str, settings: TelegramSettings, hello: Outbound) -> None:
    async def answer(request: Request) -> Response:
        return Response(body, media_type="application/json")

    async with serving(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])) as url:
        elsewhere = settings.model_copy(update={"api_url": url})
        async with aclosing(TelegramSender(ChannelName("b"), elsewhere, HOST)) as sender:
            with pytest.raises(Unavailable):
                await sender.ping()
            with pytest.raises(Unavailable):
                await sender.send(hello)


async def test_who_the_bot_is(channel: TelegramPolling) -> None:
    await channel.ping()
    assert await channel.username() == "acme_bot"


async def test_closing_twice_is_fine(channel: TelegramPolling) -> None:
    await channel.ping()
    await channel.aclose()
    await channel.aclose()


LEAKS = [
    aiohttp.InvalidURL(f"https://api.telegram.org/bot{TOKEN}/getMe"),
    aiohttp.ClientConnectionError(f"https://api.telegram.org/bot{TOKEN.replace(':', '%3A')}/getMe"),
    OSError(f"/bot{TOKEN}/getMe"),
    UnicodeDecodeError("utf-8", TOKEN.encode(), 0, 1, TOKEN),
    TimeoutError(TOKEN),
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: type(leak).__name__)
async def test_no_error_shows_the_token(
    leak: Exception, channel: TelegramPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP clients put the URL into their errors, and the URL holds the token."""

    async def leaking(*_: Any, **__: Any) -> Any:
        raise leak

    session = await channel._api._session.create_session()
    monkeypatch.setattr(session, "_request", leaking)
    for work in (channel._api.call(GetMe()), channel._api.download("photos/1.jpg", 10)):
        with pytest.raises(Unavailable) as caught:
            await work
        shown = "".join(traceback.format_exception(caught.value))
        assert SECRET_PART not in f"{shown} {caught.value!r} {caught.value.reason}"


async def test_a_refusal_that_repeats_the_token_does_not_show_it(
    channel: TelegramPolling, world: World, hello: Outbound
) -> None:
    world.fail("sendMessage", ApiError(400, f"Bad Request: /bot{TOKEN}/sendMessage"))
    with pytest.raises(Rejected) as caught:
        await channel.send(hello)
    assert SECRET_PART not in caught.value.reason
    assert SECRET_PART not in f"{channel!r} {vars(channel)} {vars(channel._api)}"


async def test_a_cut_wire_is_unavailable(channel: TelegramPolling, wire: Wire, hello: Outbound) -> None:
    await channel.ping()
    await wire.cut()
    with pytest.raises(Unavailable) as caught:
        await channel.send(hello)
    assert SECRET_PART not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", None])
async def test_whoever_hung_up_or_fell_silent_may_have_sent_it(
    answer: bytes | None, settings: TelegramSettings, hello: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            if answer is None:
                await reader.read()
            writer.write(answer or b"")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    done = asyncio.Event()
    monkeypatch.setattr("channels.telegram.bot._UPLOAD_SECONDS", 1)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        elsewhere = settings.model_copy(update={"api_url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
        async with aclosing(TelegramSender(ChannelName("b"), elsewhere, HOST)) as sender:
            with pytest.raises(Uncertain) as caught:
                await sender.send(hello)
        await done.wait()
    assert SECRET_PART not in "".join(traceback.format_exception(caught.value))


async def test_whoever_cannot_be_reached_has_not_sent_it(settings: TelegramSettings, hello: Outbound) -> None:
    elsewhere = settings.model_copy(update={"api_url": "http://127.0.0.1:1"})
    async with aclosing(TelegramSender(ChannelName("b"), elsewhere, HOST)) as sender:
        with pytest.raises(Unavailable) as caught:
            await sender.send(hello)
    assert not isinstance(caught.value, Uncertain)


def test_scrubbing() -> None:
    assert scrub(f"a {TOKEN} b 100200%3A{SECRET_PART}", TOKEN) == "a *** b 100200%3A***"


async def test_words_arrive_without_a_picture_that_telegram_cannot_fetch(
    channel: TelegramPolling, world: World, chat: Chat, hello: Outbound
) -> None:
    world.fail("sendPhoto", ApiError(400, "Bad Request: failed to get HTTP URL content"))
    await channel.send(replace(hello, photo="https://shop.example/apple.jpg"))
    assert last(world, chat).text == "Здравствуйте"
