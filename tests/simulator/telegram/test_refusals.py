"""Telegram's refusals: the status, the shape and the words. Every row is a request and what comes back."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import aiogram
import pytest
import telegram
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile
from httpx2 import AsyncClient

from simulator.telegram import ApiError, Bot, Chat, Upload, User, World
from tests.simulator.telegram.conftest import TOKEN, Clock, Session
from tests.simulator.telegram.pictures import JPEG, png

CHAT = 7_000_000_001
MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _keyboard(**button: object) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


def _message(**parameters: object) -> tuple[str, dict[str, object]]:
    return "sendMessage", {"chat_id": CHAT, "text": "x", **parameters}


BAD_REQUESTS: list[tuple[tuple[str, dict[str, Any]], str]] = [
    (_message(text=""), "message text is empty"),
    (_message(text=" \n\t"), "text must be non-empty"),
    (_message(text="<b></b>", parse_mode="HTML"), "text must be non-empty"),
    (_message(text="x" * 4097), "message is too long"),
    (_message(text="😀" * 2049), "message is too long"),
    (_message(chat_id=""), "chat_id is empty"),
    (_message(chat_id=1), "chat not found"),
    (_message(chat_id="@nobody"), "chat not found"),
    (_message(parse_mode="BBCode"), "unsupported parse_mode"),
    (
        _message(text="<b>x", parse_mode="html"),
        "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    ),
    (_message(reply_parameters={"message_id": 99}), "message to be replied not found"),
    (_message(reply_to_message_id=99), "message to be replied not found"),
    (_message(reply_markup=_keyboard(text="t", callback_data="ж" * 33)), "BUTTON_DATA_INVALID"),
    (
        _message(reply_markup=_keyboard(text="t")),
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        _message(reply_markup=_keyboard(text=" ", callback_data="d")),
        'can\'t parse inline keyboard button: Field "text" must be non-empty',
    ),
    (
        _message(reply_markup=_keyboard(text="t", url="http://localhost:8000/")),
        "inline keyboard button URL 'http://localhost:8000/' is invalid: Wrong HTTP URL",
    ),
    (
        _message(reply_markup=_keyboard(text="t", url="ftp://example.org/")),
        "inline keyboard button URL 'ftp://example.org/' is invalid: Unsupported URL protocol",
    ),
    (
        _message(reply_markup={"inline_keyboard": [[{"text": "t", "callback_data": "d"}] * 8] * 13}),
        "REPLY_MARKUP_TOO_LONG",
    ),
    (("editMessageText", {"chat_id": CHAT, "message_id": 99, "text": "x"}), "message to edit not found"),
    (("editMessageText", {"chat_id": CHAT, "message_id": 1, "text": "x"}), "message can't be edited"),
    (("editMessageText", {"chat_id": CHAT, "message_id": 2, "text": ""}), "message text is empty"),
    (("editMessageText", {"chat_id": CHAT, "message_id": 2, "text": " "}), "text must be non-empty"),
    (("editMessageText", {"chat_id": CHAT, "message_id": 2, "text": "ours "}), MODIFIED),
    (("editMessageText", {"text": "x"}), "message identifier is not specified"),
    (("editMessageText", {"chat_id": CHAT, "message_id": 3, "text": "x"}), "there is no text in the message to edit"),
    (("editMessageCaption", {"chat_id": CHAT, "message_id": 2}), "there is no caption in the message to edit"),
    (("editMessageReplyMarkup", {"chat_id": CHAT, "message_id": 2}), MODIFIED),
    (("deleteMessage", {"chat_id": CHAT, "message_id": 99}), "message to delete not found"),
    (
        ("answerCallbackQuery", {"callback_query_id": "77"}),
        "query is too old and response timeout expired or query ID is invalid",
    ),
    (("getFile", {"file_id": "nothing"}), "invalid file_id"),
    (("sendPhoto", {"chat_id": CHAT, "photo": "zzz"}), "wrong remote file identifier specified: Wrong string length"),
    (("sendDocument", {"chat_id": CHAT, "document": "attach://gone"}), "wrong file identifier/HTTP URL specified"),
    (
        ("sendMediaGroup", {"chat_id": CHAT, "media": [{"type": "photo", "media": "zzz"}]}),
        "group send failed: an album has 2 to 10 items",
    ),
]


@pytest.fixture
def talk(world: World, bot: Bot, chat: Chat, anna: User) -> Chat:
    """1: Anna's, 2: the bot's text "ours", 3: the bot's photo."""
    world.say(chat, anna, "hers")
    photo = world.say(chat, anna, photo=Upload(data=png(9, 9)))
    world.delete(photo)
    chat.last_id = 1
    for content in (world.messages(chat)[0].content, photo.content):
        world.post(chat, bot.user, content)
    world.revise(chat.messages[2], type(photo.content)(text="ours"), (), mark=False)
    return chat


