"""The table of the methods that the simulator plays, and those that send nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMyCommands,
    DeleteWebhook,
    GetChat,
    GetFile,
    GetMe,
    GetMyCommands,
    GetUpdates,
    GetWebhookInfo,
    SendChatAction,
    SetMyCommands,
    SetWebhook,
)

from simulator.telegram import sending, wire
from simulator.telegram.call import Call, find_chat, writable_chat
from simulator.telegram.errors import ApiError, bad_request
from simulator.telegram.inbox import WEBHOOK_ACTIVE
from simulator.telegram.webhook import Hook

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_POLL = 50  # seconds
CALLBACK_AGE = timedelta(minutes=15)
DELETABLE = timedelta(hours=48)


async def get_updates(call: Call[GetUpdates]) -> list[wire.Json]:
    """getUpdates: confirm up to the offset, then wait."""
    method, inbox = call.method, call.bot.inbox
    if call.webhooks.active(call.bot):
        raise ApiError(409, WEBHOOK_ACTIVE)
    if method.allowed_updates is not None:
        inbox.allowed = tuple(method.allowed_updates)
    inbox.confirm(method.offset or 0)
    limit = 100 if method.limit is None else min(max(method.limit, 1), 100)
    return await inbox.poll(limit, min(method.timeout or 0, MAX_POLL))


def get_me(call: Call[GetMe]) -> wire.Json:
    """getMe."""
    return wire.me(call.bot)


def set_webhook(call: Call[SetWebhook]) -> bool:
    """setWebhook; an empty URL removes it."""
    method, bot = call.method, call.bot
    if not method.url:
        call.webhooks.remove(bot)
        return True
    hook = Hook(method.url, method.secret_token or "", method.max_connections or 40)
    call.webhooks.set(bot, hook)
    if method.allowed_updates is not None:
        bot.inbox.allowed = tuple(method.allowed_updates)
    if method.drop_pending_updates:
        bot.inbox.clear()
    return True


def delete_webhook(call: Call[DeleteWebhook]) -> bool:
    """deleteWebhook."""
    call.webhooks.remove(call.bot)
    if call.method.drop_pending_updates:
        call.bot.inbox.clear()
    return True


def get_webhook_info(call: Call[GetWebhookInfo]) -> wire.Json:
    """getWebhookInfo."""
    return call.webhooks.info(call.bot)


def get_chat(call: Call[GetChat]) -> wire.Json:
    """getChat."""
    return wire.full_chat(find_chat(call, call.method.chat_id))


def send_chat_action(call: Call[SendChatAction]) -> bool:
    """sendChatAction: shown until the bot's next message."""
    chat = writable_chat(call, call.method.chat_id)
    chat.action = call.method.action
    call.world.changed(chat, "action")
    return True


def delete_message(call: Call[DeleteMessage]) -> bool:
    """deleteMessage: own ones, and in private any, for 48 hours."""
    chat = find_chat(call, call.method.chat_id)
    message = chat.messages.get(call.method.message_id)
    if message is None:
        raise bad_request("message to delete not found")
    foreign = chat.type != "private" and message.sender.id != call.bot.id
    if foreign or call.world.clock() - message.date > DELETABLE:
        raise bad_request("message can't be deleted")
    call.world.delete(message)
    return True


def answer_callback_query(call: Call[AnswerCallbackQuery]) -> bool:
    """answerCallbackQuery: a toast, or a window, for the one who pressed."""
    method = call.method
    press = call.world.presses.get(method.callback_query_id)
    if press is None or press.bot is not call.bot or call.world.clock() - press.at > CALLBACK_AGE:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(method.text or "") > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    press.answered, press.answer, press.alert = True, method.text or "", bool(method.show_alert)
    call.world.changed(press.chat, "answer", press)
    return True


def get_file(call: Call[GetFile]) -> wire.Json:
    """getFile: where to download from."""
    kept = call.world.files.find(call.method.file_id)
    if kept is None:
        raise bad_request("invalid file_id")
    if kept.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**wire.file_ids(kept), "file_path": kept.path}


def set_my_commands(call: Call[SetMyCommands]) -> bool:
    """setMyCommands."""
    call.bot.commands[_audience(call)] = [command.model_dump(exclude_none=True) for command in call.method.commands]
    return True


def get_my_commands(call: Call[GetMyCommands]) -> list[wire.Json]:
    """getMyCommands."""
    return call.bot.commands.get(_audience(call), [])


def delete_my_commands(call: Call[DeleteMyCommands]) -> bool:
    """deleteMyCommands."""
    call.bot.commands.pop(_audience(call), None)
    return True


def _audience(call: Call[Any]) -> str:
    scope, language = call.method.scope, call.method.language_code or ""
    return json.dumps([scope.model_dump(exclude_none=True) if scope else {"type": "default"}, language])


PLAYED: dict[str, Callable[[Call[Any]], Any]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getChat": get_chat,
    "getFile": get_file,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendVoice": sending.send_voice,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": send_chat_action,
    "editMessageText": sending.edit_message_text,
    "editMessageCaption": sending.edit_message_caption,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
}
"""By the Bot API's name. A method of the Bot API that is not here is answered with 501."""
