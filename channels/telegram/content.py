"""What a Telegram message holds besides its text: files, and facts for `Inbound.fields`. Pure.

Fields, by https://core.telegram.org/bots/api#message:

    username            the sender's @name without the @
    album               media_group_id: messages of one album share it
    edited              "1" in an edited message
    quote               the part of the answered message that was quoted
    forwarded_from      who wrote it first
    topic               message_thread_id in a forum
    phone, name         a shared contact's
    latitude, longitude a location's; venue, address are its name and place
    sticker             the emoji that it stands for
    content             the kind of a message without text or caption ("voice", "poll", "story")
    migrate_to_chat_id  the supergroup that the group became
    file_error, file_id why the file is not attached, and by what it could be fetched later
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiogram import types
from aiogram.enums import ContentType

# What a person says, or the client on his behalf. Everything else that aiogram knows is the chat's own business
# ("pinned a message", "joined the group"). What aiogram does not know counts as said: a person will look.
SAID = frozenset(
    {
        *(ContentType.TEXT, ContentType.ANIMATION, ContentType.AUDIO, ContentType.DOCUMENT, ContentType.LIVE_PHOTO),
        *(ContentType.PAID_MEDIA, ContentType.PHOTO, ContentType.STICKER, ContentType.STORY, ContentType.VIDEO),
        *(ContentType.VIDEO_NOTE, ContentType.VOICE, ContentType.CHECKLIST, ContentType.CONTACT, ContentType.DICE),
        *(ContentType.GAME, ContentType.POLL, ContentType.VENUE, ContentType.LOCATION, ContentType.INVOICE),
        *(ContentType.SUCCESSFUL_PAYMENT, ContentType.USERS_SHARED, ContentType.CHAT_SHARED, ContentType.GIFT),
        *(ContentType.PASSPORT_DATA, ContentType.GIVEAWAY, ContentType.WEB_APP_DATA, ContentType.RICH_MESSAGE),
        *(ContentType.UNKNOWN, ContentType.MIGRATE_TO_CHAT_ID),
    }
)

TELLING = frozenset({"phone", "latitude", "sticker", "migrate_to_chat_id"})
"""Fields that say something on their own, without a text or a file."""

# Entities that only mark what the text shows anyway; the others make `Inbound.html` worth having.
_PLAIN_ENTITIES = frozenset(
    {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"}
)
_TURNING = re.compile(r"[\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A file that Telegram keeps for us."""

    file_id: str
    name: str
    type: str
    """MIME type, as the sender's client claimed."""
    size: int
    """Bytes; 0 when Telegram does not say."""


def line(text: str) -> str:
    """A name, a title: on one line, without what turns the direction of writing ("\u202egpj.exe" reads "exe.jpg")."""
    return " ".join(_TURNING.sub("", text).split())


def kind(message: types.Message) -> str:
    """What it is: "text", "voice", "pinned_message"; "unknown" when aiogram does not know it."""
    return ContentType(message.content_type).value


def words(message: types.Message) -> str:
    """The text, the caption, or what stands for them."""
    said = message.text or message.caption
    if said:
        return said
    if message.poll:
        return "\n".join([message.poll.question, *(f"- {option.text}" for option in message.poll.options)])
    if message.checklist:
        return "\n".join([message.checklist.title, *(f"- {task.text}" for task in message.checklist.tasks)])
    if message.web_app_data:
        return message.web_app_data.data
    return message.dice.emoji if message.dice else ""


def markup(message: types.Message) -> str | None:
    """The text as Telegram's HTML when its marks say more than the text does: a link's target, a crossed out word."""
    entities = message.entities or message.caption_entities or []
    if all(entity.type in _PLAIN_ENTITIES for entity in entities):
        return None
    try:
        return message.html_text
    except ValueError:  # an entity that begins or ends within an emoji
        return None


def media(message: types.Message) -> Media | None:
    """The message's file. A message has at most one: an album is several messages."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return _media(largest, "photo.jpg", "image/jpeg")
    if message.sticker:
        return _sticker(message.sticker)
    # An animation comes as a document, too: the animation first.
    for part, name, mime in (
        (message.animation, "animation.mp4", "video/mp4"),
        (message.live_photo, "live-photo.mp4", "video/mp4"),
        (message.document, "file", "application/octet-stream"),
        (message.voice, "voice.ogg", "audio/ogg"),
        (message.audio, "audio.mp3", "audio/mpeg"),
        (message.video, "video.mp4", "video/mp4"),
        (message.video_note, "video-note.mp4", "video/mp4"),
    ):
        if part:
            return _media(part, name, mime)
    return None


def _sticker(sticker: types.Sticker) -> Media:
    if sticker.is_animated:
        return _media(sticker, "sticker.tgs", "application/x-tgsticker")
    if sticker.is_video:
        return _media(sticker, "sticker.webm", "video/webm")
    return _media(sticker, "sticker.webp", "image/webp")


def _media(part: types.TelegramObject, name: str, mime: str) -> Media:
    return Media(
        file_id=str(getattr(part, "file_id", "")),
        name=line(getattr(part, "file_name", None) or "") or name,
        type=line(getattr(part, "mime_type", None) or "") or mime,
        size=getattr(part, "file_size", None) or 0,
    )


def facts(message: types.Message) -> Mapping[str, str]:
    """The fields, see the table above. None of them is empty; all but a quote are on one line."""
    found = ((name, value if name == "quote" else line(value)) for name, value in (*_about(message), *_held(message)))
    return {name: value for name, value in found if value}


def _about(message: types.Message) -> Iterator[tuple[str, str]]:
    if message.from_user and not message.sender_chat:
        yield "username", message.from_user.username or ""
    yield "album", message.media_group_id or ""
    yield "quote", message.quote.text if message.quote else ""
    yield "forwarded_from", _first_author(message)
    yield "topic", str(message.message_thread_id) if message.is_topic_message else ""
    yield "migrate_to_chat_id", str(message.migrate_to_chat_id or "")


def _held(message: types.Message) -> Iterator[tuple[str, str]]:
    if contact := message.contact:
        yield "phone", contact.phone_number
        yield "name", f"{contact.first_name} {contact.last_name or ''}".strip()
    if place := message.venue:
        yield "venue", place.title
        yield "address", place.address
    if spot := message.location:
        yield "latitude", str(spot.latitude)
        yield "longitude", str(spot.longitude)
    yield "sticker", (message.sticker and message.sticker.emoji) or ""
    if not (message.text or message.caption or message.migrate_to_chat_id):
        yield "content", kind(message)


def _first_author(message: types.Message) -> str:
    match message.forward_origin:
        case types.MessageOriginUser(sender_user=user):
            return user.full_name
        case types.MessageOriginHiddenUser(sender_user_name=name):
            return name
        case types.MessageOriginChat(sender_chat=chat) | types.MessageOriginChannel(chat=chat):
            return chat.title or chat.full_name
    return ""