async def test_bad_requests(talk: Chat, http: AsyncClient, world: World) -> None:
    for (method, parameters), words in BAD_REQUESTS:
        answer = await http.post(method, json=parameters)
        expected = {"ok": False, "error_code": 400, "description": f"Bad Request: {words}"}
        assert (answer.status_code, answer.json()) == (400, expected), (method, parameters)
    assert len(world.messages(talk)) == 3 and world.violations == []


PICTURES = [
    (b"", "file must be non-empty"),
    (b"no picture", "IMAGE_PROCESS_FAILED"),
    (JPEG[:22], "IMAGE_PROCESS_FAILED"),
    (png(0, 5), "IMAGE_PROCESS_FAILED"),
    (png(1, 21), "PHOTO_INVALID_DIMENSIONS"),
    (png(9000, 1001)[:24], "PHOTO_INVALID_DIMENSIONS"),
    (png(1, 1)[:24] + bytes(10 * 1024 * 1024), "too big for a photo"),
]


async def test_pictures_that_telegram_does_not_take(talk: Chat, aio: aiogram.Bot) -> None:
    for content, words in PICTURES:
        with pytest.raises(TelegramBadRequest, match=words):
            await aio.send_photo(talk.id, BufferedInputFile(content, "x.png"))
    gif = b"GIF89a" + (7).to_bytes(2, "little") + (5).to_bytes(2, "little")
    sent = await aio.send_photo(talk.id, BufferedInputFile(gif, "x.gif"))
    assert sent.photo and (sent.photo[-1].width, sent.photo[-1].height) == (7, 5)


