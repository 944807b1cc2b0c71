"""One request to the Bot API, read and checked, and the chats that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from simulator.telegram.errors import bad_request, forbidden
from simulator.telegram.model import Bot, Chat, Message, Upload
from simulator.telegram.schema import Method
from simulator.telegram.webhook import Webhooks
from simulator.telegram.world import World

M = TypeVar("M", bound=Method)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call(Generic[M]):
    """A method that `bot` calls."""

    world: World
    bot: Bot
    webhooks: Webhooks
    method: M
    """The parameters."""
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    """Files of a multipart request by the name of their part ("attach://name" refers to them)."""


def find_chat(call: Call[M], chat_id: int | str) -> Chat:
    """The chat that the bot means. Raises 400 or 403 as Telegram does when it has no part in it."""
    name = str(chat_id).strip()
    if not name:
        raise bad_request("chat_id is empty")
    group = call.world.chats.get(name)
    if group is not None and call.bot.id not in group.bots:
        raise forbidden("bot was kicked from the supergroup chat")
    chat = group or call.world.chats.get(f"{name}-{call.bot.id}")
    if chat is None and _met_in_group(call, name):
        raise forbidden("bot can't initiate conversation with a user")
    if chat is None:
        raise bad_request("chat not found")
    return chat


def writable_chat(call: Call[M], chat_id: int | str) -> Chat:
    """The chat, if it takes messages from this bot. Raises also 403 when the person blocked it."""
    chat = find_chat(call, chat_id)
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    return chat


def _met_in_group(call: Call[M], name: str) -> bool:
    return name.isdecimal() and any(
        call.bot.id in chat.bots and int(name) in chat.members for chat in call.world.chats.values()
    )


def own_message(call: Call[M], chat_id: int | str | None, message_id: int | None, verb: str) -> Message:
    """The bot's own message that it wants to change; `verb` is Telegram's word for it ("edit")."""
    if chat_id is None or message_id is None:
        raise bad_request("message identifier is not specified")
    message = writable_chat(call, chat_id).messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if message.sender.id != call.bot.id:
        raise bad_request(f"message can't be {verb}ed")
    return message
