"""Requests that do not fit the Bot API are refused and written down."""

from __future__ import annotations

from typing import Any

from httpx2 import AsyncClient

from simulator.telegram import Chat, World
from simulator.telegram.methods import PLAYED
from simulator.telegram.schema import METHODS

MISFITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("sendMessage", {"chat_id": 1}, "text", "message text is empty"),
    ("sendMessage", {"text": "x"}, "chat_id", "chat_id is empty"),
    ("sendMessage", {"chat_id": None, "text": "x"}, "chat_id", "chat_id is empty"),
    ("sendMessage", {"chat_id": 1, "text": 5}, "text", 'parameter "text": Input should be a valid string'),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "silent": True},
        "silent",
        'parameter "silent" is unknown to the Bot API',
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "disable_notification": "perhaps"},
        "disable_notification",
        'parameter "disable_notification": Input should be a valid boolean, unable to interpret input',
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "t", "callback": "d"}]]}},
        "reply_markup.inline_keyboard.0.0.callback",
        'parameter "reply_markup.inline_keyboard.0.0.callback" is unknown to the Bot API',
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "reply_parameters": '{"message_id": 1, "quoted": true}'},
        "reply_parameters.quoted",
        'parameter "reply_parameters.quoted" is unknown to the Bot API',
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "reply_parameters": "not json"},
        "reply_parameters",
        'parameter "reply_parameters": Input should be a valid dictionary or instance of ReplyParameters',
    ),
    ("sendPhoto", {"chat_id": 1}, "photo", "there is no photo in the request"),
    ("getFile", {}, "file_id", "file_id not specified"),
    ("getUpdates", {"offset": "first"}, "offset", 'parameter "offset": Input should be a valid integer'),
    ("getUpdates", {"wait": 5}, "wait", 'parameter "wait" is unknown to the Bot API'),
    ("sendPoll", {"chat_id": 1}, "question", 'parameter "question": Field required'),
]


async def test_a_misfit_is_refused_and_noted(world: World, chat: Chat, http: AsyncClient) -> None:
    for method, parameters, path, words in MISFITS:
        world.violations.clear()
        answer = await http.post(method, json=parameters)
        assert answer.status_code == 400
        assert answer.json()["description"].startswith(f"Bad Request: {words}"), (method, parameters)
        assert (world.violations[0].method, world.violations[0].parameter) == (method, path)
    assert world.messages(chat) == []


def test_the_table_of_methods_is_the_bot_api() -> None:
    assert len(METHODS) > 150
    assert {name.lower() for name in PLAYED} <= METHODS.keys()
    assert all(METHODS[name.lower()].__api_method__ == name for name in PLAYED)
