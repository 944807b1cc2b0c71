"""An update of the Bot API in our terms. Pure.

https://core.telegram.org/bots/api#update. One update is one message, one button press, or one change of our own
membership. `parse` never raises: what it cannot read becomes an unreadable `Inbound` with the JSON attached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aiogram import types
from pydantic import AwareDatetime, BaseModel, ValidationError

from channels.telegram import content
from channels.telegram.content import Media
from domain import addresses
from domain.messages import (
    Address,
    AddressKind,
    Automatic,
    ChannelName,
    File,
    Inbound,
    Proof,
    Report,
    ReportKind,
    Source,
)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for."""

# The bot's own deep link: "/start PAYLOAD", in a group "/start@bot PAYLOAD" (https://core.telegram.org/bots/features).
_START = re.compile(r"/start(?:@\w+)?\s+(\S+)\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What an update says. `event` is None for what concerns nobody ("pinned a message")."""

    event: Inbound | Report | None
    media: Media | None = None
    """The event's file, still at Telegram."""


def parse(update: Mapping[str, Any], *, channel: ChannelName, country: str, now: datetime) -> Parsed:
    """Read one update, as decoded JSON. `now` stands in where the update has no time of its own."""
    update = _storable(update)
    try:
        parsed = _parse(update, channel, country, now)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, a person must see it and the next must come
        reason = f"Telegram update not understood: {_short(error)}"
        parsed = Parsed(event=_salvaged(update, channel, now, reason))
    if isinstance(parsed.event, Inbound) and parsed.event.unreadable:
        return replace(parsed, event=replace(parsed.event, raw=_raw(update)))
    return parsed


def _parse(raw: Mapping[str, Any], channel: ChannelName, country: str, now: datetime) -> Parsed:
    if change := raw.get("my_chat_member"):
        return Parsed(event=_membership(_Change.model_validate(change), channel))
    update = types.Update.model_validate(raw)
    if update.message:
        return _message(update.message, channel, country)
    if update.edited_message:
        return _edited(update.edited_message, update.update_id, channel, country)
    if update.callback_query:
        return Parsed(event=_press(update.callback_query, channel, now))
    if not update.model_extra:  # a kind that aiogram knows, asked for by an earlier program with this token
        return Parsed(event=None)
    raise ValueError(f"unknown kind {', '.join(update.model_extra)}")


def _message(message: types.Message, channel: ChannelName, country: str) -> Parsed:
    if content.kind(message) not in content.SAID:
        return Parsed(event=None)
    text, held = content.words(message), content.media(message)
    fields = content.facts(message)
    event = Inbound(
        channel=channel,
        external_id=_ref(message),
        addresses=(_sender(message), *_own_phone(message, country)),
        received_at=message.date.astimezone(UTC),
        text=text,
        html=content.markup(message),
        name=_name(message),
        language=_language(message.from_user),
        ref=_ref(message),
        refers_to=_answered(message),
        thread=str(message.chat.id),
        chat=_group(message.chat),
        fields=fields,
        source=Source(campaign=_campaign(text)),
        automatic=Automatic.REPLY if _is_machine(message) else None,
    )
    if text or held or fields.keys() & content.TELLING:
        return Parsed(event=event, media=held)
    return Parsed(event=replace(event, unreadable=f"Telegram message without words: {content.kind(message)}"))


def _edited(message: types.Message, update_id: int, channel: ChannelName, country: str) -> Parsed:
    """An edit is an event of its own: the same ref, but an external id that nothing else has."""
    if message.location:  # a live location moves every few seconds, each time as an edit
        return Parsed(event=None)
    parsed = _message(message, channel, country)
    if not isinstance(parsed.event, Inbound):
        return parsed
    event = replace(
        parsed.event,
        external_id=f"{parsed.event.ref}:edit:{update_id}",
        received_at=datetime.fromtimestamp(message.edit_date, UTC) if message.edit_date else parsed.event.received_at,
        fields={**parsed.event.fields, "edited": "1"},
    )
    return replace(parsed, event=event)


def _press(query: types.CallbackQuery, channel: ChannelName, now: datetime) -> Inbound | None:
    """A button. The message under it may be too old to be shown, but its id is there; a game's button has no data."""
    if query.data is None:
        return None
    carrier = query.message
    user = query.from_user
    return Inbound(
        channel=channel,
        external_id=f"cb:{content.line(query.id)}",
        addresses=(_telegram(user.id),),
        received_at=now,
        name=content.line(user.full_name),
        language=_language(user),
        refers_to=(f"{carrier.chat.id}:{carrier.message_id}",) if carrier else (),
        thread=str(carrier.chat.id if carrier else user.id),
        chat=_group(carrier.chat) if carrier else "",
        button=query.data,
        button_id=content.line(query.id),
        fields={"username": content.line(user.username)} if user.username else {},
    )


class _Member(BaseModel):
    status: str
    can_send_messages: bool = True

    @property
    def may_write(self) -> bool:
        return self.status not in ("left", "kicked") and self.can_send_messages


class _Change(BaseModel):
    """What we need of a ChatMemberUpdated. aiogram's own type demands every right of its Bot API version, and a
    change that could not be read would look like somebody's message.
    """

    chat: types.Chat
    date: AwareDatetime
    old_chat_member: _Member
    new_chat_member: _Member


def _membership(change: _Change, channel: ChannelName) -> Report | None:
    """A user blocked or unblocked us, or a group put us out, muted us or took us back."""
    able = change.new_chat_member.may_write
    if able == change.old_chat_member.may_write:
        return None
    who = "the user" if change.chat.type == "private" else "the group"
    return Report(
        channel=channel,
        external_id="",
        kind=ReportKind.RESUMED if able else ReportKind.STOPPED,
        at=change.date.astimezone(UTC),
        address=_telegram(change.chat.id),
        reason=f"{who} lets the bot write again" if able else f"{who} lets the bot write no more",
    )


def _ref(message: types.Message) -> str:
    return f"{message.chat.id}:{message.message_id}"


def _answered(message: types.Message) -> tuple[str, ...]:
    """In a forum every message "answers" the one that opened the topic: that is no answer."""
    if (target := message.reply_to_message) and not target.forum_topic_created:
        return (f"{target.chat.id}:{target.message_id}",)
    other = message.external_reply
    if other and other.chat and other.message_id:
        return (f"{other.chat.id}:{other.message_id}",)
    return ()


def _sender(message: types.Message) -> Address:
    """An anonymous administrator or a channel writes as a chat; `from` is then a stand-in that everybody shares."""
    sender = message.sender_chat or message.from_user
    if sender is None:
        raise ValueError("no sender")
    return _telegram(sender.id)


def _own_phone(message: types.Message, country: str) -> tuple[Address, ...]:
    """The sender's phone when he shared his own contact: then Telegram vouches for it. It comes without its "+".

    Not a forwarded one: it may be years old, and the number somebody else's since.
    """
    contact, user = message.contact, message.from_user
    if not contact or not user or contact.user_id != user.id or message.sender_chat or message.forward_origin:
        return ()
    number = f"+{contact.phone_number.lstrip('+')}"
    address = addresses.phone(number, country, proved=True, proof=Proof.SHARED)
    return (address,) if address else ()


def _name(message: types.Message) -> str:
    if chat := message.sender_chat:
        return content.line(chat.title or "")
    return content.line(message.from_user.full_name) if message.from_user else ""


def _is_machine(message: types.Message) -> bool:
    return bool(message.from_user and message.from_user.is_bot and not message.sender_chat)


def _language(user: types.User | None) -> str | None:
    """The primary subtag of the IETF tag ("en-GB" is "en")."""
    return (user.language_code or "").partition("-")[0].lower() or None if user else None


def _campaign(text: str) -> str:
    match = _START.fullmatch(text)
    return match[1] if match else ""


def _group(chat: types.Chat) -> str:
    return "" if chat.type == "private" else str(chat.id)


def _telegram(number: int) -> Address:
    return Address(kind=AddressKind.TELEGRAM, value=str(number), proved=True)


def _salvaged(update: Mapping[str, Any], channel: ChannelName, now: datetime, reason: str) -> Inbound:
    """What can be saved from an update that nobody understands: who, where, and the words."""
    body = next((value for key, value in update.items() if key != "update_id" and isinstance(value, Mapping)), {})
    carrier = body.get("message")  # a press's
    sender = _id_in(body, "sender_chat") or _id_in(body, "from")  # an anonymous administrator's `from` is shared by all
    chat = _id_in(body, "chat") or (_id_in(carrier, "chat") if isinstance(carrier, Mapping) else 0)
    text = body.get("text") or body.get("caption")
    return Inbound(
        channel=channel,
        external_id=f"update:{update.get('update_id')}",
        addresses=(_telegram(sender),) if sender else (),
        received_at=now,
        text=text if isinstance(text, str) else "",
        thread=str(chat) if chat else None,
        chat=str(chat) if chat < 0 else "",
        unreadable=reason,
    )


def _id_in(body: Mapping[str, Any], key: str) -> int:
    part = body.get(key)
    number = part.get("id") if isinstance(part, Mapping) else None
    return number if isinstance(number, int) else 0


def _storable(value: Any) -> Any:
    """The same JSON without what neither UTF-8 nor PostgreSQL can hold (half a surrogate pair, NUL), and without
    control characters but tab and line feed.
    """
    match value:
        case str():
            return _CONTROL.sub("", value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case Mapping():
            return {_storable(key): _storable(part) for key, part in value.items()}
        case list():
            return [_storable(part) for part in value]
    return value


def _raw(update: Mapping[str, Any]) -> File:
    data = json.dumps(update, default=str).encode()
    return File(name="update.json", type="application/json", size=len(data), data=data)


def _short(error: Exception) -> str:
    """Which part is wrong and how; not what it holds."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split())[:300]
