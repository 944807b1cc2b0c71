"""The world as the Bot API writes it: https://core.telegram.org/bots/api#available-types. Pure."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from simulator.telegram.entities import Entity, utf16_length
from simulator.telegram.model import Bot, Chat, Contact, Content, File, Media, Message, Press, User

Json = dict[str, Any]


def _present(**members: Any) -> Json:
    """Optional members are left out, not sent empty."""
    return {name: value for name, value in members.items() if value not in ("", None, [], 0)}


def user(person: User) -> Json:
    """User."""
    return {
        "id": person.id,
        "is_bot": person.is_bot,
        "first_name": person.first_name,
        **_present(last_name=person.last_name, username=person.username, language_code=person.language_code),
    }


def me(bot: Bot) -> Json:
    """User, with what only getMe tells."""
    return {
        **user(bot.user),
        "can_join_groups": True,
        "can_read_all_group_messages": not bot.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat(place: Chat) -> Json:
    """Chat."""
    if place.type != "private":
        return {"id": place.id, "type": place.type, "title": place.title}
    person = place.members[place.id]
    return {
        "id": place.id,
        "type": "private",
        "first_name": person.first_name,
        **_present(last_name=person.last_name, username=person.username),
    }


def full_chat(place: Chat) -> Json:
    """ChatFullInfo."""
    return {
        **chat(place),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def message(said: Message, *, quoted: bool = False) -> Json:
    """Message; a `quoted` one does not carry its own quote (Bot API, reply_to_message)."""
    reply = message(said.reply_to, quoted=True) if said.reply_to is not None and not quoted else None
    keyboard = [[dict(button.wire) for button in row] for row in said.buttons]
    return {
        "message_id": said.id,
        "from": user(said.sender),
        "chat": chat(said.chat),
        "date": int(said.date.timestamp()),
        **_present(
            edit_date=int(said.edited_at.timestamp()) if said.edited_at else None,
            media_group_id=said.album,
            reply_to_message=reply,
            reply_markup={"inline_keyboard": keyboard} if keyboard else None,
        ),
        **_content(said.content),
    }


def _content(content: Content) -> Json:
    entities = [_entity(content.text, entity) for entity in content.entities]
    if content.media:
        return {**_media(content.media), **_present(caption=content.text, caption_entities=entities)}
    place = content.location
    return _present(
        text=content.text,
        entities=entities,
        contact=_contact(content.contact) if content.contact else None,
        location={"latitude": place.latitude, "longitude": place.longitude} if place else None,
    )


def _entity(text: str, entity: Entity) -> Json:
    return {
        "type": entity.kind,
        "offset": utf16_length(text[: entity.start]),
        "length": utf16_length(text[entity.start : entity.end]),
        **_present(url=entity.url, language=entity.language),
        **entity.extra,
    }


def _media(media: Media) -> Json:
    if media.kind == "photo":
        return {"photo": [_photo_size(file) for file in (media.preview, media.file) if file]}
    kept = media.file
    if media.kind == "voice":
        return {"voice": {**file_ids(kept), "duration": kept.duration, "mime_type": kept.type}}
    return {"document": {**file_ids(kept), **_present(file_name=kept.name, mime_type=kept.type)}}


def _photo_size(kept: File) -> Json:
    return {**file_ids(kept), "width": kept.width, "height": kept.height}


def file_ids(kept: File) -> Json:
    """What every object with a file begins with."""
    return {"file_id": kept.id, "file_unique_id": kept.unique_id, "file_size": kept.size}


def _contact(shared: Contact) -> Json:
    return {
        "phone_number": shared.phone_number,
        "first_name": shared.first_name,
        **_present(last_name=shared.last_name, user_id=shared.user_id),
    }


def callback_query(press: Press, under: Message) -> Json:
    """CallbackQuery."""
    return {
        "id": press.id,
        "from": user(press.user),
        "message": message(under),
        "chat_instance": str(zlib.crc32(press.chat.key.encode())),
        "data": press.data,
    }


def membership(place: Chat, by: User, bot: Bot, *, before: str, after: str, at: datetime) -> Json:
    """ChatMemberUpdated about the bot itself."""
    return {
        "chat": chat(place),
        "from": user(by),
        "date": int(at.timestamp()),
        "old_chat_member": _member(bot, before),
        "new_chat_member": _member(bot, after),
    }


def _member(bot: Bot, status: str) -> Json:
    until = {"until_date": 0} if status == "kicked" else {}
    return {"user": user(bot.user), "status": status, **until}