async def test_captions_have_a_limit_of_their_own(talk: Chat, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    await aio.send_document(talk.id, BufferedInputFile(b"x", "x"), caption="x" * 1024)
    with pytest.raises(telegram.error.BadRequest, match=r"[Mm]essage caption is too long"):
        await ptb.send_document(talk.id, b"x", caption="x" * 1025)


async def test_limits_are_counted_after_the_markup(talk: Chat, ptb: telegram.Bot) -> None:
    sent = await ptb.send_message(talk.id, f"<b>{'&amp;' * 4096}</b>", parse_mode="HTML")
    assert sent.text == "&" * 4096


async def test_who_does_not_want_the_bot(
    world: World, bot: Bot, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    stranger = world.add_user("Oleg")
    group = world.add_group("Sales", [anna, stranger], [bot])
    world.block(anna, bot)
    with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was blocked by the user"):
        await aio.send_message(chat.id, "x")
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await ptb.send_chat_action(chat.id, "typing")
    world.unblock(anna, bot)
    assert await aio.send_message(chat.id, "x")
    with pytest.raises(telegram.error.Forbidden, match="bot can't initiate conversation with a user"):
        await ptb.send_message(stranger.id, "x")
    assert await aio.send_message(group.id, "x")
    world.expel(group, anna, bot)
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the supergroup chat"):
        await aio.send_message(group.id, "x")


async def test_deleting_has_rules(
    world: World, bot: Bot, chat: Chat, anna: User, clock: Clock, aio: aiogram.Bot
) -> None:
    group = world.add_group("Sales", [anna], [bot])
    for place in (chat, group):
        world.say(place, anna, "hers")
    assert await aio.delete_message(chat.id, 1)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await aio.delete_message(group.id, 1)
    sent = await aio.send_message(group.id, "ours")
    clock.pass_by(48 * 3600 + 1)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await aio.delete_message(group.id, sent.message_id)


async def test_a_press_can_be_answered_for_a_while_and_by_its_own_bot(
    world: World, chat: Chat, anna: User, clock: Clock, aio: aiogram.Bot, http: AsyncClient
) -> None:
    keyboard = _keyboard(text="t", callback_data="d")
    await http.post("sendMessage", json={"chat_id": chat.id, "text": "x", "reply_markup": keyboard})
    press = world.press(chat, anna, 1, "d")
    other = world.add_bot("5:five", "other_bot")
    answer = await http.get(
        str(http.base_url).replace(TOKEN, other.token) + f"answerCallbackQuery?callback_query_id={press.id}"
    )
    assert answer.status_code == 400
    assert (await http.get(f"answerCallbackQuery?callback_query_id={press.id}&text={'x' * 201}")).status_code == 400
    clock.pass_by(3600)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await aio.answer_callback_query(press.id)
    assert not press.answered


async def test_tokens_and_paths(world: World, http: AsyncClient, server: str) -> None:
    rows = [
        ("/bot1:wrong/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        (f"/bot{TOKEN}/getNothing", 404, "Not Found"),
        (f"/bot{TOKEN}/", 404, "Not Found"),
        ("/", 404, "Not Found"),
        (f"/file/bot{TOKEN}/documents/file_9.pdf", 404, "Not Found"),
        (f"/file/bot{TOKEN}/../secrets", 404, "Not Found"),
        ("/file/bot1:wrong/documents/file_1.pdf", 401, "Unauthorized"),
        (
            f"/bot{TOKEN}/sendPoll?chat_id=1&question=q&options=[]",
            501,
            "Not Implemented: the simulator does not play sendPoll",
        ),
    ]
    for path, code, words in rows:
        answer = await http.get(server + path)
        assert answer.json() == {"ok": False, "error_code": code, "description": words}, path
        assert answer.status_code == code
    assert (await http.put(f"{server}/bot{TOKEN}/getMe")).status_code == 404
    wrong = aiogram.Bot("1:wrong", session=Session(api=TelegramAPIServer.from_base(server)))
    async with wrong:
        with pytest.raises(TelegramUnauthorizedError):
            await wrong.get_me()


async def test_bodies_that_nobody_can_read(http: AsyncClient) -> None:
    for body in (b"{", b"[]", b'"text"', b"\xff"):
        answer = await http.post("sendMessage", content=body, headers={"content-type": "application/json"})
        assert answer.json()["description"] == "Bad Request: can't parse JSON object"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert (await http.post("sendMessage", content=b"--y", headers=headers)).status_code == 400


async def test_a_body_that_is_too_large_is_not_even_read(server: str, bot: Bot) -> None:
    url = urlsplit(server)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"POST /bot{TOKEN}/sendDocument HTTP/1.1\r\nHost: x\r\nContent-Length: {60 * 1024 * 1024}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert b" 413 " in await reader.readline()
        await reader.readuntil(b'{"ok":false,"error_code":413,"description":"Request Entity Too Large"}')
    writer.close()
    await writer.wait_closed()


async def test_the_same_request_in_every_form(world: World, chat: Chat, http: AsyncClient) -> None:
    keyboard = json.dumps(_keyboard(text="t", callback_data="d"))
    parameters: dict[str, str | int | None] = {"chat_id": chat.id, "text": "x", "reply_markup": keyboard}
    silently: dict[str, str | int | None] = {"disable_notification": "true"}
    answers = [
        await http.get("sendMessage", params=parameters | silently),
        await http.post("SENDMESSAGE", data=parameters | silently),
        await http.post("sendmessage", json=parameters | {"disable_notification": None}),
        await http.post("sendMessage", params={"chat_id": chat.id}, files={"text": (None, "x")}),
    ]
    assert [answer.json()["ok"] for answer in answers] == [True] * 4
    assert [bool(message.buttons) for message in world.messages(chat)] == [True, True, True, False]
    assert world.violations == []


async def test_a_fault_on_purpose(world: World, chat: Chat, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    world.fail("sendMessage", ApiError(502, "Bad Gateway"), times=2)
    world.fail("getFile", ApiError(404, "Not Found"))
    with pytest.raises(TelegramServerError, match="Bad Gateway"):
        await aio.send_message(chat.id, "x")
    with pytest.raises(telegram.error.NetworkError, match="Bad Gateway"):
        await ptb.send_message(chat.id, "x")
    assert await aio.send_message(chat.id, "x")
    with pytest.raises(TelegramNotFound):
        await aio.get_file("x")
