"""The methods that put messages into chats and change them: https://core.telegram.org/bots/api#sendmessage."""

from __future__ import annotations

from typing import Any

from aiogram.methods import (
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVoice,
)
from aiogram.types import (
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from simulator.telegram import wire
from simulator.telegram.call import Call, own_message, writable_chat
from simulator.telegram.content import MAX_CAPTION, MAX_TEXT, formatted, inline_keyboard, media, reply_keyboard
from simulator.telegram.errors import bad_request, not_played
from simulator.telegram.model import Chat, Content, Keyboard, MediaKind, Message

Sending = SendMessage | SendPhoto | SendDocument | SendVoice
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def send_message(call: Call[SendMessage]) -> wire.Json:
    """sendMessage."""
    method = call.method
    if not method.text:
        raise bad_request("message text is empty")
    content = formatted(method.text, method.parse_mode, method.entities, MAX_TEXT)
    if not content.text:
        raise bad_request("text must be non-empty")
    return _send(call, content)


def send_photo(call: Call[SendPhoto]) -> wire.Json:
    """sendPhoto."""
    return _send_media(call, "photo", call.method.photo)


def send_document(call: Call[SendDocument]) -> wire.Json:
    """sendDocument."""
    return _send_media(call, "document", call.method.document)


def send_voice(call: Call[SendVoice]) -> wire.Json:
    """sendVoice."""
    return _send_media(call, "voice", call.method.voice)


def _send_media(call: Call[Any], kind: MediaKind, source: InputFile | str) -> wire.Json:
    method = call.method
    caption = formatted(method.caption, method.parse_mode, method.caption_entities, MAX_CAPTION)
    writable_chat(call, method.chat_id)
    kept = media(call.world.files, kind, source, call.uploads)
    return _send(call, Content(text=caption.text, entities=caption.entities, media=kept))


def _send(call: Call[Any], content: Content) -> wire.Json:
    method: Sending = call.method
    chat = writable_chat(call, method.chat_id)
    buttons = inline_keyboard(method.reply_markup)
    quoted = _quoted(chat, method.reply_parameters, method.reply_to_message_id, method.allow_sending_without_reply)
    call.world.limits.spend(call.bot, chat)
    _set_keyboard(chat, method.reply_markup)
    return wire.message(call.world.post(chat, call.bot.user, content, reply_to=quoted, buttons=buttons))


def _quoted(
    chat: Chat, reply: ReplyParameters | None, reply_to: int | None = None, lenient: object = None
) -> Message | None:
    wanted = reply.message_id if reply else reply_to
    lenient = reply.allow_sending_without_reply if reply else lenient
    if wanted is None:
        return None
    if reply and reply.chat_id is not None and str(reply.chat_id) != str(chat.id):
        raise not_played("replies into another chat")
    if wanted not in chat.messages and lenient is not True:
        raise bad_request("message to be replied not found")
    return chat.messages.get(wanted)


def _set_keyboard(chat: Chat, markup: object) -> None:
    if isinstance(markup, ReplyKeyboardMarkup):
        chat.keyboard = reply_keyboard(markup)
    elif isinstance(markup, ReplyKeyboardRemove):
        chat.keyboard = ()


def send_media_group(call: Call[SendMediaGroup]) -> list[wire.Json]:
    """sendMediaGroup: an album of photos, or of documents."""
    method = call.method
    if not 2 <= len(method.media) <= 10:
        raise bad_request("group send failed: an album has 2 to 10 items")
    chat = writable_chat(call, method.chat_id)
    contents = [_album_item(call, item) for item in method.media]
    quoted = _quoted(chat, method.reply_parameters, method.reply_to_message_id, method.allow_sending_without_reply)
    call.world.limits.spend(call.bot, chat, len(contents))
    album = str(13_000_000_000_000_000 + chat.last_id)
    post = call.world.post
    return [wire.message(post(chat, call.bot.user, item, reply_to=quoted, album=album)) for item in contents]


def _album_item(call: Call[SendMediaGroup], item: object) -> Content:
    if not isinstance(item, InputMediaPhoto | InputMediaDocument):
        raise not_played("albums of other things than photos and documents")
    kind: MediaKind = "photo" if isinstance(item, InputMediaPhoto) else "document"
    caption = formatted(item.caption, item.parse_mode, item.caption_entities, MAX_CAPTION)
    kept = media(call.world.files, kind, item.media, call.uploads)
    return Content(text=caption.text, entities=caption.entities, media=kept)


def edit_message_text(call: Call[EditMessageText]) -> wire.Json:
    """editMessageText. A keyboard that is not sent again goes away."""
    method = call.method
    message = own_message(call, method.chat_id, method.message_id, "edit")
    if message.content.media:
        raise bad_request("there is no text in the message to edit")
    if not method.text:
        raise bad_request("message text is empty")
    content = formatted(method.text, method.parse_mode, method.entities, MAX_TEXT)
    if not content.text:
        raise bad_request("text must be non-empty")
    return _edit(call, message, content, inline_keyboard(method.reply_markup))


def edit_message_caption(call: Call[EditMessageCaption]) -> wire.Json:
    """editMessageCaption."""
    method = call.method
    message = own_message(call, method.chat_id, method.message_id, "edit")
    if not message.content.media:
        raise bad_request("there is no caption in the message to edit")
    caption = formatted(method.caption, method.parse_mode, method.caption_entities, MAX_CAPTION)
    content = Content(text=caption.text, entities=caption.entities, media=message.content.media)
    return _edit(call, message, content, inline_keyboard(method.reply_markup))


def edit_message_reply_markup(call: Call[EditMessageReplyMarkup]) -> wire.Json:
    """editMessageReplyMarkup."""
    method = call.method
    message = own_message(call, method.chat_id, method.message_id, "edit")
    return _edit(call, message, message.content, inline_keyboard(method.reply_markup))


def _edit(call: Call[Any], message: Message, content: Content, buttons: Keyboard) -> wire.Json:
    if (content, buttons) == (message.content, message.buttons):
        raise bad_request(SAME)
    call.world.limits.spend(call.bot, message.chat)
    return wire.message(call.world.revise(message, content, buttons, mark=content != message.content))
