"""What a bot wants to send, checked as Telegram checks it: text, keyboards, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    MessageEntity,
    ReplyKeyboardMarkup,
)

from simulator.telegram.entities import Entity, find_entities, utf16_length
from simulator.telegram.errors import bad_request, not_played
from simulator.telegram.files import Files, image_size
from simulator.telegram.markup import parse_html
from simulator.telegram.model import Button, Content, Keyboard, Media, MediaKind, ReplyKey, Upload

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_BUTTONS = 100


def formatted(text: str | None, mode: object, entities: list[MessageEntity] | None, limit: int) -> Content:
    """The text without markup and outer blanks, with its entities. Raises 400 for bad markup or too long a text.

    The limit counts UTF-16 code units, the strictest of the readings of "characters after entities parsing".
    """
    plain, given = _parsed(text or "", mode, entities)
    left = len(plain) - len(plain.lstrip())
    plain = plain.strip()
    if utf16_length(plain) > limit:
        raise bad_request("message is too long" if limit == MAX_TEXT else "message caption is too long")
    return Content(text=plain, entities=find_entities(plain, _moved(given, left, len(plain))))


def _parsed(text: str, mode: object, entities: list[MessageEntity] | None) -> tuple[str, tuple[Entity, ...]]:
    if not isinstance(mode, str) or not mode:
        return text, tuple(_given(text, entity) for entity in entities or ())
    if mode.lower() == "html":
        return parse_html(text)
    if mode.lower() in {"markdown", "markdownv2"}:
        raise not_played("Markdown")
    raise bad_request("unsupported parse_mode")


def _given(text: str, entity: MessageEntity) -> Entity:
    units = text.encode("utf-16-le")
    start = len(units[: 2 * entity.offset].decode("utf-16-le", "ignore"))
    end = len(units[: 2 * (entity.offset + entity.length)].decode("utf-16-le", "ignore"))
    return Entity(kind=entity.type, start=start, end=end, url=entity.url or "", language=entity.language or "")


def _moved(entities: Iterable[Entity], left: int, length: int) -> list[Entity]:
    moved = [replace(e, start=max(e.start - left, 0), end=min(e.end - left, length)) for e in entities]
    return [entity for entity in moved if entity.start < entity.end]


def inline_keyboard(markup: object) -> Keyboard:
    """The buttons of an InlineKeyboardMarkup; none for any other markup. Raises 400 for a button that cannot be."""
    if not isinstance(markup, InlineKeyboardMarkup):
        return ()
    rows = tuple(tuple(_button(button) for button in row) for row in markup.inline_keyboard if row)
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return rows


def _button(button: InlineKeyboardButton) -> Button:
    wire = button.model_dump(exclude_none=True)
    if not button.text.strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
    if not set(wire) - {"text", "style", "icon_custom_emoji_id"}:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.url is not None:
        _check_button_url(button.url)
    return Button(text=button.text, data=button.callback_data or "", url=button.url or "", wire=wire)


def _check_button_url(address: str) -> None:
    """Telegram takes web and tg:// links, and no host without a dot: "localhost" is refused."""
    url = urlsplit(address if "://" in address else f"http://{address}")
    if url.scheme == "tg":
        return
    if url.scheme not in {"http", "https"}:
        raise bad_request(f"inline keyboard button URL '{address}' is invalid: Unsupported URL protocol")
    if not url.hostname or ("." not in url.hostname and ":" not in url.hostname):
        raise bad_request(f"inline keyboard button URL '{address}' is invalid: Wrong HTTP URL")


def reply_keyboard(markup: ReplyKeyboardMarkup) -> tuple[tuple[ReplyKey, ...], ...]:
    """The keys that stand in place of the letters."""
    return tuple(
        tuple(
            ReplyKey(
                text=key.text,
                request_contact=bool(key.request_contact),
                request_location=bool(key.request_location),
            )
            for key in row
        )
        for row in markup.keyboard
    )


def media(files: Files, kind: MediaKind, source: InputFile | str, uploads: Mapping[str, Upload]) -> Media:
    """A file from the request, or one that Telegram has already (by file_id). Raises 400 for what it cannot take."""
    if isinstance(source, str) and not source.startswith("attach://"):
        return _known(files, kind, source)
    upload = _upload(source, uploads)
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        _check_photo(upload)
    return files.media(kind, upload)


def _upload(source: InputFile | str, uploads: Mapping[str, Upload]) -> Upload:
    if isinstance(source, BufferedInputFile):
        return uploads[source.filename or ""]
    name = str(source).removeprefix("attach://")
    if name not in uploads:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return uploads[name]


def _known(files: Files, kind: MediaKind, file_id: str) -> Media:
    if file_id.startswith(("http://", "https://")):
        raise not_played("files by URL")
    known = files.again(kind, file_id)
    if known is None:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return known


def _check_photo(upload: Upload) -> None:
    size = image_size(upload.data)
    if len(upload.data) > MAX_PHOTO:
        raise bad_request(
            f"file of size {len(upload.data)} bytes is too big for a photo; the maximum size is 10485760 bytes"
        )
    if size is None or 0 in size:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
