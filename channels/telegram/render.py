"""An `Outbound` as requests to the Bot API. Pure.

Limits: 4096 characters a message, 1024 a caption, 200 the notice under a pressed button, 64 bytes of button data,
10 MB a photo (https://core.telegram.org/bots/api#sendmessage and the sections after it).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from aiogram import methods, types

from channels.telegram.split import split_html, split_text, units, visible
from domain.errors import Rejected, Unreachable
from domain.messages import Button, File, Outbound

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
NOTICE_LIMIT = 200
_DATA_LIMIT = 64
_PHOTO_LIMIT = 10 * 1024 * 1024
_PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"\\/]+")

Request = methods.TelegramMethod[Any]


def messages(message: Outbound) -> list[Request]:
    """The requests that send it, in order. A short text goes as the first file's caption.

    The reply hangs on the first one, the buttons under the last. Raises Rejected for what Telegram would refuse.
    """
    chat = _chat(message.to)
    text, caption = _texts(message), ""
    if (message.files or message.photo) and len(text) == 1 and _shown_units(message, text[0]) <= CAPTION_LIMIT:
        caption, text = text[0], []
    requests: list[Request] = [
        *_photo(chat, message, caption),
        *(methods.SendMessage(chat_id=chat, text=part, parse_mode=_mode(message)) for part in text),
        *(_file(chat, file, "" if index else caption, _mode(message)) for index, file in enumerate(message.files)),
    ]
    if not requests:
        raise Rejected("There is nothing to send: no text and no file")
    # Every send method has these two; the common base class does not say so.
    first: Any = requests[0]
    last: Any = requests[-1]
    first.reply_parameters = _reply(message)
    last.reply_markup = keyboard(message)
    return requests


def edit(message: Outbound) -> Request:
    """The request that edits a message in place: its text, or only its buttons when there is no text.

    A message cannot become two: a text that is too long ends in "…".
    """
    chat, number = split_ref(message.edits)
    if not (message.text or message.html):
        return methods.EditMessageReplyMarkup(chat_id=chat, message_id=number, reply_markup=keyboard(message))
    return methods.EditMessageText(
        chat_id=chat,
        message_id=number,
        text=_one_text(message, TEXT_LIMIT),
        parse_mode=_mode(message),
        reply_markup=keyboard(message),
    )


def edit_caption(message: Outbound) -> Request:
    """The same for a message whose text is a file's caption."""
    chat, number = split_ref(message.edits)
    return methods.EditMessageCaption(
        chat_id=chat,
        message_id=number,
        caption=_one_text(message, CAPTION_LIMIT),
        parse_mode=_mode(message),
        reply_markup=keyboard(message),
    )


def answer(message: Outbound) -> Request:
    """The request that ends a button's waiting, with a short notice."""
    notice = split_text(_clean(message.text), NOTICE_LIMIT)[:1]
    return methods.AnswerCallbackQuery(callback_query_id=message.answers, text=notice[0] if notice else None)


def as_document(photo: methods.SendPhoto) -> methods.SendDocument:
    """The same picture as a file, for one that Telegram does not take as a photo (too long, too wide)."""
    return methods.SendDocument(
        chat_id=photo.chat_id,
        document=photo.photo,
        caption=photo.caption,
        parse_mode=photo.parse_mode,
        reply_parameters=photo.reply_parameters,
        reply_markup=photo.reply_markup,
    )


def as_text(photo: methods.SendPhoto) -> methods.SendMessage:
    """The caption alone, for a picture that Telegram could not fetch."""
    return methods.SendMessage(
        chat_id=photo.chat_id,
        text=photo.caption or "",
        parse_mode=photo.parse_mode,
        reply_parameters=photo.reply_parameters,
        reply_markup=photo.reply_markup,
    )


def moved(message: Outbound, chat: str) -> Outbound:
    """The message for the supergroup that its group became. The old group's message ids mean nothing there."""
    return replace(message, to=chat, reply_to=())


def split_ref(ref: str) -> tuple[int, int]:
    """The chat and the message of "chat:message". Raises Rejected when it is not one."""
    chat, _, number = ref.partition(":")
    try:
        return int(chat), int(number)
    except ValueError:
        raise Rejected(f"Not the id of a Telegram message: {ref!r}") from None


def keyboard(message: Outbound) -> types.InlineKeyboardMarkup | None:
    """The buttons. Raises Rejected for one that Telegram would refuse."""
    rows = [[_button(button) for button in row] for row in message.buttons]
    return types.InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button) -> types.InlineKeyboardButton:
    if button.url:
        return types.InlineKeyboardButton(text=button.text, url=button.url)
    if not 1 <= len(button.data.encode()) <= _DATA_LIMIT:
        raise Rejected(f"The button {button.text!r} needs a URL, or data of 1 to {_DATA_LIMIT} bytes")
    return types.InlineKeyboardButton(text=button.text, callback_data=button.data)


def _texts(message: Outbound) -> list[str]:
    split = split_text if message.html is None else split_html
    parts = split(_source(message), TEXT_LIMIT)
    return [part for part in parts if _shown(message, part).strip()]  # Telegram refuses blank messages


def _one_text(message: Outbound, limit: int) -> str:
    source = _source(message)
    if _shown_units(message, source) <= limit:
        return source
    split = split_text if message.html is None else split_html
    return split(source, limit - 1)[0] + "…"


def _source(message: Outbound) -> str:
    return _clean(message.text if message.html is None else message.html)


def _shown(message: Outbound, part: str) -> str:
    return part if message.html is None else visible(part)


def _shown_units(message: Outbound, part: str) -> int:
    return units(_shown(message, part))


def _mode(message: Outbound) -> str | None:
    return None if message.html is None else "HTML"


def _clean(text: str) -> str:
    """Without half a surrogate pair, which no UTF-8 request can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _chat(to: str) -> int:
    try:
        return int(to)
    except ValueError:
        raise Unreachable(f"Not the id of a Telegram chat: {to!r}") from None


def _reply(message: Outbound) -> types.ReplyParameters | None:
    """The nearest ref of this very chat; the others belong to other channels or chats."""
    for ref in message.reply_to:
        chat, _, number = ref.partition(":")
        if chat == message.to and number.isdecimal():
            return types.ReplyParameters(message_id=int(number), allow_sending_without_reply=True)
    return None


def _photo(chat: int, message: Outbound, caption: str) -> list[Request]:
    """The picture above a mailing's text. Telegram fetches it by its address."""
    if not message.photo:
        return []
    shown: dict[str, Any] = {"caption": caption, "parse_mode": _mode(message)} if caption else {}
    return [methods.SendPhoto(chat_id=chat, photo=message.photo, **shown)]


def _file(chat: int, file: File, caption: str, mode: str | None) -> Request:
    content = types.BufferedInputFile(file.data, _UNSAFE.sub("_", _clean(file.name))[:200] or "file")
    shown: dict[str, Any] = {"caption": caption, "parse_mode": mode} if caption else {}
    if file.type in _PHOTO_TYPES and len(file.data) <= _PHOTO_LIMIT:
        return methods.SendPhoto(chat_id=chat, photo=content, **shown)
    if file.type == "audio/ogg":
        return methods.SendVoice(chat_id=chat, voice=content, **shown)
    return methods.SendDocument(chat_id=chat, document=content, **shown)
